// Makes what is not written by hand and not committed: types of the API out of docs/openapi.json, and the words of the
// app out of src/words/<language>/<area>.json (ICU MessageFormat), compiled so that no parser travels to the browser.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import MessageFormat from "@messageformat/core";
import compileModule from "@messageformat/core/compile-module.js";
import { parse } from "@messageformat/parser";
import openapi, { astToString } from "openapi-typescript";

const root = new URL("..", import.meta.url);
const languages = ["en", "es", "fr", "de", "it"];

/** All words of a language as `area.key` → ICU text. */
export function wordsOf(language) {
  const folder = new URL(`src/words/${language}/`, root);
  const words = {};
  for (const file of readdirSync(folder).sort()) {
    const area = file.replace(/\.json$/, "");
    for (const [key, text] of Object.entries(JSON.parse(readFileSync(new URL(file, folder), "utf8")))) {
      words[`${area}.${key}`] = text;
    }
  }
  return words;
}

/** The placeholders of a text: name → the type the app has to give. */
export function placeholders(text) {
  const found = new Map();
  const walk = (tokens) => {
    for (const token of tokens) {
      if (token.type === "argument") found.set(token.arg, found.get(token.arg) ?? "string | number");
      if (token.type === "plural" || token.type === "selectordinal") found.set(token.arg, "number");
      if (token.type === "select") found.set(token.arg, "string");
      for (const one of token.cases ?? []) walk(one.tokens);
    }
  };
  walk(parse(text));
  return found;
}

async function api() {
  const document = JSON.parse(readFileSync(new URL("../docs/openapi.json", root), "utf8"));
  const types = astToString(await openapi(document));
  writeFileSync(new URL("src/api/schema.d.ts", root), types);
}

function words() {
  const compiled = new URL("src/words/compiled/", root);
  mkdirSync(compiled, { recursive: true });
  for (const language of languages) {
    writeFileSync(new URL(`${language}.js`, compiled), compileModule(new MessageFormat(language), wordsOf(language)));
    writeFileSync(
      new URL(`${language}.d.ts`, compiled),
      "declare const words: Record<string, (values: Record<string, string | number>) => string>;\nexport default words;\n",
    );
  }
  const lines = Object.entries(wordsOf("en")).map(([key, text]) => {
    const names = [...placeholders(text)].map(([name, type]) => `${JSON.stringify(name)}: ${type}`);
    return `  ${JSON.stringify(key)}: ${names.length === 0 ? "undefined" : `{ ${names.join("; ")} }`};`;
  });
  writeFileSync(new URL("keys.d.ts", compiled), `export interface Words {\n${lines.join("\n")}\n}\n`);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  await api();
  words();
}
