import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useTitle } from "@/app/title";
import { Mark } from "@/design/pieces/Avatar";

/** The frame of pages before sign-in: the mark, one narrow column. */
export function EntryPage({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  useTitle(title);
  return (
    <div className="mx-auto grid min-h-dvh max-w-[27rem] content-start gap-8 px-4 py-8 wide:content-center">
      <Link to="/" className="flex items-center gap-3 justify-self-start font-display text-large text-ink">
        <Mark />
        One 2 One Love
      </Link>
      <main className="grid gap-5">
        <div>
          <h1 className="text-heading">{title}</h1>
          {lead && <p className="mt-2 text-ink-soft">{lead}</p>}
        </div>
        {children}
      </main>
    </div>
  );
}
