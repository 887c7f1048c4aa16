import type { QueryClient } from "@tanstack/react-query";
import type { LiveEvent } from "@/api/frames";
import * as chat from "@/features/chat/live";
import * as couple from "@/features/couple/live";
import * as notes from "@/features/notes/live";
import * as account from "@/features/profile/live";

/** Each area looks at every event and changes what is loaded of it. Unknown types are passed over. */
export function follow(event: LiveEvent, queries: QueryClient): void {
  for (const area of [notes, chat, couple, account]) area.follow(event, queries);
}
