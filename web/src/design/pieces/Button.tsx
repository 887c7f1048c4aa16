import clsx from "clsx";
import { Slot } from "radix-ui";
import type { ComponentProps } from "react";

/** Whose act it is gives the colour; `quiet` for everything that is not the one primary action of a screen. */
export type ButtonTone = "you" | "them" | "quiet" | "plain" | "bad";

interface ButtonLook {
  tone?: ButtonTone;
  small?: boolean;
  wide?: boolean;
}

interface ButtonProps extends ComponentProps<"button">, ButtonLook {
  /** The act is under way: the button says so and takes no second press. */
  busy?: boolean;
  /** Lends its look to the only child, a link say. */
  asChild?: boolean;
}

const tones: Record<ButtonTone, string> = {
  you: "border-transparent bg-you text-you-ink hover:brightness-110",
  them: "border-transparent bg-them text-them-ink hover:brightness-110",
  quiet: "border-line-strong text-ink hover:bg-sunken",
  plain: "border-transparent text-ink-soft hover:bg-sunken hover:text-ink",
  bad: "border-bad text-bad hover:bg-sunken",
};

export function buttonLook({ tone = "you", small = false, wide = false }: ButtonLook): string {
  return clsx(
    "inline-flex items-center justify-center gap-2 rounded-round border font-semibold no-underline",
    "transition-[background-color,filter] duration-(--quick) select-none",
    "disabled:opacity-60 aria-disabled:opacity-60",
    small ? "min-h-9 px-3.5 text-small" : "min-h-11 px-5 text-base",
    wide && "w-full",
    tones[tone],
  );
}

export function Button({ tone, small, wide, busy, asChild, className, disabled, ...props }: ButtonProps) {
  const Piece = asChild ? Slot.Root : "button";
  const look = { ...(tone && { tone }), ...(small && { small }), ...(wide && { wide }) };
  return (
    <Piece
      type={asChild ? undefined : "button"}
      aria-busy={busy || undefined}
      disabled={disabled || busy}
      className={clsx(buttonLook(look), busy && "cursor-progress", className)}
      {...props}
    />
  );
}

interface IconButtonProps extends ComponentProps<"button"> {
  /** What it does: the accessible name and the tip. */
  label: string;
  tone?: "plain" | "you" | "quiet";
}

const iconTones = {
  plain: "border-transparent text-ink-soft hover:bg-sunken hover:text-ink",
  quiet: "border border-line-strong text-ink hover:bg-sunken",
  you: "border-transparent bg-you text-you-ink hover:brightness-110",
};

/** A round button that shows an icon only. */
export function IconButton({ label, tone = "plain", className, ...props }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={clsx(
        "grid size-11 flex-none place-items-center rounded-round transition-colors duration-(--quick) disabled:opacity-60",
        iconTones[tone],
        className,
      )}
      {...props}
    />
  );
}
