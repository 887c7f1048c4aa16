import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { EmptyState } from "@/design/pieces/States";
import { useCouple } from "@/features/couple/queries";
import { t } from "@/words";
import { conversationsQuery } from "./queries";

/** Where no conversation is chosen: beside the list, the one with the partner opens by itself. */
export function ChooseConversation() {
  const couple = useCouple();
  const conversations = useQuery(conversationsQuery("all")).data;
  const navigate = useNavigate();
  const own = conversations?.find((one) => one.member.id === couple?.partner.id);
  useEffect(() => {
    if (own && matchMedia("(min-width: 820px)").matches) {
      void navigate({ to: "/chat/$id", params: { id: own.id }, replace: true });
    }
  }, [own, navigate]);
  if (!conversations?.length) return null;
  return <EmptyState title={t("chat.choose")} />;
}
