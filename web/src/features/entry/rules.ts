import { t } from "@/words";

// Rules of fields that several forms have. They save a round trip; what counts is what the server says.

/** Something like an address; whether it is one, the server knows. */
export const needEmail = () => ({
  validate: (email: string) => /^\s*\S+@\S+\s*$/.test(email) || t("entry.need_email"),
});

export const needNewPassword = () => ({
  required: t("entry.need_long_password"),
  minLength: { value: 8, message: t("entry.need_long_password") },
});
