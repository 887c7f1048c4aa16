import { useInfiniteQuery } from "@tanstack/react-query";
import { Card, CardTitle } from "@/design/pieces/Card";
import { Dot, Skeleton } from "@/design/pieces/Small";
import type { Couple } from "@/features/couple/queries";
import { scheduledQuery } from "@/features/notes/queries";
import { t } from "@/words";
import { city, day, shortMonth, time } from "@/words/format";
import { nextAnniversary } from "./anniversary";

interface Entry {
  key: string;
  at: number;
  zone?: string;
  what: string;
  when: string;
  whose: "you" | "ours";
}

/** The next few things the member can look forward to. */
export function ComingUp({ couple }: { couple: Couple }) {
  const planned = useInfiniteQuery(scheduledQuery("scheduled"));
  const notes: Entry[] = (planned.data?.pages[0]?.data ?? []).map((note) => ({
    key: note.id,
    at: Date.parse(note.due_at),
    zone: note.timezone,
    what: t("home.coming_note", {
      name: note.channel === "partner" ? couple.partner.name : (note.recipient ?? note.channel),
    }),
    when: t("home.coming_at", { time: time(note.due_at, note.timezone), city: city(note.timezone) }),
    whose: "you",
  }));
  const since = couple.me.anniversary_date ?? couple.partner.anniversary_date;
  const next = since ? nextAnniversary(since, Date.now()) : undefined;
  const entries = [
    ...notes,
    ...(next
      ? [
          {
            key: "anniversary",
            at: next.at,
            what: t("home.coming_anniversary"),
            when: t("home.coming_in", { days: next.days }),
            whose: "ours" as const,
          },
        ]
      : []),
  ]
    .sort((a, b) => a.at - b.at)
    .slice(0, 4);
  return (
    <Card>
      <CardTitle>{t("home.coming")}</CardTitle>
      {planned.isPending ? (
        <Skeleton lines={3} />
      ) : entries.length === 0 ? (
        <p className="text-ink-soft">{t("home.coming_none")}</p>
      ) : (
        <ol className="divide-y divide-line">
          {entries.map((entry) => (
            <li key={entry.key} className="flex items-center gap-4 py-3">
              <time
                dateTime={new Date(entry.at).toISOString()}
                className="grid w-9 flex-none text-center text-small text-ink-soft"
              >
                <b className="font-display text-title leading-none font-medium text-ink">{day(entry.at, entry.zone)}</b>
                {shortMonth(entry.at, entry.zone)}
              </time>
              <div className="min-w-0 flex-1">
                <p className="font-semibold">{entry.what}</p>
                <p className="text-small text-ink-soft">{entry.when}</p>
              </div>
              <Dot tone={entry.whose} />
            </li>
          ))}
        </ol>
      )}
    </Card>
  );
}
