import { X } from "lucide-react";
import { type KeyboardEvent, useState } from "react";
import { Button } from "@/design/pieces/Button";
import { TextField } from "@/design/pieces/Field";
import { Icon } from "@/design/pieces/Icon";
import { t } from "@/words";

const MOST = 50;

interface InterestsProps {
  value: readonly string[];
  onChange: (next: string[]) => void;
}

/** A set of short words, added one by one. */
export function Interests({ value, onChange }: InterestsProps) {
  const [text, setText] = useState("");
  const add = () => {
    const next = text.trim();
    if (next !== "" && !value.includes(next)) onChange([...value, next]);
    setText("");
  };
  const keyed = (event: KeyboardEvent) => {
    if (event.key !== "Enter") return;
    // The whole form is saved by its own button.
    event.preventDefault();
    add();
  };
  return (
    <div className="grid gap-3">
      <div className="flex items-end gap-2">
        <div className="flex-1">
          <TextField
            label={t("profile.interest_add")}
            maxLength={50}
            value={text}
            disabled={value.length >= MOST}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={keyed}
          />
        </div>
        <Button tone="quiet" disabled={text.trim() === ""} onClick={add}>
          {t("profile.add")}
        </Button>
      </div>
      {value.length > 0 && (
        <ul aria-label={t("profile.interests")} className="flex flex-wrap gap-2">
          {value.map((one) => (
            <li key={one} className="inline-flex items-center rounded-round bg-you-wash pl-3 text-small font-semibold">
              {one}
              <button
                type="button"
                aria-label={t("profile.interest_remove", { name: one })}
                onClick={() => onChange(value.filter((other) => other !== one))}
                className="grid size-8 place-items-center rounded-round"
              >
                <Icon of={X} size={14} />
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
