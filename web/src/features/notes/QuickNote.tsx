import { type FormEvent, useState } from "react";
import { useDraft } from "@/app/draft";
import { Button } from "@/design/pieces/Button";
import { FormError } from "@/design/pieces/Field";
import { toast } from "@/design/pieces/Toast";
import { UpgradeSheet } from "@/features/plans/UpgradeSheet";
import { useMe } from "@/features/profile/queries";
import { sentence, upgradeOf } from "@/problems/say";
import { t } from "@/words";
import { moment } from "@/words/format";
import { Allowance } from "./Allowance";
import { NoteSheet } from "./NoteSheet";
import { useSendNote } from "./send";
import { WhenFields, WhenPills, whenNow } from "./When";

/** The sheet on the kitchen table: a few words to the partner, now or later. */
export function QuickNote({ name }: { name: string }) {
  const me = useMe();
  const [text, setText] = useDraft("quick");
  const [when, setWhen] = useState(() => whenNow(me.timezone));
  const [empty, setEmpty] = useState(false);
  const send = useSendNote();

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const content = text.trim();
    setEmpty(content === "");
    if (content === "") return;
    send.mutate(
      { note: { channel: "partner", content }, when },
      {
        onSuccess: ({ scheduled }) => {
          setText("");
          setWhen(whenNow(me.timezone));
          toast(
            scheduled
              ? t("notes.planned", { when: moment(scheduled.due_at, scheduled.timezone) })
              : t("notes.sent", { name }),
          );
        },
      },
    );
  };

  return (
    <form onSubmit={submit} noValidate className="grid gap-4">
      <NoteSheet
        label={t("notes.your_note")}
        placeholder={t("notes.placeholder", { name })}
        value={text}
        onChange={(event) => setText(event.target.value)}
        error={empty ? t("notes.empty_note") : undefined}
      />
      <WhenFields when={when} onChange={setWhen} />
      {send.isError && !upgradeOf(send.error) && <FormError>{sentence(send.error)}</FormError>}
      <div className="flex flex-wrap items-center justify-between gap-3">
        <WhenPills when={when} onChange={setWhen} />
        <Button type="submit" busy={send.isPending}>
          {when.kind === "now" ? t("notes.send") : t("notes.plan")}
        </Button>
      </div>
      <Allowance channel="partner" />
      <UpgradeSheet cause={send.error} onClose={() => send.reset()} />
    </form>
  );
}
