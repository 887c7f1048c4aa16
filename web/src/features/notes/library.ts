import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ok, type Schemas } from "@/api/client";
import { pagesQuery } from "@/api/pages";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { language } from "@/words";

export type Template = Schemas["NoteTemplate"];

export const categoriesQuery = queryOptions({
  queryKey: ["notes", "categories"],
  queryFn: ({ signal }) =>
    ok(api.GET("/v1/note-templates/categories", { params: { query: { language: language() } }, signal })).then(
      ({ data }) => data,
    ),
});

export const templatesQuery = (category: string, q: string) =>
  pagesQuery(["notes", "templates", category, q], 20, (page, signal) => {
    const query = { ...page, ...(category && { category: category as Schemas["CategoryKey"] }), ...(q && { q }) };
    return ok(api.GET("/v1/note-templates", { params: { query }, signal }));
  });

export const favouritesQuery = pagesQuery(["notes", "favourites", "list"], 20, (page, signal) =>
  ok(api.GET("/v1/me/favourite-templates", { params: { query: page }, signal })),
);

/** Ids of all favourites, to mark them in any list. */
export const favouriteIdsQuery = queryOptions({
  queryKey: ["notes", "favourites", "ids"],
  queryFn: async ({ signal }) => {
    const ids = new Set<string>();
    let cursor: string | undefined;
    do {
      const page = await ok(
        api.GET("/v1/me/favourite-templates", { params: { query: { limit: 100, ...(cursor && { cursor }) } }, signal }),
      );
      for (const one of page.data) ids.add(one.id);
      cursor = page.next_cursor ?? undefined;
    } while (cursor);
    return ids;
  },
});

/** Marks at once, and takes it back visibly where the server refuses. */
export function useFavourite() {
  const queries = useQueryClient();
  const mark = (id: string, keep: boolean) =>
    queries.setQueryData(favouriteIdsQuery.queryKey, (ids) => {
      const next = new Set(ids);
      if (keep) next.add(id);
      else next.delete(id);
      return next;
    });
  return useMutation({
    mutationFn: ({ template, keep }: { template: Template; keep: boolean }) => {
      const params = { path: { id: template.id } };
      return keep
        ? ok(api.PUT("/v1/note-templates/{id}/favourite", { params }))
        : ok(api.DELETE("/v1/note-templates/{id}/favourite", { params }));
    },
    onMutate: ({ template, keep }) => mark(template.id, keep),
    onError: (cause, { template, keep }) => {
      mark(template.id, !keep);
      toast(sentence(cause));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["notes", "favourites", "list"] }),
  });
}
