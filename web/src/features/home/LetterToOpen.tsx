import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Card } from "@/design/pieces/Card";
import { Skeleton } from "@/design/pieces/Small";
import { EmptyState, LoadError } from "@/design/pieces/States";
import type { Couple } from "@/features/couple/queries";
import { ReceivedLetter } from "@/features/notes/Letter";
import { boxQuery, unopenedQuery } from "@/features/notes/queries";
import { t } from "@/words";

/** The oldest letter that waits; else the last one that was read. */
export function LetterToOpen({ partner }: { partner: Couple["partner"] }) {
  const unopened = useQuery(unopenedQuery);
  const received = useInfiniteQuery(boxQuery("received"));
  if (received.isError) return <LoadError cause={received.error} onRetry={() => void received.refetch()} />;
  if (unopened.isPending || received.isPending) {
    return (
      <Card>
        <Skeleton lines={4} />
      </Card>
    );
  }
  const note = unopened.data?.at(-1) ?? received.data.pages[0]?.data[0];
  if (!note) {
    return (
      <Card>
        <EmptyState title={t("home.no_letter_title")}>{t("home.no_letter", { name: partner.name })}</EmptyState>
      </Card>
    );
  }
  return (
    <ReceivedLetter key={note.id} note={note} from={{ name: partner.name, picture: partner.avatar_thumbnail_url }} />
  );
}
