import { Link, useNavigate } from "@tanstack/react-router";
import { LogOut } from "lucide-react";
import type { ReactNode } from "react";
import { signOut } from "@/api/session";
import { useTitle } from "@/app/title";
import { Button } from "@/design/pieces/Button";
import { Card, CardTitle, PageHead } from "@/design/pieces/Card";
import { Icon } from "@/design/pieces/Icon";
import { useMe } from "@/features/profile/queries";
import { t } from "@/words";
import { Blocked } from "./Blocked";
import { EmailChangeForm } from "./EmailChangeForm";
import { Look } from "./Look";
import { PasswordForm } from "./PasswordForm";
import { PlanCard } from "./PlanCard";
import { Privacy } from "./Privacy";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

export function SettingsPage() {
  useTitle(t("settings.title"));
  const me = useMe();
  const navigate = useNavigate();
  const leave = async () => {
    await signOut();
    await navigate({ to: "/login" });
  };
  const sections: [string, string, ReactNode][] = [
    ["look", t("settings.look"), <Look key="look" />],
    ["privacy", t("settings.privacy"), <Privacy key="privacy" />],
    ["plan", t("settings.plan"), <PlanCard key="plan" />],
    ["email", t("settings.email"), <EmailChangeForm key="email" />],
    ["password", t("settings.password"), <PasswordForm key="password" />],
    ["factor", t("settings.factor"), <SecondFactor key="factor" />],
    ["sessions", t("settings.sessions"), <Sessions key="sessions" />],
    ["blocked", t("settings.blocked"), <Blocked key="blocked" />],
  ];
  return (
    <>
      <PageHead title={t("settings.title")}>
        {/* On a phone the tabs below have no room for these. */}
        <div className="flex flex-wrap gap-3">
          <Button asChild tone="quiet">
            <Link to="/profile">{t("profile.title")}</Link>
          </Button>
          {me.role && (
            <Button asChild tone="quiet">
              <Link to="/staff">{t("staff.title")}</Link>
            </Button>
          )}
          <Button tone="quiet" onClick={() => void leave()}>
            <Icon of={LogOut} size={18} />
            {t("settings.signout")}
          </Button>
        </div>
      </PageHead>
      <div className="grid gap-6 broad:grid-cols-[12rem_1fr]">
        <nav aria-label={t("settings.sections")} className="hidden broad:block">
          <ul className="sticky top-8 grid gap-0.5">
            {sections.map(([id, title]) => (
              <li key={id}>
                <a
                  href={`#${id}`}
                  className="flex min-h-10 items-center rounded-1 px-3 text-ink-soft hover:bg-sunken hover:text-ink"
                >
                  {title}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="grid max-w-[44rem] gap-5">
          {sections.map(([id, title, content]) => (
            <Card key={id} id={id} className="scroll-mt-6">
              <CardTitle>{title}</CardTitle>
              {content}
            </Card>
          ))}
        </div>
      </div>
    </>
  );
}
