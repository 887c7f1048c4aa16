import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { Button } from "@/design/pieces/Button";
import { Pages } from "@/design/pieces/Pages";
import { Pills } from "@/design/pieces/Pills";
import { EmptyState } from "@/design/pieces/States";
import { useCouple } from "@/features/couple/queries";
import { t } from "@/words";
import { month } from "@/words/format";
import { ReceivedLetter } from "./Letter";
import { byMonth } from "./months";
import { NotesFrame } from "./NotesFrame";
import { boxQuery } from "./queries";

type Filter = "all" | "delivered" | "opened";

export function ReceivedPage() {
  const [filter, setFilter] = useState<Filter>("all");
  const query = useInfiniteQuery(boxQuery("received", filter === "all" ? undefined : filter));
  const couple = useCouple();
  return (
    <NotesFrame>
      <div className="mb-6">
        <Pills
          label={t("notes.filter")}
          value={filter}
          onChange={setFilter}
          options={[
            { value: "all", text: t("notes.all") },
            { value: "delivered", text: t("notes.unopened") },
            { value: "opened", text: t("notes.opened_filter") },
          ]}
        />
      </div>
      <Pages
        query={query}
        empty={
          filter === "all" ? (
            <EmptyState
              title={t("notes.none_received_title")}
              action={
                <Button asChild>
                  <Link to="/notes/write">{t("notes.write")}</Link>
                </Button>
              }
            >
              {t("notes.none_received")}
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
                  <ReceivedLetter
                    key={note.id}
                    note={note}
                    // After an unlink a letter stays, and its author's name is not ours to know.
                    from={{
                      name: couple?.partner.id === note.sender_id ? couple.partner.name : t("notes.somebody"),
                      picture: couple?.partner.id === note.sender_id ? couple.partner.avatar_thumbnail_url : null,
                    }}
                  >
                    {couple?.partner.id === note.sender_id && (
                      <Button asChild tone="quiet" className="self-start">
                        <Link to="/notes/write" search={{ reply_to: note.id }}>
                          {t("notes.reply")}
                        </Link>
                      </Button>
                    )}
                  </ReceivedLetter>
                ))}
              </div>
            </section>
          ))
        }
      </Pages>
    </NotesFrame>
  );
}
