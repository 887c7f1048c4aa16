import { expect, test } from "vitest";
import { ago, city, duration, instantOf, wallClock } from "./format";

test("a wall-clock time of a zone is the instant at which clocks there show it", () => {
  expect(new Date(instantOf("2026-11-24", "09:00", "Europe/Lisbon")).toISOString()).toBe("2026-11-24T09:00:00.000Z");
  expect(new Date(instantOf("2026-07-24", "09:00", "Europe/Lisbon")).toISOString()).toBe("2026-07-24T08:00:00.000Z");
  expect(new Date(instantOf("2026-01-01", "00:30", "Asia/Kathmandu")).toISOString()).toBe("2025-12-31T18:45:00.000Z");
});

test("on the days when clocks change too", () => {
  // New York falls back on 1 November 2026 at 06:00 UTC and springs forward on 8 March 2026 at 07:00 UTC.
  expect(new Date(instantOf("2026-11-01", "09:00", "America/New_York")).toISOString()).toBe("2026-11-01T14:00:00.000Z");
  expect(new Date(instantOf("2026-03-08", "01:30", "America/New_York")).toISOString()).toBe("2026-03-08T06:30:00.000Z");
  expect(new Date(instantOf("2026-03-08", "03:30", "America/New_York")).toISOString()).toBe("2026-03-08T07:30:00.000Z");
});

test("and back", () => {
  expect(wallClock(Date.parse("2026-11-23T23:30:00Z"), "Asia/Tokyo")).toEqual({ day: "2026-11-24", clock: "08:30" });
});

test("a city is the end of its zone", () => {
  expect(city("America/Argentina/Buenos_Aires")).toBe("Buenos Aires");
  expect(city("UTC")).toBe("UTC");
});

test("today is a time, yesterday a word, this week a weekday, before that a date", () => {
  const now = new Date(2026, 10, 23, 12).getTime();
  const hours = (count: number) => now - count * 3_600_000;
  expect(ago(hours(2), now)).toMatch(/10:00/);
  expect(ago(hours(24), now)).toBe("yesterday");
  expect(ago(hours(72), now)).toBe("Friday");
  expect(ago(hours(24 * 20), now)).toMatch(/Nov/);
  expect(ago(hours(24 * 400), now)).toMatch(/2025/);
});

test("a duration counts minutes and seconds", () => {
  expect([0, 5.9, 65, 600].map(duration)).toEqual(["0:00", "0:05", "1:05", "10:00"]);
});
