import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "@/api/client";
import { pagesQuery } from "@/api/pages";
import { Button } from "@/design/pieces/Button";
import { Pages } from "@/design/pieces/Pages";
import { Chip, Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { Table } from "@/design/pieces/Table";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { moment } from "@/words/format";

const key = ["staff", "queues"];
const LOOK_AGAIN_MS = 15_000;

/** How full the queues are, and what was given up. Only a superadmin gives it another chance. */
export function Queues({ mayRedrive }: { mayRedrive: boolean }) {
  const [opened, setOpened] = useState<string>();
  const queues = useQuery({
    queryKey: key,
    queryFn: ({ signal }) => ok(api.GET("/v1/staff/queues", { signal })),
    refetchInterval: LOOK_AGAIN_MS,
  });
  return (
    <section className="grid gap-3">
      <h2 className="text-title">{t("staff.queues")}</h2>
      {queues.isPending && <Skeleton lines={2} />}
      {queues.isError && <LoadError cause={queues.error} onRetry={() => void queues.refetch()} />}
      {queues.data && (
        <Table
          caption={t("staff.queues")}
          columns={[
            t("staff.queue"),
            t("staff.waiting"),
            t("staff.running"),
            t("staff.parked"),
            t("staff.oldest"),
            t("staff.jobs"),
          ]}
        >
          {queues.data.data.map((state) => (
            <tr key={state.queue}>
              <td>{state.queue}</td>
              <td>{state.waiting}</td>
              <td>{state.running}</td>
              <td>
                <Chip tone={state.parked > 0 ? "bad" : "ok"}>{state.parked}</Chip>
              </td>
              <td className="whitespace-nowrap">{state.oldest_waiting_at ? moment(state.oldest_waiting_at) : ""}</td>
              <td>
                <Button
                  tone="quiet"
                  small
                  aria-expanded={opened === state.queue}
                  onClick={() => setOpened(opened === state.queue ? undefined : state.queue)}
                >
                  {t("staff.show_parked")}
                </Button>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {opened && <Parked queue={opened} mayRedrive={mayRedrive} />}
    </section>
  );
}

function Parked({ queue, mayRedrive }: { queue: string; mayRedrive: boolean }) {
  const parked = useInfiniteQuery(
    pagesQuery([...key, queue], 50, (page, signal) =>
      ok(api.GET("/v1/staff/queues/{queue}/parked", { params: { path: { queue }, query: page }, signal })),
    ),
  );
  return (
    <Pages query={parked} empty={<p className="text-ink-soft">{t("staff.parked_none")}</p>}>
      {(all) => (
        <div className="grid justify-items-start gap-3">
          {mayRedrive && <Redrive queue={queue} />}
          <div className="w-full">
            <Table
              caption={t("staff.parked")}
              columns={[
                t("staff.when"),
                t("staff.kind"),
                t("staff.attempts"),
                t("staff.error"),
                ...(mayRedrive ? [t("staff.redrive")] : []),
              ]}
            >
              {all.map((job) => (
                <ParkedRow key={job.id} queue={queue} job={job} mayRedrive={mayRedrive} />
              ))}
            </Table>
          </div>
        </div>
      )}
    </Pages>
  );
}

interface ParkedRowProps {
  queue: string;
  job: Schemas["ParkedJob"];
  mayRedrive: boolean;
}

function ParkedRow({ queue, job, mayRedrive }: ParkedRowProps) {
  return (
    <tr>
      <td className="whitespace-nowrap">{moment(job.parked_at)}</td>
      <td>{job.kind ?? job.id}</td>
      <td>{job.attempts}</td>
      <td>{job.error}</td>
      {mayRedrive && (
        <td>
          <Redrive queue={queue} id={job.id} />
        </td>
      )}
    </tr>
  );
}

/** All attempts anew: for one job, or for every parked one. */
function Redrive({ queue, id }: { queue: string; id?: string }) {
  const queries = useQueryClient();
  const redrive = useMutation({
    mutationFn: () =>
      ok(
        api.POST("/v1/staff/queues/{queue}/redrive", {
          params: { path: { queue } },
          body: id ? { ids: [id] } : {},
        }),
      ),
    onSuccess: ({ redriven }) => toast(t("staff.redriven", { count: redriven })),
    onError: (cause) => toast(sentence(cause)),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  return (
    <Button tone="quiet" small busy={redrive.isPending} onClick={() => redrive.mutate()}>
      {id ? t("staff.redrive") : t("staff.redrive_all")}
    </Button>
  );
}
