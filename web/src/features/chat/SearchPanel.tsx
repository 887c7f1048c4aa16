import { useQuery } from "@tanstack/react-query";
import { X } from "lucide-react";
import { useDeferredValue, useState } from "react";
import { api, ok } from "@/api/client";
import { IconButton } from "@/design/pieces/Button";
import { TextField } from "@/design/pieces/Field";
import { Icon } from "@/design/pieces/Icon";
import { useMe } from "@/features/profile/queries";
import { t } from "@/words";
import { ago } from "@/words/format";
import { inOneLine } from "./kinds";
import type { Conversation } from "./queries";

interface SearchPanelProps {
  conversation: Conversation;
  onClose: () => void;
  onFound: (seq: number) => void;
}

/** Finds words in one conversation; a press on one leads there. */
export function SearchPanel({ conversation, onClose, onFound }: SearchPanelProps) {
  const me = useMe();
  const [text, setText] = useState("");
  const q = useDeferredValue(text.trim());
  const found = useQuery({
    queryKey: ["chat", "search", conversation.id, q],
    queryFn: ({ signal }) =>
      ok(
        api.GET("/v1/conversations/{id}/messages", {
          params: { path: { id: conversation.id }, query: { q, limit: 30 } },
          signal,
        }),
      ).then(({ data }) => data),
    enabled: q.length > 1,
    staleTime: 0,
  });
  return (
    <div className="border-b border-line bg-surface p-3">
      <div className="flex items-end gap-2">
        <div className="flex-1">
          <TextField
            label={t("chat.search")}
            type="search"
            autoFocus
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        </div>
        <IconButton label={t("chat.search_close")} onClick={onClose}>
          <Icon of={X} />
        </IconButton>
      </div>
      <div aria-live="polite">
        {found.data?.length === 0 && <p className="pt-3 text-ink-soft">{t("chat.search_none")}</p>}
        {found.data && found.data.length > 0 && (
          <ul className="mt-3 max-h-56 overflow-y-auto">
            {found.data.map((message) => (
              <li key={message.id}>
                <button
                  type="button"
                  onClick={() => onFound(message.seq)}
                  className="flex min-h-11 w-full items-center gap-3 rounded-1 px-2 text-left hover:bg-sunken"
                >
                  <b className="flex-none font-semibold">
                    {message.sender_id === me.id ? t("chat.you") : conversation.member.name}
                  </b>
                  <span className="min-w-0 flex-1 truncate">{inOneLine(message)}</span>
                  <span className="flex-none text-small text-ink-soft">{ago(message.created_at)}</span>
                </button>
              </li>
            ))}
          </ul>
        )}
      </div>
    </div>
  );
}
