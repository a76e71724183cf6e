# vx-upload among stores that say what is not so, other programs at the same keys, and files that are not what they seem.
load helper
load s3

setup() {
	cd "$BATS_TEST_TMPDIR"
	store_env
	printf one >1.nii
	printf two >2.nii
	printf '{"identifier":"volume/%s","path_nii":"%s.nii"}\n' a 1 >rec
}

teardown() {
	stop_odd
}

@test "two records of one run at one key: one goes in, the other is told of it, whatever the store has" {
	start_odd two-hands
	printf '{"identifier":"volume/a","path_nii":"%s.nii"}\n' 1 2 >both
	run3 vx-upload -j 2 --to s3://lab both
	expect 1
	has "$err" "conflict: volume/a.nii: the store has other content under this key"
	has "$err" "1 created, 0 unchanged, 0 updated"
	same "$(grep -c '^PUT /lab/volume/a.nii X' odd.log)" 1
}

@test "HTTP 200 from something that is no store is not taken for an upload" {
	start_odd portal
	run3 vx-upload --to s3://lab rec
	expect 1
	has "$err" "the store said that it took the object, but has it not"
	same "$out" ""
}

@test "a HEAD that does not say how large the object is: no file is the same as that, an empty one least" {
	start_odd no-size
	: >1.nii
	printf '{"identifier":"volume/a","path_nii":"%s.nii"}\n' 2 >first
	run3 vx-upload --to s3://lab first
	expect 0
	run3 vx-upload --to s3://lab rec
	expect 1
	has "$err" "the store does not say how large its object is"
	same "$out" ""
}

@test "an object that another program replaced at once is not given our hash, and not said to be ours" {
	start_odd other-hand
	head -c 300000 /dev/urandom >1.nii
	run3 vx-upload --to s3://lab --part-size 100K rec
	expect 1
	has "$err" "the object is not what was sent, maybe another program's by now"
	same "$out" ""
	if grep '^PUT /lab/volume/a.nii X' odd.log; then return 1; fi
}

@test "a list of uploads without end: an error, not a run without end" {
	start_odd endless
	run3 timeout 20 vx-upload --abort-stale 1d --to s3://lab
	expect 65
	has "$err" "the store's list is cut off without saying where it goes on"
}

@test "who may not list uploads can put large files all the same; --abort-stale says why not" {
	start_odd no-uploads
	head -c 300000 /dev/urandom >1.nii
	run3 vx-upload --to s3://lab --part-size 100K rec
	expect 0
	has "$err" "1 created"
	has "$err" "parts: 3 sent"
	run3 vx-upload --abort-stale 1d --to s3://lab
	expect 69
	has "$err" "AccessDenied"
}

@test "a journal forgets what is about to be replaced: killed behind the replacing, the old content is no longer known" {
	start_odd none
	run3 vx-upload --to s3://lab --journal j rec
	expect 0
	printf two >1.nii
	run3 vx-upload --to s3://lab --journal j --on-conflict update rec
	expect 0
	has "$err" "1 updated"
	sed -i '$d' j
	printf one >1.nii
	run3 vx-upload --to s3://lab --journal j --on-conflict update rec
	expect 0
	has "$err" "1 updated"
	same "$(curl -s "$AWS_ENDPOINT_URL/lab/volume/a.nii" -H 'X-Amz-Date: 20260101T000000Z')" one
}

@test "a file that says it is empty, and is not, is rejected" {
	[ -r /proc/self/status ] || skip "no /proc"
	echo '{"identifier":"volume/a","path_nii":"/proc/self/status"}' >rec
	run3 vx-upload --to "file://$PWD/store" rec
	expect 1
	has "$err" "does not say how large it is"
	start_odd none
	run3 vx-upload --to s3://lab rec
	expect 1
	has "$err" "does not say how large it is"
}

@test "modes that exclude each other" {
	mkdir d
	for other in "--orphans" "--abort-stale 1d"; do
		run3 vx-upload --to "file://$PWD/store" --mirror d $other
		expect 64
		has "$err" "one of the two at a time"
	done
	run3 vx-upload --to "file://$PWD/store" --follow rec
	expect 64
	has "$err" "--follow: needs --mirror DIR"
}
