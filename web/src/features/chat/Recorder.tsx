import { Square, Trash2 } from "lucide-react";
import { useCallback, useEffect, useRef, useState } from "react";
import { Button, IconButton } from "@/design/pieces/Button";
import { Icon } from "@/design/pieces/Icon";
import { toast } from "@/design/pieces/Toast";
import { t } from "@/words";
import { duration } from "@/words/format";

/** The longest voice note in seconds (files.md). */
const LONGEST = 600;

/** Records from the microphone; `onDone` gets the recording and its length in seconds. */
export function useRecorder(onDone: (blob: Blob, seconds: number) => void) {
  const [since, setSince] = useState<number>();
  const media = useRef<MediaRecorder | undefined>(undefined);
  const keep = useRef(true);
  const finish = useCallback((send: boolean) => {
    keep.current = send;
    if (media.current?.state === "recording") media.current.stop();
  }, []);
  useEffect(() => () => finish(false), [finish]);

  async function start() {
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      toast(t("chat.record_refused"));
      return;
    }
    const began = Date.now();
    const parts: Blob[] = [];
    const recorder = new MediaRecorder(stream, { audioBitsPerSecond: 32_000 });
    recorder.ondataavailable = ({ data }) => parts.push(data);
    recorder.onstop = () => {
      for (const track of stream.getTracks()) track.stop();
      setSince(undefined);
      const seconds = Math.min((Date.now() - began) / 1000, LONGEST);
      if (keep.current && seconds >= 0.5) onDone(new Blob(parts, { type: recorder.mimeType }), seconds);
    };
    media.current = recorder;
    keep.current = true;
    recorder.start(1000);
    setSince(began);
  }

  return { since, start, finish };
}

export function Recorder({ recorder }: { recorder: ReturnType<typeof useRecorder> }) {
  const { since = Date.now(), finish } = recorder;
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, (now - since) / 1000);
  useEffect(() => {
    if (seconds >= LONGEST) finish(true);
  }, [seconds, finish]);
  return (
    <div className="flex min-h-11 items-center gap-3">
      <span aria-hidden className="size-3 rounded-round bg-bad" />
      <p className="flex-1 tabular-nums">{t("chat.recording", { time: duration(seconds) })}</p>
      <IconButton label={t("chat.record_cancel")} onClick={() => finish(false)}>
        <Icon of={Trash2} />
      </IconButton>
      <Button onClick={() => finish(true)}>
        <Icon of={Square} size={16} />
        {t("chat.record_stop")}
      </Button>
    </div>
  );
}
