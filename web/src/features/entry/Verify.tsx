import { useMutation } from "@tanstack/react-query";
import { Link, useSearch } from "@tanstack/react-router";
import { type FormEvent, useEffect, useRef, useState } from "react";
import { api, ok } from "@/api/client";
import { Problem } from "@/api/problem";
import { begin } from "@/api/session";
import { Button } from "@/design/pieces/Button";
import { TextField } from "@/design/pieces/Field";
import { t } from "@/words";
import { EntryPage } from "./EntryPage";
import { LinkProblem } from "./LinkProblem";
import { useLinkToken } from "./token";

/** Confirms the address of an account, and signs in: the link proves as much as a mail can. */
export function Verify() {
  const token = useLinkToken(useSearch({ from: "/open/verify" }).token);
  const [totp, setTotp] = useState("");
  const confirm = useMutation({
    mutationFn: () => ok(api.POST("/v1/auth/email/verify", { body: { token, ...(totp && { totp }) } })),
    onSuccess: ({ session }) => begin(session),
  });
  const { mutate } = confirm;
  const begun = useRef(false);
  useEffect(() => {
    if (!begun.current) mutate();
    begun.current = true;
  }, [mutate]);

  if (confirm.isSuccess) {
    return (
      <EntryPage title={t("entry.verify_title")} lead={t("entry.verify_done")}>
        <Button asChild>
          <Link to="/home">{t("entry.go_home")}</Link>
        </Button>
      </EntryPage>
    );
  }
  if (confirm.error instanceof Problem && confirm.error.code === "mfa_required") {
    const submit = (event: FormEvent) => {
      event.preventDefault();
      mutate();
    };
    return (
      <EntryPage title={t("entry.code_title")}>
        <form onSubmit={submit} className="grid gap-5">
          <TextField
            label={t("entry.code")}
            hint={t("entry.code_hint")}
            autoComplete="one-time-code"
            value={totp}
            onChange={(event) => setTotp(event.target.value)}
            error={totp ? confirm.error.detail : undefined}
          />
          <Button type="submit" wide busy={confirm.isPending}>
            {t("entry.signin")}
          </Button>
        </form>
      </EntryPage>
    );
  }
  if (confirm.isError) return <LinkProblem cause={confirm.error} onRetry={() => mutate()} again="/home" />;
  return (
    <EntryPage title={t("entry.verify_busy")}>
      <p role="status" className="skeleton h-4 w-2/3" />
    </EntryPage>
  );
}
