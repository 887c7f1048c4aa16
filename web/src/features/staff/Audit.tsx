import { useInfiniteQuery } from "@tanstack/react-query";
import { useDeferredValue, useState } from "react";
import { api, ok, type Schemas } from "@/api/client";
import { pagesQuery } from "@/api/pages";
import { TextField } from "@/design/pieces/Field";
import { Pages } from "@/design/pieces/Pages";
import { Pills } from "@/design/pieces/Pills";
import { Chip } from "@/design/pieces/Small";
import { Table } from "@/design/pieces/Table";
import { t } from "@/words";
import { moment } from "@/words/format";

type Outcome = Schemas["AuditOutcome"] | "any";

/** Who did what, newest first. It holds ids only; reading it is itself an entry. */
export function Audit() {
  const [member, setMember] = useState("");
  const [outcome, setOutcome] = useState<Outcome>("any");
  const wanted = useDeferredValue(member.trim());
  const query = { ...(/^mem_\w{26}$/.test(wanted) && { member: wanted }), ...(outcome !== "any" && { outcome }) };
  const entries = useInfiniteQuery(
    pagesQuery(["staff", "audit", query], 50, (page, signal) =>
      ok(api.GET("/v1/staff/audit", { params: { query: { ...query, ...page } }, signal })),
    ),
  );
  return (
    <section className="grid gap-3">
      <h2 className="text-title">{t("staff.audit")}</h2>
      <div className="flex flex-wrap items-end gap-4">
        <div className="w-80 max-w-full">
          <TextField label={t("staff.member")} value={member} onChange={(event) => setMember(event.target.value)} />
        </div>
        <Pills
          label={t("staff.outcome")}
          value={outcome}
          onChange={setOutcome}
          options={[
            { value: "any", text: t("staff.any") },
            { value: "ok", text: t("staff.ok") },
            { value: "refused", text: t("staff.refused") },
          ]}
        />
      </div>
      <Pages query={entries} empty={<p className="text-ink-soft">{t("chat.search_none")}</p>}>
        {(all) => (
          <Table
            caption={t("staff.audit")}
            columns={[t("staff.when"), t("staff.action"), t("staff.outcome"), t("staff.actor"), t("staff.object")]}
          >
            {all.map((entry) => (
              <tr key={entry.id}>
                <td className="whitespace-nowrap">{moment(entry.at)}</td>
                <td>{entry.action.replaceAll("_", " ")}</td>
                <td>
                  <Chip tone={entry.outcome === "ok" ? "ok" : "bad"}>
                    {entry.outcome === "ok" ? t("staff.ok") : t("staff.refused")}
                  </Chip>
                </td>
                <td>{entry.actor}</td>
                <td>{entry.object ?? entry.member_id ?? ""}</td>
              </tr>
            ))}
          </Table>
        )}
      </Pages>
    </section>
  );
}
