import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ok, type Schemas } from "@/api/client";
import { useOnceKey } from "@/api/once";
import type { When } from "./When";

export type NewNote = Schemas["NewNote"];

/** Sends a note now, or plans it. Answers what was made. */
export function useSendNote() {
  const queries = useQueryClient();
  const once = useOnceKey();
  return useMutation({
    mutationFn: async ({ note, when }: { note: NewNote; when: When }) => {
      if (when.kind === "now") {
        return { note: await ok(api.POST("/v1/notes", { body: note, headers: once.keyFor(note) })) };
      }
      const { reply_to: _, ...kept } = note;
      const body = { ...kept, date: when.day, time: when.clock, timezone: when.zone };
      return { scheduled: await ok(api.POST("/v1/scheduled-notes", { body, headers: once.keyFor(body) })) };
    },
    onSuccess: () => {
      once.done();
      return queries.invalidateQueries({ queryKey: ["notes"] });
    },
  });
}
