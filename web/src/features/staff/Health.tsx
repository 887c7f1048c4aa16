import { useQuery } from "@tanstack/react-query";
import { unreached } from "@/api/problem";
import { Chip, Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { Table } from "@/design/pieces/Table";
import { t } from "@/words";

/** What `/readyz` answers: the whole, and each check by its name. */
interface Ready {
  status: string;
  checks?: { name: string; ok: boolean }[];
}

const LOOK_AGAIN_MS = 15_000;

export function Health() {
  const ready = useQuery({
    queryKey: ["staff", "ready"],
    queryFn: async ({ signal }): Promise<Ready> => {
      // It answers 503 with the same body when a check fails.
      const response = await fetch("/readyz", { signal }).catch((cause: unknown) => {
        throw unreached(cause);
      });
      return (await response.json()) as Ready;
    },
    refetchInterval: LOOK_AGAIN_MS,
  });
  return (
    <section className="grid gap-3">
      <h2 className="text-title">{t("staff.health")}</h2>
      {ready.isPending && <Skeleton lines={2} />}
      {ready.isError && <LoadError cause={ready.error} onRetry={() => void ready.refetch()} />}
      {ready.data && (
        <>
          <p>{ready.data.status === "ok" ? t("staff.health_ok") : t("staff.health_bad")}</p>
          <Table caption={t("staff.health")} columns={[t("staff.check"), t("staff.result")]}>
            {ready.data.checks?.map((check) => (
              <tr key={check.name}>
                <td>{check.name}</td>
                <td>
                  <Chip tone={check.ok ? "ok" : "bad"}>{check.ok ? t("staff.passes") : t("staff.fails")}</Chip>
                </td>
              </tr>
            ))}
          </Table>
        </>
      )}
    </section>
  );
}
