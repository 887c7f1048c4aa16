import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { Button } from "@/design/pieces/Button";
import { Pages } from "@/design/pieces/Pages";
import { Pills } from "@/design/pieces/Pills";
import { EmptyState } from "@/design/pieces/States";
import { t } from "@/words";
import { month } from "@/words/format";
import { byMonth } from "./months";
import { NotesFrame } from "./NotesFrame";
import { boxQuery, type Note } from "./queries";

interface BoxProps {
  box: "received" | "sent";
  /** States to choose from besides all of them. */
  filters: readonly { value: Note["status"]; text: string }[];
  /** What stands there before the first note. */
  empty: { title: string; text: string };
  children: (note: Note) => ReactNode;
}

/** One box of notes, by month, filtered by state. */
export function Box({ box, filters, empty, children }: BoxProps) {
  const [filter, setFilter] = useState<Note["status"] | "all">("all");
  const query = useInfiniteQuery(boxQuery(box, filter === "all" ? undefined : filter));
  const none =
    filter === "all" ? (
      <EmptyState
        title={empty.title}
        action={
          <Button asChild>
            <Link to="/notes/write">{t("notes.write")}</Link>
          </Button>
        }
      >
        {empty.text}
      </EmptyState>
    ) : (
      <EmptyState title={t("notes.none_scheduled_title")} />
    );
  return (
    <NotesFrame>
      <div className="mb-6">
        <Pills
          label={t("notes.filter")}
          value={filter}
          onChange={setFilter}
          options={[{ value: "all", text: t("notes.all") }, ...filters]}
        />
      </div>
      <Pages query={query} empty={none}>
        {(notes) =>
          byMonth(notes, (note) => note.created_at).map(([at, group]) => (
            <section key={at}>
              <h2 className="mb-3 text-title">{month(at)}</h2>
              <div className="grid items-start gap-4 broad:grid-cols-2">{group.map(children)}</div>
            </section>
          ))
        }
      </Pages>
    </NotesFrame>
  );
}
