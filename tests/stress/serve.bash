# shellcheck shell=bash
# What the stress scripts share: a fresh database, vx-serve on it, the fault proxy, processes below this one.
# $work is a folder of the script's own, $db sqlite or postgresql. Source it from the project's root.
started_pids=() database=''

now() { echo $(($(date +%s%N) / 1000000)); }

# free_port: a TCP port of 127.0.0.1 that nobody listens on, below those that the kernel gives to clients.
free_port() {
	local p
	while :; do
		p=$((10000 + $(od -An -N2 -tu2 /dev/urandom) % 22000))
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
	done
}

# fresh_database: sets $database, what vx-serve --db takes.
fresh_database() {
	if [ "$db" = sqlite ]; then
		rm -f "$work"/fire.db*
		database=$work/fire.db
		return
	fi
	if [ -z "${PG_PORT:-}" ]; then
		# shellcheck source=tests/pg.bash
		. tests/pg.bash
		start_pg || exit 74
		[ -n "$PG_PORT" ] || { echo "PostgreSQL is not installed" >&2; exit 69; }
	fi
	psql_in postgres -c 'DROP DATABASE IF EXISTS fire' -c 'CREATE DATABASE fire' 2>/dev/null || exit 74
	database=$(pg_uri fire)
}

# no_database: the end of it.
no_database() {
	[ -z "${PG_PORT:-}" ] || stop_pg
}

# serve PORT: vx-serve on $database; sets $serve_pid.
serve() {
	for _ in 1 2 3 4 5; do
		vx-serve --db "$database" --listen "127.0.0.1:$1" >"$work/serve.log" 2>&1 &
		serve_pid=$!
		started_pids+=("$serve_pid")
		for _ in $(seq 300); do
			curl -sf "http://127.0.0.1:$1/v1/health" >/dev/null 2>&1 && kill -0 "$serve_pid" 2>/dev/null && return 0
			kill -0 "$serve_pid" 2>/dev/null || break
			sleep 0.02
		done
	done
	echo "vx-serve did not start: $(cat "$work/serve.log")" >&2
	exit 74
}

# start_proxy PORT UPSTREAM[,UPSTREAM...] [OPTION...]: logs to $work/proxy.log and, what went wrong with it, to proxy.err.
start_proxy() {
	python3 tests/fault_proxy.py "$1" "$2" "$work/proxy.log" "${@:3}" 2>"$work/proxy.err" &
	started_pids+=($!)
	for _ in $(seq 200); do
		(exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
		sleep 0.02
	done
	echo "the proxy did not start: $(cat "$work/proxy.err")" >&2
	exit 74
}

stop_all() {
	local pid
	for pid in "${started_pids[@]}"; do kill "$pid" 2>/dev/null; done
	for pid in "${started_pids[@]}"; do wait "$pid" 2>/dev/null; done
	started_pids=()
}

# descendants PID: all below it, itself aside.
descendants() {
	local children child
	read -ra children < <(cat "/proc/$1/task/$1/children" 2>/dev/null)
	for child in "${children[@]}"; do
		echo "$child"
		descendants "$child"
	done
}
