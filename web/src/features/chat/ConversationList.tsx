import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import clsx from "clsx";
import { BellOff, Ellipsis, Pin } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { Avatar } from "@/design/pieces/Avatar";
import { Button, IconButton } from "@/design/pieces/Button";
import { TextField } from "@/design/pieces/Field";
import { Icon } from "@/design/pieces/Icon";
import { Pills } from "@/design/pieces/Pills";
import { Badge, Skeleton } from "@/design/pieces/Small";
import { EmptyState, LoadError } from "@/design/pieces/States";
import { useCouple } from "@/features/couple/queries";
import { t } from "@/words";
import { ago } from "@/words/format";
import { ConversationMenu } from "./ConversationMenu";
import { kindText } from "./kinds";
import { type Conversation, conversationsQuery } from "./queries";
import { useTyping } from "./typing";

export function ConversationList({ chosen }: { chosen: string | undefined }) {
  const [view, setView] = useState<"all" | "archived">("all");
  const [search, setSearch] = useState("");
  const q = useDeferredValue(search.trim());
  const list = useQuery(conversationsQuery(view, q));
  const few = view === "all" && q === "" && (list.data?.length ?? 0) < 2;
  return (
    <div className="grid gap-4 p-4">
      <h1 className="text-heading">{t("chat.title")}</h1>
      {!few && (
        <TextField
          label={t("chat.search_list")}
          type="search"
          value={search}
          onChange={(event) => setSearch(event.target.value)}
        />
      )}
      <Pills
        label={t("chat.view")}
        value={view}
        onChange={setView}
        options={[
          { value: "all", text: t("chat.view_all") },
          { value: "archived", text: t("chat.view_archived") },
        ]}
      />
      {list.isPending ? (
        <Skeleton lines={4} />
      ) : list.isError ? (
        <LoadError cause={list.error} onRetry={() => void list.refetch()} />
      ) : list.data.length === 0 ? (
        <Nobody archived={view === "archived"} searching={q !== ""} />
      ) : (
        <ul aria-label={t("chat.list")} className="-mx-2 grid gap-1">
          {list.data.map((one) => (
            <ConversationRow key={one.id} conversation={one} chosen={one.id === chosen} />
          ))}
        </ul>
      )}
    </div>
  );
}

function Nobody({ archived, searching }: { archived: boolean; searching: boolean }) {
  if (searching) return <p className="text-ink-soft">{t("chat.search_none")}</p>;
  if (archived) return <p className="text-ink-soft">{t("chat.none_archived")}</p>;
  return (
    <EmptyState
      title={t("chat.none_title")}
      action={
        <Button asChild>
          <Link to="/couple">{t("app.us")}</Link>
        </Button>
      }
    >
      {t("chat.none")}
    </EmptyState>
  );
}

function ConversationRow({ conversation, chosen }: { conversation: Conversation; chosen: boolean }) {
  const { member } = conversation;
  const partner = useCouple()?.partner.id === member.id;
  const typing = useTyping(conversation.id, member.id);
  const unread = Math.max(conversation.unread_count, conversation.marked_unread ? 1 : 0);
  const preview =
    conversation.last_message_preview ||
    (conversation.last_message_kind && kindText(conversation.last_message_kind)) ||
    t("chat.empty_title");
  return (
    <li className={clsx("relative flex items-center rounded-2 hover:bg-sunken", chosen && "bg-sunken")}>
      <Link
        to="/chat/$id"
        params={{ id: conversation.id }}
        aria-current={chosen ? "page" : undefined}
        className="flex min-w-0 flex-1 items-center gap-3 rounded-2 p-2"
      >
        <Avatar name={member.name} who={partner ? "them" : "other"} picture={member.avatar_thumbnail_url} />
        <span className="min-w-0 flex-1">
          <span className="flex items-center gap-2">
            <b className="truncate font-semibold">{member.name}</b>
            {conversation.pinned && <Icon of={Pin} size={14} className="flex-none text-ink-soft" />}
            {conversation.muted && (
              <>
                <Icon of={BellOff} size={14} className="flex-none text-ink-soft" />
                <span className="sr-only">{t("chat.muted")}</span>
              </>
            )}
            {conversation.last_message_at && (
              <time dateTime={conversation.last_message_at} className="ml-auto flex-none text-small text-ink-soft">
                {ago(conversation.last_message_at)}
              </time>
            )}
          </span>
          <span className="flex items-center gap-2">
            <span className={clsx("truncate text-small", unread > 0 ? "text-ink" : "text-ink-soft")}>
              {typing ? t("chat.typing", { name: member.name }) : preview}
            </span>
            <span className="ml-auto flex-none">
              <Badge count={unread} label={t("app.unread_chat", { count: unread })} />
            </span>
          </span>
        </span>
      </Link>
      <ConversationMenu conversation={conversation}>
        <IconButton label={t("pieces.actions")}>
          <Icon of={Ellipsis} />
        </IconButton>
      </ConversationMenu>
    </li>
  );
}
