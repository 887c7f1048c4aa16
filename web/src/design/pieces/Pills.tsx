import clsx from "clsx";
import { useId } from "react";

interface PillsProps<T extends string> {
  /** What is chosen here; read by screen readers. */
  label: string;
  options: readonly { value: T; text: string }[];
  value: T | undefined;
  onChange: (value: T) => void;
  disabled?: boolean;
}

/** One of a few, as a row of pills: a group of radio buttons, so that arrow keys work. */
export function Pills<T extends string>({ label, options, value, onChange, disabled }: PillsProps<T>) {
  const name = useId();
  return (
    <fieldset className="flex flex-wrap gap-2" disabled={disabled}>
      <legend className="sr-only">{label}</legend>
      {options.map((option) => (
        <label
          key={option.value}
          className={clsx(
            "relative inline-flex min-h-9 items-center rounded-round border px-3.5 text-small font-medium",
            "has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-focus",
            option.value === value ? "border-ink bg-ink text-paper" : "border-line-strong text-ink hover:bg-sunken",
          )}
        >
          <input
            type="radio"
            name={name}
            value={option.value}
            checked={option.value === value}
            onChange={() => onChange(option.value)}
            className="absolute inset-0 cursor-pointer appearance-none rounded-round outline-none"
          />
          {option.text}
        </label>
      ))}
    </fieldset>
  );
}
