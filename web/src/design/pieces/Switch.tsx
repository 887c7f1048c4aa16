import { Switch as Toggle } from "radix-ui";
import { type ReactNode, useId } from "react";

interface SwitchProps {
  label: string;
  hint?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

/** Something that is on or off at once, without a button to save. */
export function Switch({ label, hint, checked, onChange, disabled }: SwitchProps) {
  const id = useId();
  return (
    <div className="flex min-h-11 items-center justify-between gap-4">
      <div>
        <label htmlFor={id} className="font-medium">
          {label}
        </label>
        {hint && (
          <p id={`${id}-hint`} className="text-small text-ink-soft">
            {hint}
          </p>
        )}
      </div>
      <Toggle.Root
        id={id}
        checked={checked}
        onCheckedChange={onChange}
        disabled={disabled ?? false}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="relative h-7 w-12 flex-none rounded-round border border-line-strong bg-sunken transition-colors duration-(--quick) data-[state=checked]:border-you data-[state=checked]:bg-you disabled:opacity-60"
      >
        <Toggle.Thumb className="block size-5 translate-x-0.5 rounded-round bg-ink-soft transition-transform duration-(--quick) data-[state=checked]:translate-x-5.5 data-[state=checked]:bg-you-ink" />
      </Toggle.Root>
    </div>
  );
}
