import { type FormEvent, useState } from "react";
import { Button } from "@/design/pieces/Button";
import { TextArea } from "@/design/pieces/Field";
import { Dialog } from "@/design/pieces/Overlay";
import { t } from "@/words";
import { useMessageActs } from "./acts";
import type { Message } from "./queries";

export function EditMessage({ message, onClose }: { message: Message; onClose: () => void }) {
  const { edit } = useMessageActs();
  const [text, setText] = useState(message.content ?? "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onClose();
    const content = text.trim();
    if (content !== "" && content !== message.content) void edit(message, content);
  };
  return (
    <Dialog open onClose={onClose} title={t("chat.editing")}>
      <form onSubmit={submit} className="grid gap-4">
        <TextArea
          label={t("chat.message")}
          maxLength={4000}
          value={text}
          onChange={(event) => setText(event.target.value)}
        />
        <Button type="submit" className="justify-self-end">
          {t("pieces.save")}
        </Button>
      </form>
    </Dialog>
  );
}
