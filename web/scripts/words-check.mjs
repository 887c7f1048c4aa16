// Every language has the same words with the same placeholders, and the app says every one of them.
import { readdirSync, readFileSync } from "node:fs";
import { placeholders, wordsOf } from "./generate.mjs";

const english = wordsOf("en");
const faults = [];
for (const language of ["es", "fr", "de", "it"]) {
  const words = wordsOf(language);
  for (const key of Object.keys(english)) {
    if (!(key in words)) faults.push(`${language}: ${key} is missing`);
    else {
      const [ours, theirs] = [english[key], words[key]].map((text) => [...placeholders(text).keys()].sort().join());
      if (ours !== theirs) faults.push(`${language}: ${key} has {${theirs}} where English has {${ours}}`);
    }
  }
  for (const key of Object.keys(words)) if (!(key in english)) faults.push(`${language}: ${key} is not in English`);
}
const folder = new URL("../src/", import.meta.url);
const sources = readdirSync(folder, { recursive: true })
  .filter((name) => /\.tsx?$/.test(name) && !name.startsWith("words"))
  .map((name) => readFileSync(new URL(name, folder), "utf8"))
  .join("\n");
for (const key of Object.keys(english)) {
  // Some are put together: t(`plans.${plan}`).
  const made = `\`${key.split(".")[0]}.\${`;
  if (!sources.includes(`"${key}"`) && !sources.includes(made)) faults.push(`en: ${key} is said nowhere`);
}
for (const fault of faults) console.error(fault);
process.exit(faults.length === 0 ? 0 : 1);
