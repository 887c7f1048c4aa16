import clsx from "clsx";
import { Eye, EyeOff } from "lucide-react";
import { type ComponentProps, type ReactNode, useId, useState } from "react";
import { t } from "@/words";
import { IconButton } from "./Button";
import { Icon } from "./Icon";

interface FieldFrame {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the input, in words a person understands. */
  error?: string | undefined;
}

interface Described extends FieldFrame {
  id: string;
  children: ReactNode;
}

/** Label above, hint, control, error below. */
function Frame({ id, label, hint, error, children }: Described) {
  return (
    <div className="grid content-start gap-1.5">
      <label htmlFor={id} className="font-medium">
        {label}
      </label>
      {hint && (
        <p id={`${id}-hint`} className="text-small text-ink-soft">
          {hint}
        </p>
      )}
      {children}
      {error && (
        <p id={`${id}-error`} role="alert" className="text-small text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

const described = (id: string, { hint, error }: FieldFrame) => ({
  id,
  "aria-invalid": error ? true : undefined,
  "aria-describedby": clsx(hint && `${id}-hint`, error && `${id}-error`) || undefined,
});

const control =
  "w-full min-h-11 rounded-2 border border-line-strong bg-surface px-3.5 text-ink placeholder:text-ink-soft aria-invalid:border-bad disabled:opacity-60";

export function TextField({ label, hint, error, className, ...props }: FieldFrame & ComponentProps<"input">) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <input {...described(id, { label, hint, error })} className={clsx(control, className)} {...props} />
    </Frame>
  );
}

export function PasswordField({ label, hint, error, ...props }: FieldFrame & Omit<ComponentProps<"input">, "type">) {
  const id = useId();
  const [shown, setShown] = useState(false);
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <div className="relative">
        <input
          {...described(id, { label, hint, error })}
          type={shown ? "text" : "password"}
          className={clsx(control, "pr-12")}
          {...props}
        />
        <IconButton
          label={shown ? t("pieces.hide_typed") : t("pieces.show_typed")}
          className="absolute top-0 right-0"
          onClick={() => setShown(!shown)}
        >
          <Icon of={shown ? EyeOff : Eye} />
        </IconButton>
      </div>
    </Frame>
  );
}

export function TextArea({ label, hint, error, className, ...props }: FieldFrame & ComponentProps<"textarea">) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <textarea
        {...described(id, { label, hint, error })}
        className={clsx(control, "min-h-24 py-2.5", className)}
        {...props}
      />
    </Frame>
  );
}

export function SelectField({ label, hint, error, children, ...props }: FieldFrame & ComponentProps<"select">) {
  const id = useId();
  return (
    <Frame id={id} label={label} hint={hint} error={error}>
      <select {...described(id, { label, hint, error })} className={control} {...props}>
        {children}
      </select>
    </Frame>
  );
}

export function Checkbox({ label, hint, error, ...props }: FieldFrame & Omit<ComponentProps<"input">, "type">) {
  const id = useId();
  return (
    <div className="grid gap-1">
      <div className="flex min-h-11 items-center gap-3">
        <input
          {...described(id, { label, hint, error })}
          type="checkbox"
          className="size-5 flex-none accent-(--you)"
          {...props}
        />
        <label htmlFor={id}>{label}</label>
      </div>
      {hint && (
        <p id={`${id}-hint`} className="pl-8 text-small text-ink-soft">
          {hint}
        </p>
      )}
      {error && (
        <p id={`${id}-error`} role="alert" className="pl-8 text-small text-bad">
          {error}
        </p>
      )}
    </div>
  );
}

/** The refusal that belongs to no single field, above the button. */
export function FormError({ children }: { children: ReactNode }) {
  if (!children) return null;
  return (
    <p role="alert" className="rounded-2 border border-bad px-4 py-3 text-bad">
      {children}
    </p>
  );
}
