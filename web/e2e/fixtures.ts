import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  test as base,
  expect,
  type Page,
} from "@playwright/test";
import { Server } from "./server";

export { expect };

export const PASSWORD = "correct horse battery";

/** A person in front of an own browser. */
export interface Person {
  name: string;
  email: string;
  page: Page;
  context: BrowserContext;
  /** An access token of this member's browser, for what a test prepares by the API. */
  token: string;
}

interface Fixtures {
  server: Server;
  /** Opens a browser of its own for a visitor. Whatever goes wrong in its pages fails the test. */
  visitor: (options?: BrowserContextOptions) => Promise<Page>;
  /** A member who registered by the API, verified, and is signed in. */
  member: (name: string, options?: BrowserContextOptions & { language?: string }) => Promise<Person>;
  /** Two linked members, both at home. */
  couple: (options?: BrowserContextOptions & { language?: string }) => Promise<[Person, Person]>;
}

export const test = base.extend<Fixtures>({
  // biome-ignore lint/correctness/noEmptyPattern: Playwright reads the names of what a fixture needs from here
  server: async ({}, use) => {
    const server = new Server();
    await server.start();
    await use(server);
    await server.end();
  },

  visitor: async ({ browser, server }, use) => {
    const faults: string[] = [];
    const open: BrowserContext[] = [];
    await use(async (options = {}) => {
      const context = await (browser as Browser).newContext({ baseURL: server.url, ...options });
      open.push(context);
      const page = await context.newPage();
      page.on("pageerror", (error) => faults.push(error.stack ?? error.message));
      page.on("console", (message) => {
        // What the policy stops and what React complains about; a refused request is a normal part of the app's life.
        if (/Content Security Policy|Refused to|Warning:/.test(message.text())) faults.push(message.text());
      });
      return page;
    });
    for (const context of open) await context.close();
    expect(faults).toEqual([]);
  },

  member: async ({ server, visitor }, use) => {
    let count = 0;
    await use(async (name, options = {}) => {
      const { language = "en", ...context } = options;
      const page = await visitor(context);
      count += 1;
      const email = `${name.toLowerCase()}${count}@example.org`;
      const made = await page.request.post("/v1/auth/register", {
        data: {
          name,
          email,
          password: PASSWORD,
          consent: true,
          age_attested: true,
          language,
          timezone: "Europe/Lisbon",
        },
      });
      expect(made.status()).toBe(201);
      const token = new URLSearchParams((await server.mailed(email, "verify")).split("?")[1]).get("token");
      const verified = await page.request.post("/v1/auth/email/verify", { data: { token } });
      expect(verified.status()).toBe(200);
      const { session } = await verified.json();
      return { name, email, page, context: page.context(), token: session.access_token };
    });
  },

  couple: async ({ member }, use) => {
    await use(async (options = {}) => {
      const [mara, jonas] = [await member("Mara", options), await member("Jonas", options)];
      const call = async ({ page, token }: Person, path: string, data: object) => {
        const answer = await page.request.post(path, { data, headers: { Authorization: `Bearer ${token}` } });
        expect(answer.ok(), await answer.text()).toBe(true);
        return answer.json();
      };
      const { code } = await call(mara, "/v1/couple/invitations", { email: jonas.email });
      await call(jonas, "/v1/couple/join", { code });
      for (const { page } of [mara, jonas]) {
        await page.goto("/home");
        await page.waitForFunction(() => document.querySelector("textarea"));
      }
      return [mara, jonas];
    });
  },
});
