import { useMutation, useQueryClient } from "@tanstack/react-query";
import clsx from "clsx";
import { type ReactNode, useState } from "react";
import { api, ok } from "@/api/client";
import { Avatar } from "@/design/pieces/Avatar";
import { Button } from "@/design/pieces/Button";
import { Chip } from "@/design/pieces/Small";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { ago } from "@/words/format";
import type { Note } from "./queries";

interface LetterProps {
  note: Note;
  /** Who wrote it, and whose colour it has. */
  from: { name: string; picture?: string | null | undefined };
  /** What can be done with it once it is open. */
  children?: ReactNode;
}

/** A received letter: sealed until it is opened, which its author sees. */
export function ReceivedLetter({ note, from, children }: LetterProps) {
  const queries = useQueryClient();
  const [unfolding, setUnfolding] = useState(false);
  const sealed = !note.opened_at && !unfolding;
  const open = useMutation({
    mutationFn: () => ok(api.POST("/v1/notes/{id}/open", { params: { path: { id: note.id } } })),
    onMutate: () => setUnfolding(true),
    onError: (cause) => {
      setUnfolding(false);
      toast(sentence(cause));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: ["notes"] }),
  });
  return (
    <article
      data-from="them"
      data-open={!sealed}
      aria-label={t("notes.from", { name: from.name })}
      className="letter flex flex-col gap-5 rounded-3 border border-line p-5 shadow-lift wide:p-6"
    >
      <header className="flex items-center gap-3">
        <Avatar name={from.name} who="them" picture={from.picture} />
        <div className="min-w-0">
          <h3 className="font-text text-base font-semibold tracking-normal">{t("notes.from", { name: from.name })}</h3>
          <p className="text-small text-ink-soft">
            {sealed
              ? t("notes.sealed", { when: ago(note.created_at) })
              : t("notes.opened", { when: ago(note.opened_at ?? Date.now()) })}
          </p>
        </div>
        {sealed && (
          <span className="ml-auto">
            <Chip tone="ours">{t("notes.new")}</Chip>
          </span>
        )}
      </header>
      <Words note={note} sealed={sealed} className={clsx(unfolding && "unfold")} />
      {sealed ? (
        <div className="mt-auto flex gap-3">
          <Button tone="them" onClick={() => open.mutate()}>
            {t("notes.open")}
          </Button>
        </div>
      ) : (
        children
      )}
    </article>
  );
}

/** Title and words of a note; of a sealed one the first line only. */
export function Words({
  note,
  sealed,
  className,
}: {
  note: Pick<Note, "title" | "content">;
  sealed?: boolean;
  className?: string;
}) {
  return (
    <div className={className}>
      {note.title && <p className="mb-2 font-semibold">{note.title}</p>}
      <p className="letter-words whitespace-pre-line" data-sealed={sealed ?? false}>
        {sealed ? teaser(note.content) : note.content}
      </p>
    </div>
  );
}

/** The first words, so that opening still means something. */
function teaser(content: string): string {
  const words = content.split(/\s+/);
  let start = "";
  for (const word of words) {
    if (start.length + word.length > 64) return `${start.trim() || word.slice(0, 40)}…`;
    start += ` ${word}`;
  }
  return start.trim();
}
