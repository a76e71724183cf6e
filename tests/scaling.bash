# What the tests of runs in parts share. Load with: load scaling

# the_data: SCRIPT and SOURCE: PI-CAI where it is, else the demo.
the_data() {
	if [ -e "$DATA/picai" ]; then
		SCRIPT=$ROOT/share/datasets/picai.sh SOURCE=$DATA/picai
	else
		the_demo
	fi
}

the_demo() {
	SCRIPT=$ROOT/share/datasets/demo.sh SOURCE=$BATS_TEST_TMPDIR/data
	[ -d "$SOURCE" ] || vx-demo-dataset "$SOURCE"
}

# plain_run: the script in one piece on a deployment of its own: export.plain, summary.plain, rejects.plain, results.plain.
# Then a fresh deployment, and in OPTIONS what all parts are told.
plain_run() {
	local status=0
	DB=$BATS_TEST_TMPDIR/plain.db start_serve
	"$SCRIPT" --api "$API" --data "$SOURCE" --store "$1" -q --results results.plain --rejects rejects.plain \
		>summary.plain 2>plain.log || status=$?
	[ "$status" -le 1 ] || { cat plain.log; return 1; }
	PLAIN_STATUS=$status
	curl -sf "$API/v1/export" >export.plain
	stop_serve
	unset DB
	start_serve
	mkdir reports
	OPTIONS=(--api "$API" --data "$SOURCE" --store "$1" -q --results results.parts --rejects rejects.parts)
}

# same_as_plain: the deployment holds what the plain run made, and the summary in $1 says the same.
same_as_plain() {
	curl -sf "$API/v1/export" | cmp - export.plain
	same "$(cat "$1")" "$(cat summary.plain)"
	cmp rejects.parts rejects.plain
	LC_ALL=C sort results.parts | cmp - <(LC_ALL=C sort results.plain)
}
