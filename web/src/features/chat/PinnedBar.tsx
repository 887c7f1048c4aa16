import { useQuery } from "@tanstack/react-query";
import { Pin } from "lucide-react";
import { Icon } from "@/design/pieces/Icon";
import { t } from "@/words";
import { inOneLine } from "./kinds";
import { pinsQuery } from "./queries";

/** The newest pinned message, above the thread; a press leads to it. */
export function PinnedBar({ conversation, onJump }: { conversation: string; onJump: (seq: number) => void }) {
  const newest = useQuery(pinsQuery(conversation)).data?.[0];
  if (!newest) return null;
  return (
    <button
      type="button"
      onClick={() => onJump(newest.message.seq)}
      className="flex min-h-11 items-center gap-3 border-b border-line bg-ours-wash px-4 text-left text-small"
    >
      <Icon of={Pin} size={16} className="flex-none" />
      <b className="font-semibold">{t("chat.pinned")}</b>
      <span className="min-w-0 flex-1 truncate">{inOneLine(newest.message)}</span>
    </button>
  );
}
