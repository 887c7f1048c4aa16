import { Link, useNavigate, useRouter, useSearch } from "@tanstack/react-router";
import { useForm } from "react-hook-form";
import { api, ok } from "@/api/client";
import { useOnceKey } from "@/api/once";
import { begin } from "@/api/session";
import { Button } from "@/design/pieces/Button";
import { Checkbox, FormError, PasswordField, TextField } from "@/design/pieces/Field";
import { refuse } from "@/problems/form";
import { language, t } from "@/words";
import { deviceZone } from "@/words/format";
import { EntryPage } from "./EntryPage";
import { needEmail, needNewPassword } from "./rules";

interface Input {
  name: string;
  email: string;
  password: string;
  partner_email: string;
  consent: boolean;
  age_attested: boolean;
}
const fields = ["name", "email", "password", "partner_email", "consent", "age_attested"] as const;

export function SignUp() {
  const { to } = useSearch({ from: "/open/signup" });
  const navigate = useNavigate();
  const router = useRouter();
  const once = useOnceKey();
  const form = useForm<Input>({
    defaultValues: { name: "", email: "", password: "", partner_email: "", consent: false, age_attested: false },
  });
  const { errors, isSubmitting } = form.formState;

  const submit = form.handleSubmit(async ({ name, email, password, partner_email }) => {
    try {
      const body = {
        name: name.trim(),
        email: email.trim(),
        password,
        consent: true as const,
        age_attested: true as const,
        language: language(),
        timezone: deviceZone(),
        ...(partner_email.trim() && { partner_email: partner_email.trim() }),
      };
      const { session } = await ok(api.POST("/v1/auth/register", { body, headers: once.keyFor(body) }));
      begin(session);
      if (to) router.history.push(to);
      else await navigate({ to: "/home" });
    } catch (cause) {
      refuse(cause, form.setError, fields);
    }
  });

  return (
    <EntryPage title={t("entry.signup_title")} lead={t("entry.signup_lead")}>
      <form onSubmit={submit} noValidate className="grid gap-5">
        <TextField
          label={t("entry.name")}
          hint={t("entry.name_hint")}
          autoComplete="name"
          {...form.register("name", { validate: (name) => name.trim() !== "" || t("entry.need_name") })}
          error={errors.name?.message}
        />
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
          hint={t("entry.password_hint")}
          autoComplete="new-password"
          {...form.register("password", needNewPassword())}
          error={errors.password?.message}
        />
        <TextField
          label={t("entry.partner_email")}
          hint={t("entry.partner_email_hint")}
          type="email"
          autoComplete="off"
          inputMode="email"
          {...form.register("partner_email")}
          error={errors.partner_email?.message}
        />
        <div>
          <Checkbox
            label={t("entry.consent")}
            {...form.register("consent", { required: t("entry.need_consent") })}
            error={errors.consent?.message}
          />
          <Checkbox
            label={t("entry.age")}
            {...form.register("age_attested", { required: t("entry.need_age") })}
            error={errors.age_attested?.message}
          />
        </div>
        <FormError>{errors.root?.message}</FormError>
        <Button type="submit" wide busy={isSubmitting}>
          {t("entry.signup")}
        </Button>
      </form>
      <p className="border-t border-line pt-5 text-center text-ink-soft">
        {t("entry.have_account")}{" "}
        <Link to="/login" search={to ? { to } : {}} className="font-medium text-ink underline underline-offset-4">
          {t("entry.signin")}
        </Link>
      </p>
    </EntryPage>
  );
}
