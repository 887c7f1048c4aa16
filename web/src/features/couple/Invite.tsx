import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Copy, Ellipsis, QrCode, RotateCw, Undo2 } from "lucide-react";
import { type FormEvent, useState } from "react";
import { api, ok, type Schemas } from "@/api/client";
import { useOnceKey } from "@/api/once";
import { Button, IconButton } from "@/design/pieces/Button";
import { Card, CardTitle } from "@/design/pieces/Card";
import { TextField } from "@/design/pieces/Field";
import { Icon } from "@/design/pieces/Icon";
import { Menu } from "@/design/pieces/Menu";
import { Dialog } from "@/design/pieces/Overlay";
import { QrPicture } from "@/design/pieces/QrPicture";
import { Skeleton } from "@/design/pieces/Small";
import { LoadError } from "@/design/pieces/States";
import { toast } from "@/design/pieces/Toast";
import { sentence } from "@/problems/say";
import { t } from "@/words";
import { moment } from "@/words/format";
import { invitationsQuery } from "./queries";

type Invitation = Schemas["InvitationView"];

/** Everything a member without a partner here can do about it: invite, wait, answer, join by a code. */
export function Invite() {
  const sent = useQuery(invitationsQuery("sent"));
  const received = useQuery(invitationsQuery("received"));
  if (sent.isError) return <LoadError cause={sent.error} onRetry={() => void sent.refetch()} />;
  const waiting = sent.data?.find((one) => one.status === "pending");
  const offers = received.data?.filter((one) => one.status === "pending") ?? [];
  return (
    <div className="grid gap-5 wide:grid-cols-2">
      {offers.map((offer) => (
        <Offer key={offer.id} offer={offer} />
      ))}
      <Card>
        {sent.isPending ? <Skeleton lines={4} /> : waiting ? <Waiting invitation={waiting} /> : <InviteForm />}
      </Card>
      <JoinForm />
    </div>
  );
}

