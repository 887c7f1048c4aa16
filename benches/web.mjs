// The web app against its budgets, by the browser's own performance entries: what is transferred before a screen works, when
// its largest piece is painted on a slow processor, how long an act takes to show, and whether a long thread scrolls without
// a long task. The server is the release binary with the app in it.
//
//   node benches/web.mjs [--o2o PATH]
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = new URL("..", import.meta.url);
const { chromium } = createRequire(new URL("web/package.json", root))("@playwright/test");
const asked = process.argv.indexOf("--o2o");
const programs = ["target/release/o2o", "target/debug/o2o"].map((path) => new URL(path, root).pathname);
const program = asked > 0 ? process.argv[asked + 1] : programs.find(existsSync);
const MESSAGES = 10_000;
const TARGETS = { script: 150, lcp: 1500, inp: 100, task: 50 };

async function start(data) {
  const env = { ...process.env, O2O__EDGE__RATE_LIMITS__ENABLED: "false" };
  const child = spawn(program, ["serve", "--data", data, "--listen", "127.0.0.1:0"], { env, stdio: ["ignore", "pipe", "ignore"] });
  const url = await new Promise((ready, failed) => {
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
      const found = /listening on (http:\S+)/.exec(said);
      if (found) ready(found[1]);
    });
    child.on("exit", (code) => failed(new Error(`the server ended with ${code}: ${said}`)));
  });
  return { child, url };
}

async function call(url, token, path, body) {
  const headers = { "Content-Type": "application/json", ...(token && { Authorization: `Bearer ${token}` }) };
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

/** Two linked members with a long conversation. */
async function couple(url) {
  const password = "correct horse battery";
  const people = [];
  for (const name of ["Mara", "Jonas"]) {
    const email = `${name.toLowerCase()}@example.org`;
    const made = await call(url, undefined, "/v1/auth/register", { name, email, password, consent: true, age_attested: true, client: "native" });
    people.push({ email, password, id: made.member.id, token: made.session.access_token });
  }
  const [mara, jonas] = people;
  const { code } = await call(url, mara.token, "/v1/couple/invitations", { email: jonas.email });
  await call(url, jonas.token, "/v1/couple/join", { code });
  const { id } = await call(url, mara.token, "/v1/conversations", { member_id: jonas.id });
  for (let begun = 0; begun < MESSAGES; begun += 100) {
    await Promise.all(
      Array.from({ length: 100 }, (_, at) => {
        const count = begun + at;
        const content = `Message ${count}. ${"A few more words, so that lines differ in length. ".repeat(count % 4)}`;
        const who = count % 3 === 0 ? mara : jonas;
        return call(url, who.token, `/v1/conversations/${id}/messages`, { client_id: `m${count}`, kind: "text", content });
      }),
    );
  }
  return { mara, conversation: id };
}

/** Counts what the browser itself has seen since the page began. */
const watch = () => {
  window.seen = { lcp: 0, inp: 0, act: "", tasks: [] };
  const observe = (type, take, options = {}) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...options });
  observe("largest-contentful-paint", (entry) => {
    window.seen.lcp = entry.startTime;
  });
  // From the act to the end of the frame that shows it. The entries of event timing would say the same, but a browser without a
  // screen closes the last one only when something else happens.
  for (const name of ["keydown", "pointerdown", "pointerup", "click"]) {
    const acted = ({ timeStamp, target }) =>
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          const took = performance.now() - timeStamp;
          if (took <= window.seen.inp) return;
          window.seen.inp = took;
          window.seen.act = `${name} on ${target.tagName?.toLowerCase()} ${(target.ariaLabel ?? target.textContent ?? "").slice(0, 30)}`;
        };
        port2.postMessage(0);
      });
    addEventListener(name, acted, { capture: true });
  }
  observe("longtask", (entry) => window.seen.tasks.push(entry.duration));
};

async function fresh(browser, url, mara) {
  // Without the service worker, which would load more in the background than the screen needs.
  const context = await browser.newContext({ baseURL: url, serviceWorkers: "block", viewport: { width: 390, height: 844 } });
  if (mara) await context.request.post("/v1/auth/login", { data: { email: mara.email, password: mara.password } });
  const page = await context.newPage();
  await page.addInitScript(watch);
  return page;
}

async function slow(page, rate) {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate });
}

const settled = (page) => page.waitForFunction(() => document.querySelector("h1,h2") && !document.querySelector(".skeleton"));

