import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "@/api/client";
import { pagesQuery } from "@/api/pages";
import { Button } from "@/design/pieces/Button";
import { TextField } from "@/design/pieces/Field";
import { Pages } from "@/design/pieces/Pages";
import { Chip } from "@/design/pieces/Small";
import { Table } from "@/design/pieces/Table";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { moment } from "@/words/format";

const SHORTEST_REASON = 3;
const LONGEST_REASON = 200;

/** Who fits. Name and address stay hidden until there is a reason, which goes on record. */
export function Members() {
  const [typed, setTyped] = useState("");
  // Each search is on record, so it is made when asked for and not with every letter.
  const [q, setQ] = useState("");
  const members = useInfiniteQuery({
    ...pagesQuery(["staff", "members", q], 20, (page, signal) =>
      ok(api.GET("/v1/staff/members", { params: { query: { q, ...page } }, signal })),
    ),
    enabled: q !== "",
  });
  return (
    <section className="grid gap-3">
      <h2 className="text-title">{t("staff.members")}</h2>
      <form
        className="flex flex-wrap items-end gap-4"
        onSubmit={(event) => {
          event.preventDefault();
          setQ(typed.trim());
        }}
      >
        <div className="w-96 max-w-full">
          <TextField
            type="search"
            autoComplete="off"
            maxLength={200}
            label={t("staff.find")}
            hint={t("staff.find_hint")}
            value={typed}
            onChange={(event) => setTyped(event.target.value)}
          />
        </div>
        <Button type="submit" tone="quiet">
          {t("staff.search")}
        </Button>
      </form>
      {q !== "" && (
        <Pages query={members} empty={<p className="text-ink-soft">{t("staff.members_none")}</p>}>
          {(all) => (
            <Table
              caption={t("staff.members")}
              columns={[
                t("staff.member"),
                t("staff.name"),
                t("staff.email"),
                t("staff.plan"),
                t("staff.type"),
                t("staff.since"),
                t("staff.state"),
                t("staff.reveal"),
              ]}
            >
              {all.map((member) => (
                <MemberRow key={member.id} found={member} />
              ))}
            </Table>
          )}
        </Pages>
      )}
    </section>
  );
}

/** What was revealed is not kept: it goes with the row. */
function MemberRow({ found }: { found: Schemas["StaffMember"] }) {
  const reveal = useMutation({
    mutationFn: (reason: string) =>
      ok(api.GET("/v1/staff/members/{id}", { params: { path: { id: found.id }, query: { reason } } })),
    onError: (cause) => toast(sentence(cause)),
  });
  const member = reveal.data ?? found;
  return (
    <tr>
      <td>{member.id}</td>
      <td>{member.name}</td>
      <td>{member.email}</td>
      <td>{member.plan}</td>
      <td>{member.user_type}</td>
      <td className="whitespace-nowrap">{moment(member.created_at)}</td>
      <td>
        <Chip tone={member.active ? "ok" : "bad"}>{member.active ? t("staff.active") : t("staff.inactive")}</Chip>
        {!member.email_verified && <Chip>{t("staff.unverified")}</Chip>}
      </td>
      <td>{!member.revealed && <Reveal busy={reveal.isPending} onReason={reveal.mutate} />}</td>
    </tr>
  );
}

function Reveal({ busy, onReason }: { busy: boolean; onReason: (reason: string) => void }) {
  const [open, setOpen] = useState(false);
  const [reason, setReason] = useState("");
  if (!open) {
    return (
      <Button tone="quiet" small onClick={() => setOpen(true)}>
        {t("staff.reveal")}
      </Button>
    );
  }
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onReason(reason.trim());
  };
  return (
    <form className="grid min-w-56 gap-2" onSubmit={submit}>
      <TextField
        label={t("staff.reveal_reason")}
        hint={t("staff.reveal_hint")}
        maxLength={LONGEST_REASON}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
      <Button type="submit" tone="quiet" small busy={busy} disabled={reason.trim().length < SHORTEST_REASON}>
        {t("staff.reveal")}
      </Button>
    </form>
  );
}
