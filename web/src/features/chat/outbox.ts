// Messages on their way. They are shown at once, sent in order, one at a time for each conversation, and wait visibly while
// the server cannot be reached. Texts survive a reload of the tab; a file is too large to keep and does not.
import { api, ok } from "@/api/client";
import { backOff } from "@/api/frames";
import { liveState, onLiveState } from "@/api/live";
import { Problem } from "@/api/problem";
import { onSession } from "@/api/session";
import type { Message } from "./queries";

export interface Pending {
  client_id: string;
  conversation_id: string;
  created_at: string;
  content: string;
  reply_to_id?: string | undefined;
  file?: { blob: Blob; name: string; kind: "image" | "video" | "voice" | "document"; duration_s?: number } | undefined;
  state: "sending" | "waiting" | "refused";
  problem?: Problem | undefined;
}

const STORE = "o2o.outbox";
let pending: readonly Pending[] = restore();
const running = new Set<string>();
const watchers = new Set<() => void>();
let sent: (message: Message) => void = () => undefined;
let wake: (() => void) | undefined;

export const pendingMessages = (): readonly Pending[] => pending;

export function onPending(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Called once: whom to tell what the server has taken. Begins with what a reload left over. */
export function startOutbox(told: (message: Message) => void): void {
  sent = told;
  for (const id of new Set(pending.map((one) => one.conversation_id))) void drain(id);
}

export function enqueue(message: Pick<Pending, "conversation_id" | "content" | "reply_to_id" | "file">): void {
  const made: Pending = {
    ...message,
    client_id: crypto.randomUUID(),
    created_at: new Date().toISOString(),
    state: "sending",
  };
  put([...pending, made]);
  void drain(message.conversation_id);
}

/** Sends a refused one again, behind what waits. */
export function sendAgain(id: string): void {
  const found = pending.find((one) => one.client_id === id);
  if (!found) return;
  put([...pending.filter((one) => one !== found), { ...found, state: "sending", problem: undefined }]);
  void drain(found.conversation_id);
}

export function discard(id: string): void {
  put(pending.filter((one) => one.client_id !== id));
}

async function drain(conversation: string): Promise<void> {
  if (running.has(conversation)) return;
  running.add(conversation);
  let attempt = 0;
  for (;;) {
    const next = pending.find((one) => one.conversation_id === conversation && one.state !== "refused");
    if (!next) break;
    try {
      const message = await send(next);
      sent(message);
      discard(next.client_id);
      attempt = 0;
    } catch (cause) {
      if (!(cause instanceof Problem)) {
        running.delete(conversation);
        throw cause;
      }
      if (cause.passing || cause.status === 429) {
        patch(next.client_id, { state: "waiting" });
        await rest((cause.retryAfter ?? 0) * 1000 || backOff(attempt));
        attempt += 1;
      } else patch(next.client_id, { state: "refused", problem: cause });
    }
  }
  running.delete(conversation);
}

function send(one: Pending): Promise<Message> {
  const params = { path: { id: one.conversation_id } };
  const common = {
    client_id: one.client_id,
    ...(one.content && { content: one.content }),
    ...(one.reply_to_id && { reply_to_id: one.reply_to_id }),
  };
  if (!one.file) {
    return ok(api.POST("/v1/conversations/{id}/messages", { params, body: { ...common, kind: "text" } }));
  }
  const form = new FormData();
  const { blob, name, kind, duration_s } = one.file;
  const fields = { ...common, kind, ...(duration_s && { duration_s: duration_s.toFixed(1) }) };
  for (const [field, value] of Object.entries(fields)) form.set(field, value);
  form.set("file", blob, name);
  // The document gives this call two kinds of body, and the client's types know the first only.
  return ok(
    api.POST("/v1/conversations/{id}/messages", {
      params,
      body: form as unknown as { content: string },
      bodySerializer: (body) => body as unknown as FormData,
    }),
  );
}

function patch(id: string, with_: Partial<Pending>): void {
  put(pending.map((one) => (one.client_id === id ? { ...one, ...with_ } : one)));
}

function put(next: readonly Pending[]): void {
  pending = next;
  const texts = next.filter((one) => !one.file).map(({ problem: _, ...one }) => one);
  if (texts.length === 0) sessionStorage.removeItem(STORE);
  else sessionStorage.setItem(STORE, JSON.stringify(texts));
  for (const watcher of watchers) watcher();
}

function restore(): Pending[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(STORE) ?? "[]");
    return Array.isArray(kept) ? (kept as Pending[]) : [];
  } catch {
    return [];
  }
}

function rest(ms: number): Promise<void> {
  return new Promise((done) => {
    const timer = setTimeout(finish, ms);
    function finish() {
      clearTimeout(timer);
      wake = undefined;
      done();
    }
    wake = finish;
  });
}

onLiveState(() => liveState() === "open" && wake?.());
onSession((state, anew) => {
  // Another member's words are not sent in this one's name.
  if (state === "out" || anew) put([]);
});
