import { expect, test } from "vitest";
import { language, languages, speak, t, visitorsLanguage } from "./index";

test("the first language of the browser that the app speaks, else English", () => {
  expect(visitorsLanguage(["pt-BR", "de-AT", "en"])).toBe("de");
  expect(visitorsLanguage(["ja"])).toBe("en");
  expect(visitorsLanguage([])).toBe("en");
});

test("plurals follow the language", async () => {
  await speak("fr");
  // French counts nought as one.
  expect(t("app.days", { count: 0 })).toBe("0 jour");
  expect(t("app.days", { count: 2 })).toBe("2 jours");
  await speak("en");
  expect(t("app.days", { count: 0 })).toBe("0 days");
  expect(t("app.days", { count: 1 })).toBe("1 day");
});

test("each language says everything, and tells the page", async () => {
  for (const one of ["de", ...languages] as const) {
    await speak(one);
    expect(language()).toBe(one);
    expect(document.documentElement.lang).toBe(one);
    expect(t("entry.signin")).not.toBe("entry.signin");
  }
});
