import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "@/api/client";
import { SelectField } from "@/design/pieces/Field";
import { Pills } from "@/design/pieces/Pills";
import { toast } from "@/design/pieces/Toast";
import { chooseTheme, theme } from "@/design/theme";
import { meQuery, useMe } from "@/features/profile/queries";
import { sentence } from "@/problems/say";
import { language, languages, speak, t } from "@/words";

/** Light or dark, the language, the time zone: each takes effect at once. */
export function Look() {
  const me = useMe();
  const queries = useQueryClient();
  const [shown, setShown] = useState(theme());
  const known = useQuery({
    queryKey: ["languages", language()],
    queryFn: ({ signal }) =>
      ok(api.GET("/v1/languages", { params: { query: { language: language() } }, signal })).then(({ data }) => data),
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
  const change = useMutation({
    mutationFn: (body: Schemas["ChangeMe"]) => ok(api.PATCH("/v1/me", { body })),
    onSuccess: async (changed) => {
      queries.setQueryData(meQuery.queryKey, changed);
      await speak(changed.language);
      toast(t("settings.saved"));
    },
    onError: (cause) => toast(sentence(cause)),
  });
  const zones = Intl.supportedValuesOf("timeZone");
  return (
    <div className="grid gap-5">
      <div className="grid gap-1.5">
        <p className="font-medium">{t("settings.theme")}</p>
        <Pills
          label={t("settings.theme")}
          value={shown}
          onChange={(next) => {
            chooseTheme(next);
            setShown(next);
          }}
          options={[
            { value: "system", text: t("settings.theme_system") },
            { value: "light", text: t("settings.theme_light") },
            { value: "dark", text: t("settings.theme_dark") },
          ]}
        />
      </div>
      <SelectField
        label={t("settings.language")}
        value={me.language}
        disabled={change.isPending}
        onChange={(event) => change.mutate({ language: event.target.value })}
      >
        {(known ?? languages.map((code) => ({ code, active: true, localized_name: code, name: code }))).map((one) => (
          <option key={one.code} value={one.code} disabled={!one.active} lang={one.code}>
            {one.active ? one.name : t("settings.soon", { name: one.name })}
          </option>
        ))}
      </SelectField>
      <SelectField
        label={t("settings.zone")}
        hint={t("settings.zone_hint")}
        value={me.timezone}
        disabled={change.isPending}
        onChange={(event) => change.mutate({ timezone: event.target.value })}
      >
        {(zones.includes(me.timezone) ? zones : [me.timezone, ...zones]).map((zone) => (
          <option key={zone} value={zone}>
            {zone.replaceAll("_", " ")}
          </option>
        ))}
      </SelectField>
    </div>
  );
}
