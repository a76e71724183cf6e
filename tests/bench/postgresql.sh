#!/usr/bin/env bash
# A load of volumes through vx-post into vx-serve on PostgreSQL, a cluster of its own with the settings that Debian ships
# (fsync and synchronous_commit on, max_wal_size 1GB, shared_buffers 128MB); the same without waiting for the disk at each
# commit; with all triggers of foreign keys that SQLite has; all of it again unchanged; the export.
# usage: BUILD=build tests/bench/postgresql.sh [RESOURCES]
# Client, vx-serve and PostgreSQL share the machine. Where others use it too, their processor time tells more.
set -euo pipefail
n=${1:-200000}
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/pg.bash
. "$here/../pg.bash"
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; stop_pg; rm -rf "$work"' EXIT
free_port() { echo $((20000 + RANDOM % 10000)); }
start_pg fsync=on
[ -n "$PG_PORT" ] || { echo "PostgreSQL is not installed"; exit 0; }

awk -v n="$n" -f "$here/volumes.awk" >"$work/in.ndjson"
total=$(wc -l <"$work/in.ndjson")

# fresh NAME [URI-SUFFIX]: vx-serve on an empty database.
fresh() {
	local uri
	[ -z "$server" ] || { kill "$server"; wait "$server" || true; }
	uri=$(pg_database "$1")
	vx-serve --db "$uri${2:-}" --listen 127.0.0.1:0 2>"$work/log" &
	server=$!
	until grep -qs "listening on" "$work/log"; do sleep 0.05; done
	VX_API=$(sed -n 's/.*listening on //p' "$work/log")
	export VX_API
}

ticks() { cat "$@" 2>/dev/null | awk '{ t += $14 + $15 } END { print t / 100 }'; }
serve_cpu() { ticks "/proc/$server/stat"; }
pg_cpu() { local p list=(); for p in $(pgrep -P "$PG_PID") "$PG_PID"; do list+=("/proc/$p/stat"); done; ticks "${list[@]}"; }

# client FILE COMMAND...: wall seconds, processor seconds of client, vx-serve and PostgreSQL, peak KiB; appended to FILE.
client() {
	local to=$1 serve pg
	shift
	serve=$(serve_cpu) pg=$(pg_cpu)
	/usr/bin/time -o "$work/time" -f '%e %U %S %M' "$@" >/dev/null
	echo "$(cat "$work/time") $serve $(serve_cpu) $pg $(pg_cpu)" |
		awk '{ print $1, $2 + $3, $6 - $5, $8 - $7, $4 }' >>"$to"
}

report() { # report FILE WHAT GOAL
	awk -v n="$total" -v what="$2" -v goal="$3" '{
		printf "%s, %d resources: %.1f s, %.0f/s%s; processor time %.1f s client, %.1f s vx-serve, %.1f s PostgreSQL: %.0f/s of two cores\n",
			what, n, $1, n / $1, goal, $2, $3, $4, 2 * n / ($2 + $3 + $4) }' "$work/$1"
}

fresh first
client "$work/load" vx-post -q "$work/in.ndjson"
report load "load into PostgreSQL" " (goal 25000/s)"
awk '/VmHWM/ { printf "vx-serve at its peak: %.0f MiB (goal 256)\n", $2 / 1024 }' "/proc/$server/status"
client "$work/again" vx-post -q --expect-unchanged "$work/in.ndjson"
report again "the same again, all unchanged" ""
client "$work/export" curl -s "$VX_API/v1/export"
report export "GET /v1/export" ""
fresh second '?options=-csynchronous_commit%3Doff'
client "$work/async" vx-post -q "$work/in.ndjson"
report async "load, synchronous_commit off" ""
fresh third
psql_in "$(pg_name third)" -c 'ALTER TABLE resource ADD FOREIGN KEY (parent_identifier) REFERENCES resource' \
	-c 'ALTER TABLE reference ADD FOREIGN KEY (source) REFERENCES resource, ADD FOREIGN KEY (target) REFERENCES resource'
client "$work/keys" vx-post -q "$work/in.ndjson"
report keys "load, with foreign keys" ""
