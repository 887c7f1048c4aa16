import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { api, ok } from "@/api/client";
import { useTitle } from "@/app/title";
import { Avatar } from "@/design/pieces/Avatar";
import { Button } from "@/design/pieces/Button";
import { Card, CardTitle, PageHead } from "@/design/pieces/Card";
import { Confirm } from "@/design/pieces/Overlay";
import { Chip, Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { loveLanguageText, relationshipText } from "@/features/profile/choices";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { calendarDay, date, number } from "@/words/format";
import { Invite } from "./Invite";
import { type Couple, coupleQuery } from "./queries";

export function CouplePage() {
  useTitle(t("couple.title"));
  const couple = useQuery(coupleQuery);
  if (couple.isError) return <LoadError cause={couple.error} onRetry={() => void couple.refetch()} />;
  if (couple.isPending) return <Skeleton lines={6} className="max-w-[68ch]" />;
  if (couple.data === null) {
    return (
      <>
        <PageHead title={t("couple.alone_title")} lead={t("couple.alone_lead")} />
        <Invite />
      </>
    );
  }
  return <Linked couple={couple.data} />;
}

function Linked({ couple }: { couple: Couple }) {
  const { me, partner, stats } = couple;
  const figures = [
    [t("couple.days_linked"), stats.days_linked],
    [t("couple.from_you"), stats.love_notes_from_me],
    [t("couple.from_them", { name: partner.name }), stats.love_notes_from_partner],
  ] as const;
  return (
    <>
      <PageHead title={t("couple.title")} lead={t("couple.lead_linked", { since: date(couple.accepted_at) })} />
      <div className="grid gap-5 wide:grid-cols-2">
        <Side half={me} who="you" />
        <Side half={partner} who="them" />
        <Card className="wide:col-span-2">
          <dl className="grid gap-5 wide:grid-cols-3">
            {figures.map(([name, value]) => (
              <div key={name}>
                <dt className="text-ink-soft">{name}</dt>
                <dd className="font-display text-heading">{number(value)}</dd>
              </div>
            ))}
          </dl>
          {couple.anniversary_differs && <p className="mt-4 text-ink-soft">{t("couple.anniversary_differs")}</p>}
        </Card>
        <Unlink name={partner.name} />
      </div>
    </>
  );
}

function Side({ half, who }: { half: Couple["me"]; who: "you" | "them" }) {
  const facts = [
    half.location,
    relationshipText(half.relationship_status),
    loveLanguageText(half.love_language),
    half.anniversary_date && `${t("couple.anniversary")}: ${calendarDay(half.anniversary_date)}`,
  ].filter(Boolean);
  return (
    <Card>
      <div className="mb-4 flex items-center gap-4">
        <Avatar name={half.name} who={who} picture={half.avatar_thumbnail_url} size="big" />
        <div className="min-w-0">
          <h2 className="text-title">{half.name}</h2>
          {who === "you" && <p className="text-ink-soft">{t("couple.you")}</p>}
        </div>
      </div>
      {half.bio && <p className="mb-4 whitespace-pre-line">{half.bio}</p>}
      {facts.length > 0 && (
        <ul className="mb-4 grid gap-1 text-ink-soft">
          {facts.map((fact) => (
            <li key={fact}>{fact}</li>
          ))}
        </ul>
      )}
      {half.interests.length > 0 && (
        <ul className="mb-4 flex flex-wrap gap-2">
          {half.interests.map((interest) => (
            <li key={interest}>
              <Chip tone={who}>{interest}</Chip>
            </li>
          ))}
        </ul>
      )}
      {!half.bio && facts.length === 0 && half.interests.length === 0 && (
        <p className="mb-4 text-ink-soft">{t("couple.empty_side")}</p>
      )}
      {who === "you" && (
        <Button asChild tone="quiet" small>
          <Link to="/profile">{t("couple.edit_side")}</Link>
        </Button>
      )}
    </Card>
  );
}

function Unlink({ name }: { name: string }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const unlink = useMutation({
    mutationFn: () => ok(api.DELETE("/v1/couple")),
    onSuccess: () => {
      toast(t("couple.unlinked"));
      return queries.invalidateQueries();
    },
    onError: (cause) => toast(sentence(cause)),
    onSettled: () => setAsking(false),
  });
  return (
    <Card className="wide:col-span-2">
      <CardTitle>{t("couple.unlink_title")}</CardTitle>
      <p className="mb-4 max-w-[68ch] text-ink-soft">{t("couple.unlink_lead", { name })}</p>
      <Button tone="bad" onClick={() => setAsking(true)}>
        {t("couple.unlink_title")}
      </Button>
      <Confirm
        open={asking}
        onClose={() => setAsking(false)}
        title={t("couple.unlink_title")}
        lead={t("couple.unlink_lead", { name })}
        act={t("couple.unlink", { name })}
        busy={unlink.isPending}
        onAct={() => unlink.mutate()}
      />
    </Card>
  );
}
