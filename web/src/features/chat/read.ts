import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { api, ok } from "@/api/client";
import { type Conversation, conversationQuery, type Message, unreadQuery } from "./queries";

/** Not more often than this, however fast messages come. */
const PAUSE_MS = 1_000;

/** Tells the server what was read: while the thread's end is in view and its window has the member's attention. */
export function useMarkRead(
  conversation: Conversation,
  newest: Message | undefined,
  mine: string,
  inView: boolean,
): void {
  const queries = useQueryClient();
  const attention = useAttention();
  const last = useRef(0);
  const { id, last_read_seq, marked_unread } = conversation;
  const seq = newest?.seq ?? 0;
  const behind = seq > last_read_seq && (newest?.sender_id !== mine || conversation.unread_count > 0);
  useEffect(() => {
    if (!attention || !inView || !(behind || (marked_unread && seq > 0))) return;
    const timer = setTimeout(
      () => {
        last.current = Date.now();
        ok(api.POST("/v1/conversations/{id}/read", { params: { path: { id } }, body: { seq } })).then(
          () => {
            queries.setQueryData(
              conversationQuery(id).queryKey,
              (known) => known && { ...known, last_read_seq: seq, unread_count: 0, marked_unread: false },
            );
            void queries.invalidateQueries({ queryKey: unreadQuery.queryKey });
            void queries.invalidateQueries({ queryKey: ["chat", "conversations"] });
          },
          // It is told with the next message, or when the window is looked at again.
          () => undefined,
        );
      },
      Math.max(0, last.current + PAUSE_MS - Date.now()),
    );
    return () => clearTimeout(timer);
  }, [attention, inView, behind, marked_unread, seq, id, queries]);
}

const look = () => document.visibilityState === "visible" && document.hasFocus();

function useAttention(): boolean {
  const [attention, setAttention] = useState(look);
  useEffect(() => {
    const update = () => setAttention(look());
    document.addEventListener("visibilitychange", update);
    addEventListener("focus", update);
    addEventListener("blur", update);
    return () => {
      document.removeEventListener("visibilitychange", update);
      removeEventListener("focus", update);
      removeEventListener("blur", update);
    };
  }, []);
  return attention;
}
