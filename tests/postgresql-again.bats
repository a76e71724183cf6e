#!/usr/bin/env bats
# The tests of vx-serve and of those who speak to it once more, with PostgreSQL behind it instead of SQLite.
load helper
load pg

setup_file() {
	load helper
	load pg
	start_pg
}

teardown_file() {
	load pg
	stop_pg
}

setup() {
	needs_postgresql
	ONLY=()
	export VX_TEST_DB=postgresql
}

# again FILE...: these tests with PostgreSQL behind vx-serve; ONLY: a filter.
again() {
	local file
	for file in "$@"; do
		run3 env -u BATS_RUN_TMPDIR bats -F tap "${ONLY[@]}" "$ROOT/tests/$file"
		grep -A40 '^not ok' "$BATS_TEST_TMPDIR/out" || true
		expect 0
		[ "$(grep -c '^ok' "$BATS_TEST_TMPDIR/out")" -gt 0 ]
	done
}

@test "the tests of vx-serve" { again vx-serve.bats; }

@test "the tests of vx-post" { again vx-post.bats; }

@test "the tests of kills" { again kill.bats; }

@test "the tests of clones" { again clone.bats; }

@test "the tests of lists, of hostile requests and of the contract" {
	again vx-serve-lists.bats hostile.bats contract-fuzz.bats
}

@test "the tests of slow clients, which must not hold all connections to the database" {
	ONLY=(-f 'slow|stops in the middle')
	again vx-serve-neighbour.bats
}
