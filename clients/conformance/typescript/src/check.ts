/**
 * Holds a running server against docs/REALTIME.md, from outside: `node build/check.js URL`.
 *
 * Signs up two members and looks at what their devices hear. One line for each check; the exit code is 1 when one fails.
 * The server must show its mails at /dev/outbox and have its rate limits off. `cargo xtask clients` starts such a one.
 */

import assert from "node:assert/strict";
import { Device, Member, pause, type Event } from "./device.js";
import { stream } from "./stream.js";

const MISSED = 60;
const BURST = 40;

/** Two linked members, a conversation, and what earlier checks left behind. */
class Pair {
  /** What his device had before it missed something. */
  before = 0;

  private constructor(
    readonly ada: Member,
    readonly bob: Member,
    readonly chat: string,
    readonly hers: Device,
    public his: Device,
  ) {}

  static async begin(url: string): Promise<Pair> {
    const [ada, bob] = await Promise.all([Member.signUp(url, "ada"), Member.signUp(url, "bob")]);
    const { code } = await ada.call<{ code: string }>("POST", "/v1/couple/invitations", { email: bob.email });
    await bob.call("POST", "/v1/couple/join", { code });
    const { id } = await ada.call<{ id: string }>("POST", "/v1/conversations", { member_id: bob.id });
    return new Pair(ada, bob, id, await Device.open(ada), await Device.open(bob));
  }
}

const ids = (events: readonly Event[]): number[] => events.flatMap((event) => event.id ?? []);
const batched = (device: Device, from = 0): boolean => device.frames.slice(from).some((f) => f.frame.type === "batch");

