import { type FormEvent, useState } from "react";
import { useDraft } from "@/app/draft";
import { Button } from "@/design/pieces/Button";
import { FormError, SelectField, TextField } from "@/design/pieces/Field";
import { UpgradeSheet } from "@/features/plans/UpgradeSheet";
import { useMe } from "@/features/profile/queries";
import { fieldSentence, sentence, upgradeOf } from "@/problems/say";
import { t } from "@/words";
import { deviceZone, moment } from "@/words/format";
import { Allowance } from "./Allowance";
import { type Channel, canWait, channels, channelText, recipientOf } from "./channels";
import { NoteSheet } from "./NoteSheet";
import { type NewNote, useSendNote } from "./send";
import { instantOfWhen, WhenFields, WhenPills, whenNow } from "./When";

export interface Start {
  title: string;
  content: string;
  channel: Channel;
  recipient: string;
  template_id?: string;
  reply_to?: string;
}

type Sent = NonNullable<ReturnType<typeof useSendNote>["data"]>;

interface WriteFormProps {
  partner: string | undefined;
  start: Start;
  onSent: (sent: Sent) => void;
}

export function WriteForm({ partner, start, onSent }: WriteFormProps) {
  const me = useMe();
  const [draft, setDraft] = useDraft("write");
  const [content, setContentOnly] = useState(start.content || draft);
  const [title, setTitle] = useState(start.title);
  const [channel, setChannel] = useState(start.channel);
  const [recipient, setRecipient] = useState(start.recipient);
  const [when, setWhen] = useState(() => whenNow(me.timezone));
  const [missing, setMissing] = useState<"content" | "recipient">();
  const send = useSendNote();

  const setContent = (text: string) => {
    setContentOnly(text);
    setDraft(text);
  };
  const wanted = recipientOf(channel);
  const later = canWait(channel);
  const at = later ? instantOfWhen(when) : undefined;

  const atField = ["/content", "/title", "/recipient"].some((field) => fieldSentence(send.error, field));

  const submit = (event: FormEvent) => {
    event.preventDefault();
    const lacks =
      content.trim() === ""
        ? "content"
        : wanted?.needed && recipient.trim() === ""
          ? ("recipient" as const)
          : undefined;
    setMissing(lacks);
    if (lacks) return;
    const note: NewNote = {
      channel,
      content: content.trim(),
      ...(title.trim() && { title: title.trim() }),
      ...(wanted && recipient.trim() && { recipient: recipient.trim() }),
      ...(start.template_id && { template_id: start.template_id }),
      ...(start.reply_to && channel === "partner" && { reply_to: start.reply_to }),
    };
    send.mutate(
      { note, when: later ? when : { ...when, kind: "now" } },
      {
        onSuccess: (sent) => {
          setContent("");
          onSent(sent);
        },
      },
    );
  };

  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <NoteSheet
        label={t("notes.your_note")}
        tall
        value={content}
        onChange={(event) => setContent(event.target.value)}
        error={missing === "content" ? t("notes.empty_note") : fieldSentence(send.error, "/content")}
      />
      <div className="grid gap-5 wide:grid-cols-2">
        <SelectField
          label={t("notes.channel")}
          value={channel}
          onChange={(event) => setChannel(event.target.value as Channel)}
          hint={channel === "partner" ? undefined : t("notes.outside_hint")}
        >
          {channels
            .filter((one) => one !== "partner" || partner)
            .map((one) => (
              <option key={one} value={one}>
                {channelText(one, partner)}
              </option>
            ))}
        </SelectField>
        <TextField
          label={t("notes.note_title")}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
          error={fieldSentence(send.error, "/title")}
        />
        {wanted && (
          <TextField
            label={wanted.kind === "phone" ? t("notes.phone") : t("notes.mail_to")}
            hint={wanted.kind === "phone" ? t("notes.phone_hint") : undefined}
            type={wanted.kind === "phone" ? "tel" : "email"}
            autoComplete="off"
            value={recipient}
            onChange={(event) => setRecipient(event.target.value)}
            error={missing === "recipient" ? t("notes.need_recipient") : fieldSentence(send.error, "/recipient")}
          />
        )}
      </div>
      {later && (
        <div className="grid gap-4">
          <WhenPills when={when} onChange={setWhen} />
          <WhenFields when={when} onChange={setWhen} />
          {at !== undefined && when.zone !== deviceZone() && (
            <p className="text-small text-ink-soft">
              {t("notes.zone_both", { there: moment(at, when.zone), here: moment(at) })}
            </p>
          )}
        </div>
      )}
      {send.isError && !upgradeOf(send.error) && !atField && <FormError>{sentence(send.error)}</FormError>}
      <Allowance channel={channel} />
      <Button type="submit" busy={send.isPending} className="justify-self-end">
        {later && when.kind !== "now" ? t("notes.plan") : t("notes.send")}
      </Button>
      <UpgradeSheet cause={send.error} onClose={() => send.reset()} />
    </form>
  );
}
