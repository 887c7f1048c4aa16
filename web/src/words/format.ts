// Dates, times and numbers as the member's language writes them. Instants come as RFC 3339 in UTC; `zone` is an IANA zone,
// that of this device unless said.
import { language } from "./index";

type Instant = string | number | Date;

/** The member's language as this browser's region writes it: "en" on a British device is en-GB. */
function locale(): string {
  const own = language();
  return navigator.languages.find((one) => one.toLowerCase().startsWith(`${own}-`)) ?? own;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function format(instant: Instant, options: Intl.DateTimeFormatOptions): string {
  const key = locale() + JSON.stringify(options);
  let found = formats.get(key);
  if (!found) {
    found = new Intl.DateTimeFormat(locale(), options);
    formats.set(key, found);
  }
  return found.format(new Date(instant));
}

const inZone = (zone?: string) => (zone === undefined ? {} : { timeZone: zone });

export const number = (value: number): string => new Intl.NumberFormat(locale()).format(value);

/** 18:02 */
export const time = (instant: Instant, zone?: string) =>
  format(instant, { hour: "2-digit", minute: "2-digit", ...inZone(zone) });

/** 24 November 2026 */
export const date = (instant: Instant, zone?: string) => format(instant, { dateStyle: "long", ...inZone(zone) });

/** Tuesday, 24 November */
export const weekday = (instant: Instant, zone?: string) =>
  format(instant, { weekday: "long", day: "numeric", month: "long", ...inZone(zone) });

/** November 2026 */
export const month = (instant: Instant, zone?: string) =>
  format(instant, { month: "long", year: "numeric", ...inZone(zone) });

/** Nov, beside a big day */
export const shortMonth = (instant: Instant, zone?: string) => format(instant, { month: "short", ...inZone(zone) });

export const day = (instant: Instant, zone?: string) => format(instant, { day: "2-digit", ...inZone(zone) });

/** 24 Nov 2026, 18:02 */
export const moment = (instant: Instant, zone?: string) =>
  format(instant, { dateStyle: "medium", timeStyle: "short", ...inZone(zone) });

/** A calendar day `YYYY-MM-DD`, which belongs to no zone. */
export const calendarDay = (value: string) => format(`${value}T12:00:00Z`, { dateStyle: "long", timeZone: "UTC" });

/** Today: the time. This week: the weekday. Else: the day. For rows of lists. */
export function ago(instant: Instant, now = Date.now()): string {
  const then = new Date(instant);
  const days = Math.round((startOfDay(now) - startOfDay(then.getTime())) / 86_400_000);
  if (days === 0) return time(then);
  const relative = new Intl.RelativeTimeFormat(language(), { numeric: "auto" });
  if (days === 1) return relative.format(-1, "day");
  if (days > 1 && days < 7) return format(then, { weekday: "long" });
  return format(then, { day: "numeric", month: "short", ...(days > 300 ? { year: "numeric" as const } : {}) });
}

export function startOfDay(instant: number): number {
  return new Date(instant).setHours(0, 0, 0, 0);
}

/** The city of a zone, as people say it: "Porto", "New York". */
export const city = (zone: string): string => (zone.split("/").at(-1) ?? zone).replaceAll("_", " ");

/** 1:05 */
export const duration = (seconds: number): string =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

/** The zone of this device. */
export const deviceZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** How much a zone is ahead of UTC at an instant, in milliseconds. */
function offset(instant: number, zone: string): number {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(instant);
  const of = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  const wall = Date.UTC(of("year"), of("month") - 1, of("day"), of("hour"), of("minute"), of("second"));
  return wall - Math.floor(instant / 1000) * 1000;
}

/** The instant at which clocks in `zone` show this wall time (`YYYY-MM-DD`, `HH:MM`), in milliseconds. */
export function instantOf(day: string, clock: string, zone: string): number {
  const wall = Date.parse(`${day}T${clock.slice(0, 5)}:00Z`);
  const first = wall - offset(wall, zone);
  return wall - offset(first, zone);
}

/** What clocks in `zone` show at an instant: `YYYY-MM-DD` and `HH:MM`, as inputs take them. */
export function wallClock(instant: number, zone: string): { day: string; clock: string } {
  const wall = new Date(instant + offset(instant, zone)).toISOString();
  return { day: wall.slice(0, 10), clock: wall.slice(11, 16) };
}
