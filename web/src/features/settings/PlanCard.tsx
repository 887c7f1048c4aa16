import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { Dialog } from "@/design/pieces/Overlay";
import { Chip, Meter, Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { money } from "@/features/plans/money";
import { planQuery } from "@/features/profile/queries";
import { language, t } from "@/words";
import { date, number } from "@/words/format";

export function PlanCard() {
  const mine = useQuery(planQuery);
  const [open, setOpen] = useState(false);
  const plans = useQuery({
    queryKey: ["plans", language()],
    queryFn: ({ signal }) => ok(api.GET("/v1/plans", { signal })).then(({ data }) => data),
  }).data;
  if (mine.isError) return <LoadError cause={mine.error} onRetry={() => void mine.refetch()} />;
  if (mine.isPending) return <Skeleton lines={3} />;
  const { plan, usage, current_period_end, paid, higher_plan_exists } = mine.data;
  const name = plans?.find((one) => one.key === plan)?.name ?? t(`plans.${plan}`);
  // Notes are the meters that mean something here so far; others have no page yet.
  const meters = usage.filter((one) => one.limit != null && one.meter === "love_notes");
  return (
    <div className="grid gap-4">
      <p className="font-display text-large">
        {t("settings.plan_is", { plan: name })}{" "}
        {paid && current_period_end && t("settings.plan_until", { until: date(current_period_end) })}
      </p>
      {meters.map((one) => {
        const text = t("settings.usage", { used: number(one.used), limit: number(one.limit ?? 0) });
        return (
          <div key={`${one.meter} ${one.scope ?? ""}`} className="grid gap-1.5">
            <Meter share={one.limit ? one.used / one.limit : 1} label={text} />
            <p className="text-small text-ink-soft">{text}</p>
          </div>
        );
      })}
      {higher_plan_exists && (
        <Button tone="quiet" className="justify-self-start" onClick={() => setOpen(true)}>
          {t("settings.plan_more")}
        </Button>
      )}
      <Dialog open={open} onClose={() => setOpen(false)} title={t("settings.plans_title")} lead={t("plans.not_here")}>
        {plans?.map((one) => (
          <section key={one.key} className="rounded-2 border border-line p-4">
            <h3 className="flex flex-wrap items-center gap-3 text-large">
              {one.name}
              {one.key === plan && <Chip tone="you">{t("settings.plan_current")}</Chip>}
              <span className="ml-auto">{t("plans.price", { price: money(one.price) })}</span>
            </h3>
            <p className="mt-1 text-ink-soft">{one.tagline}</p>
            <ul className="mt-3 list-inside list-disc text-small">
              {one.features.map((feature) => (
                <li key={feature.key}>{feature.name}</li>
              ))}
            </ul>
          </section>
        ))}
      </Dialog>
    </div>
  );
}
