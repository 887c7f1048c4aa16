import { Copy, Ellipsis, Forward, Pencil, Pin, PinOff, Reply, Star, StarOff, Trash2 } from "lucide-react";
import { IconButton } from "@/design/pieces/Button";
import { Icon } from "@/design/pieces/Icon";
import { Menu, type MenuItem } from "@/design/pieces/Menu";
import { toast } from "@/design/pieces/Toast";
import { t } from "@/words";
import { useMessageActs } from "./acts";
import type { Message } from "./queries";

/** The quick set of reactions (chat.md). */
const QUICK = ["👍", "❤️", "😂", "😮", "😥", "🙏"];
/** One's own message can be changed and deleted for both for so long. */
const WINDOW_MS = 48 * 3_600_000;

interface MessageMenuProps {
  message: Message;
  mine: boolean;
  onReply: () => void;
  onDialog: (dialog: "edit" | "delete" | "forward") => void;
}

export function MessageMenu({ message, mine, onReply, onDialog }: MessageMenuProps) {
  const acts = useMessageActs();
  const young = Date.now() - Date.parse(message.created_at) < WINDOW_MS;
  const copy = async (text: string) => {
    await navigator.clipboard.writeText(text);
    toast(t("chat.copied"));
  };
  const { content } = message;
  const items: MenuItem[] = [
    { text: t("chat.reply"), icon: Reply, act: onReply },
    ...(content ? [{ text: t("chat.copy"), icon: Copy, act: () => void copy(content) }] : []),
    ...(mine && message.kind === "text" && young
      ? [{ text: t("chat.edit"), icon: Pencil, act: () => onDialog("edit") }]
      : []),
    message.starred
      ? { text: t("chat.unstar"), icon: StarOff, act: () => void acts.star(message) }
      : { text: t("chat.star"), icon: Star, act: () => void acts.star(message) },
    message.pinned
      ? { text: t("chat.unpin"), icon: PinOff, act: () => void acts.pin(message) }
      : { text: t("chat.pin"), icon: Pin, act: () => void acts.pin(message) },
    { text: t("chat.forward"), icon: Forward, act: () => onDialog("forward") },
    { text: t("chat.delete"), icon: Trash2, act: () => onDialog("delete"), bad: true },
  ];
  return (
    <Menu
      items={items}
      quick={QUICK.map((emoji) => ({
        text: emoji,
        label: t("chat.react", { emoji }),
        act: () => void acts.react(message, emoji),
      }))}
    >
      <IconButton
        label={t("pieces.actions")}
        className="size-9 opacity-60 group-hover:opacity-100 focus-visible:opacity-100 data-[state=open]:opacity-100"
      >
        <Icon of={Ellipsis} size={18} />
      </IconButton>
    </Menu>
  );
}
