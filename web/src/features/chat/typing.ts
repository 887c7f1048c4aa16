import { useEffect, useState, useSyncExternalStore } from "react";
import { say } from "@/api/live";

/** A sign of typing is forgotten after this time in any case (docs/REALTIME.md). */
const HEARD_MS = 6_000;
/** How often one's own typing is told; the server forgets it after five seconds. */
const SAID_MS = 3_000;

const heard = new Map<string, number>();
const watchers = new Set<() => void>();

const tell = () => {
  for (const watcher of watchers) watcher();
};

export function heardTyping(conversation: string, member: string, typing: boolean): void {
  const key = `${conversation} ${member}`;
  if (typing) {
    heard.set(key, Date.now() + HEARD_MS);
    setTimeout(tell, HEARD_MS + 50);
  } else if (!heard.delete(key)) return;
  tell();
}

/** Whether this member is writing in this conversation now. */
export function useTyping(conversation: string, member: string): boolean {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      return () => watchers.delete(watcher);
    },
    () => (heard.get(`${conversation} ${member}`) ?? 0) > Date.now(),
  );
}

/** Tells the other one that this member is writing, not more often than needed, and when it stops. */
export function useSayTyping(conversation: string): (typing: boolean) => void {
  const [said] = useState({ at: 0 });
  const tellOther = (typing: boolean) => {
    const now = Date.now();
    if (typing ? now - said.at < SAID_MS : said.at === 0) return;
    said.at = typing ? now : 0;
    say({ type: "typing", conversation_id: conversation, typing });
  };
  useEffect(
    () => () => {
      if (said.at !== 0) say({ type: "typing", conversation_id: conversation, typing: false });
    },
    [conversation, said],
  );
  return tellOther;
}
