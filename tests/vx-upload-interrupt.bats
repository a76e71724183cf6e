# vx-upload and Ctrl-C: no file is begun, what is under way is finished and told, and the next run goes on.
# Uploads in parts that are interrupted are in vx-upload-multipart.bats.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	STORE=file://$PWD/store
}

teardown() {
	[ -z "${UPLOAD_PID:-}" ] || kill -9 "$UPLOAD_PID" 2>/dev/null || true
}

# signalled SIGNAL: waits for the upload after a signal to it; its exit status is in $status.
signalled() {
	kill -"$1" "$UPLOAD_PID"
	status=0
	wait "$UPLOAD_PID" || status=$?
	UPLOAD_PID=
}

@test "in the middle of many: every line that came out has its file, the summary says so, 130; the next run ends it" {
	local i
	mkdir in
	head -c 300000 /dev/urandom >block
	for i in $(seq 1000); do
		{ echo "$i"; cat block; } >"in/$i.nii"
		echo '{"identifier":"volume/p/'"$i"'","path_nii":"in/'"$i"'.nii"}'
	done >rec
	# A job of its own, so that bash does not make it ignore SIGINT.
	set -m
	vx-upload --to "$STORE" -j 2 rec >out 2>err &
	UPLOAD_PID=$!
	set +m
	while [ ! -s out ]; do sleep 0.01; done
	signalled INT
	same "$status" 130
	has "$(cat err)" "0 rejected; files:"
	has "$(cat err)" "; interrupted: run again to go on"
	local n
	n=$(wc -l <out)
	[ "$n" -gt 0 ]
	[ "$n" -lt 1000 ]
	jq -r .path_nii out | sed "s|^$STORE/||" | while read -r key; do cmp "in/$(basename "$key")" "store/$key"; done
	same "$(find store -name '*.nii' | wc -l)" "$n"
	[ ! -e store/.vx-upload ]
	run3 vx-upload --to "$STORE" rec
	expect 0
	has "$err" "$((1000 - n)) created, $n unchanged"
}

@test "while it waits for input it ends at once: 143" {
	mkfifo pipe
	set -m
	vx-upload --to "$STORE" pipe >out 2>err &
	UPLOAD_PID=$!
	set +m
	exec 5>pipe
	printf 'x' >a.nii
	printf '{"identifier":"volume/p/1","path_nii":"a.nii"}\n' >&5
	while [ ! -s out ]; do sleep 0.01; done
	signalled TERM
	exec 5>&-
	same "$status" 143
	same "$(jq -r .path_nii out)" "$STORE/volume/p/1.nii"
	has "$(cat err)" "1 records in, 1 out, 0 rejected; files: 1 created"
}
