#!/bin/sh
# Looks for what the build needs and installs what is missing, where that is possible: Debian packages, components of rustup,
# and for the tests a few packages of Python and npm and a browser.
# `setup.sh run` looks for less: what is enough to build and serve.
set -eu
purpose=${1:-test}
root=$(dirname "$0")/..

has() { command -v "$1" >/dev/null 2>&1; }
say() { printf 'setup: %s\n' "$*" >&2; }

# Runs a command as root, or fails when that needs a password.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif has sudo && sudo -n true 2>/dev/null; then
        sudo -n "$@"
    else
        return 1
    fi
}

if ! has cc || ! has pkg-config; then
    if has apt-get && as_root true; then
        say "installing build-essential and pkg-config"
        as_root apt-get update -qq
        as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
            build-essential pkg-config >&2
    elif ! has cc; then
        say "no C compiler (cc). On Debian: apt-get install build-essential pkg-config"
        exit 1
    fi
fi

if ! has cargo; then
    say "no cargo. Install Rust 1.95 or newer from https://rustup.rs, with rustfmt and clippy"
    exit 1
fi
if [ "$purpose" = test ]; then
    if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
        if ! has rustup || ! rustup component add rustfmt clippy >&2; then
            say "no rustfmt or clippy. Install them: rustup component add rustfmt clippy"
            exit 1
        fi
    fi
fi

# The checks from outside: Python packages in a folder of their own (.venv), and two of npm; each of one version.
if [ "$purpose" = test ]; then
    venv=$root/.venv
    api=$root/scripts/api/requirements.txt
    sockets=$root/clients/conformance/python/requirements.txt
    if ! has python3; then
        if ! has apt-get || ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv >&2; then
            say "no python3 with venv. On Debian: apt-get install python3 python3-venv"
            exit 1
        fi
    fi
    if [ ! -x "$venv/bin/schemathesis" ] || ! cat "$api" "$sockets" | cmp -s - "$venv/installed.txt"; then
        say "installing schemathesis and websockets into .venv"
        if ! python3 -m venv "$venv" ||
            ! "$venv/bin/pip" install --quiet --requirement "$api" --requirement "$sockets" >&2; then
            say "they could not be installed. On Debian venv is a package of its own: apt-get install python3-venv"
            exit 1
        fi
        cat "$api" "$sockets" >"$venv/installed.txt"
    fi
    if ! has node || ! has npm; then
        if ! has apt-get || ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq nodejs npm >&2; then
            say "no node with npm. On Debian: apt-get install nodejs npm"
            exit 1
        fi
    fi
    typescript=$root/clients/conformance/typescript
    if ! cmp -s "$typescript/package-lock.json" "$typescript/node_modules/installed.json"; then
        say "installing ws and typescript for clients/conformance"
        npm ci --prefix "$typescript" --silent --no-audit --no-fund >&2
        cp "$typescript/package-lock.json" "$typescript/node_modules/installed.json"
    fi
fi

# The app for couples: what builds and checks it, by its lock file. Not `npm ci`: that wants the binaries of every platform in
# the lock file, and not every registry has them all. A build without Node goes without the app.
web=$root/web
if ! has npm; then
    say "note: no npm; the server goes without the app in web/. On Debian: apt-get install nodejs npm"
elif [ -f "$web/package.json" ] && ! cmp -s "$web/package-lock.json" "$web/node_modules/installed.json"; then
    say "installing what web/ needs"
    npm install --prefix "$web" --no-save --silent --no-audit --no-fund >&2
    cp "$web/package-lock.json" "$web/node_modules/installed.json"
fi
# A browser that uses it as people do.
if [ "$purpose" = test ] && [ -f "$web/package.json" ] && [ ! -x /usr/bin/chromium ]; then
    say "installing chromium"
    if ! has apt-get || ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >&2; then
        say "no /usr/bin/chromium. On Debian: apt-get install chromium"
        exit 1
    fi
fi
