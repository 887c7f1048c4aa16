import { type PlainKey, t } from "@/words";
import { duration } from "@/words/format";
import type { Message } from "./queries";

const kinds: Record<Exclude<Message["kind"], "text">, PlainKey> = {
  image: "chat.kind_image",
  video: "chat.kind_video",
  voice: "chat.kind_voice",
  document: "chat.kind_document",
  location: "chat.kind_location",
  call: "chat.kind_call",
};

export const kindText = (kind: Message["kind"]): string => (kind === "text" ? "" : t(kinds[kind]));

/** A message in one line, as quotes and previews show it. */
export function inOneLine(message: Pick<Message, "kind"> & { content?: string | null | undefined }): string {
  return message.content?.replace(/\s+/g, " ") || kindText(message.kind);
}

export function callText(call: NonNullable<Message["call"]>): string {
  return call.duration_s > 0 ? t("chat.call_done", { time: duration(call.duration_s) }) : t("chat.call_missed");
}
