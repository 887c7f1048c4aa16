import { expect, test } from "vitest";
import { backOff, type Frame, type LiveEvent, Position } from "./frames";

const event = (id: number | undefined, type = "unread.total"): LiveEvent => ({
  ...(id !== undefined && { id }),
  type,
  occurred_at: "2026-11-22T09:00:00.000Z",
  data: {},
});

function take(position: Position, ...frames: Frame[]) {
  const shown: (number | undefined)[] = [];
  let reloads = 0;
  for (const frame of frames) {
    position.take(
      frame,
      ({ id }) => shown.push(id),
      () => {
        reloads += 1;
      },
    );
  }
  return { shown, reloads };
}

test("the first connection loads what is shown and goes on from there", () => {
  const position = new Position();
  const { shown, reloads } = take(position, { type: "ready", last_event_id: 40 }, event(40), event(48));
  expect(shown).toEqual([48]);
  expect(reloads).toBe(1);
  expect(position.last).toBe(48);
});

test("a later connection resumes without loading, and drops what came twice", () => {
  const position = new Position();
  position.last = 48;
  const { shown, reloads } = take(
    position,
    { type: "ready", last_event_id: 72 },
    { type: "batch", events: [event(40), event(48), event(56), event(56), event(72)] },
  );
  expect(shown).toEqual([56, 72]);
  expect(reloads).toBe(0);
});

test("resync loads again and goes on at ready", () => {
  const position = new Position();
  position.last = 8;
  const { shown, reloads } = take(
    position,
    { type: "ready", last_event_id: 90 },
    { type: "resync" },
    event(88),
    event(96),
  );
  expect(shown).toEqual([96]);
  expect(reloads).toBe(1);
});

test("what has no id is shown and moves nothing", () => {
  const position = new Position();
  position.last = 5;
  expect(take(position, event(undefined, "typing"), event(undefined, "typing")).shown).toHaveLength(2);
  expect(position.last).toBe(5);
});

test("pauses double up to a minute, and are spread by half to one and a half", () => {
  expect([0, 1, 2, 3].map((attempt) => backOff(attempt, 0.5))).toEqual([1000, 2000, 4000, 8000]);
  expect(backOff(20, 0.5)).toBe(60_000);
  expect(backOff(0, 0)).toBe(500);
  expect(backOff(0, 1)).toBe(1500);
});
