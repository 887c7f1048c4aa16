// The session of this browser. The access token lives in memory only; the refresh credential is a cookie that no script
// can read. All tabs share one renewal (a Web Lock) and hear of each other's (a BroadcastChannel).

import { Problem, problemOf, unreached } from "./problem";
import type { components } from "./schema";

type Tokens = components["schemas"]["SessionTokens"];

/** `unknown` until the first renewal has told whether this browser is signed in. */
export type SessionState = "unknown" | "in" | "out";

interface Held {
  token: string;
  /** Milliseconds of this device's clock. */
  expires: number;
}

type Told = { kind: "token"; held: Held; fresh: boolean } | { kind: "out" };

/** How long before its end a token is renewed (identity.md). */
const AHEAD_MS = 60_000;
const RENEWAL_DEADLINE_MS = 20_000;

let state: SessionState = "unknown";
let held: Held | undefined;
let renewal: Promise<boolean> | undefined;
let timer: ReturnType<typeof setTimeout> | undefined;
const watchers = new Set<(state: SessionState, anew: boolean) => void>();
const tabs = new BroadcastChannel("o2o.session");
/** Whether this browser was signed in when it was last used; a hint for pages of visitors, never a proof. */
const HINT = "o2o.session";

tabs.onmessage = ({ data }: MessageEvent<Told>) => {
  if (data.kind === "out") leave();
  else adopt(data.held, data.fresh);
};

export const sessionState = (): SessionState => state;
export const wasSignedIn = (): boolean => localStorage.getItem(HINT) !== null;
export const accessToken = (): string | undefined => held?.token;

/** Calls back at every change; `anew` when a member has just signed in, so that nothing of another one may be shown. */
export function onSession(watcher: (state: SessionState, anew: boolean) => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** A sign-in, a registration or a confirmed address brought tokens. */
export function begin(tokens: Tokens): void {
  const next = { token: tokens.access_token, expires: Date.now() + tokens.expires_in * 1000 };
  adopt(next, true);
  tabs.postMessage({ kind: "token", held: next, fresh: true } satisfies Told);
}

/** Forgets the session here and in all tabs. The server has ended it already, or is asked to by `signOut`. */
export function end(): void {
  leave();
  tabs.postMessage({ kind: "out" } satisfies Told);
}

/** Ends the session on the server too. It is over here in any case, also without a network. */
export async function signOut(): Promise<void> {
  const token = held?.token;
  end();
  if (token === undefined) return;
  await fetch("/v1/auth/logout", {
    method: "POST",
    headers: { Authorization: `Bearer ${token}` },
    signal: AbortSignal.timeout(RENEWAL_DEADLINE_MS),
    keepalive: true,
  }).catch(() => undefined);
}

/**
 * Gets a new access token by the cookie, once for all tabs, unless another tab brought one that is not `stale`. False:
 * nobody is signed in here. Throws a Problem when the server does not answer; the session is then as it was.
 */
export function renew(stale?: string): Promise<boolean> {
  const running = renewal ?? renewLocked(stale);
  renewal = running;
  return running;
}

async function renewLocked(stale: string | undefined): Promise<boolean> {
  try {
    return await navigator.locks.request("o2o.session", () =>
      held && held.token !== stale && held.expires - Date.now() > AHEAD_MS ? true : ask(),
    );
  } finally {
    renewal = undefined;
  }
}

async function ask(): Promise<boolean> {
  const response = await fetch("/v1/auth/refresh", {
    method: "POST",
    headers: { "X-O2O-CSRF": "1" },
    signal: AbortSignal.timeout(RENEWAL_DEADLINE_MS),
  }).catch((cause: unknown) => {
    throw unreached(cause);
  });
  if (response.ok) {
    const { session } = (await response.json()) as components["schemas"]["Renewed"];
    const next = { token: session.access_token, expires: Date.now() + session.expires_in * 1000 };
    adopt(next, false);
    tabs.postMessage({ kind: "token", held: next, fresh: false } satisfies Told);
    return true;
  }
  const problem = await problemOf(response);
  if (problem.status !== 401 && problem.status !== 403) throw problem;
  if (state === "in") end();
  else leave();
  return false;
}

function adopt(next: Held, anew: boolean): void {
  held = next;
  localStorage.setItem(HINT, "1");
  clearTimeout(timer);
  timer = setTimeout(renewQuietly, Math.max(next.expires - Date.now() - AHEAD_MS, 5_000));
  tell("in", anew);
}

function leave(): void {
  held = undefined;
  localStorage.removeItem(HINT);
  clearTimeout(timer);
  tell("out", false);
}

function tell(next: SessionState, anew: boolean): void {
  if (state === next && !anew) return;
  state = next;
  for (const watcher of watchers) watcher(next, anew);
}

/** Renewing ahead of time is a convenience: a failure shows at the next request. */
function renewQuietly(): void {
  renew(held?.token).catch((cause: unknown) => {
    if (!(cause instanceof Problem)) throw cause;
  });
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible" && held && held.expires - Date.now() < AHEAD_MS) renewQuietly();
});
