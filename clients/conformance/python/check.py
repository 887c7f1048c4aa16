#!/usr/bin/env python3
"""Holds a running server against docs/REALTIME.md, from outside: `check.py URL`.

Signs up two members and looks at what their devices hear. One line for each check; the exit code is 1 when one fails.
The server must show its mails at /dev/outbox and have its rate limits off. `cargo xtask clients` starts such a one.
"""

import asyncio
import json
import re
import sys

from device import Device, Refused, send, sign_up

MISSED = 60
BURST = 40


class Pair:
    """Two linked members, a conversation, and what earlier checks left behind."""

    async def begin(self, url):
        self.url = url
        self.ada, self.bob = await asyncio.gather(sign_up(url, "ada"), sign_up(url, "bob"))
        code = (await self.ada.call("POST", "/v1/couple/invitations", {"email": self.bob.email}))["code"]
        await self.bob.call("POST", "/v1/couple/join", {"code": code})
        opened = await self.ada.call("POST", "/v1/conversations", {"member_id": self.bob.id})
        self.chat = opened["id"]
        self.hers, self.his = await Device.open(self.ada), await Device.open(self.bob)
        return self


def same(what, seen, wanted):
    assert seen == wanted, f"{what}: {seen!r}, not {wanted!r}"


def seqs(device, after=0):
    return [e["data"]["seq"] for e in device.of("message.created") if e["data"]["seq"] > after]


async def a_ticket_opens_one_socket(pair):
    made = await pair.ada.another_session()
    ticket = await made.ticket()
    same("expires_in", ticket["expires_in"], 60)
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", ticket["ticket"]), "not for a URL"
    device = await Device.open(made, ticket=ticket["ticket"])
    await device.until(lambda: device.ready is not None)
    for bad in (ticket["ticket"], "unknown"):
        same("code", await (await Device.open(made, ticket=bad)).closed(), 4401)
    assert device.code is None, "the first one was closed"
    await device.close()


async def the_first_frame_is_ready(pair):
    for device in (pair.hers, pair.his):
        await device.until(lambda device=device: device.ready is not None)
        assert isinstance(device.ready, int) and not device.resync, device.ready


async def a_message_comes_whole(pair):
    sent = await pair.ada.says(pair.chat, "Tea?")
    for device in (pair.his, pair.hers):
        event = await device.hears("message.created", lambda e: e["data"]["id"] == sent["id"])
        same("members", set(event), {"id", "type", "occurred_at", "data"})
        same("data", {**event["data"], "status": ""}, {**sent, "status": ""})


async def what_follows_from_it_is_told(pair):
    now = (await pair.his.hears("conversation.updated", lambda e: e["data"]["last_seq"] == 1))["data"]
    same("id and unread", (now["id"], now["unread_count"]), (pair.chat, 1))
    same("total", (await pair.his.hears("unread.total"))["data"]["total"], 1)


async def pushed_is_delivered(pair):
    event = await pair.hers.hears("message.status")
    same("data", {k: event["data"][k] for k in ("conversation_id", "status", "up_to_seq")},
         {"conversation_id": pair.chat, "status": "delivered", "up_to_seq": 1})


async def a_burst_comes_in_order_and_in_few_frames(pair):
    await asyncio.sleep(1.1)
    before = len(pair.his.frames)
    for i in range(BURST):
        await pair.ada.says(pair.chat, f"burst {i}")
    await pair.his.until(lambda: len(seqs(pair.his)) == BURST + 1)
    same("seq", seqs(pair.his), list(range(1, BURST + 2)))
    ids = [e["id"] for e in pair.his.events if "id" in e]
    same("ids", ids, sorted(set(ids)))
    times = [when for when, _ in pair.his.frames[before:]]
    # A little less than a second, because the network may bring two frames together.
    for first, eleventh in zip(times, times[10:]):
        assert eleventh - first > 0.8, "more than ten frames in a second"
    assert any(f["type"] == "batch" for _, f in pair.his.frames[before:]), "no batch"


async def deliveries_are_told_together(pair):
    await pair.hers.hears("message.status", lambda e: e["data"]["up_to_seq"] == BURST + 1)
    told = [e["data"]["up_to_seq"] for e in pair.hers.of("message.status")]
    assert told == sorted(told) and len(told) < BURST, told


async def reading_is_told_to_both(pair):
    await pair.bob.call("POST", f"/v1/conversations/{pair.chat}/read", {"seq": BURST + 1})
    await pair.hers.hears("message.status", lambda e: e["data"]["status"] == "read")
    await pair.his.until(lambda: pair.his.of("unread.total")[-1]["data"]["total"] == 0)


async def typing_is_for_the_moment(pair):
    for typing in (True, False):
        await pair.hers.says(type="typing", conversation_id=pair.chat, typing=typing)
        event = await pair.his.hears("typing", lambda e, typing=typing: e["data"]["typing"] == typing)
        assert "id" not in event, "it has an id"
        same("who", event["data"]["member_id"], pair.ada.id)


async def presence_is_told_to_who_watches(pair):
    await pair.hers.says(type="watch", member_ids=[pair.bob.id])
    event = await pair.hers.hears("presence.changed")
    assert "id" not in event, "it has an id"
    same("who and how", (event["data"]["member_id"], event["data"]["online"]), (pair.bob.id, True))


