# What the bats files share. Load with: load helper
# $BUILD is the build folder; $BATS_TEST_TMPDIR a fresh folder a test.
BUILD=${BUILD:-$(cd "$BATS_TEST_DIRNAME/.." && pwd)/build}
case $BUILD in /*) ;; *) BUILD=$(cd "$BATS_TEST_DIRNAME/.." && pwd)/$BUILD ;; esac
ROOT=$(cd "$BATS_TEST_DIRNAME/.." && pwd)
DATA=$ROOT/../shared/data
PATH=$BUILD:$BUILD/fixtures:$PATH
export PATH LC_ALL=C.UTF-8
unset VX_API VX_DB VX_TOKEN VX_TOKEN_FILE VX_CA_FILE VX_STORE VX_SHARE NO_COLOR VX_FAIL_AT

# run3 COMMAND...: runs it with stdin as given; sets status, out, err (stdout and stderr apart, as files too).
run3() {
	status=0
	"$@" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" || status=$?
	out=$(cat "$BATS_TEST_TMPDIR/out")
	err=$(cat "$BATS_TEST_TMPDIR/err")
}

# expect STATUS: the last run3's exit status, with what it said when it is another.
expect() {
	[ "$status" -eq "$1" ] && return 0
	echo "exit status $status, expected $1"
	echo "stdout: $(head -c 2000 "$BATS_TEST_TMPDIR/out")"
	echo "stderr: $(head -c 2000 "$BATS_TEST_TMPDIR/err")"
	return 1
}

# same GOT WANTED: equal strings, or both shown.
same() {
	[ "$1" = "$2" ] && return 0
	printf 'got:      %s\nexpected: %s\n' "$1" "$2"
	return 1
}

# has TEXT PART: PART occurs in TEXT.
has() {
	case $1 in *"$2"*) return 0 ;; esac
	printf 'got:             %s\nshould hold this: %s\n' "$1" "$2"
	return 1
}

# needs_data NAME: skips the test where the real data is missing.
needs_data() {
	[ -e "$DATA/$1" ] || skip "the real data set $1 is not here"
}

# plain_build: skips a test of memory in a build with a sanitizer, which takes its own.
plain_build() {
	case $BUILD in *asan*) skip "a sanitizer takes memory of its own" ;; esac
}

# faketime_fits: skips a test of clocks where faketime is missing, or cannot be loaded first.
faketime_fits() {
	command -v faketime >/dev/null || skip "faketime is not installed"
	case $BUILD in *asan*) skip "faketime and a sanitizer both want to be loaded first" ;; esac
}

# free_port: a TCP port of 127.0.0.1 that nobody listens on.
free_port() {
	local p
	while :; do
		p=$((10000 + RANDOM % 22000)) # below those that the kernel gives to clients
		(exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
	done
}

# VX_TEST_DB=postgresql: what start_serve starts keeps its data in PostgreSQL; a file's name then stands for a database.
[ "${VX_TEST_DB:-sqlite}" = sqlite ] || . "$ROOT/tests/pg.bash"

# serve_db FILE: what --db is told.
serve_db() {
	if [ "${VX_TEST_DB:-sqlite}" = sqlite ]; then echo "$1"; else pg_database "$1"; fi
}

# sql QUERY [FILE]: asks the database of start_serve itself; columns are separated by "|".
sql() {
	if [ "${VX_TEST_DB:-sqlite}" = sqlite ]; then
		sqlite3 "${2:-$DB}" "$1"
	else
		psql_in "$(pg_name "${2:-$DB}")" -c "$1"
	fi
}

# forget_db [FILE]: start_serve finds nothing there any more.
forget_db() {
	if [ "${VX_TEST_DB:-sqlite}" = sqlite ]; then
		rm -f "${1:-$DB}" "${1:-$DB}"-*
	else
		psql_in postgres -c "DROP DATABASE IF EXISTS $(pg_name "${1:-$DB}") WITH (FORCE)"
	fi
}

# sqlite_only: skips a test of the SQLite file itself.
sqlite_only() {
	[ "${VX_TEST_DB:-sqlite}" = sqlite ] || skip "is about the SQLite file"
}

# start_serve [OPTION...]: vx-serve on a fresh database and a free port; sets API, SERVE_PID, DB.
# Call stop_serve in teardown.
start_serve() {
	local port try again db
	DB=${DB:-$BATS_TEST_TMPDIR/vx.db}
	if [ "${VX_TEST_DB:-sqlite}" != sqlite ]; then
		[ -n "${PG_PORT:-}" ] || shared_pg || return 1
		needs_postgresql
	fi
	db=$(serve_db "$DB") || return 1
	# A port that was free may be taken by another test a moment later: then the next one.
	for again in 1 2 3 4 5; do
		port=$(free_port)
		vx-serve --db "$db" --listen "127.0.0.1:$port" "$@" >"$BATS_TEST_TMPDIR/serve.log" 2>&1 3>&- &
		SERVE_PID=$!
		API=http://127.0.0.1:$port
		for try in $(seq 100); do
			# In this order: what answers on the port may be another test's server, while ours has just ended.
			if curl -sf "$API/v1/health" >/dev/null 2>&1; then
				sleep 0.02
				kill -0 "$SERVE_PID" 2>/dev/null && return 0
			fi
			kill -0 "$SERVE_PID" 2>/dev/null || break
			sleep 0.05
		done
		grep -q 'Address already in use' "$BATS_TEST_TMPDIR/serve.log" || break
	done
	echo "vx-serve did not start:"; cat "$BATS_TEST_TMPDIR/serve.log"
	return 1
}

stop_serve() {
	[ -n "${SERVE_PID:-}" ] || return 0
	kill "$SERVE_PID" 2>/dev/null || true
	wait "$SERVE_PID" 2>/dev/null || true
	SERVE_PID=
}
