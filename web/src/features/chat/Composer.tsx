import { Mic, Paperclip, SendHorizontal, X } from "lucide-react";
import { type ChangeEvent, type FormEvent, type KeyboardEvent, useEffect, useRef } from "react";
import { useDraft } from "@/app/draft";
import { IconButton } from "@/design/pieces/Button";
import { Icon } from "@/design/pieces/Icon";
import { toast } from "@/design/pieces/Toast";
import { useMe } from "@/features/profile/queries";
import { t } from "@/words";
import { kindOfFile, LARGEST } from "./attach";
import { inOneLine } from "./kinds";
import { enqueue } from "./outbox";
import type { Conversation, Message } from "./queries";
import { Recorder, useRecorder } from "./Recorder";
import { useSayTyping } from "./typing";

interface ComposerProps {
  conversation: Conversation;
  reply: Message | undefined;
  onReplied: () => void;
}

/** Where words are written. Enter sends, Shift+Enter begins a new line. */
export function Composer({ conversation, reply, onReplied }: ComposerProps) {
  const { id, member } = conversation;
  const me = useMe();
  const [text, setText] = useDraft(`chat.${id}`);
  const sayTyping = useSayTyping(id);
  const area = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const recorder = useRecorder((blob, duration_s) =>
    enqueue({
      conversation_id: id,
      content: "",
      reply_to_id: reply?.id,
      file: { blob, name: `voice.${blob.type.includes("mp4") ? "m4a" : "webm"}`, kind: "voice", duration_s },
    }),
  );

  useEffect(() => {
    if (reply) area.current?.focus();
  }, [reply]);

  const send = (event?: FormEvent) => {
    event?.preventDefault();
    const content = text.trim();
    if (content === "") return;
    enqueue({ conversation_id: id, content, reply_to_id: reply?.id });
    setText("");
    sayTyping(false);
    onReplied();
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) {
      event.preventDefault();
      send();
    }
  };
  const attach = (event: ChangeEvent<HTMLInputElement>) => {
    for (const file of event.target.files ?? []) {
      const kind = kindOfFile(file.type);
      if (file.size > LARGEST[kind]) {
        toast(t("chat.big_file"));
        continue;
      }
      enqueue({
        conversation_id: id,
        content: "",
        reply_to_id: reply?.id,
        file: { blob: file, name: file.name, kind },
      });
      onReplied();
    }
    event.target.value = "";
  };

  return (
    <form onSubmit={send} className="border-t border-line bg-surface px-3 py-2">
      {reply && (
        <div className="mb-2 flex items-center gap-2 border-l-3 border-you pl-3 text-small">
          <div className="min-w-0 flex-1">
            <p className="font-semibold">
              {reply.sender_id === me.id ? t("chat.replying_self") : t("chat.replying", { name: member.name })}
            </p>
            <p className="truncate text-ink-soft">{inOneLine(reply)}</p>
          </div>
          <IconButton label={t("chat.no_reply")} onClick={onReplied}>
            <Icon of={X} size={18} />
          </IconButton>
        </div>
      )}
      {recorder.since !== undefined ? (
        <Recorder recorder={recorder} />
      ) : (
        <div className="flex items-end gap-1.5">
          <input ref={files} type="file" multiple hidden onChange={attach} data-testid="files" />
          <IconButton label={t("chat.attach")} onClick={() => files.current?.click()}>
            <Icon of={Paperclip} />
          </IconButton>
          <textarea
            ref={area}
            aria-label={t("chat.message")}
            placeholder={t("chat.message")}
            rows={1}
            maxLength={4000}
            value={text}
            onKeyDown={keyed}
            onBlur={() => sayTyping(false)}
            onChange={(event) => {
              setText(event.target.value);
              sayTyping(event.target.value.trim() !== "");
            }}
            className="field-sizing-content max-h-40 min-h-11 min-w-0 flex-1 resize-none rounded-3 border border-line-strong bg-surface px-4 py-2.5 placeholder:text-ink-soft"
          />
          {text.trim() === "" ? (
            <IconButton label={t("chat.record")} onClick={() => void recorder.start()}>
              <Icon of={Mic} />
            </IconButton>
          ) : (
            <IconButton type="submit" tone="you" label={t("chat.send")}>
              <Icon of={SendHorizontal} />
            </IconButton>
          )}
        </div>
      )}
    </form>
  );
}
