#!/bin/sh
# Everything CI checks, from nothing.
set -eu
cd "$(dirname "$0")/.."
sh scripts/setup.sh
exec cargo xtask ci
