import { type KeyboardEvent, type PointerEvent, useEffect, useId, useState } from "react";
import { Button } from "@/design/pieces/Button";
import { Dialog } from "@/design/pieces/Overlay";
import { t } from "@/words";
import { type Crop, moved, squareOf } from "./crop";

/** The side of what is sent, in pixels: the largest that is ever shown, twice for fine screens. */
const SIDE = 640;
const STEP = 0.05;

interface CropDialogProps {
  picture: ImageBitmap;
  busy: boolean;
  onClose: () => void;
  onDone: (square: Blob) => void;
}

export function CropDialog({ picture, busy, onClose, onDone }: CropDialogProps) {
  // The dialog puts its content into the page after the first render: only then there is paper to draw on.
  const [canvas, setCanvas] = useState<HTMLCanvasElement | null>(null);
  const zoomId = useId();
  const [crop, setCrop] = useState<Crop>({ x: 0.5, y: 0.5, zoom: 1 });
  const { width, height } = picture;

  useEffect(() => {
    const paper = canvas?.getContext("2d");
    const { left, top, side } = squareOf(width, height, crop);
    paper?.drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE);
  }, [canvas, picture, width, height, crop]);

  const drag = (event: PointerEvent<HTMLCanvasElement>) => {
    if (event.buttons !== 1) return;
    const shown = event.currentTarget.clientWidth;
    setCrop((now) => moved(width, height, now, -event.movementX / shown, -event.movementY / shown));
  };
  const keyed = (event: KeyboardEvent) => {
    const steps: Record<string, [number, number]> = {
      ArrowLeft: [-STEP, 0],
      ArrowRight: [STEP, 0],
      ArrowUp: [0, -STEP],
      ArrowDown: [0, STEP],
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    setCrop((now) => moved(width, height, now, ...step));
  };
  const done = () =>
    // JPEG has no transparency and needs none: the square is filled.
    canvas?.toBlob((square) => square && onDone(square), "image/jpeg", 0.9);

  return (
    <Dialog open onClose={onClose} title={t("profile.crop_title")} lead={t("profile.crop_lead")}>
      <canvas
        ref={setCanvas}
        width={SIDE}
        height={SIDE}
        tabIndex={0}
        role="img"
        aria-label={t("profile.crop_title")}
        onPointerDown={(event) => event.currentTarget.setPointerCapture(event.pointerId)}
        onPointerMove={drag}
        onKeyDown={keyed}
        className="mx-auto aspect-square w-full max-w-80 cursor-grab touch-none rounded-round active:cursor-grabbing"
      />
      <div className="grid gap-1.5">
        <label htmlFor={zoomId} className="font-medium">
          {t("profile.zoom")}
        </label>
        <input
          id={zoomId}
          type="range"
          min="1"
          max="4"
          step="0.05"
          value={crop.zoom}
          onChange={(event) => setCrop({ ...crop, zoom: Number(event.target.value) })}
          className="h-11 accent-(--you)"
        />
      </div>
      <Button busy={busy} onClick={done} className="justify-self-end">
        {t("profile.use_picture")}
      </Button>
    </Dialog>
  );
}
