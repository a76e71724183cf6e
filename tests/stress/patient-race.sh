#!/bin/bash
# Several vx-patient-map at once register overlapping patients, each in an order of its own, into one datasource of one
# database behind one or several vx-serve; with --fire a tenth of the requests is disturbed (tests/fault_proxy.py), and one
# server and one client are killed (kill -9), the server to come back, the client to begin anew.
# usage: tests/stress/patient-race.sh [--runs N] [--seed N] [--db sqlite|postgresql] [--servers N] [--clients N] [--ids N] [--fire]
# Default: one run on SQLite, 1 server (PostgreSQL: 3), 8 clients, 3,000 names. Right is a run in which every name has one
# number, all clients and the export agree on it, and the numbers are 1 to the number of names. BUILD names the build folder.
set -u
cd "$(dirname "$0")/../.." || exit 74
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export PATH="$BUILD:$PATH" LC_ALL=C.UTF-8
unset VX_TOKEN VX_TOKEN_FILE VX_API
runs=1 seed=1 db=sqlite servers='' clients=8 ids=3000 fire=''
while [ $# -gt 0 ]; do
	case $1 in
	--runs) runs=$2; shift 2 ;;
	--seed) seed=$2; shift 2 ;;
	--db) db=$2; shift 2 ;;
	--servers) servers=$2; shift 2 ;;
	--clients) clients=$2; shift 2 ;;
	--ids) ids=$2; shift 2 ;;
	--fire) fire=yes; shift ;;
	*) sed -n '2,/^set/{s/^# \{0,1\}//p;}' "$0" >&2; exit 64 ;;
	esac
done
[ -n "$servers" ] || { [ "$db" = sqlite ] && servers=1 || servers=3; }
attempts_most=20
work=$(mktemp -d) || exit 74
# shellcheck source=tests/stress/serve.bash
. tests/stress/serve.bash
trap 'stop_all; no_database; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# names CLIENT: about 60 of 100 names, some of them twice, in an order of the client's own, a few at a time.
names() {
	awk -v n="$ids" -v seed="$((seed * 1000 + run * 100 + $1))" 'BEGIN {
		srand(seed)
		for (i = 1; i <= n; i++) {
			if (rand() < 0.6) printf "%.9f {\"_match\":{\"patient\":\"SRC-%d\"}}\n", rand(), i
			if (rand() < 0.05) printf "%.9f {\"_match\":{\"patient\":\"SRC-%d\"}}\n", rand(), i
		}
	}' | sort | cut -d' ' -f2-
}

# trickle FILE: so that there are many requests, not a few large ones.
trickle() {
	awk '{ print } NR % 60 == 0 { fflush(); system("sleep 0.03") }' "$1"
}

# client NUMBER PORT: until it says that all went well.
client() {
	local attempt
	exec 2>"$work/shell.$1" # where the shell tells of who was killed
	for ((attempt = 1; attempt <= attempts_most; attempt++)); do
		trickle "$work/in.$1" | vx-patient-map -q --retry-for 10 --api "http://127.0.0.1:$2" --datasource datasource/race \
			>"$work/out.$1" 2>>"$work/err.$1"
		case ${PIPESTATUS[1]} in 0) echo "$attempt" >"$work/attempts.$1" && return 0 ;; esac
		# Somebody has read what it said before it ended: that holds, too.
		jq -R 'fromjson? | select(._patient)' "$work/out.$1" >>"$work/early.$1"
	done
	return 1
}

# kill_client: one of them, whichever.
kill_client() {
	local pid
	for pid in $(descendants $$); do
		[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = vx-patient-map ] && kill -9 "$pid" && return 0
	done
	return 1
}

# judge: nothing, or what is wrong.
judge() {
	local i
	curl -sf "http://127.0.0.1:${ports[0]}/v1/export" | jq -r 'select(.external_uid) | "\(.external_uid) \(.identifier)"' |
		sort >"$work/export" || echo "no export"
	for ((i = 1; i <= clients; i++)); do
		jq -r '"\(._match.patient) \(._patient)"' "$work/out.$i" >"$work/pairs.$i"
		cut -d' ' -f1 "$work/pairs.$i" | cmp -s - <(jq -r ._match.patient "$work/in.$i") ||
			echo "client $i: what came out is not what went in"
	done
	jq -r '"\(._match.patient) \(._patient)"' "$work"/early.* >"$work/pairs.early"
	sort -u "$work"/pairs.* | cmp -s - "$work/export" || {
		echo "the clients and the export do not agree:"
		sort -u "$work"/pairs.* | diff - "$work/export" | head -4
	}
	cut -d' ' -f1 "$work/export" | uniq -d | sed 's/$/: two numbers/' | head -3
	cut -d' ' -f2 "$work/export" | sort | cmp -s - <(seq -f 'patient/RA%05.0f' "$(wc -l <"$work/export")") ||
		echo "the numbers are not 1 to $(wc -l <"$work/export")"
}

right=0
for ((run = 1; run <= runs; run++)); do
	RANDOM=$((seed * 1000 + run))
	started=$(now)
	fresh_database
	ports=() pids=()
	for ((i = 0; i < servers; i++)); do
		port=$(free_port)
		serve "$port"
		ports+=("$port")
		pids+=("$serve_pid")
	done
	target=("${ports[@]}") killed=''
	vx-post -q --api "http://127.0.0.1:${ports[0]}" <<<'{"identifier":"datasource/race","shorthand":"RA"}' >/dev/null
	if [ -n "$fire" ]; then
		target=("$(free_port)")
		start_proxy "${target[0]}" "$(IFS=, && echo "${ports[*]}")" --rate 0.1 --seed $((seed * 1000 + run))
	fi
	rm -f "$work"/attempts.* "$work"/err.* "$work"/pairs.* "$work"/early.*
	: >"$work/early.0"
	waiting=()
	for ((i = 1; i <= clients; i++)); do
		names "$i" >"$work/in.$i"
		client "$i" "${target[i % ${#target[@]}]}" &
		waiting+=($!)
	done
	if [ -n "$fire" ]; then
		sleep "0.$((RANDOM % 9))"
		kill_client && killed=", a client killed"
		sleep "0.$((RANDOM % 9))"
		victim=$((RANDOM % servers))
		kill -9 "${pids[victim]}" && wait "${pids[victim]}" 2>/dev/null
		serve "${ports[victim]}"
		pids[victim]=$serve_pid
		killed+=", server $((victim + 1)) killed"
	fi
	wrong=''
	for pid in "${waiting[@]}"; do wait "$pid" || wrong="a client gave up: $(tail -qn 1 "$work"/err.* | tail -1) "; done
	[ -n "$wrong" ] || wrong=$(judge)
	[ -n "$wrong" ] || right=$((right + 1))
	echo "run $run: ${wrong:-right}: $(wc -l <"$work/export") names, $clients clients over $servers vx-serve on $db," \
		"$(cat "$work"/attempts.* | awk '{ n += $1 } END { print n }') attempts$killed, $(($(now) - started)) ms"
	stop_all
done
echo "$right of $runs races right on $db"
[ "$right" -eq "$runs" ]
