// What stands where content is not: nothing yet, a failure, a matter to know.
import clsx from "clsx";
import type { LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Problem } from "@/api/problem";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { Button } from "./Button";
import { Icon } from "./Icon";

/** A line, the two circles apart or together, one action. */
export function EmptyState({ title, children, action }: { title: string; children?: ReactNode; action?: ReactNode }) {
  return (
    <div className="mx-auto grid max-w-[44ch] justify-items-center gap-4 py-10 text-center">
      <svg viewBox="0 0 120 60" width="120" height="60" aria-hidden="true">
        <circle cx="38" cy="30" r="21" className="fill-you-wash stroke-you" strokeWidth="1.5" />
        <circle cx="82" cy="30" r="21" className="fill-them-wash stroke-them" strokeWidth="1.5" />
        <path d="M59 30h2" className="stroke-ours" strokeWidth="4" strokeLinecap="round" />
      </svg>
      <h2 className="text-title">{title}</h2>
      {children && <div className="text-ink-soft">{children}</div>}
      {action}
    </div>
  );
}

/** What could not be loaded, and the way to try again. */
export function LoadError({ cause, onRetry }: { cause: unknown; onRetry: () => void }) {
  return (
    <div role="alert" className="grid justify-items-start gap-3 rounded-2 border border-line p-4">
      <p>{sentence(cause)}</p>
      {cause instanceof Problem && cause.requestId && cause.status >= 500 && (
        <p className="text-small text-ink-soft">{t("problems.request", { id: cause.requestId })}</p>
      )}
      <Button tone="quiet" small onClick={onRetry}>
        {t("pieces.retry")}
      </Button>
    </div>
  );
}

interface BannerProps {
  icon: LucideIcon;
  tone?: "plain" | "warn";
  children: ReactNode;
  action?: ReactNode;
}

/** A matter of the whole app: offline, address not confirmed, plan ended. */
export function Banner({ icon, tone = "plain", children, action }: BannerProps) {
  return (
    <div
      role="status"
      className={clsx(
        "flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-2.5 text-small",
        tone === "warn" ? "bg-ours-wash text-ink" : "bg-sunken text-ink",
      )}
    >
      <Icon of={icon} size={18} className="flex-none" />
      <p className="flex-1 basis-48">{children}</p>
      {action}
    </div>
  );
}
