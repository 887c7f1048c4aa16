import { expect, test } from "./fixtures";

test("an idea from the library becomes a letter, and a favourite stays one", async ({ couple }) => {
  const [{ page: mara }, { page: jonas }] = await couple();
  await mara.goto("/notes/library");
  const ideas = mara.getByRole("button", { name: "Keep as favourite" });
  await expect(ideas.first()).toBeVisible();
  await mara.getByLabel("Mood").selectOption({ index: 1 });
  await mara.getByLabel("Search").fill("a");
  await expect(mara.getByText(/ideas? of \d+/)).toBeVisible();
  await ideas.first().click();
  await expect(mara.getByRole("button", { name: "Remove from favourites" })).toBeVisible();
  await mara.reload();
  await mara.getByText("Favourites", { exact: true }).click();
  await expect(mara.getByRole("button", { name: "Remove from favourites" })).toHaveCount(1);
  await mara.getByRole("link", { name: "Take this one" }).click();
  const note = mara.getByLabel("Your note");
  await expect(note).not.toBeEmpty();
  const words = await note.inputValue();
  await mara.getByLabel("Title (if you like)").fill("For you");
  await mara.getByRole("button", { name: "Send", exact: true }).click();
  await expect(mara).toHaveURL(/\/notes\/sent$/);
  await jonas.goto("/notes");
  await jonas.getByRole("button", { name: "Open the note" }).click();
  await expect(jonas.getByText(words)).toBeVisible();
  await jonas.getByRole("link", { name: "Write back" }).click();
  await jonas.getByLabel("Your note").fill("I read it twice.");
  await jonas.getByRole("button", { name: "Send", exact: true }).click();
  await mara.goto("/notes");
  await expect(mara.getByText("I read it twice.")).toBeVisible();
});

test("a planned letter is edited and cancelled", async ({ server, couple }) => {
  const [mara] = await couple();
  const { page } = mara;
  server.member("grant-plan", "--email", mara.email, "--plan", "premiere");
  await page.goto("/notes/write");
  await page.getByLabel("Your note").fill("See you at the river.");
  await page.getByText("Pick a time").click();
  await page.getByLabel("Time", { exact: true }).fill("19:30");
  await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
  await expect(page.getByText(/19:30 there, .*\d\d:\d\d for you/)).toBeVisible();
  await expect(async () => {
    await page.getByRole("button", { name: "Plan it" }).click();
    // The plan counts a moment after it is granted.
    if (await page.getByRole("button", { name: "All right" }).isVisible())
      await page.getByRole("button", { name: "All right" }).click();
    await expect(page).toHaveURL(/\/notes\/scheduled$/, { timeout: 1_500 });
  }).toPass();
  await expect(page.getByText(/19:30 in Tokyo/)).toBeVisible();

  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Edit" }).click();
  await page.getByRole("dialog").getByLabel("Your note").fill("See you at the old mill.");
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("See you at the old mill.")).toBeVisible();
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("menuitem", { name: "Cancel the note" }).click();
  await page.getByRole("button", { name: "Cancel the note" }).click();
  await expect(page.getByText("See you at the old mill.")).toBeHidden();
  await page.getByText("Cancelled", { exact: true }).click();
  await expect(page.getByText("See you at the old mill.")).toBeVisible();
});

test("what a plan does not hold is said before it hurts, and nothing written is lost", async ({ couple }) => {
  const [{ page }] = await couple();
  await page.goto("/notes/write");
  await expect(page.getByText(/3 notes left until/)).toBeVisible();
  await page.getByLabel("Your note").fill("For tomorrow.");
  await page.getByText(/^Tomorrow/).click();
  await page.getByRole("button", { name: "Plan it" }).click();
  await expect(page.getByRole("heading", { name: "This is part of Premiere" })).toBeVisible();
  await page.getByRole("button", { name: "All right" }).click();
  await expect(page.getByLabel("Your note")).toHaveValue("For tomorrow.");
  await page.reload();
  await expect(page.getByLabel("Your note")).toHaveValue("For tomorrow.");
  for (let count = 0; count < 3; count += 1) {
    await page.goto("/notes/write");
    await page.getByLabel("Your note").fill(`Number ${count}`);
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await expect(page).toHaveURL(/\/notes\/sent$/);
  }
  await page.goto("/notes/write");
  await page.getByLabel("Your note").fill("One too many");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(page.getByRole("heading", { name: /^This is part of/ })).toBeVisible();
});

test("a note for a platform comes back as words and a link to share", async ({ couple }) => {
  const [{ page }] = await couple();
  await page.goto("/notes/write");
  await page.getByLabel("How it should arrive").selectOption("whatsapp");
  await page.getByLabel("Your note").fill("From the two of us.");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(page.getByRole("link", { name: "Open WhatsApp" })).toHaveAttribute("href", /wa\.me|whatsapp/);
  await expect(page.getByRole("dialog")).toContainText("From the two of us.");
});

test("a letter without words is not sent, and a mail needs an address", async ({ couple }) => {
  const [{ page }] = await couple();
  await page.goto("/notes/write");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText("Write a word first.");
  await page.getByLabel("Your note").fill("Hello");
  await page.getByLabel("How it should arrive").selectOption("email");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(page.getByRole("alert")).toHaveText("Please say where it should go.");
  await page.getByLabel("Email of the recipient").fill("no address");
  await page.getByRole("button", { name: "Send", exact: true }).click();
  await expect(page.getByRole("alert")).toContainText("e-mail address");
});
