/** Which part of a picture is cut out: its middle in parts of the picture (0 to 1), and how far it is drawn in (1: all of
 *  the shorter side). */
export interface Crop {
  x: number;
  y: number;
  zoom: number;
}

/** The square of a picture that a crop shows, in pixels of the picture; always inside it. */
export function squareOf(width: number, height: number, crop: Crop): { left: number; top: number; side: number } {
  const side = Math.min(width, height) / Math.max(1, crop.zoom);
  const within = (middle: number, whole: number) => Math.min(Math.max(middle * whole - side / 2, 0), whole - side);
  return { left: within(crop.x, width), top: within(crop.y, height), side };
}

/** The crop after it was moved by so many parts of the square, kept where it still shows picture only. */
export function moved(width: number, height: number, crop: Crop, dx: number, dy: number): Crop {
  const { left, top, side } = squareOf(width, height, crop);
  const shifted = { ...crop, x: (left + side / 2 + dx * side) / width, y: (top + side / 2 + dy * side) / height };
  const kept = squareOf(width, height, shifted);
  return { ...crop, x: (kept.left + side / 2) / width, y: (kept.top + side / 2) / height };
}
