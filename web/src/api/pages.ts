import { infiniteQueryOptions, type QueryKey } from "@tanstack/react-query";

interface Page {
  data: unknown[];
  next_cursor?: string | null;
}

/** How a list of the API is asked for: its first page without a cursor, each next one with that of the page before. */
export interface PageOf {
  limit: number;
  cursor?: string;
}

/** A list of the API, page by page (api.md: `limit`, `cursor`, `next_cursor`). */
export const pagesQuery = <P extends Page>(
  queryKey: QueryKey,
  limit: number,
  load: (page: PageOf, signal: AbortSignal) => Promise<P>,
) =>
  infiniteQueryOptions({
    queryKey,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) => load({ limit, ...(pageParam && { cursor: pageParam }) }, signal),
    getNextPageParam: (page: P) => page.next_cursor ?? undefined,
  });
