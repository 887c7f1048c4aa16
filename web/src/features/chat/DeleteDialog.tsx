import { Button } from "@/design/pieces/Button";
import { Dialog } from "@/design/pieces/Overlay";
import { t } from "@/words";
import { useMessageActs } from "./acts";
import type { Message } from "./queries";

const WINDOW_MS = 48 * 3_600_000;

interface DeleteDialogProps {
  message: Message;
  mine: boolean;
  onClose: () => void;
}

export function DeleteDialog({ message, mine, onClose }: DeleteDialogProps) {
  const { remove } = useMessageActs();
  const both = mine && Date.now() - Date.parse(message.created_at) < WINDOW_MS;
  const act = (whose: "me" | "everyone") => {
    onClose();
    void remove(message, whose);
  };
  return (
    <Dialog open onClose={onClose} title={t("chat.delete_title")} lead={both ? t("chat.delete_lead") : undefined}>
      <div className="flex flex-wrap justify-end gap-3">
        <Button tone="bad" onClick={() => act("me")}>
          {t("chat.delete_me")}
        </Button>
        {both && (
          <Button tone="bad" onClick={() => act("everyone")}>
            {t("chat.delete_both")}
          </Button>
        )}
      </div>
    </Dialog>
  );
}
