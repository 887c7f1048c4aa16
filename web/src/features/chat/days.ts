import { t } from "@/words";
import { startOfDay, weekday } from "@/words/format";

/** A day as a divider says it. */
export function dayText(at: number, now = Date.now()): string {
  const days = Math.round((startOfDay(now) - startOfDay(at)) / 86_400_000);
  if (days === 0) return t("chat.today");
  if (days === 1) return t("chat.yesterday");
  return weekday(at);
}
