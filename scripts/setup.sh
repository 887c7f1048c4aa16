#!/bin/sh
# Looks for what the build needs and installs what is missing, where that is possible: Debian packages, components of rustup,
# and for the tests one Python package.
# `setup.sh run` looks for less: what is enough to build and serve.
set -eu
purpose=${1:-test}

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

# The check of the API against its document: a Python package in a folder of its own (.venv), of one version.
if [ "$purpose" = test ]; then
    venv=$(dirname "$0")/../.venv
    wanted=$(dirname "$0")/api/requirements.txt
    if ! has python3; then
        if ! has apt-get || ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3 python3-venv >&2; then
            say "no python3 with venv. On Debian: apt-get install python3 python3-venv"
            exit 1
        fi
    fi
    if [ ! -x "$venv/bin/schemathesis" ] || ! cmp -s "$wanted" "$venv/installed.txt"; then
        say "installing schemathesis into .venv"
        if ! python3 -m venv "$venv" || ! "$venv/bin/pip" install --quiet --requirement "$wanted" >&2; then
            say "schemathesis could not be installed. On Debian venv is a package of its own: apt-get install python3-venv"
            exit 1
        fi
        cp "$wanted" "$venv/installed.txt"
    fi
fi

# Not needed to build and test the server.
has node || say "note: no node; the app in web/ needs it. On Debian: apt-get install nodejs npm"
