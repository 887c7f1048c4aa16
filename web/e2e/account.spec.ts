import { expect, PASSWORD, test } from "./fixtures";

test("a profile with a cropped picture, seen by the partner", async ({ couple }) => {
  const [{ page: mara }, { page: jonas }] = await couple();
  await jonas.goto("/couple");
  await mara.goto("/profile");
  await mara.getByLabel("A few words").fill("I bake bread.");
  await mara.getByLabel("Add an interest").fill("Rivers");
  await mara.keyboard.press("Enter");
  await mara.getByLabel("Anniversary").fill("2022-12-06");
  // Leaving by accident is asked about.
  await mara.getByRole("link", { name: "Home" }).first().click();
  await mara.getByRole("button", { name: "Keep it as it is" }).click();
  await mara.getByRole("button", { name: "Save", exact: true }).click();
  await expect(mara.getByText("Your profile is saved.")).toBeVisible();
  await expect(jonas.getByText("I bake bread.")).toBeVisible();

  await mara
    .getByTestId("picture")
    .setInputFiles({ name: "me.png", mimeType: "image/png", buffer: await mara.screenshot() });
  const paper = mara.locator("canvas");
  await expect(paper).toBeVisible();
  const middle = () => paper.evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
  const before = await middle();
  await paper.focus();
  await mara.keyboard.press("ArrowLeft");
  await expect.poll(middle).not.toBe(before);
  await mara.getByRole("button", { name: "Use this picture" }).click();
  await expect(mara.getByText("Your new picture is there.")).toBeVisible();
  // The picture has what was chosen, not an empty square.
  const colours = await mara
    .locator("img[src*='/objects/'], img[src*='avatar']")
    .first()
    .evaluate(async (image: HTMLImageElement) => {
      await image.decode();
      const canvas = new OffscreenCanvas(16, 16);
      const paper = canvas.getContext("2d");
      paper?.drawImage(image, 0, 0, 16, 16);
      return new Set(paper?.getImageData(0, 0, 16, 16).data).size;
    });
  expect(colours).toBeGreaterThan(3);
});

test("settings take effect at once: language, look, privacy, password", async ({ member, visitor }) => {
  const mara = await member("Mara");
  const { page } = mara;
  await page.goto("/settings");
  await page.getByText("Dark", { exact: true }).click();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByLabel("Language").selectOption("fr");
  await expect(page.getByRole("heading", { name: "Réglages" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("lang", "fr");
  await page.reload();
  await expect(page.getByRole("heading", { name: "Réglages" })).toBeVisible();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await page.getByLabel("Langue").selectOption("en");
  const receipts = page.getByRole("switch", { name: "Show when I have read something" });
  await receipts.click();
  await expect(receipts).not.toBeChecked();
  await page.reload();
  await expect(receipts).not.toBeChecked();
  const card = page.locator("#password");
  await card.getByLabel("Present password").fill("wrong");
  await card.getByLabel("New password").fill("a sentence of my own");
  await card.getByRole("button", { name: "Change the password" }).click();
  await expect(card.getByRole("alert")).toBeVisible();
  await card.getByLabel("Present password").fill(PASSWORD);
  await card.getByRole("button", { name: "Change the password" }).click();
  await expect(page.getByText("Your password is changed.")).toBeVisible();
  const other = await visitor();
  await other.goto("/login");
  await other.getByLabel("Email").fill(mara.email);
  await other.getByLabel("Password", { exact: true }).fill("a sentence of my own");
  await other.keyboard.press("Enter");
  await expect(other).toHaveURL(/\/home$/);
});

test("an address is changed when both have agreed", async ({ server, member }) => {
  const mara = await member("Mara");
  const { page } = mara;
  await page.goto("/settings");
  const card = page.locator("#email");
  await card.getByLabel("New address").fill("mara@elsewhere.example");
  await card.getByLabel("Present password").fill(PASSWORD);
  await card.getByRole("button", { name: "Change the address" }).click();
  await expect(page.getByText("Look into both mailboxes")).toBeVisible();
  await page.goto(await server.mailed("mara@elsewhere.example", "email-change"));
  await expect(page.getByRole("heading", { name: "One more to go" })).toBeVisible();
  await page.goto(await server.mailed(mara.email, "email-change"));
  await expect(page.getByRole("heading", { name: "Your address is changed" })).toBeVisible();
});

test("unlinking ends it for both, at once and by asking first", async ({ couple }) => {
  const [{ page: mara }, { page: jonas }] = await couple();
  await mara.goto("/couple");
  await mara.getByRole("button", { name: "End the link", exact: true }).click();
  await mara.getByRole("button", { name: "End the link with Jonas" }).click();
  await expect(mara.getByRole("heading", { name: "Invite your partner" })).toBeVisible();
  await expect(jonas.getByRole("heading", { name: "Invite your partner" })).toBeVisible();
});

test("without a network the app says so, and what is kept still opens", async ({ couple }) => {
  const [{ page, context }] = await couple();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await expect.poll(() => page.evaluate(async () => (await caches.keys()).length)).toBeGreaterThan(0);
  await context.setOffline(true);
  await page.reload();
  await expect(page.getByRole("heading").first()).toBeVisible();
  await expect(page.getByText(/cannot reach One 2 One Love|offline/i).first()).toBeVisible();
  await context.setOffline(false);
  await page.getByRole("button", { name: "Try again" }).first().click();
  await expect(page.getByRole("heading", { name: "Write to Jonas" })).toBeVisible();
});
