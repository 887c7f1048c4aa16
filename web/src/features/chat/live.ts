import type { QueryClient } from "@tanstack/react-query";
import type { LiveEvent } from "@/api/frames";

export function follow(event: LiveEvent, queries: QueryClient): void {
  if (event.type === "unread.total") void queries.invalidateQueries({ queryKey: ["chat", "unread"] });
}
