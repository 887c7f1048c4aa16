import { expect, test } from "vitest";
import { nextAnniversary } from "./anniversary";

const at = (text: string) => new Date(`${text}T15:00:00`).getTime();

test("today counts as today, also in the afternoon", () => {
  expect(nextAnniversary("2022-11-23", at("2026-11-23")).days).toBe(0);
});

test("a day that is over returns next year", () => {
  expect(nextAnniversary("2022-11-22", at("2026-11-23")).days).toBe(364);
  expect(nextAnniversary("2022-12-06", at("2026-11-23")).days).toBe(13);
});

test("29 February falls on 1 March in common years", () => {
  expect(nextAnniversary("2024-02-29", at("2026-02-27")).days).toBe(2);
  expect(nextAnniversary("2024-02-29", at("2028-02-28")).days).toBe(1);
});
