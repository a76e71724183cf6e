# vx-upload to s3://: large files in parts, uploads that were cut off, and asking with lists. Against Ceph's radosgw, whose
# smallest part is set to 1 KiB, and against a store that ends uploads in odd ways.
load helper
load s3

setup_file() {
	load helper
	load s3
	start_store ceph
	[ -z "$S3_PORT" ] || ceph --admin-daemon "$S3_DIR/client.rgw.asok" config set rgw_multipart_min_part_size 1024 >/dev/null
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir in
	store_env
}

teardown() {
	stop_odd
	[ -z "${UPLOAD_PID:-}" ] || kill -9 "$UPLOAD_PID" 2>/dev/null || true
}

# record NAME: a record of in/NAME.nii.gz.
record() {
	printf '{"identifier":"volume/%s","path_nii":"in/%s.nii.gz"}\n' "$1" "$1"
}

# requests [PATTERN]: how many requests the store has had whose line matches.
requests() {
	grep -c "beast: .*\"${1:-}" "$S3_DIR/client.rgw.log" || true
}

# leftovers PREFIX: how many uploads in parts there are.
leftovers() {
	s3 GET "/lab?uploads&prefix=${1//\//%2F}" | grep -o '<Upload>' | wc -l
}

# right KEY FILE: the object has the bytes of the file, and their hash.
right() {
	s3 GET "/lab/$1" | cmp - "$2" && has "$(s3 -i HEAD "/lab/$1")" "x-amz-meta-sha256: $(sha256sum "$2" | cut -c1-64)"
}

# cut PREFIX NAME: uploads in/NAME.nii.gz slowly, in parts of 100 KiB, and kills that once the store has five parts.
cut_off() {
	local n before
	before=$(requests "PUT /lab/$1/volume/$2.nii.gz?partNumber")
	record "$2" >rec
	vx-upload -q --to "s3://lab/$1" --part-size 100K --limit-rate 1M rec >/dev/null 2>&1 3>&- &
	UPLOAD_PID=$!
	for n in $(seq 400); do
		[ "$(requests "PUT /lab/$1/volume/$2.nii.gz?partNumber")" -lt $((before + 5)) ] || break
		sleep 0.02
	done
	kill -9 "$UPLOAD_PID"
	wait "$UPLOAD_PID" 2>/dev/null || true
	[ "$n" -lt 400 ]
}

# counted: sets sent and kept from the summary of the last run.
counted() {
	sent=$(sed -n 's/.*parts: \([0-9]*\) sent.*/\1/p' err)
	kept=$(sed -n 's/.*sent, \([0-9]*\) there.*/\1/p' err)
}

@test "a large file goes in parts, and is unchanged the next time" {
	needs_store
	head -c 1000000 /dev/urandom >in/a.nii.gz
	record a >rec
	run3 vx-upload --to s3://lab/one --part-size 100K rec
	expect 0
	has "$err" "1 created, 0 unchanged, 0 updated, 1.0 MB stored; parts: 10 sent, 0 there from before"
	same "$(requests 'PUT /lab/one/volume/a.nii.gz?partNumber')" 10
	right one/volume/a.nii.gz in/a.nii.gz
	has "$(s3 -i HEAD /lab/one/volume/a.nii.gz)" "content-type: application/gzip"
	same "$(jq -r .sha256 out)" "$(sha256sum in/a.nii.gz | cut -c1-64)"
	same "$(leftovers one/)" 0
	run3 vx-upload --to s3://lab/one --part-size 100K rec
	expect 0
	has "$err" "1 unchanged"
	same "$(requests 'P[A-Z]* /lab/one/')" 12
	# Other content: a conflict without a byte sent, or an update.
	head -c 1000000 /dev/urandom >in/a.nii.gz
	run3 vx-upload --to s3://lab/one --part-size 100K rec
	expect 1
	has "$err" "conflict"
	same "$(requests 'P[A-Z]* /lab/one/')" 12
	run3 vx-upload --to s3://lab/one --part-size 100K --on-conflict update rec
	expect 0
	has "$err" "1 updated"
	right one/volume/a.nii.gz in/a.nii.gz
}

