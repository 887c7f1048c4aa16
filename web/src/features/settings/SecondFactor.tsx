import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api, ok } from "@/api/client";
import { Button } from "@/design/pieces/Button";
import { PasswordField, TextField } from "@/design/pieces/Field";
import { Dialog } from "@/design/pieces/Overlay";
import { QrPicture } from "@/design/pieces/QrPicture";
import { Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";

const key = ["second-factor"];

/** A code besides the password: set up, its recovery codes, switched off. */
export function SecondFactor() {
  const queries = useQueryClient();
  const factor = useQuery({ queryKey: key, queryFn: ({ signal }) => ok(api.GET("/v1/auth/totp", { signal })) });
  const [codes, setCodes] = useState<readonly string[]>();
  const offer = useMutation({
    mutationFn: () => ok(api.POST("/v1/auth/totp")),
    onError: (cause) => toast(sentence(cause)),
  });
  if (factor.isError) return <LoadError cause={factor.error} onRetry={() => void factor.refetch()} />;
  if (factor.isPending) return <Skeleton lines={2} />;
  const reload = () => queries.invalidateQueries({ queryKey: key });
  return (
    <div className="grid gap-4">
      {factor.data.enabled ? (
        <>
          <p>{t("settings.factor_on", { left: factor.data.recovery_codes_left })}</p>
          <TurnOff onDone={reload} />
        </>
      ) : (
        <>
          <p className="text-ink-soft">{t("settings.factor_lead")}</p>
          {offer.data ? (
            <Confirm
              secret={offer.data.secret}
              url={offer.data.otpauth_url}
              onDone={(made) => {
                setCodes(made);
                offer.reset();
                void reload();
              }}
            />
          ) : (
            <Button tone="quiet" className="justify-self-start" busy={offer.isPending} onClick={() => offer.mutate()}>
              {t("settings.factor_start")}
            </Button>
          )}
        </>
      )}
      <Dialog
        open={codes !== undefined}
        onClose={() => setCodes(undefined)}
        title={t("settings.factor_codes")}
        lead={t("settings.factor_codes_lead")}
      >
        <ul className="grid grid-cols-2 gap-2 rounded-2 bg-sunken p-4 text-center font-semibold tabular-nums">
          {codes?.map((code) => (
            <li key={code}>{code}</li>
          ))}
        </ul>
        <div className="flex flex-wrap justify-end gap-3">
          <Button
            tone="quiet"
            onClick={() => {
              void navigator.clipboard.writeText(codes?.join("\n") ?? "").then(() => toast(t("pieces.copied")));
            }}
          >
            {t("pieces.copy")}
          </Button>
          <Button onClick={() => setCodes(undefined)}>{t("settings.kept")}</Button>
        </div>
      </Dialog>
    </div>
  );
}

function Confirm({ secret, url, onDone }: { secret: string; url: string; onDone: (codes: string[]) => void }) {
  const [code, setCode] = useState("");
  const confirm = useMutation({
    mutationFn: () => ok(api.POST("/v1/auth/totp/confirm", { body: { code: code.trim() } })),
    onSuccess: ({ recovery_codes }) => onDone(recovery_codes),
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    confirm.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <p>{t("settings.factor_scan")}</p>
      <QrPicture text={url} alt={t("settings.factor_scan")} />
      <p>
        <span className="text-ink-soft">{t("settings.factor_key")}: </span>
        <code className="font-semibold break-all">{secret}</code>
      </p>
      <TextField
        label={t("settings.factor_code")}
        inputMode="numeric"
        autoComplete="one-time-code"
        value={code}
        onChange={(event) => setCode(event.target.value)}
        error={confirm.isError ? sentence(confirm.error) : undefined}
      />
      <Button type="submit" busy={confirm.isPending} className="justify-self-start">
        {t("settings.factor_confirm")}
      </Button>
    </form>
  );
}

function TurnOff({ onDone }: { onDone: () => void }) {
  const [password, setPassword] = useState("");
  const off = useMutation({
    mutationFn: () => ok(api.DELETE("/v1/auth/totp", { body: { password } })),
    onSuccess: () => {
      toast(t("settings.factor_is_off"));
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    off.mutate();
  };
  return (
    <form onSubmit={submit} className="grid gap-4">
      <PasswordField
        label={t("settings.current_password")}
        autoComplete="current-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
        error={off.isError ? sentence(off.error) : undefined}
      />
      <Button type="submit" tone="bad" busy={off.isPending} className="justify-self-start">
        {t("settings.factor_off")}
      </Button>
    </form>
  );
}
