import { useMemo } from "react";
import { renderSVG } from "uqr";

/** A text to be scanned. Dark on light in both themes: scanners need it so. */
export function QrPicture({ text, alt }: { text: string; alt: string }) {
  const picture = useMemo(() => `data:image/svg+xml,${encodeURIComponent(renderSVG(text, { border: 3 }))}`, [text]);
  return <img src={picture} alt={alt} className="mx-auto size-56 rounded-2" />;
}
