import { useForm } from "react-hook-form";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { FormError, PasswordField } from "@/design/pieces/Field";
import { toast } from "@/design/pieces/Toast";
import { needNewPassword } from "@/features/entry/rules";
import { useMe } from "@/features/profile/queries";
import { refuse } from "@/problems/form";
import { t } from "@/words";

interface Input {
  current_password: string;
  new_password: string;
}

export function PasswordForm() {
  const me = useMe();
  const form = useForm<Input>({
    defaultValues: { current_password: "", new_password: "" },
  });
  const { errors, isSubmitting } = form.formState;
  const submit = form.handleSubmit(async (body) => {
    try {
      await ok(api.POST("/v1/auth/password/change", { body }));
      form.reset();
      toast(t("settings.password_changed"));
    } catch (cause) {
      refuse(cause, form.setError, ["current_password", "new_password"]);
    }
  });
  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      {/* So that password managers know whose password it is. */}
      <input type="text" autoComplete="username" value={me.email} readOnly hidden />
      <PasswordField
        label={t("settings.current_password")}
        autoComplete="current-password"
        {...form.register("current_password", { required: t("entry.need_password") })}
        error={errors.current_password?.message}
      />
      <PasswordField
        label={t("entry.new_password")}
        hint={t("entry.password_hint")}
        autoComplete="new-password"
        {...form.register("new_password", needNewPassword())}
        error={errors.new_password?.message}
      />
      <FormError>{errors.root?.message}</FormError>
      <Button type="submit" tone="quiet" busy={isSubmitting} className="justify-self-start">
        {t("settings.change_password")}
      </Button>
    </form>
  );
}
