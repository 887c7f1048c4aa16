import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Archive, ArchiveRestore, Bell, BellOff, Eraser, MailOpen, Pin, PinOff } from "lucide-react";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { api, ok, type Schemas } from "@/api/client";
import { Menu } from "@/design/pieces/Menu";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { takeConversation } from "./live";
import type { Conversation } from "./queries";
import { threadKey } from "./thread";

/** Loaded when the question is first asked. */
const Confirm = lazy(() => import("@/design/pieces/Overlay").then((part) => ({ default: part.Confirm })));

/** What a member can do with a whole conversation, for the own view of it. */
export function ConversationMenu({ conversation, children }: { conversation: Conversation; children: ReactNode }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const params = { path: { id: conversation.id } };
  const change = useMutation({
    mutationFn: (body: Schemas["ChangeConversation"]) => ok(api.PATCH("/v1/conversations/{id}", { params, body })),
    onSuccess: (changed) => takeConversation(queries, changed),
    onError: (cause) => toast(sentence(cause)),
  });
  const clear = useMutation({
    mutationFn: () => ok(api.POST("/v1/conversations/{id}/clear", { params })),
    onSuccess: () => {
      toast(t("chat.cleared"));
      queries.removeQueries({ queryKey: threadKey(conversation.id) });
      return queries.invalidateQueries({ queryKey: ["chat"] });
    },
    onError: (cause) => toast(sentence(cause)),
    onSettled: () => setAsking(false),
  });
  const { pinned, muted, archived } = conversation;
  return (
    <>
      <Menu
        items={[
          pinned
            ? { text: t("chat.unpin_chat"), icon: PinOff, act: () => change.mutate({ pinned: false }) }
            : { text: t("chat.pin_chat"), icon: Pin, act: () => change.mutate({ pinned: true }) },
          muted
            ? { text: t("chat.unmute"), icon: Bell, act: () => change.mutate({ muted: false }) }
            : { text: t("chat.mute"), icon: BellOff, act: () => change.mutate({ muted: true }) },
          { text: t("chat.mark_unread"), icon: MailOpen, act: () => change.mutate({ marked_unread: true }) },
          archived
            ? { text: t("chat.unarchive"), icon: ArchiveRestore, act: () => change.mutate({ archived: false }) }
            : { text: t("chat.archive"), icon: Archive, act: () => change.mutate({ archived: true }) },
          { text: t("chat.clear"), icon: Eraser, act: () => setAsking(true), bad: true },
        ]}
      >
        {children}
      </Menu>
      <Suspense>
        {asking && (
          <Confirm
            open
            onClose={() => setAsking(false)}
            title={t("chat.clear_title")}
            lead={t("chat.clear_lead", { name: conversation.member.name })}
            act={t("chat.clear")}
            busy={clear.isPending}
            onAct={() => clear.mutate()}
          />
        )}
      </Suspense>
    </>
  );
}
