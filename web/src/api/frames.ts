// Frames of the real-time protocol (docs/REALTIME.md) as this app reads them. Every `data` is read defensively: a frame
// may carry ids only, and an unknown type is passed over.
import type { Schemas } from "./client";

/** What happened to the member; `id` is missing on what is for this moment only. */
export interface LiveEvent {
  id?: number;
  type: string;
  occurred_at: string;
  data: Record<string, unknown>;
}

export type Frame =
  | LiveEvent
  | { type: "ready"; last_event_id: number }
  | { type: "resync" }
  | { type: "batch"; events: LiveEvent[] };

/** What a device says. */
export type Said =
  | { type: "heartbeat" }
  | { type: "typing"; conversation_id: string; typing: boolean }
  | { type: "watch"; member_ids: string[] }
  | { type: "unwatch"; member_ids: string[] };

/** The whole resource that an event carries, or undefined where it carries ids only. */
export function resourceOf<K extends keyof Schemas>(event: LiveEvent, ...members: (keyof Schemas[K])[]) {
  return members.every((member) => (member as string) in event.data) ? (event.data as Schemas[K]) : undefined;
}

/**
 * Applies frames in order, each event once: the rules 4 to 8 of docs/REALTIME.md. `reload` is called when what was missed is
 * not known; the position is kept for the next connection.
 */
export class Position {
  last: number | undefined;
  #ready = 0;

  take(frame: Frame, show: (event: LiveEvent) => void, reload: () => void): void {
    if (frame.type === "batch" && "events" in frame) {
      for (const event of frame.events) this.take(event, show, reload);
    } else if (frame.type === "ready" && "last_event_id" in frame) {
      this.#ready = frame.last_event_id;
      if (this.last === undefined) {
        this.last = frame.last_event_id;
        // What was loaded before this connection may already be old.
        reload();
      }
    } else if (frame.type === "resync") {
      this.last = this.#ready;
      reload();
    } else if ("data" in frame) {
      if (frame.id !== undefined && this.last !== undefined && frame.id <= this.last) return;
      show(frame);
      if (frame.id !== undefined) this.last = frame.id;
    }
  }
}

/** Milliseconds before the next attempt: 1 s doubled up to 60 s, spread so that devices do not come back together. */
export function backOff(attempt: number, random = Math.random()): number {
  return Math.min(1000 * 2 ** attempt, 60_000) * (0.5 + random);
}
