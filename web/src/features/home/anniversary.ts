import { startOfDay } from "@/words/format";

const DAY_MS = 86_400_000;

/** The next return of a calendar day (`YYYY-MM-DD`): its start on this device and how many days away. 29 February falls on
 *  1 March in common years. */
export function nextAnniversary(since: string, now: number): { at: number; days: number } {
  const [, month = 1, day = 1] = since.split("-").map(Number);
  const today = startOfDay(now);
  const year = new Date(now).getFullYear();
  let at = new Date(year, month - 1, day).getTime();
  if (at < today) at = new Date(year + 1, month - 1, day).getTime();
  return { at, days: Math.round((at - today) / DAY_MS) };
}
