import { queryOptions } from "@tanstack/react-query";
import { api, ok } from "@/api/client";

export const unreadQuery = queryOptions({
  queryKey: ["chat", "unread"],
  queryFn: ({ signal }) => ok(api.GET("/v1/unread", { signal })),
});
