#!/bin/sh
# Holds a running broker to openapi.yaml: schemathesis makes valid and invalid requests from it and checks each answer.
# Usage: run_schemathesis.sh [URL [OPTION…]]; without a URL it starts $BROKERCTL (default .build/debug/brokerctl) on a
# free port. Options go to `schemathesis run`.
# Exit: 0 all answers keep the contract, 1 some do not, 2 no server.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
url=${1:-}
[ $# -eq 0 ] || shift
server=
work=$(mktemp -d)
finish() {
    [ -z "$server" ] || { kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; }
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

if [ -z "$url" ]; then
    "${BROKERCTL:-$root/.build/debug/brokerctl}" serve --host 127.0.0.1 --port 0 >"$work/server.log" 2>&1 &
    server=$!
    tries=0
    until url=$(grep -o 'http://127\.0\.0\.1:[0-9]*' "$work/server.log" | head -n 1) && [ -n "$url" ]; do
        tries=$((tries + 1))
        if [ "$tries" -gt 200 ] || ! kill -0 "$server" 2>/dev/null; then
            cat "$work/server.log" >&2
            echo "run_schemathesis.sh: the server did not say where it listens" >&2
            exit 2
        fi
        sleep 0.05
    done
fi

cd "$work"
PYTHONPATH=$here SCHEMATHESIS_HOOKS=schemathesis_hooks \
    "${PYTHON:-python3}" -m schemathesis.cli --config-file "$here/schemathesis.toml" \
    run "$root/openapi.yaml" --url "$url" --no-color "$@"
