import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, ok, type Schemas } from "@/api/client";
import { SelectField } from "@/design/pieces/Field";
import { Pills } from "@/design/pieces/Pills";
import { Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { Switch } from "@/design/pieces/Switch";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";

const key = ["privacy"];
const presenceKey = ["presence", "own"];

/** What others may see and do; each switch counts at once and goes back where the server refuses. */
export function Privacy() {
  const queries = useQueryClient();
  const privacy = useQuery({ queryKey: key, queryFn: ({ signal }) => ok(api.GET("/v1/me/privacy", { signal })) });
  const presence = useQuery({
    queryKey: presenceKey,
    queryFn: ({ signal }) => ok(api.GET("/v1/me/presence", { signal })),
  });
  const change = useMutation({
    mutationFn: (body: Schemas["ChangePrivacy"]) => ok(api.PATCH("/v1/me/privacy", { body })),
    onMutate: (body) => {
      const before = queries.getQueryData<Schemas["Privacy"]>(key);
      queries.setQueryData(key, { ...before, ...body });
      return before;
    },
    onSuccess: (changed) => queries.setQueryData(key, changed),
    onError: (cause, _, before) => {
      queries.setQueryData(key, before);
      toast(sentence(cause));
    },
  });
  const choose = useMutation({
    mutationFn: (status: Schemas["PresenceStatus"]) => ok(api.PUT("/v1/me/presence", { body: { status } })),
    onSuccess: (changed) => queries.setQueryData(presenceKey, changed),
    onError: (cause) => toast(sentence(cause)),
  });
  if (privacy.isError) return <LoadError cause={privacy.error} onRetry={() => void privacy.refetch()} />;
  if (privacy.isPending) return <Skeleton lines={4} />;
  const { read_receipts, presence_visible, messages_from } = privacy.data;
  return (
    <div className="grid gap-5">
      <Switch
        label={t("settings.receipts")}
        hint={t("settings.receipts_hint")}
        checked={read_receipts}
        onChange={(on) => change.mutate({ read_receipts: on })}
      />
      <Switch
        label={t("settings.presence")}
        checked={presence_visible}
        onChange={(on) => change.mutate({ presence_visible: on })}
      />
      <SelectField
        label={t("settings.messages_from")}
        value={messages_from}
        onChange={(event) => change.mutate({ messages_from: event.target.value as Schemas["MessagesFrom"] })}
      >
        <option value="everyone">{t("settings.from_everyone")}</option>
        <option value="friends">{t("settings.from_friends")}</option>
        <option value="partner">{t("settings.from_partner")}</option>
      </SelectField>
      <div className="grid gap-1.5">
        <p className="font-medium">{t("settings.status")}</p>
        <Pills
          label={t("settings.status")}
          value={choose.variables && choose.isPending ? choose.variables : presence.data?.status}
          onChange={(status) => choose.mutate(status)}
          options={[
            { value: "online", text: t("settings.status_online") },
            { value: "away", text: t("settings.status_away") },
            { value: "busy", text: t("settings.status_busy") },
            { value: "offline", text: t("settings.status_offline") },
          ]}
        />
      </div>
    </div>
  );
}
