import { useEffect, useState, useSyncExternalStore } from "react";
import { onSession, renew, type SessionState, sessionState } from "@/api/session";

/**
 * Whether somebody is signed in here, for pages that are open to all. With `ask` the server is asked once where it is not
 * known yet; while it does not answer, everybody is a visitor.
 */
export function useSession(ask: boolean): SessionState {
  const state = useSyncExternalStore(onSession, sessionState);
  const [unanswered, setUnanswered] = useState(false);
  useEffect(() => {
    if (ask && state === "unknown") renew().catch(() => setUnanswered(true));
  }, [ask, state]);
  return unanswered && state === "unknown" ? "out" : state;
}
