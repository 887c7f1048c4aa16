import type { LucideIcon } from "lucide-react";

/** An icon of the one set, in the one stroke. It is decoration: the text or the name beside it speaks. */
export function Icon({ of: Drawing, size = 20, className }: { of: LucideIcon; size?: number; className?: string }) {
  return <Drawing size={size} strokeWidth={1.75} aria-hidden className={className} />;
}
