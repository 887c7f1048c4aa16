import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useBlocker } from "@tanstack/react-router";
import { useState } from "react";
import { type SubmitHandler, useForm } from "react-hook-form";
import { api, ok, type Schemas } from "@/api/client";
import { useTitle } from "@/app/title";
import { Button } from "@/design/pieces/Button";
import { Card, CardTitle, PageHead } from "@/design/pieces/Card";
import { FormError, SelectField, TextArea, TextField } from "@/design/pieces/Field";
import { Confirm } from "@/design/pieces/Overlay";
import { Meter, Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { refuse } from "@/problems/form";
import { type PlainKey, t } from "@/words";
import { number } from "@/words/format";
import { loveLanguages, relationships } from "./choices";
import { Interests } from "./Interests";
import { Picture } from "./Picture";
import { type Me, meQuery, preferencesQuery, useMe } from "./queries";

/** Everything the form shows; empty texts stand for what is not said. */
interface Input {
  name: string;
  bio: string;
  location: string;
  relationship_status: string;
  love_language: string;
  anniversary_date: string;
  communication_style: string;
  conflict_resolution: string;
  date_frequency: string;
  partner_name: string;
  partner_email: string;
  pet_name: string;
  special_place: string;
  interests: string[];
}

const inputOf = (me: Me, preferences: Schemas["Preferences"]): Input => ({
  name: me.name,
  bio: me.bio ?? "",
  location: me.location ?? "",
  relationship_status: me.relationship_status ?? "",
  love_language: me.love_language ?? "",
  anniversary_date: me.anniversary_date ?? "",
  communication_style: me.communication_style ?? "",
  conflict_resolution: me.conflict_resolution ?? "",
  date_frequency: me.date_frequency ?? "",
  partner_name: me.partner_name ?? "",
  partner_email: me.partner_email ?? "",
  pet_name: preferences.pet_name ?? "",
  special_place: preferences.special_place ?? "",
  interests: me.interests,
});

export function ProfilePage() {
  useTitle(t("profile.title"));
  const preferences = useQuery(preferencesQuery);
  if (preferences.isError) return <LoadError cause={preferences.error} onRetry={() => void preferences.refetch()} />;
  if (preferences.isPending) return <Skeleton lines={6} className="max-w-[44rem]" />;
  return <ProfileForm preferences={preferences.data} />;
}

function ProfileForm({ preferences }: { preferences: Schemas["Preferences"] }) {
  const me = useMe();
  const queries = useQueryClient();
  const form = useForm<Input>({ values: inputOf(me, preferences), resetOptions: { keepDirtyValues: true } });
  const { errors, isSubmitting, isDirty, dirtyFields } = form.formState;
  const [leaving, setLeaving] = useState(false);
  const blocker = useBlocker({
    shouldBlockFn: () => isDirty && !leaving,
    enableBeforeUnload: () => isDirty,
    withResolver: true,
  });

  const save = useMutation({
    mutationFn: async (input: Input) => {
      const { pet_name, special_place, interests, name, ...texts } = input;
      const said = Object.fromEntries(Object.entries(texts).map(([field, text]) => [field, text.trim() || null]));
      const changed = await ok(api.PATCH("/v1/me", { body: { ...said, name: name.trim(), interests } }));
      if (dirtyFields.pet_name || dirtyFields.special_place) {
        const kept = await ok(
          api.PATCH("/v1/me/preferences", {
            body: { pet_name: pet_name.trim() || null, special_place: special_place.trim() || null },
          }),
        );
        queries.setQueryData(preferencesQuery.queryKey, kept);
      }
      return changed;
    },
  });
  const submit: SubmitHandler<Input> = async (input) => {
    try {
      const changed = await save.mutateAsync(input);
      form.reset(input);
      queries.setQueryData(meQuery.queryKey, changed);
      void queries.invalidateQueries({ queryKey: ["couple"] });
      toast(t("profile.saved"));
    } catch (cause) {
      refuse(cause, form.setError, Object.keys(input) as (keyof Input)[]);
    }
  };

  const line = (
    field: Exclude<keyof Input, "interests">,
    key: PlainKey,
    props: Partial<{ type: string; maxLength: number }> = {},
  ) => <TextField label={t(key)} maxLength={120} {...props} {...form.register(field)} error={errors[field]?.message} />;
  const { completed, total } = me.completion;
  const filled = t("profile.completion", { completed, total });

  return (
    <>
      <PageHead title={t("profile.title")} lead={t("profile.lead")} />
      <form onSubmit={form.handleSubmit(submit)} noValidate className="grid max-w-[44rem] gap-5">
        <Card className="grid gap-5">
          <Picture me={me} />
          <div className="grid gap-2">
            <Meter share={total === 0 ? 0 : completed / total} label={filled} />
            <p className="text-small text-ink-soft">{filled}</p>
          </div>
          <dl className="flex flex-wrap gap-x-8 gap-y-2" aria-label={t("profile.stats")}>
            <Figure name={t("profile.notes_sent")} value={me.stats.love_notes_sent} />
            <Figure name={t("profile.streak")} value={me.stats.streak_days} />
          </dl>
        </Card>
        <Card>
          <CardTitle>{t("profile.about")}</CardTitle>
          <div className="grid gap-5">
            {line("name", "profile.name")}
            <TextArea label={t("profile.bio")} maxLength={2000} {...form.register("bio")} error={errors.bio?.message} />
            {line("location", "profile.location")}
            <Interests
              value={form.watch("interests")}
              onChange={(next) => form.setValue("interests", next, { shouldDirty: true })}
            />
          </div>
        </Card>
        <Card>
          <CardTitle>{t("profile.together")}</CardTitle>
          <div className="grid gap-5 wide:grid-cols-2">
            <SelectField
              label={t("profile.relationship")}
              {...form.register("relationship_status")}
              error={errors.relationship_status?.message}
            >
              <Choices table={relationships} />
            </SelectField>
            {line("anniversary_date", "profile.anniversary", { type: "date" })}
            {line("partner_name", "profile.partner_name")}
            {line("partner_email", "profile.partner_email", { type: "email", maxLength: 254 })}
            <SelectField
              label={t("profile.love")}
              {...form.register("love_language")}
              error={errors.love_language?.message}
            >
              <Choices table={loveLanguages} />
            </SelectField>
            {line("date_frequency", "profile.dates", { maxLength: 200 })}
            {line("communication_style", "profile.communication", { maxLength: 200 })}
            {line("conflict_resolution", "profile.conflict", { maxLength: 200 })}
          </div>
        </Card>
        <Card>
          <CardTitle>{t("profile.for_notes")}</CardTitle>
          <p className="mb-4 text-ink-soft">{t("profile.for_notes_lead")}</p>
          <div className="grid gap-5 wide:grid-cols-2">
            {line("pet_name", "profile.pet_name", { maxLength: 80 })}
            {line("special_place", "profile.special_place", { maxLength: 80 })}
          </div>
        </Card>
        <FormError>{errors.root?.message}</FormError>
        <Button type="submit" busy={isSubmitting} disabled={!isDirty} className="justify-self-end">
          {t("pieces.save")}
        </Button>
      </form>
      <Confirm
        open={blocker.status === "blocked"}
        onClose={() => blocker.reset?.()}
        title={t("profile.leave_title")}
        lead={t("profile.leave_lead")}
        act={t("profile.leave")}
        onAct={() => {
          setLeaving(true);
          blocker.proceed?.();
        }}
      />
    </>
  );
}

function Choices({ table }: { table: Record<string, PlainKey> }) {
  return (
    <>
      <option value="">{t("profile.unsaid")}</option>
      {Object.entries(table).map(([value, key]) => (
        <option key={value} value={value}>
          {t(key)}
        </option>
      ))}
    </>
  );
}

function Figure({ name, value }: { name: string; value: number }) {
  return (
    <div>
      <dt className="text-small text-ink-soft">{name}</dt>
      <dd className="font-display text-title">{number(value)}</dd>
    </div>
  );
}
