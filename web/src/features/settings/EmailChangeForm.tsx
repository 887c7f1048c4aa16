import { useForm } from "react-hook-form";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { FormError, PasswordField, TextField } from "@/design/pieces/Field";
import { toast } from "@/design/pieces/Toast";
import { needEmail } from "@/features/entry/rules";
import { useMe } from "@/features/profile/queries";
import { refuse } from "@/problems/form";
import { t } from "@/words";

interface Input {
  new_email: string;
  password: string;
}

/** Begins a change of the address; both addresses then have to agree. */
export function EmailChangeForm() {
  const me = useMe();
  const form = useForm<Input>({ defaultValues: { new_email: "", password: "" } });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async (body) => {
    try {
      const { new_email } = await ok(api.POST("/v1/auth/email/change", { body }));
      form.reset();
      toast(t("settings.email_begun", { email: new_email }));
    } catch (cause) {
      refuse(cause, form.setError, ["new_email", "password"]);
    }
  });
  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <p>{t("settings.email_is", { email: me.email })}</p>
      <TextField
        label={t("settings.new_email")}
        hint={t("settings.email_hint")}
        type="email"
        autoComplete="email"
        {...form.register("new_email", needEmail())}
        error={errors.new_email?.message}
      />
      <PasswordField
        label={t("settings.current_password")}
        autoComplete="current-password"
        {...form.register("password", { required: t("entry.need_password") })}
        error={errors.password?.message}
      />
      <FormError>{errors.root?.message}</FormError>
      <Button type="submit" tone="quiet" busy={isSubmitting} className="justify-self-start">
        {t("settings.change_email")}
      </Button>
    </form>
  );
}
