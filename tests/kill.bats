#!/usr/bin/env bats
# An ingestion whose tools are killed (kill -9) at random moments ends, run again, where an undisturbed one ends. The long
# form of this is tests/stress/kill.sh by itself.
load helper

@test "six kills of vx-post, vx-patient-map and vx-serve: six equal exports" {
	run3 bash "$ROOT/tests/stress/kill.sh" --kills 6 --seed 11 --patients 80
	expect 0
	has "$out" "undisturbed: 721 resources"
	has "$out" "6 of 6 exports equal"
	# The two kills of the server always meet it.
	[ "$(grep -c 'hit, ' <<<"$out")" -ge 2 ]
}
