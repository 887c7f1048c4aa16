import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok } from "@/api/client";
import { useOnceKey } from "@/api/once";
import { Button } from "@/design/pieces/Button";
import { Checkbox, FormError } from "@/design/pieces/Field";
import { Dialog } from "@/design/pieces/Overlay";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { conversationsQuery, type Message } from "./queries";

/** Sends a message on to people with whom there is a conversation. */
export function ForwardDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const others = useQuery(conversationsQuery("all")).data?.filter((one) => one.id !== message.conversation_id) ?? [];
  const once = useOnceKey();
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const forward = useMutation({
    mutationFn: () => {
      const body = { message_ids: [message.id], member_ids: [...chosen] };
      return ok(api.POST("/v1/messages/forward", { body, headers: once.keyFor(body) }));
    },
    onSuccess: ({ results }) => {
      toast(t("chat.forward_done", { count: results.filter((one) => one.messages.length > 0).length }));
      onClose();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (chosen.size > 0) forward.mutate();
  };
  const choose = (id: string, yes: boolean) => {
    const next = new Set(chosen);
    if (yes) next.add(id);
    else next.delete(id);
    setChosen(next);
  };
  return (
    <Dialog open onClose={onClose} title={t("chat.forward_title")}>
      {others.length === 0 ? (
        <p className="text-ink-soft">{t("chat.forward_none")}</p>
      ) : (
        <form onSubmit={submit} className="grid gap-4">
          <div>
            {others.map(({ id, member }) => (
              <Checkbox
                key={id}
                label={member.name}
                checked={chosen.has(member.id)}
                onChange={(event) => choose(member.id, event.target.checked)}
              />
            ))}
          </div>
          {forward.isError && <FormError>{sentence(forward.error)}</FormError>}
          <Button type="submit" busy={forward.isPending} disabled={chosen.size === 0} className="justify-self-end">
            {t("chat.forward")}
          </Button>
        </form>
      )}
    </Dialog>
  );
}
