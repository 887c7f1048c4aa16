import { expect, test } from "./fixtures";

// A couple's first evening, all of it by hand: nothing here uses the API but the mail and the clock.
test("two people come in, find each other, and a letter goes there and back", async ({ server, visitor }) => {
  const [mara, jonas] = [await visitor(), await visitor()];
  const signUp = async (page: typeof mara, name: string) => {
    const email = `${name.toLowerCase()}@example.org`;
    await page.getByLabel("Your name").fill(name);
    await page.getByLabel("Email", { exact: true }).fill(email);
    await page.getByLabel("Password", { exact: true }).fill("correct horse battery");
    await page.getByLabel(/I agree to the terms/).check();
    await page.getByLabel(/at least 13/).check();
    await page.getByRole("button", { name: "Create my account" }).click();
    return email;
  };

  await mara.goto("/");
  await mara.getByRole("link", { name: "Begin" }).click();
  // Without consent nothing is sent, and it says why.
  await mara.getByRole("button", { name: "Create my account" }).click();
  await expect(mara.getByText("We need your agreement")).toBeVisible();
  const maras = await signUp(mara, "Mara");
  await expect(mara).toHaveURL(/\/home$/);
  await expect(mara.getByText("Please confirm your e-mail address")).toBeVisible();
  await mara.goto(await server.mailed(maras, "verify"));
  await expect(mara.getByRole("heading", { name: "Your address is confirmed" })).toBeVisible();
  expect(mara.url()).not.toContain("token");
  await mara.getByRole("link", { name: "Go to your home" }).click();
  await expect(mara.getByText("Please confirm your e-mail address")).toBeHidden();

  await mara.getByLabel("Your partner's email").fill("jonas@example.org");
  await mara.getByRole("button", { name: "Send the invitation" }).click();
  await expect(mara.getByText("Waiting for jonas@example.org")).toBeVisible();

  // Jonas comes by the link of the mail and has no account yet.
  await jonas.goto(await server.mailed("jonas@example.org", "join"));
  await jonas.getByRole("link", { name: "Create an account" }).click();
  await signUp(jonas, "Jonas");
  await jonas.getByRole("button", { name: "Join" }).click();
  await expect(jonas).toHaveURL(/\/home$/);
  await expect(jonas.getByRole("heading", { name: "Write to Mara" })).toBeVisible();
  // Mara's screen knows it without a reload.
  await expect(mara.getByRole("heading", { name: "Write to Jonas" })).toBeVisible();

  await mara.getByLabel("Your note").fill("You left your scarf on the chair.");
  await mara.getByRole("button", { name: "Send", exact: true }).first().click();
  await expect(mara.getByText("Your note is with Jonas.")).toBeVisible();
  await expect(jonas.getByText("Mara wrote you something.")).toBeVisible();
  await mara.goto("/notes/sent");
  await expect(mara.getByText("arrived")).toBeVisible();
  await jonas.getByRole("button", { name: "Open the note" }).click();
  await expect(jonas.getByText("You left your scarf on the chair.")).toBeVisible();
  // And back: that it was opened.
  await expect(mara.getByText(/^opened /)).toBeVisible();
});

test("a planned letter arrives at its minute, and says so to both", async ({ server, couple }) => {
  const [mara, jonas] = await couple();
  server.member("grant-plan", "--email", mara.email, "--plan", "exclusive");
  await expect(async () => {
    await mara.page.reload();
    await mara.page.getByLabel("Your note").fill("Good morning, whatever the weather.");
    await mara.page.getByText("Tomorrow 09:00").click();
    await mara.page.getByRole("button", { name: "Plan it" }).click();
    await expect(mara.page.getByText("Planned for")).toBeVisible({ timeout: 2_000 });
  }).toPass();
  await expect(mara.page.getByText("Note to Jonas")).toBeVisible();
  await mara.page.goto("/notes/scheduled");
  await expect(mara.page.getByText("Good morning, whatever the weather.")).toBeVisible();

  await server.advance(36 * 3_600_000);
  await expect(jonas.page.getByText("Mara wrote you something.")).toBeVisible({ timeout: 20_000 });
  await expect(mara.page.getByText("Good morning, whatever the weather.")).toBeHidden({ timeout: 20_000 });
});