/** What a first visit transfers, in kB as sent (compressed), and its largest paint with a processor four times slower. */
async function firstLoad(browser, url, mara, path) {
  const page = await fresh(browser, url, mara);
  await slow(page, 4);
  await page.goto(path);
  await settled(page);
  await page.waitForTimeout(1500);
  const found = await page.evaluate(() => {
    const files = performance.getEntriesByType("resource");
    const kinds = (ending) => files.filter(({ name }) => new URL(name).pathname.endsWith(ending));
    const sum = (entries) => entries.reduce((all, { encodedBodySize }) => all + encodedBodySize, 0) / 1000;
    return { script: sum(kinds(".js")), style: sum(kinds(".css")), font: sum(kinds(".woff2")), lcp: window.seen.lcp };
  });
  await page.context().close();
  return found;
}

/** The slowest of a few acts, from the press to the paint after it. */
async function interactions(browser, url, mara) {
  const page = await fresh(browser, url, mara);
  await page.goto("/home");
  await settled(page);
  await page.getByLabel("Your note").pressSequentially("Meet me by the river.", { delay: 20 });
  await page.getByText("Pick a time").click();
  await page.getByText("Now", { exact: true }).click();
  await page.getByRole("button", { name: "Send", exact: true }).first().click();
  await page.getByRole("link", { name: "Notes" }).last().click();
  await page.getByText("Unopened").click();
  await page.getByRole("link", { name: "Us" }).last().click();
  await page.getByRole("button", { name: "End the link" }).click();
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Chat" }).last().click();
  await page.getByRole("link", { name: /Jonas/ }).click();
  const words = page.getByRole("textbox", { name: "Message" });
  await words.pressSequentially("Typed while ten thousand stand above.", { delay: 20 });
  await page.keyboard.press("Enter");
  await page.getByTestId("message").last().getByRole("button", { name: "More actions" }).click();
  await page.waitForTimeout(500);
  const { inp, act } = await page.evaluate(() => window.seen);
  await page.context().close();
  return { inp, act };
}

/** Scrolls a thread from its newest message to its first one. */
async function scrolling(browser, url, mara, conversation) {
  const page = await fresh(browser, url, mara);
  await page.goto(`/chat/${conversation}`);
  await page.getByTestId("message").last().waitFor();
  await page.waitForTimeout(500);
  const found = await page.evaluate(async () => {
    window.seen.tasks = [];
    const log = document.querySelector("[role=log]");
    const began = performance.now();
    let frames = 0;
    // To the top and further, until the very first message is there; a wheel turned without rest.
    while (!log.textContent.includes("Message 0.") && performance.now() - began < 240_000) {
      log.scrollTop -= 700;
      await new Promise(requestAnimationFrame);
      frames += 1;
    }
    await new Promise((done) => setTimeout(done, 500));
    const seconds = (performance.now() - began) / 1000;
    return { tasks: window.seen.tasks, frames, seconds, reached: log.textContent.includes("Message 0.") };
  });
  await page.context().close();
  return found;
}

const data = mkdtempSync(join(tmpdir(), "o2o-bench-web-"));
const server = await start(data);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
try {
  const { mara, conversation } = await couple(server.url);
  // What the sends left to do in the background would take the processor from the browser.
  await new Promise((done) => setTimeout(done, 10_000));
  const rows = [];
  const row = (what, value, target, unit, note = "") =>
    rows.push([what, `${value.toFixed(0)} ${unit}`, target ? `≤ ${target} ${unit}` : "", target ? (value <= target ? "ok" : "MISSED") : "", note]);
  for (const [path, who] of [["/"], ["/login"], ["/home", mara], [`/chat/${conversation}`, mara]]) {
    const { script, style, font, lcp } = await firstLoad(browser, server.url, who, path);
    const name = path.startsWith("/chat/") ? "/chat/$id" : path;
    row(`${name}: scripts, compressed`, script, TARGETS.script, "kB", `styles ${style.toFixed(0)} kB, fonts ${font.toFixed(0)} kB`);
    row(`${name}: largest paint, processor 4 times slower`, lcp, TARGETS.lcp, "ms");
  }
  const { inp, act } = await interactions(browser, server.url, mara);
  row("slowest interaction to its paint", inp, TARGETS.inp, "ms", act);
  const { tasks, frames, seconds, reached } = await scrolling(browser, server.url, mara, conversation);
  if (!reached) throw new Error("the first message was not reached");
  row(`longest task while ${MESSAGES} messages scroll`, Math.max(0, ...tasks), TARGETS.task, "ms", `${tasks.length} over 50 ms; ${frames} frames in ${seconds.toFixed(1)} s`);
  const widths = rows[0].map((_, column) => Math.max(...rows.map((cells) => cells[column].length)));
  for (const cells of rows) console.log(`| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`);
} finally {
  await browser.close();
  server.child.kill("SIGTERM");
  await new Promise((done) => server.child.on("exit", done));
  rmSync(data, { recursive: true, force: true });
}
