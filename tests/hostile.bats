#!/usr/bin/env bats
# vx-serve against clients that mean harm: tests/hostile.tsv, row by row, byte for byte, and what is left afterwards.
# VX_SHOW=1 bats tests/hostile.bats prints the table: each request and what it got.
load helper

teardown() {
	for pid in $PIDS; do kill "$pid" 2>/dev/null || true; done
	stop_serve
}

@test "every hostile request gets the answer that the table says, and the server is whole afterwards" {
	PIDS=
	(echo secret; vx-serve --hash-token read <<<a-token-that-reads) >"$BATS_TEST_TMPDIR/tokens"
	DB=$BATS_TEST_TMPDIR/locked.db start_serve --token-file "$BATS_TEST_TMPDIR/tokens"
	local locked=$API production
	PIDS=$SERVE_PID
	DB=$BATS_TEST_TMPDIR/production.db start_serve --environment production
	production=$API PIDS="$PIDS $SERVE_PID"
	DB=$BATS_TEST_TMPDIR/open.db start_serve --max-body 1M --idle-timeout 1s
	run3 python3 "$ROOT/tests/hostile.py" "$ROOT/tests/hostile.tsv" open="$API" locked="$locked" production="$production"
	[ -z "${VX_SHOW:-}" ] || sed 's/^/# /' "$BATS_TEST_TMPDIR/out" >&3
	expect 0
	# Whatever was stored is JSON, stands below something that is there, and can be posted to another deployment.
	curl -sf "$API/v1/export" >"$BATS_TEST_TMPDIR/export"
	same "$(jq -rs '(map(.identifier) | INDEX(.)) as $all |
		[.[] | select(.parent_identifier and ($all[.parent_identifier] | not))] | length' "$BATS_TEST_TMPDIR/export")" 0
	run3 vx-post -q --api "$API" --expect-unchanged "$BATS_TEST_TMPDIR/export"
	expect 0
	same "$(curl -s "$locked/v1/health" | jq -r .status)" ok
	same "$(curl -s -H 'Authorization: Bearer secret' "$locked/v1/stats" | jq -r .total)" 0
	[ "$DB" != "$BATS_TEST_TMPDIR/open.db" ] || [ -n "${VX_TEST_DB:-}" ] ||
		same "$(sqlite3 "$DB" 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok
}
