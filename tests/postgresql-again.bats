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

@test "the tests of vx-post that ask something of the database" {
	ONLY=(-f 'first run|any order|waits for its parent|what is wrong with a record|conflict|fill|update|implied|dry-run|circle|twins')
	again vx-post.bats
}

@test "the tests of kills" { again kill.bats; }

@test "the tests of clones, those aside that take long or ask nothing of the database" {
	ONLY=(-f 'empty deployment|replaced exactly|change names|holds a name|delete-missing: first|within a patient|restore: plain|--restore in production')
	again clone.bats
}

@test "the tests of lists, of hostile requests and of the contract" {
	again vx-serve-lists.bats hostile.bats contract-fuzz.bats
}

@test "the tests of slow clients, which must not hold all connections to the database" {
	ONLY=(-f 'slow|stops in the middle')
	again vx-serve-neighbour.bats
}
