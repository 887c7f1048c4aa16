import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { Chip, Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { ago } from "@/words/format";
import { deviceName } from "./device";

const key = ["sessions"];

/** Every device that is signed in, and the way to end each. */
export function Sessions() {
  const queries = useQueryClient();
  const sessions = useQuery({
    queryKey: key,
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/auth/sessions", { params: { query: { limit: 100 } }, signal })).then(({ data }) => data),
  });
  const reload = () => queries.invalidateQueries({ queryKey: key });
  const end = useMutation({
    mutationFn: (id: string) => ok(api.DELETE("/v1/auth/sessions/{id}", { params: { path: { id } } })),
    onSuccess: () => toast(t("settings.ended_session")),
    onError: (cause) => toast(sentence(cause)),
    onSettled: reload,
  });
  const others = useMutation({
    mutationFn: () => ok(api.DELETE("/v1/auth/sessions")),
    onSuccess: () => toast(t("settings.ended_others")),
    onError: (cause) => toast(sentence(cause)),
    onSettled: reload,
  });
  if (sessions.isError) return <LoadError cause={sessions.error} onRetry={() => void sessions.refetch()} />;
  if (sessions.isPending) return <Skeleton lines={3} />;
  return (
    <div className="grid gap-4">
      <ul className="divide-y divide-line">
        {sessions.data.map((session) => (
          <li key={session.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
            <div className="min-w-0 flex-1 basis-56">
              <p className="flex flex-wrap items-center gap-2 font-semibold">
                {deviceName(session.device)}
                {session.current && <Chip tone="you">{t("settings.this_device")}</Chip>}
              </p>
              <p className="text-small text-ink-soft">
                {t("settings.last_used", { when: ago(session.last_used_at), ip: session.ip })}
              </p>
            </div>
            {!session.current && (
              <Button
                tone="quiet"
                small
                busy={end.isPending && end.variables === session.id}
                onClick={() => end.mutate(session.id)}
              >
                {t("settings.end_session")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {sessions.data.length > 1 && (
        <Button tone="bad" className="justify-self-start" busy={others.isPending} onClick={() => others.mutate()}>
          {t("settings.end_others")}
        </Button>
      )}
    </div>
  );
}
