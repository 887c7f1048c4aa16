import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, ok, type Schemas } from "@/api/client";

export type Note = Schemas["Note"];
export type Scheduled = Schemas["Scheduled"];

/** Received and not yet opened, newest first: the letters that wait. */
export const unopenedQuery = queryOptions({
  queryKey: ["notes", "unopened"],
  queryFn: ({ signal }) =>
    ok(api.GET("/v1/notes", { params: { query: { box: "received", status: "delivered", limit: 100 } }, signal })).then(
      ({ data }) => data,
    ),
});

export const allowanceQuery = queryOptions({
  queryKey: ["notes", "allowance"],
  queryFn: ({ signal }) => ok(api.GET("/v1/notes/allowance", { signal })),
});

/** One box, newest first, page by page. */
export const boxQuery = (box: "received" | "sent", status?: string) =>
  infiniteQueryOptions({
    queryKey: ["notes", "box", box, status ?? "all"],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      ok(
        api.GET("/v1/notes", {
          params: {
            query: {
              box,
              limit: 20,
              ...(status && { status: status as "sent" }),
              ...(pageParam && { cursor: pageParam }),
            },
          },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });

export const scheduledQuery = (status: Schemas["State"]) =>
  infiniteQueryOptions({
    queryKey: ["notes", "scheduled", status],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      ok(
        api.GET("/v1/scheduled-notes", {
          params: { query: { status, limit: 20, ...(pageParam && { cursor: pageParam }) } },
          signal,
        }),
      ),
    getNextPageParam: (page) => page.next_cursor ?? undefined,
  });
