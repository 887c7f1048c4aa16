import type { Page } from "@playwright/test";
import { expect, PASSWORD, test } from "./fixtures";
import { totp } from "./totp";

async function signIn(page: Page, email: string) {
  await page.getByLabel("Email").fill(email);
  await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
  await page.keyboard.press("Enter");
}

test("a visitor of a private page signs in and comes back to it", async ({ member, visitor }) => {
  const mara = await member("Mara");
  const page = await visitor();
  await page.goto("/notes/sent?x=1");
  await expect(page).toHaveURL(/\/login/);
  await expect(page.getByRole("textbox", { name: "Email" })).toHaveCount(1);
  // Nothing else answers to these names, the button that shows what is typed least of all.
  await expect(page.getByLabel("Email")).toHaveCount(1);
  await expect(page.getByLabel("Password")).toHaveCount(1);
  await page.getByLabel("Email").fill(mara.email);
  await page.getByLabel("Password", { exact: true }).fill("not the password");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  await signIn(page, mara.email);
  await expect(page).toHaveURL(/\/notes\/sent/);
  // A session outlives a reload, without a token in any storage.
  await page.reload();
  await expect(page.getByRole("heading", { name: "Notes", exact: true })).toBeVisible();
  const stored = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }]));
  expect(stored).not.toMatch(/eyJ/);
});

test("nobody is led out of the app after signing in", async ({ member, visitor }) => {
  const mara = await member("Mara");
  for (const to of ["//example.org/", "https://example.org/", "/\\example.org"]) {
    const page = await visitor();
    await page.goto(`/login?to=${encodeURIComponent(to)}`);
    await signIn(page, mara.email);
    await expect(page).toHaveURL(/127\.0\.0\.1.*\/home$/);
  }
});

test("a session that is ended elsewhere is over here at once", async ({ member, visitor }) => {
  const mara = await member("Mara");
  await mara.page.goto("/settings");
  const phone = await visitor({
    userAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1",
  });
  await phone.goto("/login");
  await signIn(phone, mara.email);
  await expect(phone).toHaveURL(/\/home$/);
  await mara.page.reload();
  const row = mara.page.getByRole("listitem").filter({ hasText: "Safari, iPhone" });
  await row.getByRole("button", { name: "Sign out there" }).click();
  await expect(phone).toHaveURL(/\/login/);
  await expect(row).toHaveCount(0);
});

test("all tabs of a browser share one session and one socket, and leave together", async ({ couple }) => {
  const [mara, jonas] = await couple();
  const second = await mara.context.newPage();
  const sockets: string[] = [];
  second.on("websocket", (socket) => sockets.push(socket.url()));
  await second.goto("/home");
  await jonas.page.getByLabel("Your note").fill("For both of your tabs.");
  await jonas.page.getByRole("button", { name: "Send", exact: true }).first().click();
  await expect(mara.page.getByText("Jonas wrote you something.")).toBeVisible();
  await expect(second.getByText("Jonas wrote you something.")).toBeVisible();
  expect(sockets).toEqual([]);
  // When the leading tab closes, the other takes over.
  await mara.page.close();
  await expect.poll(() => sockets.length).toBe(1);
  const third = await mara.context.newPage();
  await third.goto("/settings");
  await third.getByRole("button", { name: "Sign out" }).first().click();
  await expect(third).toHaveURL(/\/login/);
  await expect(second).toHaveURL(/\/login/);
});

test("tokens are renewed when they end, and the app goes on", async ({ server, couple }) => {
  const [{ page: mara }, { page: jonas }] = await couple();
  await server.advance(20 * 60_000);
  await mara.getByLabel("Your note").fill("After a long pause.");
  await mara.getByRole("button", { name: "Send", exact: true }).first().click();
  await expect(jonas.getByText("Mara wrote you something.")).toBeVisible({ timeout: 20_000 });
});

test("a forgotten password is set anew by the link of a mail", async ({ server, member, visitor }) => {
  const mara = await member("Mara");
  const page = await visitor();
  await page.goto("/login");
  await page.getByRole("link", { name: "Forgot your password?" }).click();
  await page.getByLabel("Email").fill(mara.email);
  await page.getByRole("button", { name: "Send the link" }).click();
  await expect(page.getByText("a link is on its way")).toBeVisible();
  const link = await server.mailed(mara.email, "reset");
  await page.goto(link);
  await page.getByLabel("New password").fill("an entirely new one");
  await page.getByRole("button", { name: "Save the new password" }).click();
  await expect(page.getByText("Your new password is saved")).toBeVisible();
  await page.getByLabel("Email").fill(mara.email);
  await page.getByLabel("Password", { exact: true }).fill("an entirely new one");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/\/home$/);
  // The link is used up, and the page says what to do.
  const again = await visitor();
  await again.goto(link);
  await again.getByLabel("New password").fill("and another new one");
  await again.getByRole("button", { name: "Save the new password" }).click();
  await expect(again.getByRole("link", { name: "Ask for a new one" })).toBeVisible();
});

test("the second factor: set up, asked for, switched off", async ({ server, member, visitor }) => {
  const mara = await member("Mara");
  await mara.page.goto("/settings");
  await mara.page.getByRole("button", { name: "Set it up" }).click();
  const secret = (await mara.page.locator("code").textContent())?.trim() ?? "";
  await mara.page.getByLabel("Code from the app").fill(await totp(server.url, secret));
  await mara.page.getByRole("button", { name: "Turn it on" }).click();
  await expect(mara.page.getByRole("heading", { name: "Your recovery codes" })).toBeVisible();
  await mara.page.getByRole("button", { name: "I have kept them" }).click();
  const page = await visitor();
  await page.goto("/login");
  await signIn(page, mara.email);
  await page.getByLabel("Code from your authenticator app").fill("000000");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page.getByRole("alert")).toBeVisible();
  // A code works once: the next one comes with the next half minute.
  await server.advance(30_000);
  await page.getByLabel("Code from your authenticator app").fill(await totp(server.url, secret));
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await expect(page).toHaveURL(/\/home$/);
  await page.goto("/settings");
  const card = page.locator("#factor");
  await card.getByLabel("Present password").fill(PASSWORD);
  await card.getByRole("button", { name: "Turn it off" }).click();
  await expect(page.getByText("The second factor is off.")).toBeVisible();
});
