import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ok } from "@/api/client";
import { Avatar } from "@/design/pieces/Avatar";
import { Button } from "@/design/pieces/Button";
import { Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";

const key = ["blocks"];

export function Blocked() {
  const queries = useQueryClient();
  const blocked = useQuery({
    queryKey: key,
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/me/blocks", { params: { query: { limit: 100 } }, signal })).then(({ data }) => data),
  });
  const unblock = useMutation({
    mutationFn: ({ id }: { id: string; name: string }) =>
      ok(api.DELETE("/v1/members/{id}/block", { params: { path: { id } } })),
    onSuccess: (_, { name }) => toast(t("settings.unblocked", { name })),
    onError: (cause) => toast(sentence(cause)),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  if (blocked.isError) return <LoadError cause={blocked.error} onRetry={() => void blocked.refetch()} />;
  if (blocked.isPending) return <Skeleton lines={1} />;
  if (blocked.data.length === 0) return <p className="text-ink-soft">{t("settings.none_blocked")}</p>;
  return (
    <ul className="divide-y divide-line">
      {blocked.data.map(({ member }) => (
        <li key={member.id} className="flex items-center gap-3 py-2">
          <Avatar name={member.name} picture={member.avatar_thumbnail_url} />
          <span className="min-w-0 flex-1 truncate">{member.name}</span>
          <Button tone="quiet" small onClick={() => unblock.mutate(member)}>
            {t("settings.unblock")}
          </Button>
        </li>
      ))}
    </ul>
  );
}
