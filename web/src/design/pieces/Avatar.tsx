import clsx from "clsx";

/** `you` is rosewood, `them` is sage; anybody else is plain. */
export type Who = "you" | "them" | "other";

interface AvatarProps {
  name: string;
  who?: Who;
  picture?: string | null | undefined;
  size?: "small" | "normal" | "big";
}

const looks: Record<Who, string> = {
  you: "bg-you text-you-ink",
  them: "bg-them text-them-ink",
  other: "bg-sunken text-ink border border-line",
};

const sizes = {
  small: "size-7 text-small",
  normal: "size-9 text-base",
  big: "size-16 font-display text-heading border-3 border-paper",
};

/** The picture or the initial. The name stands beside it, so it is decoration to a screen reader. */
export function Avatar({ name, who = "other", picture, size = "normal" }: AvatarProps) {
  const look = clsx("inline-grid flex-none place-items-center rounded-round font-semibold", sizes[size], looks[who]);
  if (picture) return <img src={picture} alt="" className={clsx(look, "object-cover")} />;
  return (
    <span aria-hidden className={look}>
      {initial(name)}
    </span>
  );
}

function initial(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return (first?.segment ?? "?").toLocaleUpperCase();
}

/** The mark: the two of them, and what they share. */
export function Mark({ size = 34 }: { size?: number }) {
  return (
    <svg viewBox="0 0 40 28" width={size} height={size * 0.7} aria-hidden="true">
      <circle cx="14" cy="14" r="10.5" className="fill-you" />
      <circle cx="26" cy="14" r="10.5" className="fill-them" />
      <path d="M20 5.4a10.5 10.5 0 0 1 0 17.2a10.5 10.5 0 0 1 0-17.2z" className="fill-ours" />
    </svg>
  );
}
