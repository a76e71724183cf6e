#!/usr/bin/env bats
# A dataset script through a proxy that disturbs every fifth request, with kill -9 of a client: it ends where an undisturbed one
# ends. The long form of this is tests/stress/fire.sh by itself.
load helper

@test "five runs of picai.sh under fire: the same export, no number twice, no hole, no result lost" {
	run3 bash "$ROOT/tests/stress/fire.sh" --runs 5 --first 7 --patients 12 --batch 15 --rate 0.2
	expect 0
	has "$out" "undisturbed: 228 resources, 216 results"
	has "$out" "5 of 5 runs right on sqlite: 1 of the whole script, 1 kills met a running process"
	# The proxy did disturb: a tenth of so many requests at least.
	[ "$(sed -n 's/.* \([0-9]*\) of [0-9]* requests hit, [0-9]* s$/\1/p' <<<"$out")" -ge 10 ]
}
