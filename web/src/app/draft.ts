import { useState } from "react";
import { useMe } from "@/features/profile/queries";

/** Words that are being written, kept for this member and tab, so that a reload loses none. */
export function useDraft(name: string): [string, (text: string) => void] {
  const key = `o2o.draft.${useMe().id}.${name}`;
  const [text, setText] = useState(() => sessionStorage.getItem(key) ?? "");
  const keep = (next: string) => {
    if (next === "") sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, next);
    setText(next);
  };
  return [text, keep];
}
