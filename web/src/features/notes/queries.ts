import { queryOptions } from "@tanstack/react-query";
import { api, ok, type Schemas } from "@/api/client";
import { pagesQuery } from "@/api/pages";

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
export const boxQuery = (box: "received" | "sent", status?: Note["status"]) =>
  pagesQuery(["notes", "box", box, status ?? "all"], 20, (page, signal) =>
    ok(api.GET("/v1/notes", { params: { query: { box, ...page, ...(status && { status }) } }, signal })),
  );

export const scheduledQuery = (status: Schemas["State"]) =>
  pagesQuery(["notes", "scheduled", status], 20, (page, signal) =>
    ok(api.GET("/v1/scheduled-notes", { params: { query: { status, ...page } }, signal })),
  );
