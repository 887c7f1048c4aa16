import type { Page } from "@playwright/test";
import { expect, test } from "./fixtures";
import { lived } from "./lived";

const folder = new URL("../../docs/screens/", import.meta.url).pathname;

async function picture(page: Page, name: string, path: string) {
  await page.goto(path);
  await expect(page.getByRole("heading").first()).toBeVisible();
  await expect(page.locator(".skeleton")).toHaveCount(0);
  await page.evaluate(() => document.fonts.ready);
  await page.waitForTimeout(500);
  await page.screenshot({ path: `${folder}${name}.png` });
}

test("the main screens, light and dark, wide and narrow", async ({ server, couple, visitor }) => {
  test.setTimeout(120_000);
  await picture(await visitor(), "landing", "/");
  const [mara, jonas] = await couple();
  server.member("grant-plan", "--email", mara.email, "--plan", "premiere");
  await lived([mara, jonas]);
  const say = (path: string, data: object) =>
    mara.page.request.post(path, { data, headers: { Authorization: `Bearer ${mara.token}` } });
  await expect
    .poll(async () => {
      const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
      const note = { channel: "partner", content: "Good morning, whatever the weather.", date: day, time: "09:00" };
      return (await say("/v1/scheduled-notes", { ...note, timezone: "Europe/Lisbon" })).status();
    })
    .toBe(201);
  await mara.page.request.patch("/v1/me", {
    data: { anniversary_date: "2022-12-06" },
    headers: { Authorization: `Bearer ${mara.token}` },
  });
  const { page } = mara;
  await picture(page, "home", "/home");
  await picture(page, "notes", "/notes");
  await picture(page, "write", "/notes/write");
  await picture(page, "library", "/notes/library");
  await picture(page, "chat", "/chat");
  await picture(page, "couple", "/couple");
  await picture(page, "settings", "/settings");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "home-dark", "/home");
  await picture(page, "chat-dark", "/chat");
  await page.emulateMedia({ colorScheme: "light" });
  await page.setViewportSize({ width: 390, height: 844 });
  await picture(page, "home-narrow", "/home");
  await picture(page, "notes-narrow", "/notes");
});
