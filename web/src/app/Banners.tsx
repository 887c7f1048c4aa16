import { useMutation } from "@tanstack/react-query";
import { CloudOff, MailWarning, MonitorSmartphone } from "lucide-react";
import { useEffect, useState, useSyncExternalStore } from "react";
import { api, ok } from "@/api/client";
import { liveState, onLiveState } from "@/api/live";
import { Button } from "@/design/pieces/Button";
import { Banner } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { useMe } from "@/features/profile/queries";
import { sentence } from "@/problems/say";
import { t } from "@/words";

/** A connection that comes back within this time is not worth a word. */
const PATIENCE_MS = 3_000;

/** Matters of the whole app, above every page. */
export function Banners() {
  const me = useMe();
  const resend = useMutation({
    mutationFn: () => ok(api.POST("/v1/auth/email/resend", { body: { email: me.email } })),
    onSuccess: () => toast(t("app.verify_resent", { email: me.email })),
    onError: (cause) => toast(sentence(cause)),
  });
  return (
    <>
      <Connection />
      {!me.email_verified && (
        <Banner
          icon={MailWarning}
          tone="warn"
          action={
            <Button tone="quiet" small busy={resend.isPending} onClick={() => resend.mutate()}>
              {t("app.verify_resend")}
            </Button>
          }
        >
          {t("app.verify")}
        </Banner>
      )}
    </>
  );
}

function Connection() {
  const live = useSyncExternalStore(onLiveState, liveState);
  const [late, setLate] = useState(false);
  useEffect(() => {
    setLate(false);
    if (live !== "connecting") return;
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, [live]);
  if (live === "replaced") return <Banner icon={MonitorSmartphone}>{t("app.replaced")}</Banner>;
  if (!late) return null;
  return <Banner icon={CloudOff}>{navigator.onLine ? t("app.reconnecting") : t("app.offline")}</Banner>;
}
