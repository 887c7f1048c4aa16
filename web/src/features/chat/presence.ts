import { useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { watchMember } from "@/api/live";
import { type PlainKey, t } from "@/words";
import { type Presence, presenceQuery } from "./queries";

/** The presence of a member, followed while it is shown. */
export function usePresence(member: string): Presence | undefined {
  useEffect(() => watchMember(member), [member]);
  return useQuery(presenceQuery(member)).data;
}

const buckets: Record<string, PlainKey> = {
  just_now: "chat.seen_now",
  minutes: "chat.seen_minutes",
  hours: "chat.seen_hours",
  days: "chat.seen_days",
};

/** "Jonas is here", or when they were; nothing where it is long ago or not for this member to see. */
export function presenceText(presence: Presence | undefined, name: string): string {
  if (!presence) return "";
  if (presence.status === "away") return t("chat.away");
  if (presence.status === "busy") return t("chat.busy");
  if (presence.online) return t("chat.online", { name });
  const bucket = presence.last_seen ? buckets[presence.last_seen_bucket] : undefined;
  return bucket ? t(bucket) : "";
}
