import { useRef } from "react";

type Key = { "Idempotency-Key": string };

/**
 * Headers with which a create can be repeated without being done twice: the same body gets the same key again, as after an
 * answer that was lost on the way, and another body a new one. Call `done` after a success: the next one is meant anew.
 */
export function useOnceKey(): { keyFor: (body: unknown) => Key; done: () => void } {
  const kept = useRef<{ body: string; key: Key } | undefined>(undefined);
  return {
    keyFor: (body) => {
      const text = JSON.stringify(body);
      if (kept.current?.body !== text) kept.current = { body: text, key: { "Idempotency-Key": crypto.randomUUID() } };
      return kept.current.key;
    },
    done: () => {
      kept.current = undefined;
    },
  };
}
