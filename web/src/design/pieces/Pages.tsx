import type { InfiniteData, UseInfiniteQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Button } from "@/design/pieces/Button";
import { Card } from "@/design/pieces/Card";
import { Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { t } from "@/words";

interface PagesProps<T> {
  query: UseInfiniteQueryResult<InfiniteData<{ data: T[] }>>;
  empty: ReactNode;
  children: (all: T[]) => ReactNode;
}

/** A list that comes page by page: loading, failed, empty, and more on request. */
export function Pages<T>({ query, empty, children }: PagesProps<T>) {
  if (query.isPending) {
    return (
      <div className="grid gap-4 broad:grid-cols-2" aria-busy="true">
        {["a", "b"].map((key) => (
          <Card key={key}>
            <Skeleton lines={4} />
          </Card>
        ))}
      </div>
    );
  }
  if (query.isError && !query.data) return <LoadError cause={query.error} onRetry={() => void query.refetch()} />;
  const all = query.data?.pages.flatMap((page) => page.data) ?? [];
  if (all.length === 0) return empty;
  return (
    <div className="grid gap-6">
      {children(all)}
      {query.hasNextPage && (
        <Button
          tone="quiet"
          busy={query.isFetchingNextPage}
          className="justify-self-center"
          onClick={() => void query.fetchNextPage()}
        >
          {t("pieces.more")}
        </Button>
      )}
    </div>
  );
}
