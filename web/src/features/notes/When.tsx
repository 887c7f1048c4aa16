import { SelectField, TextField } from "@/design/pieces/Field";
import { Pills } from "@/design/pieces/Pills";
import { t } from "@/words";
import { city, instantOf, time, wallClock } from "@/words/format";

/** When a note should arrive: at once, or at a wall-clock time of a zone. */
export interface When {
  kind: "now" | "tomorrow" | "pick";
  day: string;
  clock: string;
  zone: string;
}

const DAY_MS = 86_400_000;

/** Now; and for the moment another choice is made, tomorrow at nine in the member's own zone. */
export function whenNow(zone: string): When {
  return { kind: "now", day: wallClock(Date.now() + DAY_MS, zone).day, clock: "09:00", zone };
}

/** The instant in milliseconds, or undefined for now. */
export function instantOfWhen(when: When): number | undefined {
  return when.kind === "now" ? undefined : instantOf(when.day, when.clock, when.zone);
}

interface WhenPillsProps {
  when: When;
  onChange: (when: When) => void;
  disabled?: boolean;
}

export function WhenPills({ when, onChange, disabled }: WhenPillsProps) {
  const tomorrow = wallClock(Date.now() + DAY_MS, when.zone).day;
  return (
    <Pills
      label={t("notes.when")}
      disabled={disabled ?? false}
      value={when.kind}
      onChange={(kind) =>
        onChange(kind === "tomorrow" ? { ...when, kind, day: tomorrow, clock: "09:00" } : { ...when, kind })
      }
      options={[
        { value: "now", text: t("notes.now") },
        { value: "tomorrow", text: t("notes.tomorrow", { time: time("2000-01-01T09:00:00Z", "UTC") }) },
        { value: "pick", text: t("notes.pick") },
      ]}
    />
  );
}

/** Day, time and zone, where a time is picked. */
export function WhenFields({ when, onChange }: WhenPillsProps) {
  if (when.kind !== "pick") return null;
  const zones = Intl.supportedValuesOf("timeZone");
  return (
    <div className="grid gap-4 wide:grid-cols-3">
      <TextField
        label={t("notes.day")}
        type="date"
        min={wallClock(Date.now(), when.zone).day}
        value={when.day}
        onChange={(event) => onChange({ ...when, day: event.target.value })}
      />
      <TextField
        label={t("notes.clock")}
        type="time"
        value={when.clock}
        onChange={(event) => onChange({ ...when, clock: event.target.value })}
      />
      <SelectField
        label={t("notes.zone")}
        value={when.zone}
        onChange={(event) => onChange({ ...when, zone: event.target.value })}
      >
        {(zones.includes(when.zone) ? zones : [when.zone, ...zones]).map((zone) => (
          <option key={zone} value={zone}>
            {city(zone)} ({zone.split("/")[0]})
          </option>
        ))}
      </SelectField>
    </div>
  );
}
