import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { FormError, TextField } from "@/design/pieces/Field";
import { Dialog } from "@/design/pieces/Overlay";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { NoteSheet } from "./NoteSheet";
import type { Scheduled } from "./queries";
import { type When, WhenFields } from "./When";

/** Changes the words or the time of a note that has not gone out yet. */
export function EditScheduled({ note, onClose }: { note: Scheduled; onClose: () => void }) {
  const queries = useQueryClient();
  const [title, setTitle] = useState(note.title ?? "");
  const [content, setContent] = useState(note.content);
  const [when, setWhen] = useState<When>({
    kind: "pick",
    day: note.scheduled_date,
    clock: note.scheduled_time.slice(0, 5),
    zone: note.timezone,
  });
  const save = useMutation({
    mutationFn: () =>
      ok(
        api.PATCH("/v1/scheduled-notes/{id}", {
          params: { path: { id: note.id } },
          body: { title: title.trim() || null, content, date: when.day, time: when.clock, timezone: when.zone },
        }),
      ),
    onSuccess: () => {
      toast(t("notes.changed"));
      onClose();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["notes", "scheduled"] }),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <Dialog open onClose={onClose} title={t("notes.edit_title")}>
      <form onSubmit={submit} noValidate className="grid gap-4">
        <TextField label={t("notes.note_title")} value={title} onChange={(event) => setTitle(event.target.value)} />
        <NoteSheet label={t("notes.your_note")} value={content} onChange={(event) => setContent(event.target.value)} />
        <WhenFields when={when} onChange={setWhen} />
        {save.isError && <FormError>{sentence(save.error)}</FormError>}
        <div className="flex justify-end gap-3">
          <Button tone="quiet" onClick={onClose}>
            {t("pieces.back")}
          </Button>
          <Button type="submit" busy={save.isPending}>
            {t("pieces.save")}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
