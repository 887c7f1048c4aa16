import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { api, ok } from "@/api/client";
import { useTitle } from "@/app/title";
import { Button } from "@/design/pieces/Button";
import { Card, PageHead } from "@/design/pieces/Card";
import { Skeleton } from "@/design/pieces/Small";
import { EmptyState, LoadError } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { useCouple } from "@/features/couple/queries";
import { t } from "@/words";
import { moment } from "@/words/format";
import type { Channel } from "./channels";
import { Words } from "./Letter";
import { ShareDialog, type Shared } from "./ShareDialog";
import { WriteForm } from "./WriteForm";

/** The composer with everything: title, channel, time, an idea to begin with, a letter to answer. */
export function WritePage() {
  useTitle(t("notes.write"));
  const { template, reply_to, again } = useSearch({ from: "/members/notes/write" });
  const couple = useCouple();
  const navigate = useNavigate();
  const [shared, setShared] = useState<Shared>();
  const before = reply_to ?? again;
  const start = useQuery({
    queryKey: ["notes", "start", template, before],
    queryFn: async ({ signal }) => ({
      template: template
        ? await ok(api.GET("/v1/note-templates/{id}", { params: { path: { id: template } }, signal }))
        : undefined,
      note: before ? await ok(api.GET("/v1/notes/{id}", { params: { path: { id: before } }, signal })) : undefined,
    }),
    staleTime: Number.POSITIVE_INFINITY,
  });

  if (start.isError) {
    return (
      <>
        <PageHead title={t("notes.write")} />
        <LoadError cause={start.error} onRetry={() => void start.refetch()} />
        <p className="mt-4">
          <Link to="/notes/library" className="underline underline-offset-4">
            {t("notes.library")}
          </Link>
        </p>
      </>
    );
  }
  if (start.isPending || couple === undefined) return <Skeleton lines={6} className="max-w-[68ch]" />;
  if (reply_to && !couple) {
    return (
      <EmptyState
        title={t("notes.need_link")}
        action={
          <Button asChild>
            <Link to="/couple">{t("app.us")}</Link>
          </Button>
        }
      />
    );
  }
  const { note } = start.data;
  const resent = again ? note : undefined;
  return (
    <div className="max-w-[44rem]">
      <PageHead title={couple ? t("notes.write_to", { name: couple.partner.name }) : t("notes.write")} />
      {reply_to && note && (
        <Card className="mb-5">
          <p className="mb-2 text-small text-ink-soft">{t("notes.replying")}</p>
          <Words note={note} sealed />
        </Card>
      )}
      <WriteForm
        partner={couple?.partner.name}
        start={{
          title: start.data.template?.title ?? resent?.title ?? "",
          content: start.data.template?.content ?? resent?.content ?? "",
          channel: (resent?.channel ?? (couple ? "partner" : "email")) as Channel,
          recipient: resent?.recipient ?? "",
          ...(template && { template_id: template }),
          ...(reply_to && { reply_to }),
        }}
        onSent={({ note: sent, scheduled }) => {
          if (sent?.share) {
            setShared({ channel: sent.channel, ...sent.share });
            return;
          }
          toast(
            scheduled
              ? t("notes.planned", { when: moment(scheduled.due_at, scheduled.timezone) })
              : sent?.channel === "partner" && couple
                ? t("notes.sent", { name: couple.partner.name })
                : t("notes.sent_outside"),
          );
          void navigate({ to: scheduled ? "/notes/scheduled" : "/notes/sent" });
        }}
      />
      <ShareDialog shared={shared} onClose={() => void navigate({ to: "/notes/sent" })} />
    </div>
  );
}
