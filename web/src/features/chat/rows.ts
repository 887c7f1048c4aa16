// What stands in a thread, line by line.
import { startOfDay } from "@/words/format";
import type { Pending } from "./outbox";
import type { Message } from "./queries";

export type Row =
  | { kind: "day"; key: string; at: number }
  | { kind: "unread"; key: string }
  | { kind: "message"; key: string; message: Message; first: boolean; last: boolean }
  | { kind: "pending"; key: string; pending: Pending };

/** Messages of one person within this time stand together. */
const GROUP_MS = 5 * 60_000;

/**
 * The lines of a thread: days, messages, what is being sent, and before the first unread message of the other one a line
 * that says so (`readSeq` is how far was read when the thread was opened).
 */
export function rowsOf(
  messages: readonly Message[],
  pending: readonly Pending[],
  mine: string,
  readSeq: number,
): Row[] {
  const rows: Row[] = [];
  let day: number | undefined;
  let last: Message | undefined;
  let marked = false;
  for (const message of messages) {
    const at = Date.parse(message.created_at);
    const today = startOfDay(at);
    if (today !== day) {
      rows.push({ kind: "day", key: `day-${today}`, at });
      day = today;
      last = undefined;
    }
    if (!marked && message.sender_id !== mine && message.seq > readSeq) {
      rows.push({ kind: "unread", key: "unread" });
      marked = true;
      last = undefined;
    }
    const first = last?.sender_id !== message.sender_id || at - Date.parse(last.created_at) > GROUP_MS;
    // The key stays when what was being sent has become a message, so that its line does not jump.
    const above = rows.at(-1);
    if (!first && above?.kind === "message") above.last = false;
    rows.push({ kind: "message", key: keyOf(message), message, first, last: true });
    last = message;
  }
  const sent = new Set(messages.map((message) => message.client_id));
  for (const one of pending) {
    if (!sent.has(one.client_id)) rows.push({ kind: "pending", key: one.client_id, pending: one });
  }
  return rows;
}

const keyOf = (message: Message) => message.client_id ?? message.id;
