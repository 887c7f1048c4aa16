import { Link } from "@tanstack/react-router";
import { Button } from "@/design/pieces/Button";
import { Card, CardTitle } from "@/design/pieces/Card";
import type { Couple } from "@/features/couple/queries";
import { t } from "@/words";

export function ChatCard({ partner }: { partner: Couple["partner"] }) {
  return (
    <Card>
      <CardTitle>{t("app.chat")}</CardTitle>
      <p className="mb-4 text-ink-soft">{t("home.calm", { name: partner.name })}</p>
      <Button asChild tone="quiet">
        <Link to="/chat">{t("home.chat_open")}</Link>
      </Button>
    </Card>
  );
}
