# The few commands a newcomer needs; `cargo xtask` has the rest.

.PHONY: run test bench check setup

# Set up what is missing, build the app for couples, where there is Node, and the server; then serve on this machine, data
# in ./data. More flags: make run ARGS="--listen 127.0.0.1:9000".
run:
	@sh scripts/setup.sh run
	@if command -v npm >/dev/null && [ -d web/node_modules ]; then cd web && npm run build; fi
	cargo build --release --package o2o
	@cargo run --quiet --release --package o2o -- serve --preset laptop $(ARGS)

# Set up what is missing, then everything CI checks.
test:
	sh scripts/test.sh

bench:
	cargo xtask bench

check:
	cargo xtask ci

setup:
	sh scripts/setup.sh