const CHECKS: Readonly<Record<string, (pair: Pair) => Promise<void>>> = {
  "a ticket opens one socket": async ({ ada }) => {
    const session = await ada.anotherSession();
    const { ticket, expires_in } = await session.ticket();
    assert.equal(expires_in, 60);
    assert.match(ticket, /^[A-Za-z0-9._~-]+$/);
    const device = await Device.open(session, undefined, ticket);
    await device.until(() => device.ready);
    for (const bad of [ticket, "unknown"]) {
      assert.equal(await (await Device.open(session, undefined, bad)).closed(), 4401);
    }
    assert.equal(device.code, undefined);
    await device.close();
  },

  "the first frame is ready": async ({ hers, his }) => {
    for (const device of [hers, his]) {
      assert.ok(Number.isInteger(await device.until(() => device.ready)) && !device.resync);
    }
  },

  "a message comes whole": async ({ ada, chat, hers, his }) => {
    const sent = await ada.says(chat, "Tea?");
    for (const device of [his, hers]) {
      const event = await device.hears("message.created", (data) => data["id"] === sent.id);
      assert.deepEqual(Object.keys(event).sort(), ["data", "id", "occurred_at", "type"]);
      assert.deepEqual({ ...event.data, status: "" }, { ...sent, status: "" });
    }
  },

  "what follows from it is told": async ({ chat, his }) => {
    const { data } = await his.hears("conversation.updated", (now) => now["last_seq"] === 1);
    assert.deepEqual([data["id"], data["unread_count"]], [chat, 1]);
    assert.deepEqual((await his.hears("unread.total")).data, { total: 1 });
  },

  "pushed is delivered": async ({ chat, hers }) => {
    const { conversation_id, status, up_to_seq } = (await hers.hears("message.status")).data;
    assert.deepEqual([conversation_id, status, up_to_seq], [chat, "delivered", 1]);
  },

  "a burst comes in order and in few frames": async ({ ada, chat, his }) => {
    await pause(1_100);
    const before = his.frames.length;
    for (let i = 0; i < BURST; i += 1) await ada.says(chat, `burst ${i}`);
    await his.until(() => his.seqs().length === BURST + 1);
    assert.deepEqual(his.seqs(), Array.from({ length: BURST + 1 }, (_, i) => i + 1));
    const told = ids(his.events);
    assert.deepEqual(told, [...new Set(told)].sort((a, b) => a - b));
    const times = his.frames.slice(before).map((frame) => frame.at);
    // A little less than a second, because the network may bring two frames together.
    times.slice(10).forEach((at, i) => assert.ok(at - (times[i] ?? at) > 800, "more than ten frames in a second"));
    assert.ok(batched(his, before), "no batch");
  },

  "deliveries are told together": async ({ hers }) => {
    await hers.hears("message.status", (data) => data["up_to_seq"] === BURST + 1);
    const told = hers.of("message.status").map((event) => event.data["up_to_seq"] as number);
    assert.deepEqual(told, [...told].sort((a, b) => a - b));
    assert.ok(told.length < BURST, String(told));
  },

  "reading is told to both": async ({ bob, chat, hers, his }) => {
    await bob.call("POST", `/v1/conversations/${chat}/read`, { seq: BURST + 1 });
    await hers.hears("message.status", (data) => data["status"] === "read");
    await his.until(() => his.of("unread.total").at(-1)?.data["total"] === 0);
  },

  "typing is for the moment": async ({ ada, chat, hers, his }) => {
    for (const typing of [true, false]) {
      hers.says({ type: "typing", conversation_id: chat, typing });
      const event = await his.hears("typing", (data) => data["typing"] === typing);
      assert.equal(event.id, undefined);
      assert.equal(event.data["member_id"], ada.id);
    }
  },

  "presence is told to who watches": async ({ bob, hers }) => {
    hers.says({ type: "watch", member_ids: [bob.id] });
    const event = await hers.hears("presence.changed");
    assert.equal(event.id, undefined);
    assert.deepEqual([event.data["member_id"], event.data["online"]], [bob.id, true]);
  },

  "a gap is filled exactly": async (pair) => {
    await pair.his.drop();
    const last = pair.his.last ?? 0;
    pair.before = last;
    const missed: string[] = [];
    for (let i = 0; i < MISSED; i += 1) missed.push((await pair.ada.says(pair.chat, `missed ${i}`)).id);
    const his = await Device.open(pair.bob, last);
    pair.his = his;
    await his.until(() => his.seqs().length >= MISSED);
    await his.hears("unread.total", (data) => data["total"] === MISSED);
    assert.deepEqual(his.of("message.created").map((event) => event.data["id"]), missed);
    assert.deepEqual([his.ready, his.resync, his.twice], [last, false, 0]);
    assert.ok(ids(his.events).every((id) => id > last), "an event from before");
    assert.ok(batched(his), "no batch");
  },

  "what comes twice is dropped by its id": async ({ ada, bob, before, chat, his }) => {
    const other = await Device.open(await bob.anotherSession(), before);
    await other.until(() => other.seqs().length === MISSED);
    const known = new Set(ids(his.events));
    assert.ok(ids(other.of("message.created")).every((id) => known.has(id)), "another device has other ids");
    // The same gap once more, to one that has filled it meanwhile.
    const again = await Device.open(await bob.anotherSession(), before);
    again.last = other.last;
    const sent = await ada.says(chat, "after the gap");
    await again.hears("message.created", (data) => data["id"] === sent.id);
    assert.deepEqual(again.seqs(), [sent.seq]);
    assert.ok(again.twice >= MISSED, String(again.twice));
    await Promise.all([other.close(), again.close()]);
  },

  "an unknown id is answered with resync": async ({ ada, bob, chat }) => {
    const device = await Device.open(await bob.anotherSession(), 9_000_000_000);
    await device.until(() => device.resync);
    assert.equal(device.last, device.ready);
    const sent = await ada.says(chat, "after the resync");
    await device.hears("message.created", (data) => data["id"] === sent.id);
    await device.close();
  },

  "the stream tells the same": async ({ bob, before, his }) => {
    const created = (events: readonly Event[]): number[] =>
      ids(events.filter((event) => event.type === "message.created")).slice(0, MISSED);
    const heard = await stream(bob.url, bob.token, before, (events) => created(events).length === MISSED);
    assert.equal(heard.ready, before);
    assert.deepEqual(created(heard.events), created(his.events));
    assert.equal(heard.id, Math.max(...ids(heard.events)));
    await assert.rejects(stream(bob.url, "no token", 0, () => true), /401/);
  },

  "a newer socket takes the place": async ({ ada }) => {
    const session = await ada.anotherSession();
    const first = await Device.open(session);
    await first.until(() => first.ready);
    const second = await Device.open(session);
    assert.equal(await first.closed(), 4409);
    assert.equal(second.code, undefined);
    await second.close();
  },

  "too many frames close it": async ({ ada }) => {
    const device = await Device.open(await ada.anotherSession());
    for (let i = 0; i < 500; i += 1) device.says({ type: "heartbeat" });
    assert.equal(await device.closed(), 4429);
  },

  "a revoked session is closed": async ({ ada, hers, his }) => {
    const session = await ada.anotherSession();
    const device = await Device.open(session);
    await device.until(() => device.ready);
    await session.call("POST", "/v1/auth/logout");
    assert.equal(await device.closed(), 4401);
    await hers.hears("session.revoked");
    assert.deepEqual([hers.code, his.code], [undefined, undefined]);
  },
};

async function main(url: string): Promise<number> {
  const pair = await Pair.begin(url.replace(/\/$/, ""));
  let failed = 0;
  for (const [name, check] of Object.entries(CHECKS)) {
    try {
      await check(pair);
      console.log(`ok    ${name}`);
    } catch (error) {
      failed += 1;
      console.log(`FAIL  ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  await Promise.all([pair.hers, pair.his].map((device) => device.code ?? device.close()));
  return failed === 0 ? 0 : 1;
}

const [url, more] = process.argv.slice(2);
if (url === undefined || more !== undefined) {
  console.error("usage: node build/check.js URL");
  process.exit(2);
}
process.exit(await main(url));