@test "what is small goes at once, with its type" {
	needs_store
	for f in a.nii a.nii.gz a.json a.dcm a.CSV; do echo '{}' >"in/$f"; done
	for f in a.nii a.nii.gz a.json a.dcm a.CSV; do printf '{"identifier":"x/%s","f":"in/%s"}\n' "$f" "$f"; done >rec
	run3 vx-upload --to s3://lab/type --key '{name}' --sidecars as-is --field f rec
	expect 0
	same "$(requests 'POST /lab/type/')" 0
	for f in a.nii:octet-stream a.nii.gz:gzip a.json:json a.dcm:dicom; do
		has "$(s3 -i HEAD "/lab/type/${f%%:*}")" "content-type: application/${f##*:}"
	done
	has "$(s3 -i HEAD /lab/type/a.CSV)" "content-type: text/csv"
}

@test "killed in the middle and run again: only the missing parts are sent" {
	needs_store
	head -c 3000000 /dev/urandom >in/a.nii.gz
	cut_off cut a
	same "$(leftovers cut/)" 1
	before=$(requests 'PUT /lab/cut/volume/a.nii.gz?partNumber')
	run3 vx-upload --to s3://lab/cut --part-size 100K rec
	expect 0
	counted
	[ "$kept" -ge 5 ]
	same "$((sent + kept))" 30
	same "$(requests 'PUT /lab/cut/volume/a.nii.gz?partNumber')" $((before + sent))
	right cut/volume/a.nii.gz in/a.nii.gz
	same "$(leftovers cut/)" 0
}

@test "the file changed between: parts that stayed are kept, and the object says what it is" {
	needs_store
	head -c 3000000 /dev/urandom >in/end.nii.gz
	cut_off change end
	printf X | dd of=in/end.nii.gz bs=1 seek=2999999 conv=notrunc status=none
	run3 vx-upload --to s3://lab/change --part-size 100K rec
	expect 0
	counted
	[ "$kept" -ge 5 ]
	right change/volume/end.nii.gz in/end.nii.gz
	# A part of another content, and parts of another size: begun anew.
	for name in start size; do
		head -c 3000000 /dev/urandom >in/$name.nii.gz
		cut_off change $name
		[ $name = size ] || printf X | dd of=in/$name.nii.gz bs=1 conv=notrunc status=none
		run3 vx-upload --to s3://lab/change --part-size $([ $name = size ] && echo 200K || echo 100K) rec
		expect 0
		counted
		same "$kept" 0
		right change/volume/$name.nii.gz in/$name.nii.gz
	done
	same "$(leftovers change/)" 0
}

@test "uploads of the same key that are of no use are aborted, those of other keys are not" {
	needs_store
	head -c 300000 /dev/urandom >in/a.nii.gz
	head -c 102400 /dev/urandom >foreign
	for key in volume/a.nii.gz volume/a.nii.gz volume/a.nii.gz.old volume/a.nii; do
		id=$(s3 POST "/lab/use/$key?uploads" | sed 's/.*<UploadId>\(.*\)<.UploadId>.*/\1/')
	done
	# One without parts, one with a part that is not ours.
	id=$(s3 POST "/lab/use/volume/a.nii.gz?uploads" | sed 's/.*<UploadId>\(.*\)<.UploadId>.*/\1/')
	s3 PUT "/lab/use/volume/a.nii.gz?partNumber=1&uploadId=$id" foreign
	same "$(leftovers use/)" 5
	record a >rec
	run3 vx-upload --to s3://lab/use --part-size 100K rec
	expect 0
	has "$err" "parts: 3 sent, 0 there"
	right use/volume/a.nii.gz in/a.nii.gz
	same "$(leftovers use/)" 2
	same "$(s3 GET '/lab?uploads&prefix=use%2F' | grep -o '<Key>[^<]*' | sort)" "$(printf '<Key>use/volume/a.nii\n<Key>use/volume/a.nii.gz.old')"
}

