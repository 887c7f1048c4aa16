// What the app says, in five languages. The words live in <language>/<area>.json as ICU MessageFormat and are compiled by
// scripts/generate.mjs; one language is loaded at a time. A change of language renders the whole app anew (app/main).
import type { Words } from "./compiled/keys";

export const languages = ["en", "es", "fr", "de", "it"] as const;
export type Language = (typeof languages)[number];
/** The keys of words that need no values, for tables of them. */
export type PlainKey = { [K in keyof Words]: Words[K] extends undefined ? K : never }[keyof Words];

type Compiled = Record<string, (values: Record<string, string | number>) => string>;

const sources: Record<Language, () => Promise<{ default: Compiled }>> = {
  en: () => import("./compiled/en.js"),
  es: () => import("./compiled/es.js"),
  fr: () => import("./compiled/fr.js"),
  de: () => import("./compiled/de.js"),
  it: () => import("./compiled/it.js"),
};

let current: Language = "en";
let words: Compiled = {};
const watchers = new Set<() => void>();

/** The language that is shown. */
export const language = (): Language => current;

export function onLanguage(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** The first of the browser's languages that the app speaks. */
export function visitorsLanguage(wanted: readonly string[] = navigator.languages): Language {
  for (const one of wanted) {
    const found = languages.find((known) => known === one.slice(0, 2).toLowerCase());
    if (found) return found;
  }
  return "en";
}

/** Loads a language and shows it; also `lang` of the page, by which screen readers choose a voice. */
export async function speak(next: Language): Promise<void> {
  const loaded = (await sources[next]()).default;
  if (next === current && words === loaded) return;
  words = loaded;
  current = next;
  document.documentElement.lang = next;
  for (const watcher of watchers) watcher();
}

/** The words of `key`, with its values put in. */
export function t<K extends keyof Words>(key: K, ...values: Words[K] extends undefined ? [] : [Words[K]]): string {
  return words[key]?.((values[0] ?? {}) as Record<string, string | number>) ?? key;
}
