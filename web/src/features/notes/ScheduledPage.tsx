import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Ellipsis, Pencil, RotateCw, X } from "lucide-react";
import { useState } from "react";
import { api, ok, type Schemas } from "@/api/client";
import { Button, IconButton } from "@/design/pieces/Button";
import { Icon } from "@/design/pieces/Icon";
import { Menu, type MenuItem } from "@/design/pieces/Menu";
import { Confirm } from "@/design/pieces/Overlay";
import { Pages } from "@/design/pieces/Pages";
import { Pills } from "@/design/pieces/Pills";
import { EmptyState } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { useCouple } from "@/features/couple/queries";
import { sentence } from "@/problems/say";
import { type PlainKey, t } from "@/words";
import { city, deviceZone, moment } from "@/words/format";
import { channelText } from "./channels";
import { EditScheduled } from "./EditScheduled";
import { Words } from "./Letter";
import { NotesFrame } from "./NotesFrame";
import { type Scheduled, scheduledQuery } from "./queries";

type State = Schemas["State"];
const states: [State, PlainKey][] = [
  ["scheduled", "notes.st_scheduled"],
  ["paused", "notes.st_paused"],
  ["failed", "notes.st_failed"],
  ["sent", "notes.st_sent"],
  ["cancelled", "notes.st_cancelled"],
];

export function ScheduledPage() {
  const [state, setState] = useState<State>("scheduled");
  const query = useInfiniteQuery(scheduledQuery(state));
  return (
    <NotesFrame>
      <div className="mb-6">
        <Pills
          label={t("notes.state")}
          value={state}
          onChange={setState}
          options={states.map(([value, key]) => ({ value, text: t(key) }))}
        />
      </div>
      <Pages
        query={query}
        empty={
          <EmptyState
            title={t("notes.none_scheduled_title")}
            action={
              state === "scheduled" && (
                <Button asChild>
                  <Link to="/notes/write">{t("notes.write")}</Link>
                </Button>
              )
            }
          >
            {state === "scheduled" && t("notes.none_scheduled")}
          </EmptyState>
        }
      >
        {(notes) => (
          <div className="grid items-start gap-4 broad:grid-cols-2">
            {notes.map((note) => (
              <Planned key={note.id} note={note} />
            ))}
          </div>
        )}
      </Pages>
    </NotesFrame>
  );
}

function Planned({ note }: { note: Scheduled }) {
  const partner = useCouple()?.partner.name;
  const queries = useQueryClient();
  const [editing, setEditing] = useState(false);
  const [asking, setAsking] = useState(false);
  const params = { path: { id: note.id } };
  const reload = () => queries.invalidateQueries({ queryKey: ["notes"] });
  const cancel = useMutation({
    mutationFn: () => ok(api.DELETE("/v1/scheduled-notes/{id}", { params })),
    onSuccess: () => toast(t("notes.cancelled")),
    onError: (cause) => toast(sentence(cause)),
    onSettled: () => {
      setAsking(false);
      return reload();
    },
  });
  const retry = useMutation({
    mutationFn: () => ok(api.POST("/v1/scheduled-notes/{id}/retry", { params })),
    onSuccess: () => toast(t("notes.retried")),
    onError: (cause) => toast(sentence(cause)),
    onSettled: reload,
  });
  const open = note.status === "scheduled";
  const items: MenuItem[] = [
    ...(open || note.status === "paused" ? [{ text: t("notes.edit"), icon: Pencil, act: () => setEditing(true) }] : []),
    ...(note.status === "failed" ? [{ text: t("notes.retry"), icon: RotateCw, act: () => retry.mutate() }] : []),
    ...(open || note.status === "paused"
      ? [{ text: t("notes.cancel"), icon: X, act: () => setAsking(true), bad: true }]
      : []),
  ];
  return (
    <article
      data-from="you"
      data-open="true"
      className="letter flex flex-col gap-4 rounded-3 border border-line p-5 shadow-lift wide:p-6"
    >
      <header className="flex items-start justify-between gap-3">
        <div className="min-w-0">
          <h3 className="font-text text-base font-semibold tracking-normal">
            {t("notes.due", { when: moment(note.due_at, note.timezone), city: city(note.timezone) })}
          </h3>
          <p className="text-small text-ink-soft">
            {note.timezone !== deviceZone() && `${t("notes.due_here", { when: moment(note.due_at) })} · `}
            {note.channel === "partner"
              ? channelText("partner", partner)
              : (note.recipient ?? channelText(note.channel, partner))}
          </p>
        </div>
        {items.length > 0 && (
          <Menu items={items}>
            <IconButton label={t("pieces.actions")} className="-mt-2 -mr-2">
              <Icon of={Ellipsis} />
            </IconButton>
          </Menu>
        )}
      </header>
      <Words note={note} />
      {editing && <EditScheduled note={note} onClose={() => setEditing(false)} />}
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        title={t("notes.cancel_title")}
        lead={t("notes.cancel_lead")}
        act={t("notes.cancel")}
        busy={cancel.isPending}
        onAct={() => cancel.mutate()}
      />
    </article>
  );
}
