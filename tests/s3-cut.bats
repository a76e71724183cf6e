# An upload to Ceph's radosgw that is cut off by kill -9 ends, run again, where an undisturbed one ends. The long form of
# this is tests/stress/upload-cut.sh by itself.
load helper
load s3

setup() {
	command -v radosgw >/dev/null || skip "radosgw is not installed"
}

@test "three kills of vx-upload and of the server: everything there, nothing twice, nothing left over" {
	run3 bash "$ROOT/tests/stress/upload-cut.sh" --kills 3 --per-bucket 3 --seed 5 --small 100 --large 2 --large-size 20
	expect 0
	has "$out" "2 of 2 buckets right"
	# At least one of them met a running upload.
	same "$(grep -c '^kill .* ms$' <<<"$out" | sed 's/[1-3]/some/')" some
}
