import { Copy, ExternalLink } from "lucide-react";
import { Button } from "@/design/pieces/Button";
import { Icon } from "@/design/pieces/Icon";
import { Dialog } from "@/design/pieces/Overlay";
import { toast } from "@/design/pieces/Toast";
import { t } from "@/words";
import { type Channel, channelText } from "./channels";

export interface Shared {
  channel: Channel;
  text: string;
  url?: string | null;
}

/** A note for a platform where only the member can post: its link or its words. */
export function ShareDialog({ shared, onClose }: { shared: Shared | undefined; onClose: () => void }) {
  const copy = async (text: string) => {
    await navigator.clipboard.writeText(text);
    toast(t("notes.share_copied"));
  };
  return (
    <Dialog open={shared !== undefined} onClose={onClose} title={t("notes.share_title")} lead={t("notes.share_lead")}>
      {shared && (
        <>
          <p className="sheet max-h-48 overflow-y-auto py-1 whitespace-pre-line">{shared.text}</p>
          <div className="flex flex-wrap justify-end gap-3">
            <Button tone="quiet" onClick={() => void copy(shared.text)}>
              <Icon of={Copy} size={18} />
              {t("notes.share_copy")}
            </Button>
            {shared.url && (
              <Button asChild>
                <a href={shared.url} target="_blank" rel="noreferrer">
                  <Icon of={ExternalLink} size={18} />
                  {t("notes.share_open", { channel: channelText(shared.channel, undefined) })}
                </a>
              </Button>
            )}
          </div>
        </>
      )}
    </Dialog>
  );
}
