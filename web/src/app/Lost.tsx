import { type ErrorComponentProps, Link, useRouter } from "@tanstack/react-router";
import { Button } from "@/design/pieces/Button";
import { EmptyState, LoadError } from "@/design/pieces/States";
import { t } from "@/words";
import { useTitle } from "./title";

/** Any path that is no page. */
export function Lost() {
  useTitle(t("app.lost_title"));
  return (
    <main className="grid min-h-[70dvh] place-items-center p-4">
      <EmptyState
        title={t("app.lost_title")}
        action={
          <Button asChild>
            <Link to="/">{t("app.lost_home")}</Link>
          </Button>
        }
      >
        {t("app.lost")}
      </EmptyState>
    </main>
  );
}

/** A page that failed, whatever the cause: it says so and can be tried again. */
export function Broken({ error, reset }: ErrorComponentProps) {
  const router = useRouter();
  useTitle(t("app.broken_title"));
  return (
    <main className="mx-auto grid min-h-[70dvh] max-w-[52ch] content-center gap-4 p-4">
      <h1 className="text-heading">{t("app.broken_title")}</h1>
      <LoadError
        cause={error}
        onRetry={() => {
          reset();
          void router.invalidate();
        }}
      />
    </main>
  );
}
