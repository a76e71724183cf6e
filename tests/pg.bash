# A PostgreSQL of the test run's own. Load with: load pg
# PG_DIR, PG_PORT and PG_PID tell of it; without the packages PG_PORT is empty, and needs_postgresql skips.

pg_bin() {
	local bin
	for bin in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -Vr) $(command -v initdb 2>/dev/null | xargs -r dirname); do
		[ ! -x "$bin/initdb" ] || { echo "$bin"; return; }
	done
}

# pg_as COMMAND...: PostgreSQL refuses to run as root.
pg_as() {
	local user=postgres
	[ "$(id -u)" -eq 0 ] || { "$@"; return; }
	id "$user" >/dev/null 2>&1 || user=nobody
	# exec: the process that is started is the one that is stopped.
	exec setpriv --reuid "$user" --regid "$(id -g "$user")" --clear-groups -- "$@"
}

# pg_apart: bats waits until nobody holds its pipes any more; what outlives a test must let go of them.
pg_apart() {
	local fd
	for fd in "/proc/$BASHPID/fd"/*; do
		fd=${fd##*/}
		[ "$fd" -le 2 ] || eval "exec $fd>&-"
	done 2>/dev/null
}

# shared_pg: the cluster of this run of bats, started by the first test that asks for it.
shared_pg() {
	local env=$BATS_RUN_TMPDIR/pg.env
	exec {PG_LOCK}>"$env.lock"
	flock "$PG_LOCK"
	if [ -s "$env" ]; then
		. "$env"
	else
		start_pg || return 1
		printf 'export PG_DIR=%s PG_PORT=%s PG_PID=%s\n' "$PG_DIR" "$PG_PORT" "$PG_PID" >"$env"
	fi
	exec {PG_LOCK}>&-
}

# start_pg [SETTING...]: a fresh cluster with PostgreSQL's own settings, on 127.0.0.1 and a socket in PG_DIR. It ends with
# stop_pg, or with the process that runs bats.
start_pg() {
	local bin try
	bin=$(pg_bin)
	export PG_DIR='' PG_PORT='' PG_PID=''
	[ -n "$bin" ] || return 0
	PG_DIR=$(mktemp -d /tmp/vxpg.XXXXXX) # short: the name of a socket has at most 107 bytes
	if [ "$(id -u)" -eq 0 ]; then chown "$(id -u postgres 2>/dev/null || id -u nobody)" "$PG_DIR"; fi
	chmod 755 "$PG_DIR"
	(cd "$PG_DIR" && pg_as "$bin/initdb" -D "$PG_DIR/data" -U vx -A trust -E UTF8 --locale=C.UTF-8 --no-sync) \
		>"$PG_DIR.log" 2>&1 3>&- || { cat "$PG_DIR.log"; return 1; }
	PG_PORT=$(free_port)
	pg_up "$@"
}

# pg_up [SETTING...]: starts the server of PG_DIR, also once more.
pg_up() {
	local bin settings=() try
	bin=$(pg_bin)
	for try in "$@"; do settings+=(-c "$try"); done
	(pg_apart; cd "$PG_DIR" && pg_as "$bin/postgres" -D "$PG_DIR/data" -p "$PG_PORT" -h 127.0.0.1 -k "$PG_DIR" "${settings[@]}") \
		>>"$PG_DIR.log" 2>&1 3>&- </dev/null &
	PG_PID=$!
	for try in $(seq 200); do
		! "$bin/pg_isready" -q -h 127.0.0.1 -p "$PG_PORT" || break
		kill -0 "$PG_PID" 2>/dev/null || { cat "$PG_DIR.log"; return 1; }
		sleep 0.05
	done
	# Who kills bats leaves no server behind.
	(
		pg_apart
		while kill -0 "${BATS_ROOT_PID:-$$}" 2>/dev/null && kill -0 "$PG_PID" 2>/dev/null; do sleep 1; done
		kill -INT "$PG_PID" 2>/dev/null
		sleep 2
		kill -0 "${BATS_ROOT_PID:-$$}" 2>/dev/null || rm -rf "$PG_DIR" "$PG_DIR.log"
	) >/dev/null 2>&1 3>&- </dev/null &
}

# pg_down [SIGNAL]: INT ends sessions and shuts down, QUIT is a crash.
pg_down() {
	[ -n "${PG_PID:-}" ] || return 0
	kill "-${1:-INT}" "$PG_PID" 2>/dev/null || true
	for _ in $(seq 200); do
		kill -0 "$PG_PID" 2>/dev/null || break
		sleep 0.05
	done
	PG_PID=
}

stop_pg() {
	[ -n "${PG_DIR:-}" ] || return 0
	pg_down
	rm -rf "$PG_DIR" "$PG_DIR.log"
	PG_DIR='' PG_PORT=''
}

needs_postgresql() {
	[ -n "${PG_PORT:-}" ] || skip "PostgreSQL is not installed"
}

# psql_in DATABASE [OPTION...]: psql, bare, in one of the cluster's databases.
psql_in() {
	local db=$1
	shift
	"$(pg_bin)/psql" -h 127.0.0.1 -p "$PG_PORT" -U vx -d "$db" -qAtX -v ON_ERROR_STOP=1 "$@"
}

# pg_name FILE: the database that stands for this file's name. pg_uri DATABASE [USER]: how it is reached.
pg_name() { echo "vx_$(realpath -ms "$1" | cksum | tr -d ' ')"; }
pg_uri() { echo "postgresql://${2:-vx}@127.0.0.1:$PG_PORT/$1"; }

# pg_database FILE: the URI of the database for this file's name, which is made when it is not there.
pg_database() {
	local name
	name=$(pg_name "$1")
	[ "$(psql_in postgres -c "SELECT 1 FROM pg_database WHERE datname = '$name'")" ] ||
		psql_in postgres -c "CREATE DATABASE $name"
	pg_uri "$name"
}
