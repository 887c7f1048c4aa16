import { Link } from "@tanstack/react-router";
import { wasSignedIn } from "@/api/session";
import { useSession } from "@/app/session";
import { useTitle } from "@/app/title";
import { Mark } from "@/design/pieces/Avatar";
import { Button } from "@/design/pieces/Button";
import { t } from "@/words";

/** The front door. Who is signed in on this device finds the way on; nobody else's session is asked for. */
export function Landing() {
  useTitle(t("entry.tagline"));
  const inside = useSession(wasSignedIn()) === "in";
  return (
    <div className="mx-auto grid min-h-dvh max-w-[1080px] grid-rows-[auto_1fr] px-4 py-6 wide:px-8">
      <header className="flex items-center justify-between gap-4">
        <span className="flex items-center gap-3 font-display text-large">
          <Mark />
          One 2 One Love
        </span>
        {!inside && (
          <Button asChild tone="quiet" small>
            <Link to="/login">{t("entry.landing_signin")}</Link>
          </Button>
        )}
      </header>
      <main className="grid content-center gap-12 py-12">
        <div className="grid gap-8 wide:grid-cols-[1.3fr_1fr] wide:items-center">
          <div>
            <p className="mb-3 text-ink-soft">{t("entry.tagline")}</p>
            <h1 className="text-hero">{t("entry.landing_title")}</h1>
            <p className="mt-4 max-w-[52ch] text-large">{t("entry.landing_lead")}</p>
            <div className="mt-8">
              <Button asChild>
                {inside ? (
                  <Link to="/home">{t("entry.landing_open")}</Link>
                ) : (
                  <Link to="/signup">{t("entry.landing_start")}</Link>
                )}
              </Button>
            </div>
          </div>
          <div className="hidden justify-self-center wide:block">
            <Mark size={300} />
          </div>
        </div>
        <ul className="grid gap-8 border-t border-line pt-8 wide:grid-cols-3">
          <Reason title={t("entry.landing_letters_title")}>{t("entry.landing_letters")}</Reason>
          <Reason title={t("entry.landing_chat_title")}>{t("entry.landing_chat")}</Reason>
          <Reason title={t("entry.landing_private_title")}>{t("entry.landing_private")}</Reason>
        </ul>
      </main>
    </div>
  );
}

function Reason({ title, children }: { title: string; children: string }) {
  return (
    <li>
      <h2 className="text-title">{title}</h2>
      <p className="mt-2 text-ink-soft">{children}</p>
    </li>
  );
}
