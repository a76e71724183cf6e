#!/usr/bin/env bash
# vx-post into vx-serve against a bare C loop that inserts the same rows into a SQLite file of the same layout.
# usage: BUILD=build tests/bench/serve.sh [RESOURCES]
# Medians of five paired runs; a line "what: vx ..., floor ..., ratio ... (goal ...)" a measurement.
set -euo pipefail
n=${1:-100000}
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
${CC:-cc} -O2 -o "$work/floor" "$here/tests/bench/sqlite_floor.c" -D_GNU_SOURCE -lsqlite3

awk -v n="$n" -f "$here/tests/bench/volumes.awk" >"$work/in.ndjson"
total=$(wc -l <"$work/in.ndjson")

seconds() { # seconds COMMAND...: its wall time
	local a b
	a=$(date +%s%N)
	"$@" >/dev/null
	b=$(date +%s%N)
	echo $(((b - a) / 1000000)) | awk '{printf "%.3f\n", $1 / 1000}'
}

median() { sort -n "$1" | sed -n 3p; }

: >"$work/created" && : >"$work/unchanged" && : >"$work/floors"
for _ in 1 2 3 4 5; do
	rm -f "$work"/vx.db* "$work"/floor.db* "$work/log"
	vx-serve --db "$work/vx.db" --listen 127.0.0.1:0 2>"$work/log" &
	server=$!
	until grep -qs 'listening on' "$work/log"; do sleep 0.05; done
	api=$(sed -n 's/.*listening on //p' "$work/log")
	seconds vx-post -q --api "$api" "$work/in.ndjson" >>"$work/created"
	seconds vx-post -q --expect-unchanged --api "$api" "$work/in.ndjson" >>"$work/unchanged"
	kill "$server"
	wait "$server"
	server=
	"$work/floor" "$work/vx.db" "$work/floor.db" >>"$work/floors"
done
awk -v n="$total" -v c="$(median "$work/created")" -v u="$(median "$work/unchanged")" -v f="$(median "$work/floors")" 'BEGIN {
	printf "vx-post into vx-serve, %d new resources: %.2f s, %d/s (goal 40000/s)\n", n, c, n / c
	printf "the same again, all unchanged: %.2f s, %d/s\n", u, n / u
	printf "vx-post into vx-serve: vx %.2f s, bare SQLite insert %.2f s, ratio %.2f (goal 0.40)\n", c, f, f / c
}'
