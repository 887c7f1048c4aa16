import { expect, test } from "vitest";
import { moved, squareOf } from "./crop";

const middle = { x: 0.5, y: 0.5, zoom: 1 };

test("at first the middle of the longer side", () => {
  expect(squareOf(400, 300, middle)).toEqual({ left: 50, top: 0, side: 300 });
  expect(squareOf(300, 400, middle)).toEqual({ left: 0, top: 50, side: 300 });
});

test("drawn in, it shows a part", () => {
  expect(squareOf(400, 300, { ...middle, zoom: 2 })).toEqual({ left: 125, top: 75, side: 150 });
});

test("it never leaves the picture", () => {
  expect(squareOf(400, 300, { x: 0, y: 1, zoom: 2 })).toEqual({ left: 0, top: 150, side: 150 });
  const far = moved(400, 300, middle, -9, 9);
  expect(squareOf(400, 300, far)).toEqual({ left: 0, top: 0, side: 300 });
  // What was pushed against an edge moves back at once.
  expect(squareOf(400, 300, moved(400, 300, far, 0.1, 0)).left).toBeCloseTo(30);
});
