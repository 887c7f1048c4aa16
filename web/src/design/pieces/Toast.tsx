import { useSyncExternalStore } from "react";
import { t } from "@/words";
import { Button } from "./Button";

interface Notice {
  id: number;
  text: string;
  undo?: () => void;
}

const SHOWN_MS = 6_000;
let notices: readonly Notice[] = [];
let next = 1;
const watchers = new Set<() => void>();

function put(changed: readonly Notice[]): void {
  notices = changed;
  for (const watcher of watchers) watcher();
}

/** Says shortly what was done, with a way back where there is one. */
export function toast(text: string, undo?: () => void): void {
  const notice: Notice = { id: next++, text, ...(undo && { undo }) };
  put([...notices.slice(-2), notice]);
  setTimeout(() => drop(notice.id), SHOWN_MS);
}

function drop(id: number): void {
  put(notices.filter((notice) => notice.id !== id));
}

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}

/** Where toasts appear: above the tabs of a phone, read aloud politely. */
export function Toasts() {
  const shown = useSyncExternalStore(watch, () => notices);
  return (
    <div
      aria-live="polite"
      className="pointer-events-none fixed inset-x-4 bottom-20 z-60 grid justify-items-center gap-2 wide:bottom-6"
    >
      {shown.map((notice) => (
        <div
          key={notice.id}
          className="rise pointer-events-auto flex max-w-[44ch] items-center gap-4 rounded-2 bg-ink px-4 py-2.5 text-paper shadow-lift"
        >
          <p>{notice.text}</p>
          {notice.undo && (
            <Button
              tone="plain"
              small
              className="text-paper! underline hover:bg-transparent"
              onClick={() => {
                drop(notice.id);
                notice.undo?.();
              }}
            >
              {t("pieces.undo")}
            </Button>
          )}
        </div>
      ))}
    </div>
  );
}
