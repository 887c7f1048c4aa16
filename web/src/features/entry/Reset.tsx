import { useMutation } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { api, ok } from "@/api/client";
import { Problem } from "@/api/problem";
import { end } from "@/api/session";
import { Button } from "@/design/pieces/Button";
import { PasswordField } from "@/design/pieces/Field";
import { toast } from "@/design/pieces/Toast";
import { fieldSentence, sentence } from "@/problems/say";
import { t } from "@/words";
import { EntryPage } from "./EntryPage";
import { LinkProblem } from "./LinkProblem";
import { useLinkToken } from "./token";

/** Sets a new password by the link of a mail. All sessions end with it, also one of this browser. */
export function Reset() {
  const token = useLinkToken(useSearch({ from: "/open/reset" }).token);
  const navigate = useNavigate();
  const [password, setPassword] = useState("");
  const [short, setShort] = useState(false);
  const save = useMutation({
    mutationFn: () => ok(api.POST("/v1/auth/password/reset", { body: { token, password } })),
    onSuccess: async () => {
      end();
      toast(t("entry.reset_done"));
      await navigate({ to: "/login" });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setShort(password.length < 8);
    if (password.length >= 8) save.mutate();
  };
  const refused = save.isError ? (fieldSentence(save.error, "/password") ?? sentence(save.error)) : undefined;
  if (save.error instanceof Problem && (save.error.is("token_invalid") || save.error.is("already_used"))) {
    return <LinkProblem cause={save.error} onRetry={() => save.mutate()} again="/forgot" />;
  }
  return (
    <EntryPage title={t("entry.reset_title")} lead={t("entry.reset_lead")}>
      <form onSubmit={submit} noValidate className="grid gap-5">
        <PasswordField
          label={t("entry.new_password")}
          hint={t("entry.password_hint")}
          autoComplete="new-password"
          value={password}
          onChange={(event) => setPassword(event.target.value)}
          error={short ? t("entry.need_long_password") : refused}
        />
        <Button type="submit" wide busy={save.isPending}>
          {t("entry.reset")}
        </Button>
      </form>
    </EntryPage>
  );
}
