import { queryOptions, useQuery } from "@tanstack/react-query";
import { api, ok, type Schemas } from "@/api/client";
import { Problem } from "@/api/problem";

export type Couple = Schemas["CoupleView"];

/** The couple, or null for a member without a partner here. */
export const coupleQuery = queryOptions({
  queryKey: ["couple"],
  queryFn: async ({ signal }): Promise<Couple | null> => {
    try {
      return await ok(api.GET("/v1/couple", { signal }));
    } catch (cause) {
      if (cause instanceof Problem && cause.code === "not_found") return null;
      throw cause;
    }
  },
});

/** Undefined while it loads. */
export const useCouple = (): Couple | null | undefined => useQuery(coupleQuery).data;

export const invitationsQuery = (direction: "sent" | "received") =>
  queryOptions({
    queryKey: ["couple", "invitations", direction],
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/couple/invitations", { params: { query: { direction } }, signal })).then(({ data }) => data),
  });
