import { queryOptions } from "@tanstack/react-query";
import { api, ok, type Schemas } from "@/api/client";

export type Conversation = Schemas["Conversation"];
export type Message = Schemas["Message"];
export type Presence = Schemas["MemberPresence"];

export const unreadQuery = queryOptions({
  queryKey: ["chat", "unread"],
  queryFn: ({ signal }) => ok(api.GET("/v1/unread", { signal })),
});

/** The conversations of one view; a member has few, so the first hundred are the list. */
export const conversationsQuery = (view: "all" | "archived", q = "") =>
  queryOptions({
    queryKey: ["chat", "conversations", view, q],
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/conversations", { params: { query: { view, limit: 100, ...(q && { q }) } }, signal })).then(
        ({ data }) => data,
      ),
  });

export const conversationQuery = (id: string) =>
  queryOptions({
    queryKey: ["chat", "conversation", id],
    queryFn: ({ signal }) => ok(api.GET("/v1/conversations/{id}", { params: { path: { id } }, signal })),
  });

export const pinsQuery = (id: string) =>
  queryOptions({
    queryKey: ["chat", "pins", id],
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/conversations/{id}/pins", { params: { path: { id } }, signal })).then(({ data }) => data),
  });

export const presenceQuery = (member: string) =>
  queryOptions({
    queryKey: ["chat", "presence", member],
    queryFn: ({ signal }) => ok(api.GET("/v1/members/{id}/presence", { params: { path: { id: member } }, signal })),
  });
