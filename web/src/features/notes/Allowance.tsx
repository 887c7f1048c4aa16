import { useQuery } from "@tanstack/react-query";
import { Meter } from "@/design/pieces/Small";
import { t } from "@/words";
import { date } from "@/words/format";
import { allowanceQuery } from "./queries";

/** How many notes are left on a channel. Nothing where there is no limit. */
export function Allowance({ channel }: { channel: string }) {
  const allowance = useQuery(allowanceQuery).data;
  const own = allowance?.channels.find((one) => one.channel === channel);
  if (own?.limit == null) return null;
  const left = own.remaining ?? 0;
  const text = allowance?.resets_at
    ? t("notes.left", { left, until: date(allowance.resets_at) })
    : t("notes.left_forever", { left });
  return (
    <div className="grid gap-2">
      <Meter share={own.limit === 0 ? 0 : left / own.limit} label={text} />
      <p className="text-small text-ink-soft" aria-hidden>
        {text}
      </p>
    </div>
  );
}
