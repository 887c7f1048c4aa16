#!/usr/bin/env bash
# Two people from sign-up to a note received live, and one scheduled for tomorrow 09:00 in Lisbon.
#
#   scripts/tour.sh [BASE_URL] [DATA_DIR]        a running server (make run) and its data folder
#
# Needs bash, curl and python3. README.md shows the same steps. O2O_BIN names the program `o2o` when it is neither on the
# PATH nor built here.
set -euo pipefail

O2O=${1:-http://localhost:8080}
DATA=${2:-data}
here=$(cd "$(dirname "$0")/.." && pwd)
# Other people each time, so that the tour can be taken again.
tag=$(date +%s)-$$
ana="ana-$tag@example.com" ben="ben-$tag@example.com"

step() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fail() { printf 'tour: %s\n' "$*" >&2; exit 1; }

# Repeats a command until it succeeds, for 10 seconds.
wait_for() {
    local tries=0
    until "$@"; do
        tries=$((tries + 1))
        [ "$tries" -lt 50 ] || fail "waited too long for: $*"
        sleep 0.2
    done
}

# post PATH JSON [TOKEN] and get PATH [TOKEN]: the body of the answer; a refusal is shown and ends the tour.
post() { curl -sS --fail-with-body "$O2O$1" -H 'Content-Type: application/json' -H "Authorization: Bearer ${3:-}" -d "$2"; }
get() { curl -sS --fail-with-body "$O2O$1" -H "Authorization: Bearer ${2:-}"; }
# field a.b.0: that part of the JSON on standard input.
field() { python3 -c 'import json, sys
value = json.load(sys.stdin)
for key in sys.argv[1].split("."): value = value[int(key) if isinstance(value, list) else key]
print(value)' "$1"; }

# The newest mail to an address whose text has this pattern: what the pattern matches.
mailed() { get "/dev/outbox?to=$1&channel=email" | field data.0.text 2>/dev/null | grep -oE "$2"; }
is_verified() { [ "$(get /v1/me "$1" | field email_verified)" = True ]; }
has_plan() { [ "$(get /v1/me "$1" | field plan)" = "$2" ]; }

# The command-line program: named, built here, or on the PATH.
o2o() {
    local program
    for program in "${O2O_BIN:-}" "$here/target/release/o2o" "$here/target/debug/o2o" "$(command -v o2o || true)"; do
        if [ -n "$program" ] && [ -x "$program" ]; then
            "$program" "$@"
            return
        fi
    done
    fail "the program o2o was not found; set O2O_BIN"
}

curl -sS -o /dev/null "$O2O/livez" || fail "no server answers at $O2O; start one with: make run"
[ -d "$DATA" ] || fail "$DATA is not the data folder of that server; say it as the second argument"

step "1  Ana and Ben sign up"
register() {
    post /v1/auth/register "{\"name\": \"$1\", \"email\": \"$2\", \"password\": \"tea at the kitchen table\",
        \"consent\": true, \"age_attested\": true, \"timezone\": \"Europe/Lisbon\", \"client\": \"native\"}"
}
ANA=$(register Ana "$ana" | field session.access_token)
BEN=$(register Ben "$ben" | field session.access_token)
echo "$ana and $ben have an account and a session"

step "2  Both open the link of the mail they got ($O2O/dev/outbox)"
for who in "$ana" "$ben"; do
    wait_for mailed "$who" 'token=[A-Za-z0-9_-]+' >/dev/null
    token=$(mailed "$who" 'token=[A-Za-z0-9_-]+')
    post /v1/auth/email/verify "{\"token\": \"${token#token=}\", \"client\": \"native\"}" >/dev/null
done
is_verified "$ANA" && is_verified "$BEN" || fail "the addresses are not verified"
echo "verified"

step "3  Ana invites Ben, Ben joins with the code"
CODE=$(post /v1/couple/invitations "{\"email\": \"$ben\"}" "$ANA" | field code)
post /v1/couple/join "{\"code\": \"$CODE\"}" "$BEN" | field id

step "4  Ben listens; Ana sends a note; Ben has it at once"
heard=$(mktemp)
curl -sSN "$O2O/v1/realtime/events" -H "Authorization: Bearer $BEN" >"$heard" &
listener=$!
trap 'kill "$listener" 2>/dev/null || true; rm -f "$heard"' EXIT
wait_for grep -q '"type":"ready"' "$heard"
NOTE=$(post /v1/notes '{"channel": "partner", "content": "Tea is ready. So am I."}' "$ANA" | field id)
wait_for grep -q "\"id\":\"$NOTE\"" "$heard"
grep "\"id\":\"$NOTE\"" "$heard"

step "5  Scheduling is part of the plan Premiere, which the operator grants"
o2o member grant-plan --data "$DATA" --email "$ana" --plan premiere
wait_for has_plan "$ANA" premiere

step "6  Ana schedules a note for tomorrow 09:00 in Lisbon"
TOMORROW=$(TZ=Europe/Lisbon python3 -c 'import datetime; print(datetime.date.today() + datetime.timedelta(days=1))')
post /v1/scheduled-notes "{\"channel\": \"partner\", \"content\": \"Good morning, you.\",
    \"date\": \"$TOMORROW\", \"time\": \"09:00\", \"timezone\": \"Europe/Lisbon\"}" "$ANA" >/dev/null
get /v1/scheduled-notes "$ANA" | python3 -c 'import json, sys
for note in json.load(sys.stdin)["data"]:
    print(note["status"], note["scheduled_date"], note["scheduled_time"], note["timezone"], "=", note["due_at"])'

step "Done. Ben's box:"
get '/v1/notes?box=received' "$BEN" | python3 -m json.tool
