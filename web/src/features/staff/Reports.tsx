import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api, ok, type Schemas } from "@/api/client";
import { pagesQuery } from "@/api/pages";
import { Button } from "@/design/pieces/Button";
import { Pages } from "@/design/pieces/Pages";
import { Table } from "@/design/pieces/Table";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { moment } from "@/words/format";

const key = ["staff", "reports"];

/** Open reports. What was reported is hidden until it is asked for. */
export function Reports() {
  const reports = useInfiniteQuery(
    pagesQuery(key, 50, (page, signal) =>
      ok(api.GET("/v1/staff/reports", { params: { query: { status: "open", ...page } }, signal })),
    ),
  );
  return (
    <section className="grid gap-3">
      <h2 className="text-title">{t("staff.reports")}</h2>
      <Pages query={reports} empty={<p className="text-ink-soft">{t("staff.reports_none")}</p>}>
        {(all) => (
          <Table
            caption={t("staff.reports")}
            columns={[
              t("staff.when"),
              t("staff.about"),
              t("staff.by"),
              t("staff.reason"),
              t("staff.content"),
              t("staff.close"),
            ]}
          >
            {all.map((report) => (
              <ReportRow key={report.id} report={report} />
            ))}
          </Table>
        )}
      </Pages>
    </section>
  );
}

function ReportRow({ report }: { report: Schemas["Report"] }) {
  const queries = useQueryClient();
  const [shown, setShown] = useState(false);
  const close = useMutation({
    mutationFn: () => ok(api.POST("/v1/staff/reports/{id}/close", { params: { path: { id: report.id } } })),
    onSuccess: () => toast(t("staff.closed")),
    onError: (cause) => toast(sentence(cause)),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  return (
    <tr>
      <td className="whitespace-nowrap">{moment(report.created_at)}</td>
      <td>{report.member_id}</td>
      <td>{report.reporter_id}</td>
      <td>{report.reason ?? ""}</td>
      <td>
        {shown ? (
          report.excerpt
        ) : report.excerpt ? (
          <Button tone="quiet" small onClick={() => setShown(true)}>
            {t("staff.show")}
          </Button>
        ) : (
          ""
        )}
      </td>
      <td>
        <Button tone="quiet" small busy={close.isPending} onClick={() => close.mutate()}>
          {t("staff.close")}
        </Button>
      </td>
    </tr>
  );
}
