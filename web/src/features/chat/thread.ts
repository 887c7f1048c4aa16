// The loaded messages of a conversation: a gap-free stretch that ends at the newest one and grows upwards.
import { type QueryClient, queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import type { Message } from "./queries";

export interface Thread {
  /** By `seq`, ascending. */
  messages: Message[];
  /** Whether there are older ones on the server. */
  older: boolean;
}

const PAGE = 50;

export const threadKey = (id: string) => ["chat", "thread", id];

const page = (id: string, before: number | undefined, limit: number, signal?: AbortSignal) =>
  ok(
    api.GET("/v1/conversations/{id}/messages", {
      params: { path: { id }, query: { limit, ...(before !== undefined && { before_seq: before }) } },
      ...(signal && { signal }),
    }),
  ).then(({ data }) => ({ messages: data.toReversed(), full: data.length === limit }));

/** The newest page; what was loaded before stays where the two stretches touch. */
export const threadQuery = (queries: QueryClient, id: string) =>
  queryOptions({
    queryKey: threadKey(id),
    queryFn: async ({ signal }): Promise<Thread> => {
      const { messages, full } = await page(id, undefined, PAGE, signal);
      return extend(queries.getQueryData<Thread>(threadKey(id)), messages, full);
    },
    // Kept by events; a reconnection that missed some loads again.
    staleTime: Number.POSITIVE_INFINITY,
  });

/** Puts the newest page over what is loaded. With a hole between the two the older stretch is given up. */
export function extend(known: Thread | undefined, newest: Message[], full: boolean): Thread {
  const first = newest[0];
  const last = known?.messages.at(-1);
  if (!known || !first || !last || last.seq < first.seq - 1) return { messages: newest, older: full };
  const kept = known.messages.filter((message) => message.seq < first.seq);
  return { messages: [...kept, ...newest], older: kept.length > 0 ? known.older : full };
}

/** Loads one page above. */
export async function loadOlder(queries: QueryClient, id: string, limit = PAGE): Promise<void> {
  const first = queries.getQueryData<Thread>(threadKey(id))?.messages[0];
  if (!first) return;
  const { messages, full } = await page(id, first.seq, limit);
  queries.setQueryData<Thread>(threadKey(id), (known) => {
    if (!known || known.messages[0]?.id !== first.id) return known;
    return { messages: [...messages, ...known.messages], older: full };
  });
}

/** Loads upwards until `seq` is there. */
export async function loadDownTo(queries: QueryClient, id: string, seq: number): Promise<void> {
  for (;;) {
    const known = queries.getQueryData<Thread>(threadKey(id));
    const first = known?.messages[0];
    if (!known?.older || !first || first.seq <= seq) return;
    await loadOlder(queries, id, 100);
  }
}

/** Takes in a message as it is now: replaces it, or adds it in its place. One beyond a hole waits for the page to be loaded. */
export function place(thread: Thread, message: Message): Thread {
  const { messages } = thread;
  const first = messages[0];
  if (first && message.seq < first.seq) return thread;
  const at = lowerBound(messages, message.seq);
  const found = messages[at]?.seq === message.seq;
  return { ...thread, messages: messages.toSpliced(at, found ? 1 : 0, message) };
}

/** Changes one loaded message. */
export function change(thread: Thread, id: string, how: (message: Message) => Message): Thread {
  const at = thread.messages.findIndex((message) => message.id === id);
  const found = thread.messages[at];
  return found ? { ...thread, messages: thread.messages.with(at, how(found)) } : thread;
}

/** One's own messages up to `seq` have this status at least; it never goes back. */
export function receipt(thread: Thread, mine: string, upTo: number, status: Message["status"]): Thread {
  const rank = { sent: 0, delivered: 1, read: 2 };
  let changed = false;
  const messages = thread.messages.map((message) => {
    if (message.sender_id !== mine || message.seq > upTo || rank[message.status] >= rank[status]) return message;
    changed = true;
    return { ...message, status };
  });
  return changed ? { ...thread, messages } : thread;
}

function lowerBound(messages: readonly Message[], seq: number): number {
  let [low, high] = [0, messages.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((messages[middle]?.seq ?? 0) < seq) low = middle + 1;
    else high = middle;
  }
  return low;
}
