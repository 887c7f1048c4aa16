import { Pause, Play } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { Icon } from "@/design/pieces/Icon";
import { t } from "@/words";
import { duration } from "@/words/format";
import { peaksOf } from "./peaks";
import type { Message } from "./queries";

const BARS = 32;

/** A voice note with its shape; the shape is read when it is first played. */
export function VoiceNote({ file }: { file: NonNullable<Message["file"]> }) {
  const audio = useRef<HTMLAudioElement>(null);
  const [playing, setPlaying] = useState(false);
  const [at, setAt] = useState(0);
  const [peaks, setPeaks] = useState<number[]>();
  const length = file.duration_s ?? 0;

  useEffect(() => {
    if (!playing || peaks) return;
    const stop = new AbortController();
    readPeaks(file.url, stop.signal)
      .then(setPeaks)
      // Without its shape it still plays.
      .catch(() => undefined);
    return () => stop.abort();
  }, [playing, peaks, file.url]);

  const toggle = () => {
    if (playing) audio.current?.pause();
    else void audio.current?.play();
  };
  const share = length > 0 ? at / length : 0;
  return (
    <div className="flex items-center gap-3">
      <button
        type="button"
        aria-label={playing ? t("chat.pause") : t("chat.play")}
        onClick={toggle}
        className="grid size-10 flex-none place-items-center rounded-round border border-current"
      >
        <Icon of={playing ? Pause : Play} size={18} />
      </button>
      <svg
        viewBox={`0 0 ${BARS * 4} 28`}
        width={BARS * 4}
        height="28"
        aria-hidden="true"
        className="min-w-0 fill-current"
      >
        {Array.from({ length: BARS }, (_, bar) => {
          const high = 3 + (peaks?.[bar] ?? 0.15) * 25;
          return (
            <rect
              // biome-ignore lint/suspicious/noArrayIndexKey: bars never change places
              key={bar}
              x={bar * 4}
              y={14 - high / 2}
              width="2.5"
              height={high}
              rx="1.25"
              opacity={bar / BARS < share ? 1 : 0.45}
            />
          );
        })}
      </svg>
      <span className="text-small tabular-nums">{duration(playing || at > 0 ? at : length)}</span>
      {/* biome-ignore lint/a11y/useMediaCaption: members' own recordings have no captions */}
      <audio
        ref={audio}
        src={file.url}
        preload="none"
        onPlay={() => setPlaying(true)}
        onPause={() => setPlaying(false)}
        onEnded={() => setAt(0)}
        onTimeUpdate={(event) => setAt(event.currentTarget.currentTime)}
      />
    </div>
  );
}

async function readPeaks(url: string, signal: AbortSignal): Promise<number[]> {
  const bytes = await (await fetch(url, { signal })).arrayBuffer();
  const context = new OfflineAudioContext(1, 1, 44_100);
  const sound = await context.decodeAudioData(bytes);
  return peaksOf(sound.getChannelData(0), BARS);
}
