import { readFileSync } from "node:fs";
import { runInNewContext } from "node:vm";
import { beforeEach, describe, expect, it } from "vitest";

type Listener = (event: unknown) => void;

const HOME = "https://o2o.test";
let listeners: Record<string, Listener>;
let stored: Map<string, Map<string, Response>>;
let asked: string[];
let online: boolean;

const address = (from: string | { url: string }) => new URL(typeof from === "string" ? from : from.url, HOME).href;

const fetched = async (from: string | { url: string }) => {
  asked.push(address(from));
  if (!online) throw new TypeError("no network");
  return new Response(`network ${new URL(address(from)).pathname}`);
};

function cacheOf(name: string) {
  const kept = stored.get(name) ?? new Map<string, Response>();
  stored.set(name, kept);
  return {
    addAll: async (paths: string[]) => {
      for (const path of paths) kept.set(address(path), await fetched(path));
    },
    match: async (from: string | { url: string }) => kept.get(address(from))?.clone(),
    put: async (from: { url: string }, answer: Response) => void kept.set(address(from), answer),
  };
}

/** What the worker answers; undefined when it leaves the request alone. */
async function ask(path: string, mode = "cors", method = "GET"): Promise<string | undefined> {
  let answer: Promise<Response> | undefined;
  listeners.fetch?.({
    request: { url: new URL(path, HOME).href, mode, method },
    respondWith: (given: Promise<Response>) => {
      answer = given;
    },
  });
  if (!answer) return undefined;
  const response = await answer;
  return response.type === "error" ? "error" : response.text();
}

async function wait(name: string): Promise<void> {
  let until: Promise<unknown> | undefined;
  listeners[name]?.({ waitUntil: (given: Promise<unknown>) => (until = given) });
  await until;
}

beforeEach(() => {
  listeners = {};
  stored = new Map();
  asked = [];
  online = true;
  const self = {
    location: { origin: HOME },
    clients: { claim: async () => undefined },
    skipWaiting: () => undefined,
    addEventListener: (name: string, listener: Listener) => {
      listeners[name] = listener;
    },
  };
  const caches = {
    open: async (name: string) => cacheOf(name),
    keys: async () => [...stored.keys()],
    delete: async (name: string) => stored.delete(name),
  };
  const text = readFileSync(new URL("../../public/sw.js", import.meta.url), "utf8");
  const built = text.replace("const BUILT = [];", 'const BUILT = ["/assets/main-1.js"];');
  runInNewContext(built, { self, caches, fetch: fetched, URL, Response });
});

describe("the service worker", () => {
  it("leaves alone what is the server's, what changes something, and what is elsewhere", async () => {
    await wait("install");
    for (const path of ["/v1/me", "/V1/me", "/v1/files/x", "/dev/outbox", "/docs/", "/docs", "/objects/x?sig=1"]) {
      for (const mode of ["cors", "navigate"]) expect(await ask(path, mode), path).toBeUndefined();
    }
    expect(await ask("/home", "navigate", "POST")).toBeUndefined();
    expect(await ask("https://elsewhere.test/assets/main-1.js")).toBeUndefined();
    expect(await ask("/metrics")).toBeUndefined();
  });

  it("asks the network for pages, and shows what it kept without one", async () => {
    await wait("install");
    expect(await ask("/docsets", "navigate")).toBe("network /docsets");
    online = false;
    expect(await ask("/notes/sent", "navigate")).toBe("network /");
    stored.get("o2o-unbuilt")?.delete(`${HOME}/`);
    expect(await ask("/home", "navigate")).toBe("network /offline.html");
    stored.get("o2o-unbuilt")?.clear();
    expect(await ask("/home", "navigate")).toBe("error");
  });

  it("keeps no page that was opened, for its address may carry a token", async () => {
    await wait("install");
    await ask("/verify?token=secret", "navigate");
    expect([...(stored.get("o2o-unbuilt")?.keys() ?? [])].join()).not.toContain("verify");
  });

  it("asks for an asset once", async () => {
    await wait("install");
    asked = [];
    expect(await ask("/assets/main-1.js")).toBe("network /assets/main-1.js");
    expect(asked).toEqual([]);
    await ask("/assets/font-2.woff2");
    online = false;
    expect(await ask("/assets/font-2.woff2")).toBe("network /assets/font-2.woff2");
    expect(asked).toEqual([`${HOME}/assets/font-2.woff2`]);
  });

  it("drops what older builds kept, and nothing of others", async () => {
    await wait("install");
    cacheOf("o2o-older");
    cacheOf("another");
    await wait("activate");
    expect([...stored.keys()]).toEqual(["o2o-unbuilt", "another"]);
  });
});
