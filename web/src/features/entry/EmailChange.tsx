import { useMutation } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { t } from "@/words";
import { EntryPage } from "./EntryPage";
import { LinkProblem } from "./LinkProblem";
import { useLinkToken } from "./token";

/** One of the two addresses agrees to a change; after both it is done. */
export function EmailChange() {
  const token = useLinkToken(useSearch({ from: "/open/email-change" }).token);
  const confirm = useMutation({
    mutationFn: () => ok(api.POST("/v1/auth/email/change/confirm", { body: { token } })),
  });
  const { mutate } = confirm;
  const begun = useRef(false);
  useEffect(() => {
    if (!begun.current) mutate();
    begun.current = true;
  }, [mutate]);

  if (confirm.isError) return <LinkProblem cause={confirm.error} onRetry={() => mutate()} again="/settings" />;
  if (!confirm.isSuccess) {
    return (
      <EntryPage title={t("entry.change_busy")}>
        <p role="status" className="skeleton h-4 w-2/3" />
      </EntryPage>
    );
  }
  const done = confirm.data.changed;
  return (
    <EntryPage
      title={done ? t("entry.change_title") : t("entry.change_half_title")}
      lead={done ? t("entry.change_done") : t("entry.change_half")}
    >
      <Button asChild>
        <Link to="/home">{t("entry.go_home")}</Link>
      </Button>
    </EntryPage>
  );
}
