import clsx from "clsx";
import type { ComponentProps, ReactNode } from "react";

export function Card({ className, ...props }: ComponentProps<"section">) {
  return (
    <section
      className={clsx("rounded-3 border border-line bg-surface p-5 shadow-lift wide:p-6", className)}
      {...props}
    />
  );
}

export function CardTitle({ children, aside }: { children: ReactNode; aside?: ReactNode }) {
  return (
    <div className="mb-4 flex flex-wrap items-baseline gap-x-3 gap-y-1">
      <h2 className="text-title">{children}</h2>
      {aside}
    </div>
  );
}

/** The head of a page: its name, a line about it, its one action. */
export function PageHead({ title, lead, children }: { title: string; lead?: ReactNode; children?: ReactNode }) {
  return (
    <header className="mb-6 flex flex-wrap items-end justify-between gap-4">
      <div>
        <h1 className="text-heading wide:text-hero">{title}</h1>
        {lead && <p className="mt-2 max-w-[68ch] text-ink-soft">{lead}</p>}
      </div>
      {children}
    </header>
  );
}
