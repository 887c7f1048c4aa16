// The small marks: chip, badge, meter, dot, skeleton.
import clsx from "clsx";
import type { ReactNode } from "react";

export type Tone = "you" | "them" | "ours" | "plain" | "bad" | "ok";

const chips: Record<Tone, string> = {
  you: "bg-you-wash text-ink",
  them: "bg-them-wash text-ink",
  ours: "bg-ours text-ours-ink",
  plain: "bg-sunken text-ink-soft",
  bad: "border border-bad text-bad",
  ok: "border border-ok text-ok",
};

export function Chip({ tone = "plain", children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span
      className={clsx(
        "inline-flex items-center rounded-round px-2.5 py-0.5 text-small font-semibold whitespace-nowrap",
        chips[tone],
      )}
    >
      {children}
    </span>
  );
}

/** A count that waits for the member; `label` says of what. Nothing at zero. */
export function Badge({ count, label }: { count: number; label: string }) {
  if (count === 0) return null;
  return (
    <span className="rounded-round bg-them px-1.5 text-[0.75rem] leading-5 font-semibold text-them-ink">
      <span aria-hidden>{count > 99 ? "99+" : count}</span>
      <span className="sr-only">{label}</span>
    </span>
  );
}

/** How much of an allowance is left, 0 to 1; the words beside it say it in numbers. */
export function Meter({ share, label }: { share: number; label: string }) {
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox="0 0 100 4"
      preserveAspectRatio="none"
      className="block h-1 w-full overflow-hidden rounded-round bg-sunken"
    >
      <rect width={Math.min(Math.max(share, 0), 1) * 100} height="4" className="fill-ours" />
    </svg>
  );
}

export function Dot({ tone }: { tone: "you" | "them" | "ours" }) {
  const looks = { you: "bg-you", them: "bg-them", ours: "bg-ours" };
  return <span aria-hidden className={clsx("size-2.5 flex-none rounded-round", looks[tone])} />;
}

/** Lines of what is on its way, in about its size. */
export function Skeleton({ lines = 3, className }: { lines?: number; className?: string }) {
  return (
    <div aria-hidden className={clsx("grid gap-3", className)}>
      {Array.from({ length: lines }, (_, line) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lines never change places
        <div key={line} className={clsx("skeleton h-4", line === lines - 1 && lines > 1 ? "w-3/5" : "w-full")} />
      ))}
    </div>
  );
}
