#!/bin/bash
# Kills vx-post, vx-patient-map or vx-serve (kill -9) at random moments of an ingestion, runs it again, and holds the
# export against that of a run that nobody disturbed.
# usage: tests/stress/kill.sh [--kills N] [--seed N] [--patients N] [-- COMMAND [ARG...]]
# COMMAND ingests everything into $VX_API and may be run again; default: a generated dataset through vx-patient-map and
# vx-post. BUILD names the build folder. Prints a line a kill and exits with 0 when every export was equal.
set -u
cd "$(dirname "$0")/../.." || exit 74
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export PATH="$BUILD:$PATH" LC_ALL=C.UTF-8
unset VX_TOKEN VX_TOKEN_FILE VX_API
kills=60 seed=1 patients=400
while [ $# -gt 0 ]; do
	case $1 in
	--kills) kills=$2; shift 2 ;;
	--seed) seed=$2; shift 2 ;;
	--patients) patients=$2; shift 2 ;;
	--) shift; break ;;
	*) echo "usage: $0 [--kills N] [--seed N] [--patients N] [-- COMMAND...]" >&2; exit 64 ;;
	esac
done
RANDOM=$seed
work=$(mktemp -d) || exit 74
serve_pid=
. tests/stress/serve.bash # free_port, descendants
# VX_TEST_DB=postgresql: the databases lie there; a file's name stands for one.
uri_of() { echo "$1"; }
forget() { rm -f "$1" "$1"-*; }
if [ "${VX_TEST_DB:-sqlite}" != sqlite ]; then
	. tests/pg.bash
	uri_of() { pg_database "$1"; }
	forget() { psql_in postgres -c "DROP DATABASE IF EXISTS $(pg_name "$1") WITH (FORCE)"; }
fi
own_pg=
trap 'stop_serve; [ -z "$own_pg" ] || stop_pg; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# The generated dataset: scans (whose patient is not known yet), their order shuffled, and the table rows of the studies.
generate() {
	awk -v n="$patients" 'BEGIN {
		srand(7)
		for (p = 1; p <= n; p++)
			for (s = 1; s <= 2; s++)
				for (v = 1; v <= 3; v++)
					printf "%.9f\t{\"_match\":{\"patient\":\"SRC-%d\",\"study\":\"2020-0%d-01\",\"name\":\"v%d\"},\"path_nii\":\"s3://b/%d/%d/%d.nii.gz\",\"volume_type\":\"T2\",\"_source\":{\"file\":\"scan\",\"row\":%d}}\n", rand(), p, s, v, p, s, v, p
	}' | sort | cut -f2- >"$work/scans.ndjson"
}

ingest_generated() {
	vx-post -q <<<'{"identifier":"datasource/kill","shorthand":"KI"}' >/dev/null || return
	set -o pipefail
	vx-patient-map -q --retry-for 20 --datasource datasource/kill --id 'volume/{patient}/{study}/{name}' \
		--parent 'study/{patient}/{study}' "$work/scans.ndjson" | vx-post -q --retry-for 20 --batch 50 >/dev/null
}

start_serve() { # start_serve DB: on $port
	for _ in 1 2 3 4 5; do
		vx-serve --db "$(uri_of "$1")" --listen "127.0.0.1:$port" >"$work/serve.log" 2>&1 &
		serve_pid=$!
		for _ in $(seq 200); do
			curl -sf "http://127.0.0.1:$port/v1/health" >/dev/null 2>&1 && return 0
			kill -0 "$serve_pid" 2>/dev/null || break
			sleep 0.02
		done
	done
	echo "vx-serve did not start: $(cat "$work/serve.log")" >&2
	exit 74
}

stop_serve() {
	[ -n "$serve_pid" ] || return 0
	kill "$serve_pid" 2>/dev/null
	wait "$serve_pid" 2>/dev/null
	serve_pid=
}

ingest() {
	export VX_API=http://127.0.0.1:$port
	if [ ${#command[@]} -gt 0 ]; then "${command[@]}"; else ingest_generated; fi
}

# victim NAME PID: a process of that name below PID, or nothing.
victim() {
	local pid
	for pid in $(descendants "$2"); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] && { echo "$pid"; return; }
	done
}

# disturb NAME SECONDS: an ingestion whose NAME is killed after so long (vx-serve comes back at once).
disturb() {
	local run pid
	ingest >/dev/null 2>&1 &
	run=$!
	sleep "$2"
	if [ "$1" = vx-serve ]; then
		kill -9 "$serve_pid"
		wait "$serve_pid" 2>/dev/null
		start_serve "$work/kill.db"
		hit=1
	else
		pid=$(victim "$1" $run)
		[ -z "$pid" ] || { kill -9 "$pid" 2>/dev/null && hit=1; }
	fi
	wait "$run" 2>/dev/null
}

command=("$@")
if [ "${VX_TEST_DB:-sqlite}" != sqlite ] && [ -z "${PG_PORT:-}" ]; then
	start_pg fsync=on || exit 74
	own_pg=1
fi
port=$(free_port)
generate
start_serve "$work/calm.db"
started=$(date +%s%N)
ingest >/dev/null || { echo "the undisturbed run failed" >&2; exit 1; }
took=$((($(date +%s%N) - started) / 1000000))
curl -sf "http://127.0.0.1:$port/v1/export" >"$work/calm"
stop_serve
echo "undisturbed: $(wc -l <"$work/calm") resources in $took ms"

names=(vx-post vx-patient-map vx-serve)
equal=0 hits=0
for ((k = 1; k <= kills; k++)); do
	forget "$work/kill.db"
	start_serve "$work/kill.db"
	name=${names[k % 3]} hit=0
	moment=$((RANDOM % (took * 8 / 10 + 1))) # later it is mostly over
	disturb "$name" "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
	before=$(curl -sf "http://127.0.0.1:$port/v1/export" | wc -l)
	ingest >/dev/null 2>"$work/err" || { echo "the run after the kill failed: $(tail -3 "$work/err")"; }
	curl -sf "http://127.0.0.1:$port/v1/export" >"$work/after"
	hits=$((hits + hit))
	if cmp -s "$work/calm" "$work/after"; then
		equal=$((equal + 1))
		echo "kill $k: $name after $moment ms ($([ $hit = 1 ] && echo "hit, $before resources were in" || echo "it had ended")): equal"
	else
		echo "kill $k: $name after $moment ms: DIFFERENT"
		diff "$work/calm" "$work/after" | head -5
	fi
	stop_serve
done
echo "$equal of $kills exports equal, $hits kills met a running process"
[ "$equal" -eq "$kills" ]
