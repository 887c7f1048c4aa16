import type { Page } from "@playwright/test";
import { expect, PASSWORD, test } from "./fixtures";

/** Presses Tab until the focus is on what has this name; it has to be visible there. */
async function tabTo(page: Page, role: "link" | "button" | "textbox" | "radio", name: string | RegExp) {
  const goal = page.getByRole(role, { name, ...(typeof name === "string" && { exact: true }) }).first();
  await goal.waitFor();
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press("Tab");
    if (await goal.evaluate((element) => element === document.activeElement)) {
      await expect(goal).toBeInViewport();
      return;
    }
  }
  throw new Error(`Tab does not reach ${role} ${name}`);
}

test("the whole tour by keyboard", async ({ couple, visitor }) => {
  test.setTimeout(120_000);
  const [mara, { page: jonas }] = await couple();
  const page = await visitor();
  await page.goto("/");
  await tabTo(page, "link", "Sign in");
  await page.keyboard.press("Enter");
  await tabTo(page, "textbox", "Email");
  await page.keyboard.type(mara.email);
  await tabTo(page, "textbox", "Password");
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/home$/);

  // The first stop of a page leads past the menu.
  await page.reload();
  await expect(page.getByLabel("Your note")).toBeVisible();
  await page.keyboard.press("Tab");
  await expect(page.getByRole("link", { name: "Skip to the content" })).toBeFocused();
  await page.keyboard.press("Enter");
  await tabTo(page, "textbox", "Your note");
  await page.keyboard.type("Written without a mouse.");
  await tabTo(page, "button", "Send");
  await page.keyboard.press("Enter");
  await expect(jonas.getByText("Mara wrote you something.")).toBeVisible();

  await page.goto("/notes");
  await tabTo(page, "link", "Write a note");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Write to Jonas" })).toBeVisible();

  await page.goto("/chat");
  await expect(page).toHaveURL(/\/chat\/cnv_/);
  await tabTo(page, "textbox", "Message");
  await page.keyboard.type("Neither was this.");
  await page.keyboard.press("Enter");
  const mine = page.getByTestId("message").filter({ hasText: "Neither was this." });
  await expect(mine).toBeVisible();
  await mine.getByRole("button", { name: "More actions" }).focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("menuitem").first()).toBeFocused();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect(jonas.getByRole("link", { name: /Chat 1 unread message/ })).toBeVisible();

  await page.goto("/couple");
  await tabTo(page, "button", "End the link");
  await page.keyboard.press("Enter");
  // The safe answer has the focus, and Escape goes back to where one was.
  await expect(page.getByRole("button", { name: "Keep it as it is" })).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(page.getByRole("button", { name: "End the link" })).toBeFocused();
});
