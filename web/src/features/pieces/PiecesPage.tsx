import { CloudOff, Ellipsis, Pencil, Trash2 } from "lucide-react";
import { type ReactNode, useState } from "react";
import { Problem } from "@/api/problem";
import { Avatar, Mark } from "@/design/pieces/Avatar";
import { Button, type ButtonTone, IconButton } from "@/design/pieces/Button";
import { Card, CardTitle, PageHead } from "@/design/pieces/Card";
import { Checkbox, FormError, PasswordField, SelectField, TextArea, TextField } from "@/design/pieces/Field";
import { Icon } from "@/design/pieces/Icon";
import { Menu } from "@/design/pieces/Menu";
import { Confirm, Dialog } from "@/design/pieces/Overlay";
import { Pills } from "@/design/pieces/Pills";
import { QrPicture } from "@/design/pieces/QrPicture";
import { Badge, Chip, Dot, Meter, Skeleton, type Tone } from "@/design/pieces/Small";
import { Banner, EmptyState, LoadError } from "@/design/pieces/States";
import { Switch } from "@/design/pieces/Switch";
import { Table } from "@/design/pieces/Table";
import { toast } from "@/design/pieces/Toast";
import { NoteSheet } from "@/features/notes/NoteSheet";

// Every piece in every state, for development builds only. Its words are examples, so they are not in the catalogue.
const LONG = "Donaudampfschifffahrtsgesellschaftskapitän, who wrote a very long title that nobody asked for";
const tones: ButtonTone[] = ["you", "them", "quiet", "plain", "bad"];
const chips: Tone[] = ["you", "them", "ours", "plain", "ok", "bad"];

export function PiecesPage() {
  const [dialog, setDialog] = useState<"dialog" | "confirm">();
  const [pill, setPill] = useState("one");
  const [on, setOn] = useState(true);
  const close = () => setDialog(undefined);
  return (
    <main className="mx-auto grid max-w-[1080px] gap-6 p-4">
      <PageHead title="Pieces" lead="Every piece, every state." />
      <Section title="Buttons">
        {tones.map((tone) => (
          <Row key={tone}>
            <Button tone={tone}>{tone}</Button>
            <Button tone={tone} small>
              small
            </Button>
            <Button tone={tone} busy>
              busy
            </Button>
            <Button tone={tone} disabled>
              disabled
            </Button>
            <Button tone={tone}>{LONG}</Button>
          </Row>
        ))}
        <Row>
          <IconButton label="Edit">
            <Icon of={Pencil} />
          </IconButton>
          <IconButton label="Edit" tone="quiet">
            <Icon of={Pencil} />
          </IconButton>
          <IconButton label="Edit" tone="you">
            <Icon of={Pencil} />
          </IconButton>
          <Menu
            items={[
              { text: "Edit", icon: Pencil, act: () => toast("Edited.") },
              { text: "Delete", icon: Trash2, act: () => toast("Deleted.", () => toast("Back again.")), bad: true },
            ]}
          >
            <IconButton label="More">
              <Icon of={Ellipsis} />
            </IconButton>
          </Menu>
        </Row>
      </Section>
      <Section title="Fields">
        <div className="grid gap-5 wide:grid-cols-2">
          <TextField label="Plain" />
          <TextField label="With a hint" hint="This helps." defaultValue="Some text" />
          <TextField label="Wrong" error="This does not look like an e-mail address." defaultValue="x" />
          <TextField label="Not now" disabled defaultValue="fixed" />
          <PasswordField label="Password" defaultValue="secret" />
          <SelectField label="One of many">
            <option>{LONG}</option>
          </SelectField>
          <TextArea label="Many words" defaultValue={LONG} />
          <div>
            <Checkbox label="Yes, please" defaultChecked />
            <Checkbox label="Needed" error="We need your agreement." />
          </div>
          <Switch label="On or off" hint="At once." checked={on} onChange={setOn} />
          <Switch label="Not now" checked={false} onChange={setOn} disabled />
        </div>
        <Pills
          label="One of a few"
          value={pill}
          onChange={setPill}
          options={["one", "two", "three"].map((value) => ({ value, text: value }))}
        />
        <FormError>Something about the whole form.</FormError>
      </Section>
      <Section title="Paper">
        <NoteSheet label="A note" defaultValue="Meet me by the river after work." />
        <NoteSheet label="A wrong note" error="Write a word first." />
      </Section>
      <Section title="People">
        <Row>
          {(["you", "them", "other"] as const).map((who) => (
            <span key={who} className="flex items-center gap-2">
              <Avatar name={who} who={who} size="small" />
              <Avatar name={who} who={who} />
              <Avatar name={who} who={who} size="big" />
            </span>
          ))}
          <Mark size={64} />
        </Row>
      </Section>
      <Section title="Marks">
        <Row>
          {chips.map((tone) => (
            <Chip key={tone} tone={tone}>
              {tone}
            </Chip>
          ))}
          <Badge count={3} label="3 unread" />
          <Badge count={200} label="200 unread" />
          <Dot tone="you" />
          <Dot tone="them" />
          <Dot tone="ours" />
        </Row>
        <Meter share={0.66} label="2 of 3" />
        <Meter share={0} label="0 of 3" />
        <Skeleton />
        <QrPicture text="https://example.org/join?code=ABCD2345" alt="A code" />
      </Section>
      <Section title="States">
        <Banner icon={CloudOff}>You are offline. You can go on reading.</Banner>
        <Banner icon={CloudOff} tone="warn" action={<Button small>Act</Button>}>
          {LONG}
        </Banner>
        <EmptyState title="No letters yet" action={<Button>Write</Button>}>
          Letters have a way of coming back.
        </EmptyState>
        <LoadError cause={new Problem({ code: "offline" })} onRetry={() => toast("Again.")} />
        <LoadError
          cause={new Problem({ code: "internal", status: 500, detail: LONG, request_id: "req_1" })}
          onRetry={close}
        />
      </Section>
      <Section title="Over the page">
        <Row>
          <Button tone="quiet" onClick={() => setDialog("dialog")}>
            Dialog
          </Button>
          <Button tone="quiet" onClick={() => setDialog("confirm")}>
            Question
          </Button>
          <Button tone="quiet" onClick={() => toast("Done.", () => toast("Taken back."))}>
            Toast
          </Button>
        </Row>
        <Dialog open={dialog === "dialog"} onClose={close} title="A dialog" lead={LONG}>
          <TextField label="A field" />
        </Dialog>
        <Confirm open={dialog === "confirm"} onClose={close} title="Really?" lead={LONG} act="Do it" onAct={close} />
      </Section>
      <Section title="Table">
        <Table caption="Rows" columns={["When", "What", "Who"]}>
          <tr>
            <td>Now</td>
            <td>{LONG}</td>
            <td>mem_1</td>
          </tr>
        </Table>
      </Section>
    </main>
  );
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card>
      <CardTitle>{title}</CardTitle>
      <div className="grid gap-4">{children}</div>
    </Card>
  );
}

function Row({ children }: { children: ReactNode }) {
  return <div className="flex flex-wrap items-center gap-3">{children}</div>;
}
