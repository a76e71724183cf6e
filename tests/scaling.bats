# A dataset script in parts: prepare, shards, finish.
load helper
load scaling

setup() { cd "$BATS_TEST_TMPDIR"; }
teardown() { stop_serve; }

part() { run3 "$SCRIPT" "${OPTIONS[@]}" --reports reports "$@"; }

@test "parts end in the export, the summary, the results and the rejects of the plain run" {
	the_demo
	plain_run "file://$PWD/store"
	part --prepare
	expect 0
	has "$out" "$(basename "$SCRIPT" .sh), part prepare:"
	pids=()
	for i in 4 2 5 1; do
		"$SCRIPT" "${OPTIONS[@]}" --reports reports --shard $i/5 >out.$i 2>&1 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	part --finish 5
	expect 75
	has "$err" 'part 3/5 has not ended: run it again'
	part --shard 3/5
	expect 0
	part --finish 5
	expect "$PLAIN_STATUS"
	same_as_plain out
	# Again, in other parts: nothing changes.
	part --expect-unchanged --prepare
	for i in 2 1; do part --expect-unchanged --shard $i/2; done
	part --expect-unchanged --finish 2
	expect "$PLAIN_STATUS"
	same "$(jq -r .status results.parts | sort -u)" unchanged
	curl -sf "$API/v1/export" | cmp - export.plain
}

@test "a patient's images and masks are in one shard, hence each mask has its image" {
	the_demo
	plain_run "file://$PWD/store"
	for p in --prepare '--shard 1/3' '--shard 2/3' '--shard 3/3' '--finish 3'; do part $p; done
	expect 1
	same_as_plain out
	same "$(jq -c 'select(.identifier | startswith("voxelmap/")) | .reference_mri == null' export.plain | sort -u)" \
		"$(printf 'false\ntrue')"
	# No report is in the way of another number of shards, and no shard did all the work.
	for i in 1 2 3; do
		same "$(head -n 1 reports/$i-of-3.ndjson | jq -r '.part | .script + " " + .part')" "demo $i/3"
		[ "$(grep -c '^{"result"' reports/$i-of-3.ndjson)" -lt 40 ]
		same "$(tail -n 1 reports/$i-of-3.ndjson)" "{\"end\":{\"status\":$(grep -q '^{"reject"' reports/$i-of-3.ndjson; echo $((1 - $?)))}}"
	done
}

@test "shards give no numbers: a patient who came after prepare is a reject, until it is run again" {
	the_demo
	plain_run "file://$PWD/store"
	part --prepare
	mkdir -p "$SOURCE/images/ZZZ-1/2020-01-01"
	cp "$SOURCE/images/DEMO-001/2019-03-14/t2.nii.gz" "$SOURCE/images/ZZZ-1/2020-01-01/t2.nii.gz"
	part --shard 1/1
	part --finish 1
	expect 1
	has "$out" " ZZZ-1/2020-01-01/t2.nii.gz: _match.patient: patient 'ZZZ-1' is not registered in datasource/demo"
	curl -sf "$API/v1/export" | cmp - export.plain
	for p in --prepare '--shard 1/1' '--finish 1'; do part $p; done
	case $out in *ZZZ-1*'not registered'*) return 1 ;; esac
	same "$(curl -sf "$API/v1/export" | jq -r 'select(.external_uid == "ZZZ-1") | .identifier')" patient/DM00013
}

