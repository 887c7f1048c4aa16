import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api, ok, type Schemas } from "@/api/client";

export type Me = Schemas["Me"];

export const meQuery = queryOptions({ queryKey: ["me"], queryFn: ({ signal }) => ok(api.GET("/v1/me", { signal })) });

export const planQuery = queryOptions({
  queryKey: ["me", "plan"],
  queryFn: ({ signal }) => ok(api.GET("/v1/me/plan", { signal })),
});

/** The signed-in member; pages of members are shown only when it is loaded (app/router). */
export const useMe = (): Me => useSuspenseQuery(meQuery).data;

export const preferencesQuery = queryOptions({
  queryKey: ["me", "preferences"],
  queryFn: ({ signal }) => ok(api.GET("/v1/me/preferences", { signal })),
});
