import AxeBuilder from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import paths from "../src/app/paths.json" with { type: "json" };
import { expect, test } from "./fixtures";
import { lived } from "./lived";

// Every screen, looked at as a whole: no serious finding of axe in light and dark, nothing cut off or pushed aside in German
// on the narrowest phone.
const visitors = ["/", "/login", "/signup", "/forgot", "/verify", "/reset", "/email-change", "/join"];
const open = [...visitors, "/join?code=ABCD2345", "/nowhere"];
const members = paths.filter((path) => !visitors.includes(path) && !path.includes("$"));

/** Goes to a screen and waits until it shows what it has. */
async function visit(page: Page, path: string) {
  await page.goto(path);
  await expect(page.getByRole("heading").first()).toBeVisible();
  await expect(page.locator(".skeleton")).toHaveCount(0);
  await page.evaluate(() => Promise.all(document.getAnimations().map((one) => one.finished.catch(() => undefined))));
}

async function findings(page: Page) {
  const { violations } = await new AxeBuilder({ page })
    .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"])
    .analyze();
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(
      ({ id, nodes }) =>
        `${id}: ${nodes
          .map(({ html, any }) => `${html} ${any[0]?.message ?? ""}`)
          .slice(0, 3)
          .join(" | ")}`,
    );
}

/** What stands out of the window to the right. */
const tooWide = (page: Page) =>
  page.evaluate(() => {
    const wide = document.documentElement.clientWidth;
    const scrolls = (element: Element | null): boolean =>
      element !== null &&
      (/auto|scroll|hidden/.test(getComputedStyle(element).overflowX) || scrolls(element.parentElement));
    return [...document.querySelectorAll("body *")]
      .filter((one) => one.getBoundingClientRect().right > wide + 1 && !scrolls(one.parentElement))
      .map((one) => `${one.tagName} ${one.className}: ${one.textContent?.slice(0, 40)}`);
  });

for (const colorScheme of ["light", "dark"] as const) {
  test(`accessible in ${colorScheme}`, async ({ server, visitor, couple }) => {
    test.setTimeout(120_000);
    const page = await visitor({ colorScheme });
    for (const path of open) {
      await visit(page, path);
      expect(await findings(page), path).toEqual([]);
    }
    const two = await couple({ colorScheme });
    await lived(two);
    server.member("grant-staff", "--email", two[0].email, "--role", "superadmin");
    for (const path of members) {
      await visit(two[0].page, path);
      // Whatever the server takes for a page is one.
      await expect(two[0].page.getByRole("heading", { name: "There is nothing here" })).toHaveCount(0);
      expect(await findings(two[0].page), path).toEqual([]);
    }
  });
}

test("German fits the narrowest phone", async ({ visitor, couple }) => {
  test.setTimeout(120_000);
  const viewport = { width: 360, height: 740 };
  const page = await visitor({ viewport, locale: "de-DE" });
  for (const path of open) {
    await visit(page, path);
    await expect(page.locator("html")).toHaveAttribute("lang", "de");
    expect(await tooWide(page), path).toEqual([]);
  }
  const two = await couple({ viewport, language: "de" });
  await lived(two);
  for (const path of members) {
    await visit(two[0].page, path);
    await expect(two[0].page.locator("html")).toHaveAttribute("lang", "de");
    expect(await tooWide(two[0].page), path).toEqual([]);
  }
});

test("letters of paths have no case, and what is not there says so", async ({ visitor, member }) => {
  const page = await visitor();
  await page.goto("/LogIn");
  await expect(page.getByRole("button", { name: "Sign in" })).toBeVisible();
  const answer = await page.goto("/no/such/page");
  expect(answer?.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
  const mara = await member("Mara");
  await mara.page.goto("/Notes/Sent");
  await expect(mara.page.getByRole("heading", { name: "Nothing sent yet" })).toBeVisible();
});
