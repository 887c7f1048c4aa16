type Kind = "image" | "video" | "document";

/** The largest file of each kind that the server takes, in bytes (files.md). */
export const LARGEST: Record<Kind, number> = { image: 10_000_000, video: 25_000_000, document: 25_000_000 };

/** As what a chosen file is sent, by its media type. A picture that browsers cannot show goes as a document. */
export function kindOfFile(mime: string): Kind {
  if (/^image\/(jpeg|png|gif|webp)$/.test(mime)) return "image";
  if (/^video\/(mp4|webm|quicktime)$/.test(mime)) return "video";
  return "document";
}
