"""A device as docs/REALTIME.md describes a correct one, and the few calls of the API that it needs."""

import asyncio
import json
import re
import time
import urllib.error
import urllib.request

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

PATIENCE = 20
PASSWORD = "tea at the kitchen table"


class Refused(Exception):
    """The API answered with a problem."""

    def __init__(self, status, problem):
        super().__init__(f"{status} {problem}")
        self.status = status


def send(url, method, path, token=None, body=None, headers=(), timeout=PATIENCE):
    request = urllib.request.Request(url + path, method=method, headers=dict(headers))
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    try:
        return urllib.request.urlopen(request, timeout=timeout)
    except urllib.error.HTTPError as refused:
        with refused:
            raise Refused(refused.code, refused.read().decode()) from None


class Member:
    """Somebody with an account, and one session of theirs."""

    def __init__(self, url, signed_in, email):
        self.url, self.email = url, email
        self.id, self.token = signed_in["member"]["id"], signed_in["session"]["access_token"]

    async def call(self, method, path, body=None):
        def work():
            with send(self.url, method, path, self.token, body) as answer:
                return json.loads(answer.read() or b"null")
        return await asyncio.to_thread(work)

    async def ticket(self):
        return await self.call("POST", "/v1/realtime/tickets")

    async def says(self, conversation, text):
        body = {"kind": "text", "content": text}
        return await self.call("POST", f"/v1/conversations/{conversation}/messages", body)

    async def another_session(self):
        def work():
            body = {"email": self.email, "password": PASSWORD, "client": "native"}
            with send(self.url, "POST", "/v1/auth/login", body=body) as answer:
                return Member(self.url, json.load(answer), self.email)
        return await asyncio.to_thread(work)


async def sign_up(url, name):
    """Registers, and opens the link of the mail, which the outbox of a development server shows."""
    email = f"{name}.{time.time_ns()}@o2o.example"

    def work():
        body = {"name": name, "email": email, "password": PASSWORD, "consent": True, "age_attested": True,
                "client": "native"}
        send(url, "POST", "/v1/auth/register", body=body).close()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with send(url, "GET", f"/dev/outbox?channel=email&to={email}") as answer:
                mails = json.load(answer)["data"]
            if mails:
                token = re.search(r"/verify\?token=([\w-]+)", mails[0]["text"])[1]
                body = {"token": token, "client": "native"}
                with send(url, "POST", "/v1/auth/email/verify", body=body) as answer:
                    return Member(url, json.load(answer), email)
            time.sleep(0.05)
        raise SystemExit(f"no mail for {email}")
    return await asyncio.to_thread(work)


class Device:
    """One connection. Keeps what it was told, each event once."""

    def __init__(self, last=None):
        self.last = last
        self.ready = None
        self.resync = False
        self.frames = []        # (when, frame), those that bring events
        self.events = []        # in order, without those that came twice
        self.twice = 0
        self.code = None
        self.changed = asyncio.Event()

    @classmethod
    async def open(cls, member, last=None, ticket=None):
        self = cls(last)
        ticket = ticket or (await member.ticket())["ticket"]
        query = "" if last is None else f"&last_event_id={last}"
        address = f"ws{member.url.removeprefix('http')}/v1/realtime?ticket={ticket}{query}"
        self.socket = await connect(address, max_size=None, compression=None)
        self.reader = asyncio.create_task(self.read())
        return self

    async def read(self):
        try:
            async for text in self.socket:
                self.receive(json.loads(text))
                self.changed.set()
        except ConnectionClosed:
            pass
        self.code = self.socket.close_code
        self.changed.set()

    def receive(self, frame):
        kind = frame["type"]
        if self.ready is None:
            assert kind == "ready", f"the first frame is {kind}"
            self.ready = frame["last_event_id"]
            self.last = self.ready if self.last is None else self.last
        elif kind == "resync":
            self.resync, self.last = True, self.ready
        else:
            self.frames.append((time.monotonic(), frame))
            for event in frame["events"] if kind == "batch" else [frame]:
                self.take(event)

    def take(self, event):
        number = event.get("id")
        if number is not None and number <= self.last:
            self.twice += 1
            return
        self.last = self.last if number is None else number
        self.events.append(event)

    def of(self, kind):
        return [event for event in self.events if event["type"] == kind]

    async def until(self, what, patience=PATIENCE):
        """Waits until `what` holds and gives what it gives."""
        async with asyncio.timeout(patience):
            while not (found := what()):
                self.changed.clear()
                await self.changed.wait()
            return found

    async def hears(self, kind, fits=lambda event: True):
        return await self.until(lambda: next((e for e in self.of(kind) if fits(e)), None))

    async def says(self, **frame):
        await self.socket.send(json.dumps(frame))

    async def closed(self):
        return await self.until(lambda: self.code)

    async def drop(self):
        """The network breaks: no goodbye."""
        self.socket.transport.abort()
        await self.closed()

    async def close(self):
        await self.socket.close()
        await self.reader
