// What can be done with a message: at once here, then on the server, taken back visibly where it refuses.
import { type QueryClient, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import type { Message } from "./queries";
import { change, type Thread, threadKey } from "./thread";

/** Shows the change, asks the server, and shows the old message again where it says no. */
async function optimistic(queries: QueryClient, before: Message, after: Message, ask: () => Promise<unknown>) {
  const put = (message: Message) =>
    queries.setQueryData<Thread>(
      threadKey(before.conversation_id),
      (known) => known && change(known, before.id, () => message),
    );
  put(after);
  try {
    await ask();
  } catch (cause) {
    put(before);
    toast(sentence(cause));
  }
}

export function reacted(message: Message, emoji: string): Message {
  const known = message.reactions.find((one) => one.emoji === emoji);
  const count = (known?.count ?? 0) + (known?.mine ? -1 : 1);
  const others = message.reactions.filter((one) => one.emoji !== emoji);
  return { ...message, reactions: count > 0 ? [...others, { emoji, count, mine: !known?.mine }] : others };
}

export function useMessageActs() {
  const queries = useQueryClient();
  return {
    react: (message: Message, emoji: string) => {
      const params = { path: { id: message.id, emoji } };
      const mine = message.reactions.find((one) => one.emoji === emoji)?.mine;
      return optimistic(queries, message, reacted(message, emoji), () =>
        mine
          ? ok(api.DELETE("/v1/messages/{id}/reactions/{emoji}", { params }))
          : ok(api.PUT("/v1/messages/{id}/reactions/{emoji}", { params })),
      );
    },
    star: (message: Message) => {
      const params = { path: { id: message.id } };
      return optimistic(queries, message, { ...message, starred: !message.starred }, () =>
        message.starred
          ? ok(api.DELETE("/v1/messages/{id}/star", { params }))
          : ok(api.PUT("/v1/messages/{id}/star", { params })),
      );
    },
    pin: (message: Message) => {
      const params = { path: { id: message.id } };
      return optimistic(queries, message, { ...message, pinned: !message.pinned }, () =>
        message.pinned
          ? ok(api.DELETE("/v1/messages/{id}/pin", { params }))
          : ok(api.PUT("/v1/messages/{id}/pin", { params, body: { hours: 168 } })),
      );
    },
    edit: (message: Message, content: string) =>
      optimistic(queries, message, { ...message, content, edited_at: new Date().toISOString() }, () =>
        ok(api.PATCH("/v1/messages/{id}", { params: { path: { id: message.id } }, body: { content } })),
      ),
    remove: async (message: Message, whose: "me" | "everyone") => {
      try {
        await ok(api.DELETE("/v1/messages/{id}", { params: { path: { id: message.id }, query: { for: whose } } }));
      } catch (cause) {
        toast(sentence(cause));
      }
    },
  };
}
