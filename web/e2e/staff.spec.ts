import { expect, PASSWORD, test } from "./fixtures";
import { totp } from "./totp";

test("the console: health, queues, and a member who is shown only for a reason that goes on record", async ({
  server,
  member,
  visitor,
}) => {
  const [mara, jonas] = [await member("Mara"), await member("Jonas")];
  await jonas.page.goto("/staff");
  await expect(jonas.page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();

  server.member("grant-staff", "--email", mara.email, "--role", "superadmin");
  const headers = { Authorization: `Bearer ${mara.token}` };
  const { secret } = await (await mara.page.request.post("/v1/auth/totp", { headers })).json();
  const code = await totp(server.url, secret);
  expect((await mara.page.request.post("/v1/auth/totp/confirm", { headers, data: { code } })).status()).toBe(200);
  await server.advance(30_000);

  const page = await visitor();
  await page.goto("/login?to=/staff");
  await page.getByLabel("Email").fill(mara.email);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.getByLabel("Code from your authenticator app").fill(await totp(server.url, secret));
  await page.keyboard.press("Enter");
  await expect(page.getByText("Everything answers.")).toBeVisible();
  await page.getByRole("button", { name: "Show parked jobs" }).first().click();
  await expect(page.getByText("Nothing is parked.")).toBeVisible();
  await expect(page.getByText("No open reports.")).toBeVisible();

  await page.getByLabel("Find a member").fill(jonas.email);
  await page.getByRole("button", { name: "Search" }).click();
  const row = page.getByRole("row").filter({ hasText: "j…@example.org" });
  await expect(row).toBeVisible();
  await expect(row).not.toContainText("Jonas");
  await row.getByRole("button", { name: "Reveal" }).click();
  await row.getByLabel("Reason").fill("Asked for help by mail");
  await row.getByRole("button", { name: "Reveal" }).click();
  await expect(page.getByRole("cell", { name: jonas.email })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("cell", { name: "member reveal" })).toBeVisible();
});
