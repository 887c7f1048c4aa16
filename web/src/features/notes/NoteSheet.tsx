import clsx from "clsx";
import { type ComponentProps, useId } from "react";

interface NoteSheetProps extends Omit<ComponentProps<"textarea">, "id"> {
  label: string;
  error?: string | undefined;
  tall?: boolean;
}

/** Ruled paper to write on. */
export function NoteSheet({ label, error, tall, className, ...props }: NoteSheetProps) {
  const id = useId();
  return (
    <div>
      <label htmlFor={id} className="sr-only">
        {label}
      </label>
      <textarea
        id={id}
        rows={tall ? 10 : 4}
        aria-invalid={error ? true : undefined}
        aria-describedby={error ? `${id}-error` : undefined}
        className={clsx("sheet block w-full resize-none border-0 placeholder:text-ink-soft", className)}
        {...props}
      />
      {error && (
        <p id={`${id}-error`} role="alert" className="mt-2 text-small text-bad">
          {error}
        </p>
      )}
    </div>
  );
}
