import { Lost } from "@/app/Lost";
import { useTitle } from "@/app/title";
import { PageHead } from "@/design/pieces/Card";
import { useMe } from "@/features/profile/queries";
import { t } from "@/words";
import { Audit } from "./Audit";
import { Health } from "./Health";
import { Members } from "./Members";
import { Queues } from "./Queues";
import { Reports } from "./Reports";

const canQueues = (role: string) => ["support", "superadmin"].includes(role);
const canMembers = (role: string) => ["support", "moderator", "superadmin"].includes(role);

/** The console's first page. Whoever has no role finds nothing here; the server refuses every call of theirs as well. */
export function StaffPage() {
  const me = useMe();
  useTitle(t("staff.title"));
  if (!me.role) return <Lost />;
  return (
    <div className="font-text [&_h1]:font-text [&_h2]:font-text">
      <PageHead title={t("staff.title")} />
      <div className="grid gap-8">
        <Health />
        {canQueues(me.role) && <Queues mayRedrive={me.role === "superadmin"} />}
        {canMembers(me.role) && <Members />}
        <Reports />
        <Audit />
      </div>
    </div>
  );
}
