import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { TextField } from "@/design/pieces/Field";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { EntryPage } from "./EntryPage";

/** Asks for a link to set a new password. The answer is the same whether or not the address has an account. */
export function Forgot() {
  const [email, setEmail] = useState("");
  const send = useMutation({
    mutationFn: () => ok(api.POST("/v1/auth/password/forgot", { body: { email: email.trim() } })),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    send.mutate();
  };
  const sent = send.isSuccess;
  return (
    <EntryPage
      title={sent ? t("entry.forgot_sent_title") : t("entry.forgot_title")}
      lead={sent ? t("entry.forgot_sent", { email: email.trim() }) : t("entry.forgot_lead")}
    >
      <form onSubmit={submit} noValidate className="grid gap-5">
        {!sent && (
          <TextField
            label={t("entry.email")}
            type="email"
            autoComplete="username"
            inputMode="email"
            value={email}
            onChange={(event) => setEmail(event.target.value)}
            error={send.isError ? sentence(send.error) : undefined}
          />
        )}
        <Button type="submit" wide tone={sent ? "quiet" : "you"} busy={send.isPending}>
          {sent ? t("entry.forgot_again") : t("entry.forgot_send")}
        </Button>
        <Link to="/login" className="justify-self-center underline underline-offset-4">
          {t("entry.back_signin")}
        </Link>
      </form>
    </EntryPage>
  );
}