function InviteForm() {
  const queries = useQueryClient();
  const once = useOnceKey();
  const [email, setEmail] = useState("");
  const invite = useMutation({
    mutationFn: () => {
      const body = { email: email.trim() };
      return ok(api.POST("/v1/couple/invitations", { body, headers: once.keyFor(body) }));
    },
    onSuccess: (made) => {
      once.done();
      toast(t("couple.invited", { email: made.email }));
      return queries.invalidateQueries({ queryKey: ["couple"] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    invite.mutate();
  };
  return (
    <form onSubmit={submit} noValidate className="grid gap-5">
      <CardTitle>{t("couple.invite_title")}</CardTitle>
      <TextField
        label={t("couple.invite_email")}
        type="email"
        inputMode="email"
        autoComplete="off"
        value={email}
        onChange={(event) => setEmail(event.target.value)}
        error={invite.isError ? sentence(invite.error) : undefined}
      />
      <Button type="submit" busy={invite.isPending} className="justify-self-start">
        {t("couple.invite")}
      </Button>
    </form>
  );
}

function Waiting({ invitation }: { invitation: Invitation }) {
  const queries = useQueryClient();
  const [scan, setScan] = useState(false);
  const params = { path: { id: invitation.id } };
  const resend = useMutation({
    mutationFn: () => ok(api.POST("/v1/couple/invitations/{id}/resend", { params })),
    onSuccess: () => toast(t("couple.resent")),
    onError: (cause) => toast(sentence(cause)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["couple", "invitations"] }),
  });
  const withdraw = useMutation({
    mutationFn: () => ok(api.DELETE("/v1/couple/invitations/{id}", { params })),
    onSuccess: () => toast(t("couple.withdrawn")),
    onError: (cause) => toast(sentence(cause)),
    onSettled: () => queries.invalidateQueries({ queryKey: ["couple", "invitations"] }),
  });
  const copy = async () => {
    await navigator.clipboard.writeText(invitation.join_url ?? "");
    toast(t("couple.link_copied"));
  };
  return (
    <div className="grid gap-4">
      <div className="flex items-start justify-between gap-3">
        <h2 className="text-title">{t("couple.pending_title", { email: invitation.email })}</h2>
        <Menu
          items={[
            { text: t("couple.resend"), icon: RotateCw, act: () => resend.mutate() },
            { text: t("couple.withdraw"), icon: Undo2, act: () => withdraw.mutate(), bad: true },
          ]}
        >
          <IconButton label={t("pieces.actions")} className="-mt-2 -mr-2">
            <Icon of={Ellipsis} />
          </IconButton>
        </Menu>
      </div>
      <p className="text-ink-soft">{t("couple.pending_lead", { until: moment(invitation.expires_at) })}</p>
      {invitation.code && (
        <p className="rounded-2 bg-ours-wash py-4 text-center font-display text-heading tracking-[0.12em]">
          <span className="sr-only">{t("couple.code_label")} </span>
          <span data-testid="invitation-code">{invitation.code}</span>
        </p>
      )}
      {invitation.join_url && (
        <div className="flex flex-wrap gap-3">
          <Button tone="quiet" onClick={() => void copy()}>
            <Icon of={Copy} size={18} />
            {t("couple.copy_link")}
          </Button>
          <Button tone="quiet" onClick={() => setScan(true)}>
            <Icon of={QrCode} size={18} />
            {t("couple.show_qr")}
          </Button>
          <Dialog open={scan} onClose={() => setScan(false)} title={t("couple.show_qr")}>
            <QrPicture text={invitation.join_url} alt={t("couple.qr_alt")} />
          </Dialog>
        </div>
      )}
    </div>
  );
}

function Offer({ offer }: { offer: Invitation }) {
  const queries = useQueryClient();
  const params = { path: { id: offer.id } };
  const answer = useMutation({
    mutationFn: (yes: boolean) =>
      yes
        ? ok(api.POST("/v1/couple/invitations/{id}/accept", { params }))
        : ok(api.POST("/v1/couple/invitations/{id}/decline", { params })),
    onSuccess: (_, yes) => toast(yes ? t("couple.joined") : t("couple.declined")),
    onError: (cause) => toast(sentence(cause)),
    onSettled: () => queries.invalidateQueries(),
  });
  return (
    <Card className="wide:col-span-2">
      <CardTitle>{t("couple.received_title", { name: offer.inviter.name })}</CardTitle>
      <p className="mb-4 text-ink-soft">{t("couple.received_lead")}</p>
      <div className="flex flex-wrap gap-3">
        <Button busy={answer.isPending} onClick={() => answer.mutate(true)}>
          {t("couple.accept")}
        </Button>
        <Button tone="quiet" busy={answer.isPending} onClick={() => answer.mutate(false)}>
          {t("couple.decline")}
        </Button>
      </div>
    </Card>
  );
}

function JoinForm() {
  const [code, setCode] = useState("");
  const [short, setShort] = useState(false);
  const join = useJoin();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const plain = code.replace(/[\s-]/g, "");
    setShort(plain.length !== 8);
    if (plain.length === 8) join.mutate(plain);
  };
  return (
    <Card>
      <form onSubmit={submit} noValidate className="grid gap-5">
        <CardTitle>{t("couple.join_title")}</CardTitle>
        <TextField
          label={t("couple.join_code")}
          autoComplete="off"
          autoCapitalize="characters"
          spellCheck={false}
          value={code}
          onChange={(event) => setCode(event.target.value)}
          error={short ? t("couple.need_code") : join.isError ? sentence(join.error) : undefined}
          className="tracking-[0.12em]"
        />
        <Button type="submit" tone="quiet" busy={join.isPending} className="justify-self-start">
          {t("couple.join")}
        </Button>
      </form>
    </Card>
  );
}

/** Links the member with whoever made the code. */
export function useJoin() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (code: string) => ok(api.POST("/v1/couple/join", { body: { code } })),
    onSuccess: () => {
      toast(t("couple.joined"));
      return queries.invalidateQueries();
    },
  });
}
