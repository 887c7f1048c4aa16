import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { SendHorizontal } from "lucide-react";
import { type FormEvent, useState, useSyncExternalStore } from "react";
import { IconButton } from "@/design/pieces/Button";
import { Card, CardTitle } from "@/design/pieces/Card";
import { Icon } from "@/design/pieces/Icon";
import { Skeleton } from "@/design/pieces/Small";
import { inOneLine } from "@/features/chat/kinds";
import { enqueue, onPending, pendingMessages } from "@/features/chat/outbox";
import { usePresence } from "@/features/chat/presence";
import { type Conversation, conversationsQuery } from "@/features/chat/queries";
import { threadQuery } from "@/features/chat/thread";
import type { Couple } from "@/features/couple/queries";
import { t } from "@/words";

/** The last words between the two, whether the other one is here, and a line to answer. */
export function ChatCard({ partner }: { partner: Couple["partner"] }) {
  const presence = usePresence(partner.id);
  const conversation = useQuery(conversationsQuery("all")).data?.find((one) => one.member.id === partner.id);
  return (
    <Card className="flex flex-col">
      <CardTitle
        aside={
          presence?.online && (
            <span className="flex items-center gap-1.5 text-small font-medium text-ok">
              <span aria-hidden className="size-2 rounded-round bg-ok" />
              {t("chat.online", { name: partner.name })}
            </span>
          )
        }
      >
        {conversation ? (
          <Link to="/chat/$id" params={{ id: conversation.id }} className="hover:underline">
            {t("app.chat")}
          </Link>
        ) : (
          t("app.chat")
        )}
      </CardTitle>
      {conversation ? <LastWords conversation={conversation} /> : <Skeleton lines={3} />}
    </Card>
  );
}

function LastWords({ conversation }: { conversation: Conversation }) {
  const queries = useQueryClient();
  const { id, member } = conversation;
  const thread = useQuery(threadQuery(queries, id)).data;
  const waiting = useSyncExternalStore(onPending, pendingMessages).filter((one) => one.conversation_id === id);
  const [text, setText] = useState("");
  const last = thread?.messages.filter((message) => !message.deleted).slice(-3) ?? [];
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (text.trim() === "") return;
    enqueue({ conversation_id: id, content: text.trim() });
    setText("");
  };
  return (
    <>
      <ul className="mb-4 flex flex-col gap-2" aria-live="polite">
        {thread && last.length === 0 && waiting.length === 0 && (
          <li className="text-ink-soft">{t("home.chat_none")}</li>
        )}
        {last.map((message) => (
          <Line
            key={message.client_id ?? message.id}
            mine={message.sender_id !== member.id}
            text={inOneLine(message)}
          />
        ))}
        {waiting.slice(-2).map((one) => (
          <Line key={one.client_id} mine text={one.content || (one.file?.name ?? "")} faint />
        ))}
      </ul>
      <form
        onSubmit={send}
        className="mt-auto flex items-center gap-1 rounded-round border border-line-strong py-1 pr-1 pl-4"
      >
        <input
          aria-label={t("chat.message")}
          placeholder={t("chat.message")}
          maxLength={4000}
          value={text}
          onChange={(event) => setText(event.target.value)}
          className="min-w-0 flex-1 bg-transparent outline-none placeholder:text-ink-soft"
        />
        <IconButton type="submit" tone="you" label={t("chat.send")} className="size-10">
          <Icon of={SendHorizontal} size={18} />
        </IconButton>
      </form>
    </>
  );
}

function Line({ mine, text, faint }: { mine: boolean; text: string; faint?: boolean }) {
  return (
    <li
      className={clsx(
        "line-clamp-3 max-w-[82%] rounded-[1.15rem] px-4 py-2",
        mine ? "self-end rounded-br-[0.3rem] bg-you text-you-ink" : "self-start rounded-bl-[0.3rem] bg-them-wash",
        faint && "bg-you-wash! text-ink!",
      )}
    >
      {text}
    </li>
  );
}
