import { Link } from "@tanstack/react-router";
import { ArrowLeft, Ellipsis, Search } from "lucide-react";
import { Avatar } from "@/design/pieces/Avatar";
import { IconButton } from "@/design/pieces/Button";
import { Icon } from "@/design/pieces/Icon";
import { t } from "@/words";
import { ConversationMenu } from "./ConversationMenu";
import { presenceText, usePresence } from "./presence";
import type { Conversation } from "./queries";
import { useTyping } from "./typing";

interface ThreadHeadProps {
  conversation: Conversation;
  partner: boolean;
  searching: boolean;
  onSearch: () => void;
}

/** Who is at the other end, and whether they are here. */
export function ThreadHead({ conversation, partner, searching, onSearch }: ThreadHeadProps) {
  const { member } = conversation;
  const presence = usePresence(member.id);
  const typing = useTyping(conversation.id, member.id);
  return (
    <header className="flex items-center gap-3 border-b border-line bg-surface px-3 py-2">
      <Link
        to="/chat"
        aria-label={t("chat.back")}
        className="grid size-11 flex-none place-items-center rounded-round text-ink-soft hover:bg-sunken wide:hidden"
      >
        <Icon of={ArrowLeft} />
      </Link>
      <Avatar name={member.name} who={partner ? "them" : "other"} picture={member.avatar_thumbnail_url} />
      <div className="min-w-0 flex-1">
        <h2 className="truncate text-large">{member.name}</h2>
        <p aria-live="polite" className="flex min-h-5 items-center gap-1.5 text-small text-ink-soft">
          {presence?.online && !typing && presence.status === "online" && (
            <span aria-hidden className="size-2 rounded-round bg-ok" />
          )}
          {typing ? t("chat.typing", { name: member.name }) : presenceText(presence, member.name)}
        </p>
      </div>
      <IconButton label={t("chat.search")} aria-expanded={searching} onClick={onSearch}>
        <Icon of={Search} />
      </IconButton>
      <ConversationMenu conversation={conversation}>
        <IconButton label={t("pieces.actions")}>
          <Icon of={Ellipsis} />
        </IconButton>
      </ConversationMenu>
    </header>
  );
}
