import { Link } from "@tanstack/react-router";
import { Problem } from "@/api/problem";
import { Button } from "@/design/pieces/Button";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { EntryPage } from "./EntryPage";

/** A link that was used, is too old, or could not be tried: what it says and the way on. */
export function LinkProblem({
  cause,
  onRetry,
  again,
}: {
  cause: unknown;
  onRetry: () => void;
  again: "/home" | "/settings" | "/forgot";
}) {
  const passing = cause instanceof Problem && cause.passing;
  return (
    <EntryPage title={passing ? t("app.broken_title") : t("entry.link_title")} lead={sentence(cause)}>
      {passing ? (
        <Button onClick={onRetry}>{t("pieces.retry")}</Button>
      ) : (
        <Button asChild>
          <Link to={again}>{t("entry.link_again")}</Link>
        </Button>
      )}
    </EntryPage>
  );
}
