import { Problem } from "@/api/problem";
import { t } from "@/words";
import { moment } from "@/words/format";

/**
 * What happened, in words a person understands. The server says it in the member's language; where no server answered, or a
 * limit or plan has more to tell than its sentence, the words are ours.
 */
export function sentence(cause: unknown): string {
  if (!(cause instanceof Problem)) return t("problems.unknown");
  switch (cause.code) {
    case "offline":
      return t("problems.offline");
    case "slow":
      return t("problems.slow");
    case "limit_reached":
      if (cause.extras.resets_at) return t("problems.limit", { until: moment(cause.extras.resets_at) });
      break;
    case "rate_limited":
    case "account_locked":
      if (cause.retryAfter !== undefined && cause.retryAfter > 20)
        return t("problems.wait", { minutes: Math.ceil(cause.retryAfter / 60) });
      break;
    case "validation":
      return cause.fields[0]?.detail ?? cause.detail;
  }
  return cause.detail || t("problems.unknown");
}

/** The sentence for one member of a body (`/email`), where the problem names it. */
export function fieldSentence(cause: unknown, pointer: string): string | undefined {
  if (!(cause instanceof Problem)) return undefined;
  return cause.fields.find((field) => field.pointer === pointer)?.detail;
}

/** Whether a higher plan would allow it. */
export function upgradeOf(cause: unknown): string | undefined {
  return cause instanceof Problem ? cause.extras.required_plan : undefined;
}
