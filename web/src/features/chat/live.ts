import type { QueryClient } from "@tanstack/react-query";
import { type LiveEvent, resourceOf } from "@/api/frames";
import type { Me } from "@/features/profile/queries";
import { type Conversation, type Message, presenceQuery, unreadQuery } from "./queries";
import { change, place, receipt, type Thread, threadKey } from "./thread";
import { heardTyping } from "./typing";

/** Everything of chat is changed in place; only what an event does not carry is loaded again. */
export function follow(event: LiveEvent, queries: QueryClient): void {
  const { data } = event;
  const id = typeof data.conversation_id === "string" ? data.conversation_id : "";
  const thread = (how: (thread: Thread) => Thread) =>
    queries.setQueryData<Thread>(threadKey(id), (known) => known && how(known));
  switch (event.type) {
    case "message.created":
    case "message.updated": {
      const message = resourceOf<"Message">(event, "id", "seq", "kind");
      if (message) takeMessage(queries, message);
      else void queries.invalidateQueries({ queryKey: threadKey(id) });
      if (event.type === "message.created") heardTyping(id, String(data.sender_id), false);
      break;
    }
    case "message.deleted":
      if (data.for === "everyone") {
        thread((known) => change(known, String(data.message_id), tombstone));
        void queries.invalidateQueries({ queryKey: ["chat", "pins", id] });
      } else {
        thread((known) => ({ ...known, messages: known.messages.filter((one) => one.id !== data.message_id) }));
      }
      break;
    case "message.status": {
      const me = queries.getQueryData<Me>(["me"]);
      if (me) thread((known) => receipt(known, me.id, Number(data.up_to_seq), data.status as Message["status"]));
      break;
    }
    case "reaction.changed": {
      const me = queries.getQueryData<Me>(["me"]);
      const totals = data.reactions as { emoji: string; count: number }[];
      thread((known) =>
        change(known, String(data.message_id), (message) => ({
          ...message,
          reactions: totals.map((total) => ({
            ...total,
            mine:
              data.member_id === me?.id && total.emoji === data.emoji
                ? data.changed === "added"
                : (message.reactions.find((one) => one.emoji === total.emoji)?.mine ?? false),
          })),
        })),
      );
      break;
    }
    case "pin.changed":
      thread((known) => change(known, String(data.message_id), (one) => ({ ...one, pinned: data.pinned === true })));
      void queries.invalidateQueries({ queryKey: ["chat", "pins", id] });
      break;
    case "conversation.updated": {
      const conversation = resourceOf<"Conversation">(event, "id", "member", "unread_count");
      if (conversation) takeConversation(queries, conversation);
      else void queries.invalidateQueries({ queryKey: ["chat", "conversations"] });
      break;
    }
    case "unread.total":
      queries.setQueryData(unreadQuery.queryKey, (known) => known && { ...known, total: Number(data.total) });
      break;
    case "typing":
      heardTyping(id, String(data.member_id), data.typing === true);
      break;
    case "presence.changed": {
      const presence = resourceOf<"MemberPresence">(event, "member_id", "status", "online");
      if (presence) queries.setQueryData(presenceQuery(presence.member_id).queryKey, presence);
      break;
    }
  }
}

export function takeMessage(queries: QueryClient, message: Message): void {
  queries.setQueryData<Thread>(threadKey(message.conversation_id), (known) => known && place(known, message));
}

export function takeConversation(queries: QueryClient, conversation: Conversation): void {
  queries.setQueryData(["chat", "conversation", conversation.id], conversation);
  const lists = queries.getQueriesData<Conversation[]>({ queryKey: ["chat", "conversations"] });
  for (const [key, list] of lists) {
    const known = list?.find((one) => one.id === conversation.id);
    if (list && known && known.archived === conversation.archived) {
      queries.setQueryData(key, sorted(list.map((one) => (one === known ? conversation : one))));
    } else void queries.invalidateQueries({ queryKey: key });
  }
}

/** As the server orders them: pinned first, then by the last message, those without any last. */
export function sorted(list: readonly Conversation[]): Conversation[] {
  return list.toSorted(
    (a, b) => Number(b.pinned) - Number(a.pinned) || (b.last_message_at ?? "").localeCompare(a.last_message_at ?? ""),
  );
}

const tombstone = (message: Message): Message => {
  const { content: _content, file: _file, location: _location, ...rest } = message;
  return { ...rest, deleted: true, reactions: [], pinned: false, starred: false };
};
