/** Server-sent events, read as they come. */

import type { Event, Frame } from "./device.js";

export interface Heard {
  ready: number | undefined;
  readonly events: Event[];
  /** The last `id:`. */
  id: number | undefined;
}

/** Listens until `enough` says so. */
export async function stream(
  url: string,
  token: string,
  last: number,
  enough: (events: readonly Event[]) => boolean,
): Promise<Heard> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), 20_000);
  const headers = { Authorization: `Bearer ${token}`, "Last-Event-ID": String(last) };
  const heard: Heard = { ready: undefined, events: [], id: undefined };
  const decoder = new TextDecoder();
  let text = "";
  try {
    const answer = await fetch(`${url}/v1/realtime/events`, { headers, signal: stop.signal });
    if (!answer.ok || answer.body === null) throw new Error(`the stream is refused: ${answer.status}`);
    for await (const bytes of answer.body) {
      text += decoder.decode(bytes as Uint8Array, { stream: true });
      const lines = text.split("\n");
      text = lines.pop() ?? "";
      for (const line of lines) {
        if (line.startsWith("id: ")) heard.id = Number(line.slice(4));
        if (!line.startsWith("data: ")) continue;
        take(heard, JSON.parse(line.slice(6)) as Frame);
        if (enough(heard.events)) return heard;
      }
    }
    throw new Error("the stream has ended");
  } finally {
    clearTimeout(timer);
    stop.abort();
  }
}

function take(heard: Heard, frame: Frame): void {
  if ("last_event_id" in frame) heard.ready = frame.last_event_id;
  else if ("events" in frame) heard.events.push(...frame.events);
  else if ("data" in frame) heard.events.push(frame);
}