async def a_gap_is_filled_exactly(pair):
    await pair.his.drop()
    pair.before = last = pair.his.last
    missed = [(await pair.ada.says(pair.chat, f"missed {i}"))["id"] for i in range(MISSED)]
    pair.his = await Device.open(pair.bob, last)
    await pair.his.until(lambda: len(seqs(pair.his)) >= MISSED)
    await pair.his.hears("unread.total", lambda e: e["data"]["total"] == MISSED)
    same("messages", [e["data"]["id"] for e in pair.his.of("message.created")], missed)
    same("ready", (pair.his.ready, pair.his.resync, pair.his.twice), (last, False, 0))
    assert all(e["id"] > last for e in pair.his.events), "an event from before"
    assert any(f["type"] == "batch" for _, f in pair.his.frames), "no batch"


async def what_comes_twice_is_dropped_by_its_id(pair):
    other = await Device.open(await pair.bob.another_session(), pair.before)
    await other.until(lambda: len(seqs(other)) == MISSED)
    known = {e["id"] for e in pair.his.events}
    assert {e["id"] for e in other.of("message.created")} <= known, "another device has other ids"
    # The same gap once more, to one that has filled it meanwhile.
    newest, again = other.last, await Device.open(await pair.bob.another_session(), pair.before)
    again.last = newest
    sent = await pair.ada.says(pair.chat, "after the gap")
    await again.hears("message.created", lambda e: e["data"]["id"] == sent["id"])
    same("messages", seqs(again), [sent["seq"]])
    assert again.twice >= MISSED, again.twice
    await other.close()
    await again.close()


async def an_unknown_id_is_answered_with_resync(pair):
    device = await Device.open(await pair.bob.another_session(), 9_000_000_000)
    await device.until(lambda: device.resync)
    same("last", device.last, device.ready)
    sent = await pair.ada.says(pair.chat, "after the resync")
    await device.hears("message.created", lambda e: e["data"]["id"] == sent["id"])
    await device.close()


def stream(url, token, last, count):
    """The events of a stream of server-sent events, until there are so many; and the last `id:`."""
    events, number = [], None
    with send(url, "GET", "/v1/realtime/events", token, headers={"Last-Event-ID": str(last)}) as answer:
        assert answer.headers["Content-Type"].startswith("text/event-stream"), answer.headers["Content-Type"]
        for line in answer:
            name, _, value = line.decode().rstrip("\n").partition(": ")
            if name == "id":
                number = int(value)
            elif name == "data":
                frame = json.loads(value)
                events += frame["events"] if frame["type"] == "batch" else [frame]
                if sum(e["type"] == "message.created" for e in events) >= count:
                    return events, number


async def the_stream_tells_the_same(pair):
    wanted = [e["id"] for e in pair.his.of("message.created")][:MISSED]
    events, number = await asyncio.to_thread(stream, pair.url, pair.bob.token, pair.before, MISSED)
    same("first", events[0], {"type": "ready", "last_event_id": pair.before})
    same("ids", [e["id"] for e in events if e["type"] == "message.created"][:MISSED], wanted)
    same("id:", number, max(e.get("id", 0) for e in events))
    try:
        await asyncio.to_thread(stream, pair.url, "no token", 0, 1)
    except Refused as refused:
        same("status", refused.status, 401)
    else:
        raise AssertionError("it opens without a token")


async def a_newer_socket_takes_the_place(pair):
    session = await pair.ada.another_session()
    first = await Device.open(session)
    await first.until(lambda: first.ready is not None)
    second = await Device.open(session)
    same("code", await first.closed(), 4409)
    assert second.code is None, "the newer one was closed"
    await second.close()


async def too_many_frames_close_it(pair):
    device = await Device.open(await pair.ada.another_session())
    try:
        for _ in range(500):
            await device.says(type="heartbeat")
    except Exception:  # Closed in the middle.
        pass
    same("code", await device.closed(), 4429)


async def a_revoked_session_is_closed(pair):
    session = await pair.ada.another_session()
    device = await Device.open(session)
    await device.until(lambda: device.ready is not None)
    await session.call("POST", "/v1/auth/logout")
    same("code", await device.closed(), 4401)
    await pair.hers.hears("session.revoked")
    assert pair.hers.code is None and pair.his.code is None, "another session's socket was closed"


CHECKS = [a_ticket_opens_one_socket, the_first_frame_is_ready, a_message_comes_whole, what_follows_from_it_is_told,
          pushed_is_delivered, a_burst_comes_in_order_and_in_few_frames, deliveries_are_told_together,
          reading_is_told_to_both, typing_is_for_the_moment, presence_is_told_to_who_watches, a_gap_is_filled_exactly,
          what_comes_twice_is_dropped_by_its_id, an_unknown_id_is_answered_with_resync, the_stream_tells_the_same,
          a_newer_socket_takes_the_place, too_many_frames_close_it, a_revoked_session_is_closed]


async def main(url):
    pair, failed = await Pair().begin(url.rstrip("/")), 0
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            await check(pair)
            print(f"ok    {name}", flush=True)
        except Exception as error:
            failed += 1
            print(f"FAIL  {name}: {type(error).__name__} {error}", flush=True)
    for device in (pair.hers, pair.his):
        await device.close()
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: check.py URL")
    sys.exit(asyncio.run(main(sys.argv[1])))
