import { useQuery } from "@tanstack/react-query";
import { Check } from "lucide-react";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { Icon } from "@/design/pieces/Icon";
import { Dialog } from "@/design/pieces/Overlay";
import { Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { language, t } from "@/words";
import { money } from "./money";

/** What a plan brings and costs. */
export function UpgradeDialog({ wanted, onClose }: { wanted: string; onClose: () => void }) {
  const plans = useQuery({
    queryKey: ["plans", language()],
    queryFn: ({ signal }) => ok(api.GET("/v1/plans", { signal })).then(({ data }) => data),
  });
  const plan = plans.data?.find((one) => one.key === wanted);
  const name = plan?.name ?? "";
  return (
    <Dialog
      open
      onClose={onClose}
      title={plan ? t("plans.upgrade_title", { plan: name }) : t("pieces.loading")}
      lead={plan && t("plans.upgrade_lead", { plan: name })}
    >
      {plans.isError && <LoadError cause={plans.error} onRetry={() => void plans.refetch()} />}
      {plans.isPending && <Skeleton lines={4} />}
      {plan && (
        <>
          <ul className="grid gap-2">
            {[...plan.benefits, ...plan.features].slice(0, 8).map((benefit) => (
              <li key={benefit.key} className="flex items-start gap-3">
                <Icon of={Check} className="mt-0.5 flex-none text-ok" />
                {benefit.name}
              </li>
            ))}
          </ul>
          <p className="font-display text-title">{t("plans.price", { price: money(plan.price) })}</p>
          <p className="text-small text-ink-soft">{t("plans.not_here")}</p>
        </>
      )}
      <Button onClick={onClose} className="justify-self-end">
        {t("plans.understood")}
      </Button>
    </Dialog>
  );
}
