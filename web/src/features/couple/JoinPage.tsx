import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useSession } from "@/app/session";
import { Button } from "@/design/pieces/Button";
import { FormError } from "@/design/pieces/Field";
import { Skeleton } from "@/design/pieces/Small";
import { EntryPage } from "@/features/entry/EntryPage";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { useJoin } from "./Invite";

/** Where the link of an invitation leads, for members and for those who are not yet. */
export function JoinPage() {
  const { code } = useSearch({ from: "/open/join" });
  const navigate = useNavigate();
  const join = useJoin();
  const session = useSession(true);
  const back = { to: code ? `/join?code=${encodeURIComponent(code)}` : "/home" };
  if (session === "unknown") {
    return (
      <EntryPage title={t("entry.join_title")}>
        <Skeleton />
      </EntryPage>
    );
  }
  if (session === "out") {
    return (
      <EntryPage title={t("entry.join_title")} lead={t("entry.join_lead")}>
        <Button asChild>
          <Link to="/signup" search={back}>
            {t("entry.create")}
          </Link>
        </Button>
        <Button asChild tone="quiet">
          <Link to="/login" search={back}>
            {t("entry.signin")}
          </Link>
        </Button>
      </EntryPage>
    );
  }
  if (!code) {
    return (
      <EntryPage title={t("couple.join_title")} lead={t("couple.need_code")}>
        <Button asChild>
          <Link to="/couple">{t("couple.join_code")}</Link>
        </Button>
      </EntryPage>
    );
  }
  return (
    <EntryPage title={t("entry.join_title")} lead={t("couple.join_page_lead", { code })}>
      <FormError>{join.isError && sentence(join.error)}</FormError>
      <Button
        busy={join.isPending}
        onClick={() => join.mutate(code, { onSuccess: () => void navigate({ to: "/home" }) })}
      >
        {t("couple.join")}
      </Button>
      <Button asChild tone="quiet">
        <Link to="/home">{t("entry.go_home")}</Link>
      </Button>
    </EntryPage>
  );
}
