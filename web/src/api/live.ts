// The socket of this browser. A session may have one, so one tab leads (a Web Lock) and hands every frame to the others;
// when it closes, the next one takes over at the very event where all of them are.
import { api, ok } from "./client";
import { backOff, type Frame, type LiveEvent, Position, type Said } from "./frames";
import { Problem } from "./problem";
import { accessToken, onSession, renew } from "./session";

export type LiveState = "off" | "connecting" | "open" | "replaced";

type Told =
  | { kind: "frame"; frame: Frame }
  | { kind: "state"; state: LiveState }
  | { kind: "say"; said: Said }
  | { kind: "hello" };

const HEARTBEAT_MS = 30_000;
/** A connection this old was a good one: the next failure begins at a second again. */
const STEADY_MS = 60_000;

let state: LiveState = "off";
let position = new Position();
let socket: WebSocket | undefined;
let leading: AbortController | undefined;
let wake: (() => void) | undefined;
const watched = new Map<string, number>();
const stateWatchers = new Set<() => void>();
const eventWatchers = new Set<(event: LiveEvent) => void>();
const reloaders = new Set<() => void>();
const tabs = new BroadcastChannel("o2o.live");

tabs.onmessage = ({ data }: MessageEvent<Told>) => {
  if (data.kind === "frame") apply(data.frame);
  else if (data.kind === "state") become(data.state);
  else if (data.kind === "hello" && leading && state !== "off")
    tabs.postMessage({ kind: "state", state } satisfies Told);
  else if (data.kind === "say" && socket) transmit(data.said);
};

export const liveState = (): LiveState => state;

export function onLiveState(watcher: () => void): () => void {
  stateWatchers.add(watcher);
  return () => stateWatchers.delete(watcher);
}

/** Every event once, in order, in every tab. */
export function onEvent(watcher: (event: LiveEvent) => void): () => void {
  eventWatchers.add(watcher);
  return () => eventWatchers.delete(watcher);
}

/** Events were missed: what is shown has to be loaded again. */
export function onReload(watcher: () => void): () => void {
  reloaders.add(watcher);
  return () => reloaders.delete(watcher);
}

/** Says something on the socket, whichever tab holds it. What cannot be said now is for this moment only, and is dropped. */
export function say(said: Said): void {
  if (socket) transmit(said);
  else tabs.postMessage({ kind: "say", said } satisfies Told);
}

/** Asks for the presence of a member from now on, also after a new connection, until the answer is called. */
export function watchMember(id: string): () => void {
  watched.set(id, (watched.get(id) ?? 0) + 1);
  if (watched.get(id) === 1) say({ type: "watch", member_ids: [id] });
  return () => {
    const left = (watched.get(id) ?? 1) - 1;
    if (left > 0) watched.set(id, left);
    else {
      watched.delete(id);
      say({ type: "unwatch", member_ids: [id] });
    }
  };
}

/** Follows the session from now on: connected while signed in. Called once. */
export function startLive(): void {
  onSession((session, anew) => {
    if (session !== "in" || anew) stop();
    if (session === "in") void lead();
  });
  if (accessToken() !== undefined) void lead();
  const awake = () => {
    if (document.visibilityState !== "visible") return;
    say({ type: "heartbeat" });
    wake?.();
  };
  document.addEventListener("visibilitychange", awake);
  window.addEventListener("online", awake);
  setInterval(() => document.visibilityState === "visible" && say({ type: "heartbeat" }), HEARTBEAT_MS);
}

/** Waits for the lead of all tabs, then keeps a connection until the session ends. */
async function lead(): Promise<void> {
  if (leading) return;
  const mine = new AbortController();
  leading = mine;
  tabs.postMessage({ kind: "hello" } satisfies Told);
  const { signal } = mine;
  await navigator.locks
    .request("o2o.live", { signal }, () => keepConnected(signal))
    .catch((cause: unknown) => {
      if (!signal.aborted) throw cause;
    });
}

function stop(): void {
  leading?.abort();
  leading = undefined;
  wake?.();
  position = new Position();
  become("off");
}

async function keepConnected(signal: AbortSignal): Promise<void> {
  let attempt = 0;
  while (!signal.aborted) {
    tellState("connecting");
    const since = Date.now();
    const code = await connection(signal);
    if (signal.aborted) return;
    if (code === 4409) {
      tellState("replaced");
      await rest(Number.POSITIVE_INFINITY);
      continue;
    }
    if (code === 4401 && !(await stillSignedIn())) return;
    if (Date.now() - since > STEADY_MS) attempt = 0;
    tellState("connecting");
    await rest(code === 4429 ? Math.max(backOff(attempt), 30_000) : backOff(attempt));
    attempt += 1;
  }
}

/** Whether a renewed token exists; a server that does not answer leaves the question open. */
async function stillSignedIn(): Promise<boolean> {
  try {
    return await renew(accessToken());
  } catch (cause) {
    if (cause instanceof Problem) return true;
    throw cause;
  }
}

/** One connection, from its ticket to its close code (0: it did not come about). */
async function connection(signal: AbortSignal): Promise<number> {
  let ticket: string;
  try {
    ({ ticket } = await ok(api.POST("/v1/realtime/tickets", { signal })));
  } catch (cause) {
    if (cause instanceof Problem || signal.aborted) return cause instanceof Problem && cause.status === 401 ? 4401 : 0;
    throw cause;
  }
  const url = new URL("/v1/realtime", location.href);
  url.protocol = url.protocol.replace("http", "ws");
  url.searchParams.set("ticket", ticket);
  if (position.last !== undefined) url.searchParams.set("last_event_id", String(position.last));
  return new Promise((done) => {
    const opened = new WebSocket(url);
    // Also one that is not ready yet: whoever signs in next gets the lead only when it is closed.
    signal.addEventListener("abort", () => opened.close(1000), { once: true });
    opened.onmessage = ({ data }) => {
      if (signal.aborted) return;
      const frame = JSON.parse(data as string) as Frame;
      if (frame.type === "ready") {
        socket = opened;
        tellState("open");
      }
      apply(frame);
      tabs.postMessage({ kind: "frame", frame } satisfies Told);
    };
    opened.onclose = ({ code }) => {
      if (socket === opened) socket = undefined;
      done(code);
    };
  });
}

function transmit(said: Said): void {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(said));
}

function apply(frame: Frame): void {
  position.take(
    frame,
    (event) => {
      for (const watcher of eventWatchers) watcher(event);
    },
    () => {
      for (const reload of reloaders) reload();
    },
  );
}

function tellState(next: LiveState): void {
  become(next);
  tabs.postMessage({ kind: "state", state: next } satisfies Told);
}

function become(next: LiveState): void {
  if (next === state) return;
  state = next;
  // Whom this tab shows is asked for anew on every connection, by each tab for itself.
  if (next === "open" && watched.size > 0) say({ type: "watch", member_ids: [...watched.keys()] });
  for (const watcher of stateWatchers) watcher();
}

/** Waits, at most until the network or the user comes back. */
function rest(ms: number): Promise<void> {
  return new Promise((done) => {
    const timer = Number.isFinite(ms) ? setTimeout(finish, ms) : undefined;
    function finish() {
      clearTimeout(timer);
      wake = undefined;
      done();
    }
    wake = finish;
  });
}
