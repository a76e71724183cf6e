#!/usr/bin/env bash
# A load of volumes through vx-post into vx-serve: their rate and memory; again with --journal; against a client that is
# written with Python's requests; GET /v1/export against sqlite3 -json on the same file.
# usage: BUILD=build tests/bench/load.sh [RESOURCES [RESOURCES_OF_THE_PEER]]
# Seconds are wall clock; where others use the machine, the processor time of client and server tells more.
set -euo pipefail
n=${1:-1000000} few=${2:-40000}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

volumes() {
	awk -v n="$1" -f "$here/volumes.awk"
}

fresh() { # fresh: vx-serve on an empty file
	[ -z "$server" ] || { kill "$server"; wait "$server" || true; }
	rm -f "$work"/vx.db* "$work/log"
	vx-serve --db "$work/vx.db" --listen 127.0.0.1:0 2>"$work/log" &
	server=$!
	until grep -qs "listening on" "$work/log"; do sleep 0.05; done
	VX_API=$(sed -n 's/.*listening on //p' "$work/log")
	export VX_API
}

serve_cpu() { awk '{ print ($14 + $15) / 100 }' "/proc/$server/stat"; }
peak_of() { awk '/VmHWM/ { print $2 }' "/proc/$1/status"; }

# client FILE COMMAND...: wall seconds, seconds of processor time and peak KiB, appended to FILE.
client() {
	local to=$1
	shift
	/usr/bin/time -a -o "$to" -f '%e %U %S %M' "$@" >/dev/null
}

median() { awk -v c="$2" '{ print $c }' "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

volumes "$n" >"$work/in.ndjson"
total=$(wc -l <"$work/in.ndjson")
fresh
client "$work/load" vx-post -q "$work/in.ndjson"
awk -v n="$total" -v s="$(serve_cpu)" -v m="$(peak_of "$server")" '{
	printf "load, %d resources: %.1f s, %.0f/s (goal 40000/s); processor time %.1f s vx-post, %.1f s vx-serve: %.0f/s of two cores\n",
		n, $1, n / $1, $2 + $3, s, 2 * n / ($2 + $3 + s)
	printf "load, peaks: vx-post %.1f MiB (goal 32), vx-serve %.0f MiB (goal 256)\n", $4 / 1024, m / 1024 }' "$work/load"

# Export and shell read the same rows in the same order; the file is in the system's memory for both.
for _ in 1 2 3 4 5; do
	client "$work/export" curl -s "$VX_API/v1/export"
	client "$work/shell" sqlite3 -json "file:$work/vx.db?mode=ro" "SELECT body FROM resource ORDER BY level, identifier"
done
awk -v v="$(median "$work/export" 1)" -v p="$(median "$work/shell" 1)" 'BEGIN {
	printf "export: vx %.2f s, sqlite3 -json %.2f s, ratio %.2f (goal 1)\n", v, p, v / p }'

fresh
client "$work/first" vx-post -q --journal "$work/journal" "$work/in.ndjson"
client "$work/again" vx-post -q --journal "$work/journal" --expect-unchanged "$work/in.ndjson"
paste "$work/load" "$work/first" "$work/again" | awk '{
	printf "again with --journal: %.1f s, of the first post %.3f (goal 0.1); peak %.1f MiB (goal 32)\n", $9, $9 / $1, $12 / 1024
	printf "what writing the journal costs a first post: %.1f s of processor time, ratio %.2f\n", $6 + $7 - $2 - $3,
		($6 + $7) / ($2 + $3) }'

head -n "$few" "$work/in.ndjson" >"$work/few.ndjson"
for _ in 1 2 3 4 5; do
	fresh
	client "$work/vx" vx-post -q "$work/few.ndjson"
	fresh
	client "$work/python" /usr/bin/python3 "$here/load_requests.py" "$VX_API" "$work/few.ndjson"
done
awk -v n="$few" -v v="$(median "$work/vx" 1)" -v p="$(median "$work/python" 1)" 'BEGIN {
	printf "vx-post, %d resources: vx %.2f s, Python requests in batches of 500 %.2f s, ratio %.2f (goal 0.2)\n", n, v, p, v / p }'
