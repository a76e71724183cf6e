#!/usr/bin/env bats
# Eight vx-patient-map at once, each with an overlapping part of the patients in an order of its own: every name gets one
# number, and no number is left out. The long form of this is tests/stress/patient-race.sh by itself.
load helper

@test "eight clients, one vx-serve on SQLite: one number a name, without a hole" {
	run3 bash "$ROOT/tests/stress/patient-race.sh" --ids 1500
	expect 0
	has "$out" "8 clients over 1 vx-serve on sqlite, 8 attempts"
	has "$out" "1 of 1 races right on sqlite"
}

@test "the same under fire, with kill -9 of a client and of the server" {
	run3 bash "$ROOT/tests/stress/patient-race.sh" --ids 1500 --fire
	expect 0
	has "$out" "server 1 killed"
	has "$out" "1 of 1 races right on sqlite"
}

@test "eight clients over three vx-serve on one PostgreSQL, under fire" {
	. "$ROOT/tests/pg.bash"
	[ -n "$(pg_bin)" ] || skip "PostgreSQL is not installed"
	run3 bash "$ROOT/tests/stress/patient-race.sh" --db postgresql --ids 1000 --fire
	expect 0
	has "$out" "8 clients over 3 vx-serve on postgresql"
	has "$out" "1 of 1 races right on postgresql"
}