@test "the same key from two records and from two runs at once" {
	needs_store
	head -c 2000000 /dev/urandom >in/a.nii.gz
	{ record a; record a; record a; } >rec
	vx-upload -q --to s3://lab/same --part-size 100K rec >other 2>other.err 3>&- &
	UPLOAD_PID=$!
	run3 vx-upload --to s3://lab/same --part-size 100K rec
	expect 0
	wait "$UPLOAD_PID"
	same "$(jq -r .path_nii out other | sort -u)" s3://lab/same/volume/a.nii.gz
	right same/volume/a.nii.gz in/a.nii.gz
	same "$(leftovers same/)" 0
}

@test "--abort-stale: lists, then aborts what is old enough, below --to only" {
	needs_store
	for key in stale/a stale/b/c other/a; do
		s3 POST "/lab/$key?uploads" >/dev/null
	done
	run3 vx-upload --to s3://lab/stale --abort-stale 1h
	expect 0
	same "$out" ""
	sleep 1.1
	run3 vx-upload --to s3://lab/stale --abort-stale 1 --dry-run
	expect 0
	same "$(jq -c '[.url, .status]' out)" "$(printf '["s3://lab/stale/a","stale"]\n["s3://lab/stale/b/c","stale"]')"
	same "$(jq -r '.initiated | fromdate > 1600000000' out | sort -u)" true
	run3 vx-upload --to s3://lab/stale --abort-stale 1
	expect 0
	same "$(jq -r .status out)" "$(printf 'aborted\naborted')"
	has "$err" "vx-upload: uploads: 2 aborted, 0 failed"
	same "$(leftovers stale/) $(leftovers other/)" "0 1"
	run3 vx-upload --to s3://no-such-bucket --abort-stale 1
	expect 69
	has "$err" NoSuchBucket
	run3 vx-upload --to "file://$PWD/x" --abort-stale 1d
	expect 64
	has "$err" "has no uploads in parts"
	run3 vx-upload --to s3://lab/stale --abort-stale 1d rec
	expect 64
	run3 vx-upload --map-root /data=s3://lab/stale --abort-stale 1d
	expect 64
	for age in '' x -1; do
		run3 vx-upload --to s3://lab/stale --abort-stale "$age"
		expect 64
	done
}

@test "an object in parts that another program put there is compared without being read" {
	needs_store
	head -c 300000 /dev/urandom >in/a.nii.gz
	id=$(s3 POST "/lab/theirs/volume/a.nii.gz?uploads" | sed 's/.*<UploadId>\(.*\)<.UploadId>.*/\1/')
	{
		echo '<CompleteMultipartUpload>'
		for i in 1 2 3; do
			dd if=in/a.nii.gz of=part bs=102400 skip=$((i - 1)) count=1 status=none
			s3 PUT "/lab/theirs/volume/a.nii.gz?partNumber=$i&uploadId=$id" part
			printf '<Part><PartNumber>%s</PartNumber><ETag>%s</ETag></Part>' $i "$(md5sum <part | cut -c1-32)"
		done
		echo '</CompleteMultipartUpload>'
	} >list
	s3 POST "/lab/theirs/volume/a.nii.gz?uploadId=$id" list >/dev/null
	record a >rec
	run3 vx-upload --to s3://lab/theirs --part-size 100K rec
	expect 0
	has "$err" "1 unchanged"
	same "$(requests 'GET /lab/theirs/volume/a.nii.gz')" 0
	printf '%s' 'another end' | dd of=in/a.nii.gz bs=1 seek=299980 conv=notrunc status=none
	run3 vx-upload --to s3://lab/theirs --part-size 100K rec
	expect 1
	has "$err" "conflict"
}

@test "a hash beside an object that is not its own is put right, not taken for a conflict" {
	needs_store
	head -c 300000 /dev/urandom >in/a.nii.gz
	record a >rec
	vx-upload -q --to s3://lab/beside --part-size 100K rec >/dev/null
	/usr/bin/curl -sf --aws-sigv4 aws:amz:us-east-1:s3 -u vxaccess:vxsecret0123456789 -X PUT -o copied \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -H 'x-amz-copy-source: /lab/beside/volume/a.nii.gz' \
		-H 'x-amz-metadata-directive: REPLACE' -H "x-amz-meta-sha256: $(printf '%064d' 0)" \
		"$AWS_ENDPOINT_URL/lab/beside/volume/a.nii.gz"
	has "$(s3 -i HEAD /lab/beside/volume/a.nii.gz)" "x-amz-meta-sha256: 0000"
	run3 vx-upload --dry-run --to s3://lab/beside --part-size 100K rec
	expect 0
	has "$(s3 -i HEAD /lab/beside/volume/a.nii.gz)" "x-amz-meta-sha256: 0000"
	run3 vx-upload --to s3://lab/beside --part-size 100K rec
	expect 0
	has "$err" "1 unchanged"
	right beside/volume/a.nii.gz in/a.nii.gz
}

