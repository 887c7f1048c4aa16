import type { QueryClient } from "@tanstack/react-query";
import type { LiveEvent } from "@/api/frames";

export function follow(event: LiveEvent, queries: QueryClient): void {
  switch (event.type) {
    case "profile.updated":
      void queries.invalidateQueries({ queryKey: ["me"] });
      void queries.invalidateQueries({ queryKey: ["couple"] });
      break;
    case "entitlements.changed":
      void queries.invalidateQueries({ queryKey: ["me"] });
      void queries.invalidateQueries({ queryKey: ["notes", "allowance"] });
      break;
    case "session.revoked":
      void queries.invalidateQueries({ queryKey: ["sessions"] });
      break;
  }
}
