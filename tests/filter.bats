#!/usr/bin/env bats
# The loop that all filters share, without a tool in it.
load helper

numbers() { seq -f '{"n":%.0f,"s":"some text to make the line longer","x":1.50}' "$1"; }

@test "order is kept over threads, whatever takes longer" {
	numbers 20000 >"$BATS_TEST_TMPDIR/in"
	sed -i '7~1000s/{/{"slow":1,/' "$BATS_TEST_TMPDIR/in"
	for j in 1 2 8; do
		run3 filter_probe -q -j $j "$BATS_TEST_TMPDIR/in"
		expect 0
		cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
	done
	run3 filter_probe -q --batch "$BATS_TEST_TMPDIR/in"
	cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/out"
}

@test "a bad line costs only itself and goes to the rejects, to the bit" {
	printf '{"n":1}\n{"n":\n\xff\n[1]\n{"n":2,"reject":"no good"}\n{"n":3}' >"$BATS_TEST_TMPDIR/in"
	run3 filter_probe --rejects "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/in"
	expect 1
	same "$out" $'{"n":1}\n{"n":3}'
	has "$err" "filter_probe: $BATS_TEST_TMPDIR/in:2: not JSON: ends too early at byte 5"
	has "$err" "in:4: not a JSON object but array"
	has "$err" "in:5: reject: no good"
	has "$err" "filter_probe: 6 records in, 2 out, 4 rejected"
	same "$(jq -c '[.tool,.reason,.field,.row,.record,.record_latin1]' "$BATS_TEST_TMPDIR/rejects")" \
'["filter_probe","not JSON: ends too early at byte 5",null,2,"{\"n\":",null]
["filter_probe","not JSON: unexpected byte 0xFF at byte 0",null,3,null,"ÿ"]
["filter_probe","not a JSON object but array",null,4,"[1]",null]
["filter_probe","no good","reject",5,{"n":2,"reject":"no good"},null]'
}

@test "a byte order mark in front of the first record is no part of it" {
	run3 filter_probe < <(printf '\xef\xbb\xbf{"n":1}\r\n{"n":2}\r\n')
	expect 0
	same "$out" $'{"n":1}\n{"n":2}'
}

@test "where a record came from reaches the message" {
	run3 filter_probe <<<'{"_source":{"file":"t.csv","row":17},"reject":"bad grade"}
{"_file":{"rel":"a/b.nii"},"reject":"short"}
{"identifier":"volume/x","reject":"odd"}'
	expect 1
	has "$err" "filter_probe: t.csv:17: reject: bad grade"
	has "$err" "filter_probe: a/b.nii: reject: short"
	has "$err" "filter_probe: volume/x: reject: odd"
}

@test "equal warnings are counted, with the first example" {
	run3 filter_probe < <(for i in 1 2 3; do echo '{"identifier":"volume/'$i'","warn":"no parent"}'; done)
	expect 0
	same "$(grep -c 'no parent' <<<"$err")" 2
	has "$err" "filter_probe: volume/1: warning: no parent"
	has "$err" "filter_probe: warning: no parent (and 2 more)"
}

@test "a fatal error ends the run after what stands before it" {
	for how in '-j 1' '-j 4' '--batch'; do
		run3 filter_probe $how < <(numbers 100; echo '{"fatal":"gone"}'; numbers 100000)
		expect 75
		same "$(wc -l <"$BATS_TEST_TMPDIR/out")" 100
		has "$err" "filter_probe: gone"
	done
}

@test "a stream that is no NDJSON at all is 65, and does not print a million lines" {
	run3 filter_probe < <(yes 'not json' | head -100000)
	expect 65
	has "$err" "the input is no NDJSON"
	[ "$(wc -l <<<"$err")" -lt 800 ]
	run3 filter_probe <<<'nope'
	expect 65
}

@test "output comes at once when the input pauses" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	filter_probe -q <"$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/out" 3>&- &
	exec 9>"$BATS_TEST_TMPDIR/fifo"
	echo '{"n":1}' >&9
	for _ in $(seq 40); do [ -s "$BATS_TEST_TMPDIR/out" ] && break; sleep 0.05; done
	same "$(cat "$BATS_TEST_TMPDIR/out")" '{"n":1}'
	exec 9>&-
	wait $!
}

@test "VX_FAIL_AT kills after exactly that many records" {
	VX_FAIL_AT=10 run3 filter_probe -j 2 < <(numbers 1000)
	expect 137
	same "$(wc -l <"$BATS_TEST_TMPDIR/out")" 10
}

@test "a missing file is 74, the others are read" {
	echo '{"n":1}' >"$BATS_TEST_TMPDIR/a"
	run3 filter_probe "$BATS_TEST_TMPDIR/none" "$BATS_TEST_TMPDIR/a"
	expect 74
	same "$out" '{"n":1}'
	has "$err" "none: cannot open: No such file or directory"
}

@test "memory does not grow with the number of records" {
	plain_build
	for how in '-j 1' '-j 2' '--batch'; do
		numbers 1000000 | /usr/bin/time -f %M -o "$BATS_TEST_TMPDIR/rss" filter_probe -q $how >/dev/null
		[ "$(cat "$BATS_TEST_TMPDIR/rss")" -lt 16384 ] || { echo "$how: $(cat "$BATS_TEST_TMPDIR/rss") KiB"; false; }
	done
}
