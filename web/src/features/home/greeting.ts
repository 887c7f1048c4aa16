import { t } from "@/words";
import { wallClock } from "@/words/format";

/** The greeting of the hour where the member is, to the name people call them by. */
export function greeting(name: string, zone: string, now = Date.now()): string {
  const hour = Number(wallClock(now, zone).clock.slice(0, 2));
  const first = name.trim().split(/\s+/)[0] ?? name;
  if (hour >= 5 && hour < 12) return t("home.morning", { name: first });
  if (hour >= 12 && hour < 18) return t("home.day", { name: first });
  if (hour >= 18 && hour < 23) return t("home.evening", { name: first });
  return t("home.night", { name: first });
}