@test "an error that comes with HTTP 200, and an answer that is lost" {
	head -c 300000 /dev/urandom >in/a.nii.gz
	record a >rec
	for oddity in late-error lost-answer; do
		start_odd $oddity
		run3 vx-upload --to s3://lab --part-size 100K rec
		expect 0
		has "$err" "1 created"
		run3 vx-upload --to s3://lab --part-size 100K rec
		expect 0
		has "$err" "1 unchanged"
		stop_odd
	done
	start_odd bad-part
	run3 vx-upload --to s3://lab --part-size 100K rec
	expect 1
	has "$err" "path_nii: http://127.0.0.1:"
	has "$err" "InvalidPart: after all (HTTP 200)"
	same "$out" ""
}

@test "--part-size: from a byte to 5 GiB" {
	for size in 0 x 6G -1; do
		run3 vx-upload --to s3://lab --part-size "$size" /dev/null
		expect 64
		has "$err" "--part-size"
	done
}

@test "small objects: a few lists instead of a HEAD each" {
	needs_store
	for i in $(seq -w 0 1499); do
		echo "content $i" >"in/$i.nii.gz"
		record "$i"
	done >rec
	before=$(requests)
	run3 vx-upload --to s3://lab/many rec
	expect 0
	has "$err" "1500 created"
	[ $(($(requests) - before)) -le 1510 ]
	before=$(requests)
	run3 vx-upload --to s3://lab/many rec
	expect 0
	has "$err" "1500 unchanged"
	[ $(($(requests) - before)) -le 10 ]
	# One that is new, one that is other, one that is gone.
	echo other >in/0700.nii.gz
	echo new >in/0800a.nii.gz
	sed -i "801i $(record 0800a)" rec
	s3 DELETE /lab/many/volume/1000.nii.gz
	run3 vx-upload --to s3://lab/many rec
	expect 1
	has "$err" "2 created, 1498 unchanged"
	has "$err" "conflict: many/volume/0700.nii.gz"
	# In any order (2 before 10): the folder is listed from its beginning, and no key needs a HEAD.
	shuf --random-source=rec rec >mixed
	before=$(requests)
	run3 vx-upload --to s3://lab/many mixed
	expect 1
	has "$err" "0 created, 1500 unchanged"
	[ $(($(requests) - before)) -le 10 ]
}

@test "Ctrl-C between parts: the upload stays, and the next run sends only what is missing" {
	needs_store
	head -c 6000000 /dev/urandom >in/ctrl.nii.gz
	record ctrl >rec
	set -m
	vx-upload --to s3://lab/ctrl --part-size 200000 --limit-rate 2M rec >out 2>err &
	UPLOAD_PID=$!
	set +m
	for _ in $(seq 200); do
		[ "$(leftovers ctrl/)" -eq 0 ] || break
		sleep 0.02
	done
	sleep 0.7
	kill -INT "$UPLOAD_PID"
	local status=0
	wait "$UPLOAD_PID" || status=$?
	UPLOAD_PID=
	same "$status" 130
	has "$(cat err)" "of 30: the next run goes on from there"
	same "$(leftovers ctrl/)" 1
	run3 vx-upload --to s3://lab/ctrl --part-size 200000 rec
	expect 0
	[[ $err =~ parts:\ ([0-9]+)\ sent,\ ([0-9]+)\ there ]]
	[ "${BASH_REMATCH[2]}" -gt 0 ]
	same "$((BASH_REMATCH[1] + BASH_REMATCH[2]))" 30
	right ctrl/volume/ctrl.nii.gz in/ctrl.nii.gz
	same "$(leftovers ctrl/)" 0
}