@test "a part that is stopped, or killed, and run again" {
	the_demo
	plain_run "file://$PWD/store"
	part --prepare
	# A vx-post that sends some records and then hangs.
	mkdir bin
	printf '#!/bin/sh\nhead -n 10 | "%s" "$@"\ntouch "%s"\nsleep 60\n' "$(command -v vx-post)" "$PWD/half" >bin/vx-post
	chmod +x bin/vx-post
	for signal in TERM KILL; do
		# In a group of its own, as a scheduler has it: the whole group gets the signal.
		PATH=$PWD/bin:$PATH setsid "$SCRIPT" "${OPTIONS[@]}" --reports reports --shard 1/2 >out.killed 2>&1 3>&- &
		pid=$!
		for _ in $(seq 500); do [ ! -e half ] || break; sleep 0.02; done
		rm half
		kill -$signal -- -$pid
		run3 wait $pid
		[ "$status" -gt 128 ]
	done
	part --shard 2/2
	part --finish 2
	[ "$status" -gt 1 ]
	part --shard 1/2
	part --finish 2
	expect "$PLAIN_STATUS"
	curl -sf "$API/v1/export" | cmp - export.plain
	cmp rejects.parts rejects.plain
	same "$(jq -r .identifier results.parts | sort | uniq -c | sort)" "$(jq -r .identifier results.plain | sort | uniq -c | sort)"
}

@test "a report on stdout; one that is cut off is none; the status of the worst part is that of the whole" {
	the_demo
	plain_run "file://$PWD/store"
	for p in prepare 'shard 1/2' 'shard 2/2'; do
		run3 "$SCRIPT" "${OPTIONS[@]}" --reports - --$p
		expect 0
		jq -c . out | cmp - out
		mv out "reports/$(case $p in prepare) echo prepare ;; *1/2) echo 1-of-2 ;; *) echo 2-of-2 ;; esac).ndjson"
	done
	part --finish 2
	expect 1
	same_as_plain out
	cp reports/1-of-2.ndjson whole
	sed -i '$d' reports/1-of-2.ndjson
	part --finish 2
	expect 75
	has "$err" 'demo: part 1/2 has not ended: run it again'
	for worst in 69 143 64; do
		sed "\$s/.*/{\"end\":{\"status\":$worst}}/" whole >reports/1-of-2.ndjson
		part --finish 2
		expect $worst
		has "$err" "demo: part 1/2 ended with status $worst"
	done
}

@test "what every shard says is counted once: a folder that cannot be read" {
	the_demo
	ln -s nowhere "$SOURCE/images/gone.nii.gz"
	mkdir "$SOURCE/images/loop" && ln -s ../loop "$SOURCE/images/loop/loop"
	plain_run "file://$PWD/store"
	for p in --prepare '--shard 1/3' '--shard 2/3' '--shard 3/3' '--finish 3'; do part $p; done
	expect 1
	same_as_plain out
}

@test "a host that does not see the files that prepare saw is told, though nothing fails there" {
	the_demo
	plain_run "file://$PWD/store"
	part --prepare
	part --shard 1/2
	mkdir -p other/images other/masks
	cp "$SOURCE/clinical.csv" other
	mv "$SOURCE" seen && mv other "$SOURCE"
	part --shard 2/2
	expect 0
	rm -r "$SOURCE" && mv seen "$SOURCE"
	part --finish 2
	expect 74
	has "$err" 'demo: the shards found '
	has "$err" "files that prepare found: does every host see $SOURCE/images?"
	part --shard 2/2
	part --finish 2
	expect 1
	same_as_plain out
}

@test "usage of parts" {
	the_demo
	wrong() {
		run3 "$SCRIPT" --api http://127.0.0.1:9 --data "$SOURCE" "$@"
		expect 64
		same "$out" ''
	}
	wrong --shard 3
	same "$err" "demo: --shard: '3' is not I/N; see --help"
	wrong --shard 0/3
	wrong --shard 4/3
	same "$err" 'demo: --shard: there is no part 4/3; see --help'
	wrong --shard 1/2 --prepare
	same "$err" 'demo: one part at a time: --prepare, --shard I/N or --finish N; see --help'
	wrong --finish 3
	same "$err" 'demo: --finish: where are the reports? --reports DIR; see --help'
	wrong --finish x --reports .
	wrong --reports .
	wrong --finish 3 --reports -
	wrong --jobs 0
	run3 "$SCRIPT" --api http://127.0.0.1:9 --data "$SOURCE" --prepare --reports none
	expect 74
	same "$err" 'demo: none: no folder to write to'
	# Without prepare there is no datasource.
	start_serve
	run3 "$SCRIPT" --api "$API" --data "$SOURCE" --shard 1/2 -j 2
	expect 69
}
