#!/usr/bin/env python3
"""Asks a running server everything: `check.py URL FOLDER O2O DATA`, called by `cargo xtask api`.

Signs up a couple and a stranger, then lets schemathesis act as one of the couple, and look whether the stranger can see
what it should not. FOLDER takes what is needed on the way.
"""

import json
import os
import re
import subprocess
import sys
import time
import urllib.request

PASSWORD = "tea at the kitchen table"
HERE = os.path.dirname(os.path.abspath(__file__))


def call(url, method, path, token=None, body=None):
    request = urllib.request.Request(url + path, method=method)
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def member(url, name):
    """Signs up and opens the link of the mail."""
    email = f"{name}@o2o.example"
    call(url, "POST", "/v1/auth/register", body={
        "name": name, "email": email, "password": PASSWORD, "consent": True, "age_attested": True, "client": "native"})
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        mails = call(url, "GET", f"/dev/outbox?channel=email&to={email}")["data"]
        if mails:
            token = re.search(r"/verify\?token=([\w-]+)", mails[0]["text"])[1]
            body = {"token": token, "client": "native"}
            return call(url, "POST", "/v1/auth/email/verify", body=body)["session"]["access_token"]
        time.sleep(0.1)
    raise SystemExit(f"no mail for {email}")


def signs_in(name):
    """How schemathesis signs in, and again when a session ended: Web Fuzzing Commons."""
    return {"name": name, "loginEndpointAuth": {
        "verb": "POST", "endpoint": "/v1/auth/login", "contentType": "application/json",
        "payloadRaw": json.dumps({"email": f"{name}@o2o.example", "password": PASSWORD, "client": "native"}),
        "token": {"extractFrom": "body", "extractSelector": "/session/access_token", "sendIn": "header",
                  "sendName": "Authorization", "sendTemplate": "Bearer {token}"}}}


def main(url, folder, program, data):
    ada, bob, _eve = (member(url, name) for name in ("ada", "bob", "eve"))
    code = call(url, "POST", "/v1/couple/invitations", ada, {"email": "bob@o2o.example"})["code"]
    call(url, "POST", "/v1/couple/join", bob, {"code": code})
    subprocess.run([program, "member", "grant-plan", "--data", data, "--email", "ada@o2o.example",
                    "--plan", "exclusive"], check=True)
    users = os.path.join(folder, "users.json")
    with open(users, "w", encoding="utf-8") as out:
        json.dump({"auth": [signs_in("ada"), signs_in("eve")]}, out)
    environment = os.environ | {"O2O_API_USERS": users, "PYTHONPATH": HERE, "PYTHONHASHSEED": "0"}
    tool = os.path.join(os.path.dirname(sys.executable), "schemathesis")
    done = subprocess.run([tool, "--config-file", os.path.join(HERE, "schemathesis.toml"), "run", f"{url}/openapi.json",
                           "--checks", "all", *sys.argv[5:]], env=environment, cwd=folder, check=False)
    return done.returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
