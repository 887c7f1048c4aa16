import type { QueryClient } from "@tanstack/react-query";
import type { LiveEvent } from "@/api/frames";

export function follow(event: LiveEvent, queries: QueryClient): void {
  if (!event.type.startsWith("couple.")) return;
  void queries.invalidateQueries({ queryKey: ["couple"] });
  if (event.type === "couple.invited" || event.type === "couple.declined") return;
  // A link begins or ends: what may be written and seen changes everywhere.
  for (const area of ["me", "notes", "chat"]) void queries.invalidateQueries({ queryKey: [area] });
}
