import { Link, useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { useForm } from "react-hook-form";
import { api, ok } from "@/api/client";
import { Problem } from "@/api/problem";
import { begin } from "@/api/session";
import { Button } from "@/design/pieces/Button";
import { FormError, PasswordField, TextField } from "@/design/pieces/Field";
import { refuse } from "@/problems/form";
import { t } from "@/words";
import { EntryPage } from "./EntryPage";
import { needEmail } from "./rules";

interface Input {
  email: string;
  password: string;
  totp: string;
}

/** E-mail and password, and the second factor where the account has one. */
export function SignIn() {
  const { to } = useSearch({ from: "/open/login" });
  const navigate = useNavigate();
  const router = useRouter();
  const [second, setSecond] = useState(false);
  const form = useForm<Input>({ defaultValues: { email: "", password: "", totp: "" } });
  const { errors, isSubmitting } = form.formState;

  const submit = form.handleSubmit(async ({ email, password, totp }) => {
    try {
      const body = { email: email.trim(), password, ...(totp.trim() && { totp: totp.trim() }) };
      const { session } = await ok(api.POST("/v1/auth/login", { body }));
      begin(session);
      if (to) router.history.push(to);
      else await navigate({ to: "/home" });
    } catch (cause) {
      if (cause instanceof Problem && cause.code === "mfa_required") {
        setSecond(true);
        if (totp) form.setError("totp", { message: cause.detail });
      } else refuse(cause, form.setError, ["email", "password"]);
    }
  });

  return (
    <EntryPage title={second ? t("entry.code_title") : t("entry.signin_title")}>
      <form onSubmit={submit} noValidate className="grid gap-5">
        {second ? (
          <>
            <TextField
              label={t("entry.code")}
              hint={t("entry.code_hint")}
              autoComplete="one-time-code"
              autoFocus
              {...form.register("totp")}
              error={errors.totp?.message}
            />
            <FormError>{errors.root?.message}</FormError>
            <Button type="submit" wide busy={isSubmitting}>
              {t("entry.signin")}
            </Button>
            <Button
              tone="plain"
              wide
              onClick={() => {
                form.reset();
                setSecond(false);
              }}
            >
              {t("entry.code_other")}
            </Button>
          </>
        ) : (
          <>
            <TextField
              label={t("entry.email")}
              type="email"
              autoComplete="username"
              inputMode="email"
              {...form.register("email", needEmail())}
              error={errors.email?.message}
            />
            <PasswordField
              label={t("entry.password")}
              autoComplete="current-password"
              {...form.register("password", { required: t("entry.need_password") })}
              error={errors.password?.message}
            />
            <FormError>{errors.root?.message}</FormError>
            <Button type="submit" wide busy={isSubmitting}>
              {t("entry.signin")}
            </Button>
            <Link to="/forgot" className="justify-self-center underline underline-offset-4">
              {t("entry.forgot_link")}
            </Link>
          </>
        )}
      </form>
      <p className="border-t border-line pt-5 text-center text-ink-soft">
        {t("entry.no_account")}{" "}
        <Link to="/signup" search={to ? { to } : {}} className="font-medium text-ink underline underline-offset-4">
          {t("entry.create")}
        </Link>
      </p>
    </EntryPage>
  );
}
