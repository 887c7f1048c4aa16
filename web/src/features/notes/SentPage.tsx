import { Link } from "@tanstack/react-router";
import { Button } from "@/design/pieces/Button";
import { Chip } from "@/design/pieces/Small";
import { useCouple } from "@/features/couple/queries";
import { t } from "@/words";
import { ago, moment } from "@/words/format";
import { Box } from "./Box";
import { channelText } from "./channels";
import { Words } from "./Letter";
import type { Note } from "./queries";

export function SentPage() {
  return (
    <Box
      box="sent"
      filters={[
        { value: "opened", text: t("notes.opened_filter") },
        { value: "failed", text: t("notes.failed_filter") },
      ]}
      empty={{ title: t("notes.none_sent_title"), text: t("notes.none_sent") }}
    >
      {(note) => <SentNote key={note.id} note={note} />}
    </Box>
  );
}

function SentNote({ note }: { note: Note }) {
  const partner = useCouple()?.partner.name;
  const to =
    note.channel === "partner"
      ? (partner ?? t("notes.somebody"))
      : (note.recipient ?? channelText(note.channel, partner));
  return (
    <article
      data-from="you"
      data-open="true"
      className="letter flex flex-col gap-4 rounded-3 border border-line p-5 shadow-lift wide:p-6"
    >
      <header className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
        <div className="min-w-0">
          <h3 className="font-text text-base font-semibold tracking-normal">{t("notes.to", { name: to })}</h3>
          <p className="text-small text-ink-soft">{moment(note.sent_at ?? note.created_at)}</p>
        </div>
        <NoteStatus note={note} />
      </header>
      <Words note={note} />
      {note.status === "failed" && (
        <>
          <p className="text-small text-ink-soft">{t("notes.failed_lead")}</p>
          <Button asChild tone="quiet" small className="self-start">
            <Link to="/notes/write" search={{ again: note.id }}>
              {t("notes.retry")}
            </Link>
          </Button>
        </>
      )}
    </article>
  );
}

function NoteStatus({ note }: { note: Note }) {
  switch (note.status) {
    case "opened":
      return <Chip tone="them">{t("notes.status_opened", { when: ago(note.opened_at ?? note.updated_at) })}</Chip>;
    case "failed":
      return <Chip tone="bad">{t("notes.status_failed")}</Chip>;
    case "delivered":
      return <Chip>{t("notes.status_delivered")}</Chip>;
    default:
      return <Chip>{t("notes.status_sent")}</Chip>;
  }
}
