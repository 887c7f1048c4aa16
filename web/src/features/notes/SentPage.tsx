import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "@/design/pieces/Button";
import { Pages } from "@/design/pieces/Pages";
import { Pills } from "@/design/pieces/Pills";
import { Chip } from "@/design/pieces/Small";
import { EmptyState } from "@/design/pieces/States";
import { useCouple } from "@/features/couple/queries";
import { t } from "@/words";
import { ago, moment, month } from "@/words/format";
import { channelText } from "./channels";
import { Words } from "./Letter";
import { byMonth } from "./months";
import { NotesFrame } from "./NotesFrame";
import { boxQuery, type Note } from "./queries";

type Filter = "all" | "opened" | "failed";

export function SentPage() {
  const [filter, setFilter] = useState<Filter>("all");
  const query = useInfiniteQuery(boxQuery("sent", filter === "all" ? undefined : filter));
  return (
    <NotesFrame>
      <div className="mb-6">
        <Pills
          label={t("notes.filter")}
          value={filter}
          onChange={setFilter}
          options={[
            { value: "all", text: t("notes.all") },
            { value: "opened", text: t("notes.opened_filter") },
            { value: "failed", text: t("notes.failed_filter") },
          ]}
        />
      </div>
      <Pages
        query={query}
        empty={
          filter === "all" ? (
            <EmptyState
              title={t("notes.none_sent_title")}
              action={
                <Button asChild>
                  <Link to="/notes/write">{t("notes.write")}</Link>
                </Button>
              }
            >
              {t("notes.none_sent")}
            </EmptyState>
          ) : (
            <EmptyState title={t("notes.none_scheduled_title")} />
          )
        }
      >
        {(notes) =>
          byMonth(notes, (note) => note.created_at).map(([at, group]) => (
            <section key={at}>
              <h2 className="mb-3 text-title">{month(at)}</h2>
              <div className="grid items-start gap-4 broad:grid-cols-2">
                {group.map((note) => (
                  <SentNote key={note.id} note={note} />
                ))}
              </div>
            </section>
          ))
        }
      </Pages>
    </NotesFrame>
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
