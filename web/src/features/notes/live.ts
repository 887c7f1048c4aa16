import type { QueryClient } from "@tanstack/react-query";
import type { LiveEvent } from "@/api/frames";

/** Notes are few: what an event touches is loaded again, which also sorts it in. */
export function follow(event: LiveEvent, queries: QueryClient): void {
  if (!event.type.startsWith("note.")) return;
  void queries.invalidateQueries({ queryKey: ["notes"] });
  void queries.invalidateQueries({ queryKey: ["couple"], exact: true });
}
