import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTitle } from "@/app/title";
import { Avatar } from "@/design/pieces/Avatar";
import { Card, CardTitle, PageHead } from "@/design/pieces/Card";
import { Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { unreadQuery } from "@/features/chat/queries";
import { type Couple, coupleQuery } from "@/features/couple/queries";
import { QuickNote } from "@/features/notes/QuickNote";
import { unopenedQuery } from "@/features/notes/queries";
import { useMe } from "@/features/profile/queries";
import { t } from "@/words";
import { city, number, time, weekday } from "@/words/format";
import { ChatCard } from "./ChatCard";
import { ComingUp } from "./ComingUp";
import { greeting } from "./greeting";
import { LetterToOpen } from "./LetterToOpen";
import { Question } from "./Question";

/** Needed only before there are two. */
const Invite = lazy(() => import("@/features/couple/Invite").then((part) => ({ default: part.Invite })));

export function HomePage() {
  useTitle(t("home.title"));
  const couple = useQuery(coupleQuery);
  if (couple.isError) return <LoadError cause={couple.error} onRetry={() => void couple.refetch()} />;
  if (couple.isPending) return <Waiting />;
  return couple.data ? <Together couple={couple.data} /> : <Alone />;
}

function Waiting() {
  return (
    <div className="grid gap-6" aria-busy="true">
      <Skeleton lines={2} className="max-w-md" />
      <div className="grid gap-5 broad:grid-cols-[1.35fr_1fr]">
        <Card>
          <Skeleton lines={5} />
        </Card>
        <Card>
          <Skeleton lines={5} />
        </Card>
      </div>
    </div>
  );
}

/** Before there are two: one calm screen with the ways to become two. */
function Alone() {
  return (
    <>
      <PageHead title={t("couple.alone_title")} lead={t("couple.alone_lead")} />
      <Suspense fallback={<Skeleton lines={4} />}>
        <Invite />
      </Suspense>
    </>
  );
}

function Together({ couple }: { couple: Couple }) {
  const { partner } = couple;
  return (
    <>
      <Hello couple={couple} />
      <div className="grid gap-4 wide:gap-5 broad:grid-cols-[1.35fr_1fr]">
        <LetterToOpen partner={partner} />
        <ComingUp couple={couple} />
        <Card>
          <CardTitle>{t("notes.write_to", { name: partner.name })}</CardTitle>
          <QuickNote name={partner.name} />
        </Card>
        <ChatCard partner={partner} />
        <Question />
      </div>
    </>
  );
}

function Hello({ couple }: { couple: Couple }) {
  const me = useMe();
  const letters = useQuery(unopenedQuery).data?.length ?? 0;
  const messages = useQuery(unreadQuery).data?.total ?? 0;
  const { name } = couple.partner;
  const news =
    letters > 0
      ? t("home.wrote", { name })
      : messages > 0
        ? t("home.messages", { name, count: messages })
        : t("home.calm", { name });
  const days = couple.stats.days_linked;
  return (
    <header className="mb-6 flex items-end justify-between gap-5 wide:mb-8">
      <div>
        <p className="mb-3 text-small text-ink-soft">
          {weekday(Date.now(), me.timezone)} · {city(me.timezone)} {time(Date.now(), me.timezone)}
        </p>
        <h1 className="text-hero">
          {greeting(me.name, me.timezone)}
          <br />
          <em className="font-[360] text-you">{news}</em>
        </h1>
      </div>
      <div
        className="hidden w-32 flex-none flex-wrap justify-center wide:flex"
        role="img"
        aria-label={t("home.pair", { name })}
      >
        <Avatar name={me.name} who="you" picture={me.avatar_thumbnail_url} size="big" />
        <span className="-ml-4">
          <Avatar name={name} who="them" picture={couple.partner.avatar_thumbnail_url} size="big" />
        </span>
        {days > 0 && (
          <p className="mt-2 w-full text-center text-small text-ink-soft" title={number(days)}>
            {t("app.days", { count: days })}
          </p>
        )}
      </div>
    </header>
  );
}
