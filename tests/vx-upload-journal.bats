# vx-upload --journal: what is in it is not asked for again, and nothing is in it that the store did not say.
load helper
load s3

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir in
	for i in 1 2 3; do
		printf 'image %s' "$i" >"in/$i.nii"
		printf '{"identifier":"volume/P1/%s","path_nii":"in/%s.nii"}\n' "$i" "$i"
	done >rec
	STORE=file://$PWD/store
}

teardown() {
	stop_odd
}

@test "a second run asks an S3 store nothing, even one that is gone; without the journal it has to" {
	store_env
	start_odd none
	run3 vx-upload --to s3://lab/one --journal j rec
	expect 0
	has "$err" "3 created, 0 unchanged"
	mv out first
	kill "$ODD_PID"
	wait "$ODD_PID" || true
	run3 vx-upload --to s3://lab/one --journal j rec
	expect 0
	has "$err" "0 created, 3 unchanged"
	cmp out first
	run3 vx-upload --to s3://lab/one --retry-for 0 rec
	expect 75
	# Another content of one file is no longer what the journal knows.
	printf 'image X' >in/2.nii
	run3 vx-upload --to s3://lab/one --retry-for 0 --journal j rec
	expect 75
}

@test "only the store's answer puts a line into it: a conflict and a dry run leave none" {
	run3 vx-upload --to "$STORE" --dry-run --journal j rec
	expect 0
	same "$(grep -c '^put' j)" 0
	mkdir -p store/volume/P1
	printf other >store/volume/P1/2.nii
	run3 vx-upload --to "$STORE" --journal j rec
	expect 1
	same "$(grep '^put' j | cut -d' ' -f2 | sort | tr '\n' ' ')" "volume/P1/1.nii volume/P1/3.nii "
	run3 vx-upload --to "$STORE" --journal j --on-conflict update rec
	expect 0
	has "$err" "0 created, 2 unchanged, 1 updated"
	same "$(cat store/volume/P1/2.nii)" "image 2"
	same "$(stat -c %a j)" 600
}

@test "thrown away, torn or damaged: nothing but questions are lost" {
	vx-upload -q --to "$STORE" --journal j rec >first
	sed -i '3s/volume/voIume/' j
	printf 'put volume/P1/9.nii 1' >>j
	run3 vx-upload --to "$STORE" --journal j rec
	expect 0
	has "$err" "j: 2 damaged lines were passed over"
	has "$err" "0 created, 3 unchanged"
	cmp out first
	rm j
	run3 vx-upload --to "$STORE" --journal j rec
	expect 0
	has "$err" "0 created, 3 unchanged"
	same "$(grep -c '^put' j)" 3
}

@test "the journal of another store, or no journal: 64, and it is left as it was" {
	vx-upload -q --to "$STORE" --journal j rec >/dev/null
	cp j before
	run3 vx-upload --to "file://$PWD/other" --journal j rec
	expect 64
	has "$err" "is the journal of another place: file"
	cmp j before
	run3 vx-upload --to "$STORE" --journal rec rec
	expect 64
	has "$err" "rec:1: is no journal"
	run3 vx-upload --to "$STORE" --journal in rec
	expect 74
	run3 vx-upload --to "$STORE" --trust-times rec
	expect 64
	has "$err" "--trust-times: needs --journal FILE"
}

@test "--trust-times: a file whose inode, size and times are the same is not read again; any other is" {
	[ -n "$(command -v strace)" ] || skip "strace is not installed"
	plain_build
	for i in 1 2 3; do head -c 4000000 /dev/urandom >"in/$i.nii"; done
	touch -d '2020-01-01' in/*
	sleep 3.1 # a young inode is not trusted
	vx-upload -q --to "$STORE" --journal j --trust-times rec >first
	same "$(grep -c '^seen' j)" 3
	strace -f -qq -e trace=pread64,read -y -o calls vx-upload -q --to "$STORE" --journal j --trust-times rec >out
	cmp out first
	# What may be personal is looked for in the header all the same.
	[ "$(awk '/\/in\/[0-9].nii>/ && $NF > 0 { n += $NF } END { print n + 0 }' calls)" -lt 1000000 ]
	# The same size and the same time of content: the inode's own time tells.
	printf X | dd of=in/2.nii bs=1 seek=3000000 conv=notrunc status=none
	touch -d '2020-01-01' in/2.nii
	run3 vx-upload --to "$STORE" --journal j --trust-times rec
	expect 1
	has "$err" "conflict: volume/P1/2.nii"
}

@test "killed at random moments with a journal: the next run ends as if never killed" {
	for i in $(seq 300); do
		head -c 3000 /dev/urandom >"in/$i.nii"
		printf '{"identifier":"volume/P1/%s","path_nii":"in/%s.nii"}\n' "$i" "$i"
	done >rec
	for i in 1 2 3 4 5; do
		vx-upload -q --to "$STORE" --journal j rec >/dev/null 2>&1 &
		sleep "0.0$((RANDOM % 90 + 10))"
		kill -9 $! 2>/dev/null || true
		wait $! 2>/dev/null || true
	done
	run3 vx-upload --to "$STORE" --journal j rec
	expect 0
	for i in $(seq 300); do cmp "in/$i.nii" "store/volume/P1/$i.nii"; done
	# All that the journal knows is there.
	grep '^put' j | while read -r _ key content crc; do
		[ -z "$crc" ] || same "$(sha256sum "store/$key" | cut -c1-64)" "${content%%-*}"
	done
	run3 vx-upload --to "$STORE" --journal j rec
	has "$err" "0 created, 300 unchanged"
}
