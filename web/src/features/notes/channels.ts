import { type PlainKey, t } from "@/words";
import type { NewNote } from "./send";

export type Channel = NewNote["channel"];

const names: Record<Exclude<Channel, "partner">, PlainKey> = {
  sms: "notes.ch_sms",
  email: "notes.ch_email",
  whatsapp: "notes.ch_whatsapp",
  facebook: "notes.ch_facebook",
  instagram: "notes.ch_instagram",
  twitter: "notes.ch_twitter",
  tiktok: "notes.ch_tiktok",
  linkedin: "notes.ch_linkedin",
};

export const channels = ["partner", ...(Object.keys(names) as Exclude<Channel, "partner">[])] as const;

export function channelText(channel: Channel, partner: string | undefined): string {
  if (channel !== "partner") return t(names[channel]);
  return partner ? t("notes.ch_partner", { name: partner }) : t("notes.ch_partner_none");
}

/** What a channel has to be told: whom to send to, and whether that may be left out (love-notes.md). */
export function recipientOf(channel: Channel): { kind: "phone" | "email"; needed: boolean } | undefined {
  if (channel === "sms") return { kind: "phone", needed: true };
  if (channel === "whatsapp") return { kind: "phone", needed: false };
  if (channel === "email") return { kind: "email", needed: true };
  return undefined;
}

/** Whether a note on this channel can be planned. */
export const canWait = (channel: Channel): boolean => ["partner", "sms", "email", "whatsapp"].includes(channel);
