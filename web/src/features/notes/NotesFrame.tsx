import { Link } from "@tanstack/react-router";
import { PenLine } from "lucide-react";
import type { ReactNode } from "react";
import { useTitle } from "@/app/title";
import { Button } from "@/design/pieces/Button";
import { PageHead } from "@/design/pieces/Card";
import { Icon } from "@/design/pieces/Icon";
import { t } from "@/words";

/** The head of the pages of notes: the boxes, and the way to write. */
export function NotesFrame({ children }: { children: ReactNode }) {
  useTitle(t("notes.title"));
  const boxes = [
    { to: "/notes", text: t("notes.received") },
    { to: "/notes/sent", text: t("notes.sent_tab") },
    { to: "/notes/scheduled", text: t("notes.scheduled_tab") },
    { to: "/notes/library", text: t("notes.library") },
  ] as const;
  return (
    <>
      <PageHead title={t("notes.title")} lead={t("notes.lead")}>
        <Button asChild>
          <Link to="/notes/write">
            <Icon of={PenLine} size={18} />
            {t("notes.write")}
          </Link>
        </Button>
      </PageHead>
      <nav aria-label={t("notes.boxes")} className="mb-6 flex gap-1 overflow-x-auto border-b border-line">
        {boxes.map((box) => (
          <Link
            key={box.to}
            to={box.to}
            activeOptions={{ exact: true }}
            className="-mb-px flex min-h-11 flex-none items-center border-b-2 border-transparent px-3 font-medium text-ink-soft hover:text-ink aria-[current=page]:border-you aria-[current=page]:text-ink"
          >
            {box.text}
          </Link>
        ))}
      </nav>
      {children}
    </>
  );
}
