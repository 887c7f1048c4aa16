import clsx from "clsx";
import { Check, CheckCheck, Star } from "lucide-react";
import { lazy, memo, Suspense, useState } from "react";
import { Icon } from "@/design/pieces/Icon";
import { type PlainKey, t } from "@/words";
import { time } from "@/words/format";
import { Attachment } from "./Attachment";
import { useMessageActs } from "./acts";
import { callText, inOneLine } from "./kinds";
import { MessageMenu } from "./MessageMenu";
import type { Message } from "./queries";

interface MessageLineProps {
  message: Message;
  /** Begins a group: more room above. */
  first: boolean;
  /** Ends a group: its time and receipt stand below. */
  last: boolean;
  mine: boolean;
  /** The other one is the partner, and sage. */
  partner: boolean;
  name: string;
  standsOut: boolean;
  onReply: (message: Message) => void;
  onJump: (seq: number) => void;
}

// Loaded when first opened: the thread itself needs none of them.
const EditMessage = lazy(() => import("./EditMessage").then((part) => ({ default: part.EditMessage })));
const DeleteDialog = lazy(() => import("./DeleteDialog").then((part) => ({ default: part.DeleteDialog })));
const ForwardDialog = lazy(() => import("./ForwardDialog").then((part) => ({ default: part.ForwardDialog })));

type Dialog = "edit" | "delete" | "forward";

/** One message: its bubble, reactions, time and receipt. */
export const MessageLine = memo(function MessageLine(props: MessageLineProps) {
  const { message, first, last, mine, onReply } = props;
  const [dialog, setDialog] = useState<Dialog>();
  const close = () => setDialog(undefined);
  if (message.kind === "call" && message.call) {
    return (
      <p className="py-2 text-center text-small text-ink-soft">
        {callText(message.call)} · {time(message.created_at)}
      </p>
    );
  }
  return (
    <div
      data-testid="message"
      data-mine={mine}
      className={clsx("group flex items-center gap-1", mine ? "flex-row-reverse" : "flex-row", first ? "pt-3" : "pt-1")}
    >
      <div className={clsx("flex max-w-[82%] flex-col wide:max-w-[70%]", mine ? "items-end" : "items-start")}>
        <Bubble {...props} />
        <Reactions message={message} />
        <Below message={message} mine={mine} last={last} />
      </div>
      {!message.deleted && (
        <MessageMenu message={message} mine={mine} onReply={() => onReply(message)} onDialog={setDialog} />
      )}
      <Suspense>
        {dialog === "edit" && <EditMessage message={message} onClose={close} />}
        {dialog === "delete" && <DeleteDialog message={message} mine={mine} onClose={close} />}
        {dialog === "forward" && <ForwardDialog message={message} onClose={close} />}
      </Suspense>
    </div>
  );
});

function Bubble({ message, mine, partner, name, standsOut, onJump }: MessageLineProps) {
  if (message.deleted) {
    return <p className="rounded-[1.15rem] border border-line px-4 py-2.5 text-ink-soft italic">{t("chat.deleted")}</p>;
  }
  const { reply_to } = message;
  return (
    <div
      className={clsx(
        "grid gap-2 rounded-[1.15rem] px-4 py-2.5 transition-shadow duration-(--calm)",
        mine ? "rounded-br-[0.3rem] bg-you text-you-ink" : "rounded-bl-[0.3rem] text-ink",
        !mine && (partner ? "bg-them-wash" : "bg-sunken"),
        standsOut && "ring-3 ring-ours",
      )}
    >
      {reply_to && (
        <button
          type="button"
          onClick={() => onJump(reply_to.seq)}
          className="grid gap-0.5 rounded-1 border-l-3 border-current/50 pl-2.5 text-left text-small"
        >
          <b className="font-semibold">{reply_to.sender_name || name}</b>
          <span className="line-clamp-2">{inOneLine(reply_to)}</span>
        </button>
      )}
      <Attachment message={message} name={mine ? t("chat.you") : name} />
      {message.content && <p className="whitespace-pre-wrap">{message.content}</p>}
    </div>
  );
}

/** Time, receipt and marks; within a group only what is special about a message. */
function Below({ message, mine, last }: { message: Message; mine: boolean; last: boolean }) {
  const edited = message.edited_at && !message.deleted;
  if (!last && !message.starred && !message.forwarded_from && !edited) return null;
  return (
    <p className="flex items-center gap-1 px-1 text-[0.75rem] text-ink-soft">
      {message.starred && (
        <>
          <Icon of={Star} size={12} className="fill-ours text-ours" />
          <span className="sr-only">{t("chat.starred")}</span>
        </>
      )}
      {message.forwarded_from && <span>{t("chat.forwarded")} ·</span>}
      {edited && <span>{t("chat.edited")} ·</span>}
      <time dateTime={message.created_at}>{time(message.created_at)}</time>
      {mine && !message.deleted && <Receipt status={message.status} />}
    </p>
  );
}

function Reactions({ message }: { message: Message }) {
  const { react } = useMessageActs();
  if (message.reactions.length === 0) return null;
  return (
    <ul aria-label={t("chat.reactions")} className="z-10 -mt-1.5 flex flex-wrap gap-1 px-2">
      {message.reactions.map((one) => (
        <li key={one.emoji}>
          <button
            type="button"
            aria-pressed={one.mine}
            onClick={() => void react(message, one.emoji)}
            className={clsx(
              "min-h-6 rounded-round border bg-surface px-2 text-small",
              one.mine ? "border-you" : "border-line",
            )}
          >
            {one.count > 1 ? t("chat.reaction_count", { emoji: one.emoji, count: one.count }) : one.emoji}
          </button>
        </li>
      ))}
    </ul>
  );
}

const receipts: Record<Message["status"], PlainKey> = {
  sent: "chat.st_sent",
  delivered: "chat.st_delivered",
  read: "chat.st_read",
};

function Receipt({ status }: { status: Message["status"] }) {
  return (
    <span className={clsx("flex items-center gap-1", status === "read" && "text-them")} data-testid="receipt">
      <Icon of={status === "sent" ? Check : CheckCheck} size={14} />
      {t(receipts[status])}
    </span>
  );
}
