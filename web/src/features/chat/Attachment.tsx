import { Download, MapPin } from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { Icon } from "@/design/pieces/Icon";
import { t } from "@/words";
import type { Message } from "./queries";

/** Loaded when a picture is first looked at. */
const Dialog = lazy(() => import("@/design/pieces/Overlay").then((part) => ({ default: part.Dialog })));

const VoiceNote = lazy(() => import("./VoiceNote").then((part) => ({ default: part.VoiceNote })));

/** What a message carries besides words: picture, video, voice, document, place. */
export function Attachment({ message, name }: { message: Message; name: string }) {
  const { file, location } = message;
  if (location) {
    const { lat, lng, address } = location;
    return (
      <a
        href={`https://www.openstreetmap.org/?mlat=${lat}&mlon=${lng}#map=16/${lat}/${lng}`}
        target="_blank"
        rel="noreferrer"
        className="flex items-center gap-2 underline underline-offset-4"
      >
        <Icon of={MapPin} />
        {address ?? `${lat}, ${lng}`}
      </a>
    );
  }
  if (!file) return null;
  switch (message.kind) {
    case "image":
      return <Picture file={file} name={name} />;
    case "video":
      return (
        // biome-ignore lint/a11y/useMediaCaption: members' own recordings have no captions
        <video controls preload="metadata" src={file.url} className="max-h-80 max-w-full rounded-2" />
      );
    case "voice":
      return (
        // Room is kept, so that nothing jumps.
        <Suspense fallback={<div className="h-10 w-48" />}>
          <VoiceNote file={file} />
        </Suspense>
      );
    default:
      return (
        <a href={file.url} download={file.name} className="flex items-center gap-2 underline underline-offset-4">
          <Icon of={Download} />
          <span className="sr-only">{t("chat.download", { name: file.name })}</span>
          <span aria-hidden className="min-w-0 truncate">
            {file.name}
          </span>
        </a>
      );
  }
}

function Picture({ file, name }: { file: NonNullable<Message["file"]>; name: string }) {
  const [open, setOpen] = useState(false);
  const alt = t("chat.picture_of", { name });
  return (
    <>
      <button type="button" onClick={() => setOpen(true)} className="-mx-2 overflow-hidden rounded-2">
        <img
          src={file.thumbnail_url ?? file.url}
          alt={alt}
          loading="lazy"
          // Room is kept before the picture is there, so that nothing jumps.
          width={file.width ?? 320}
          height={file.height ?? 240}
          className="h-auto max-h-80 w-auto max-w-full object-contain"
        />
      </button>
      <Suspense>
        {open && (
          <Dialog open onClose={() => setOpen(false)} title={alt} className="wide:w-auto wide:max-w-[92vw]">
            <img src={file.url} alt={alt} className="mx-auto max-h-[75dvh] max-w-full object-contain" />
          </Dialog>
        )}
      </Suspense>
    </>
  );
}
