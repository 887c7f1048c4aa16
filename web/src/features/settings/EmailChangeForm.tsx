import { zodResolver } from "@hookform/resolvers/zod";
import { useForm } from "react-hook-form";
import { z } from "zod/mini";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { FormError, PasswordField, TextField } from "@/design/pieces/Field";
import { toast } from "@/design/pieces/Toast";
import { useMe } from "@/features/profile/queries";
import { refuse } from "@/problems/form";
import { t } from "@/words";

const schema = () =>
  z.object({
    new_email: z.string().check(z.trim(), z.minLength(3, t("entry.need_email"))),
    password: z.string().check(z.minLength(1, t("entry.need_password"))),
  });
type Input = z.infer<ReturnType<typeof schema>>;

/** Begins a change of the address; both addresses then have to agree. */
export function EmailChangeForm() {
  const me = useMe();
  const form = useForm<Input>({ resolver: zodResolver(schema()), defaultValues: { new_email: "", password: "" } });
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
        {...form.register("new_email")}
        error={errors.new_email?.message}
      />
      <PasswordField
        label={t("settings.current_password")}
        autoComplete="current-password"
        {...form.register("password")}
        error={errors.password?.message}
      />
      <FormError>{errors.root?.message}</FormError>
      <Button type="submit" tone="quiet" busy={isSubmitting} className="justify-self-start">
        {t("settings.change_email")}
      </Button>
    </form>
  );
}
