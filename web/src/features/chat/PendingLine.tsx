import { Clock, TriangleAlert } from "lucide-react";
import { Button } from "@/design/pieces/Button";
import { Icon } from "@/design/pieces/Icon";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { kindText } from "./kinds";
import { discard, type Pending, sendAgain } from "./outbox";

/** A message that the server has not taken yet, and what can be done where it was refused. */
export function PendingLine({ pending }: { pending: Pending }) {
  const refused = pending.state === "refused";
  return (
    <div data-testid="pending" className="flex flex-col items-end pt-1">
      <div className="max-w-[82%] rounded-[1.15rem] rounded-br-[0.3rem] bg-you-wash px-4 py-2.5 text-ink wide:max-w-[70%]">
        {pending.file && (
          <p className="font-medium">
            {kindText(pending.file.kind)}: {pending.file.name}
          </p>
        )}
        <p className="whitespace-pre-wrap">{pending.content}</p>
      </div>
      <p className="flex items-center gap-1 px-1 text-[0.75rem] text-ink-soft" role={refused ? "alert" : undefined}>
        <Icon of={refused ? TriangleAlert : Clock} size={14} className={refused ? "text-bad" : ""} />
        {refused
          ? sentence(pending.problem)
          : pending.state === "waiting"
            ? t("chat.st_waiting")
            : t("chat.st_sending")}
      </p>
      {refused && (
        <div className="flex gap-2">
          <Button tone="quiet" small onClick={() => sendAgain(pending.client_id)}>
            {t("chat.again")}
          </Button>
          <Button tone="plain" small onClick={() => discard(pending.client_id)}>
            {t("chat.remove")}
          </Button>
        </div>
      )}
    </div>
  );
}
