// Tells the service worker of the build: its version, which changes with any file, and the scripts and styles to keep.
// Fonts are kept as they are used.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const dist = new URL("../dist/", import.meta.url);
const worker = new URL("sw.js", dist);
const files = readdirSync(dist, { recursive: true })
  .filter((name) => /\.\w+$/.test(name))
  .sort();
const digest = createHash("sha256");
for (const name of files) digest.update(name).update(readFileSync(new URL(name, dist)));
const built = files.filter((name) => /^assets\/.*\.(js|css)$/.test(name)).map((name) => `/${name}`);

let text = readFileSync(worker, "utf8");
for (const [blank, filled] of [
  ['const VERSION = "unbuilt";', `const VERSION = "${digest.digest("hex").slice(0, 16)}";`],
  ["const BUILT = [];", `const BUILT = ${JSON.stringify(built)};`],
]) {
  if (!text.includes(blank)) throw new Error(`sw.js has no line ${blank}`);
  text = text.replace(blank, filled);
}
writeFileSync(worker, text);
