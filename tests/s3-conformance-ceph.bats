# What vx-upload puts into an S3 store is what others find there, and what the store refuses is told as it said it. Runs
# against Ceph's radosgw, and as s3-conformance-swift.bats (the same file) against OpenStack Swift's s3api.
load helper
load s3

setup_file() {
	load helper
	load s3
	case $BATS_TEST_FILENAME in *swift.bats) start_store swift ;; *) start_store ceph ;; esac
}

setup() {
	needs_store
	cd "$BATS_TEST_TMPDIR"
	store_env
	mkdir in
	printf 'image one' >in/t2.nii.gz
	printf '{"identifier":"volume/P1/t2","path_nii":"in/t2.nii.gz"}\n' >rec
}

# upload_keys PREFIX: one file for each line of the file "keys", under that key; the content names the key.
upload_keys() {
	local n=0 key
	while IFS= read -r key; do
		n=$((n + 1))
		printf 'this is %s' "$key" >"in/$n"
		jq -cn --arg k "$key" --arg p "in/$n" '{identifier: "volume/x", k: $k, path_nii: $p}'
	done <keys >many
	run3 vx-upload --to "s3://lab/$1" --key '{k}' many
}

# long_key N: a key of N bytes, no segment longer than a file's name may be.
long_key() {
	local key
	key=$(printf 'long/%.0s%0180d/' 1 1 2 2 3 3 4 4 5 5 6 6)
	printf '%s%s' "${key:0:$1-1}" Z
}

odd_keys() {
	printf '%s\n' 'a b' ' blank at its ends ' 'c+d' 'e%f' 'e%20f' '%2e%2E' 'g~h' 'ü€漢字' $'\xc3\xa9' $'e\xcc\x81' '🩻/🫁' "q'&=?#;:@,\$!*()" \
		'<xml>&amp;"' 'back\slash' '[a]{b}|^`' '-dash' 'three ... dots' 'UPPER/lower' 'upper/LOWER' 'plain/of/three.nii.gz'
}

@test "odd keys: read back by the AWS CLI and s3cmd, every SHA-256 right; a second run sends nothing" {
	needs_clients
	{ odd_keys; long_key 1019; echo; } >keys # and "keys/" before it: 1,024 bytes
	upload_keys keys
	expect 0
	has "$err" "$(grep -c . keys) created"
	same "$(jq -r .path_nii out)" "$(sed 's|^|s3://lab/keys/|' keys)"
	same "$(tail -n 1 keys | tr -d '\n' | wc -c)" 1019
	aws_cli s3 cp --quiet --recursive s3://lab/keys/ aws
	mkdir s3cmd
	s3cmd_cli get --quiet --recursive s3://lab/keys/ s3cmd/
	while IFS= read -r line; do
		key=$(jq -r .k <<<"$line")
		same "$(sha256sum <"aws/$key")" "$(jq -r .sha256 <<<"$line")  -"
		same "$(sha256sum <"s3cmd/$key")" "$(jq -r .sha256 <<<"$line")  -"
		cmp "aws/$key" "s3cmd/$key"
		same "$(cat "aws/$key")" "this is $key"
	done <out
	same "$(find aws -type f | wc -l) $(find s3cmd -type f | wc -l)" "$(grep -c . keys) $(grep -c . keys)"
	upload_keys keys
	expect 0
	has "$err" "0 created, $(grep -c . keys) unchanged"
}

@test "two slashes in a row are a name of their own" {
	needs_clients
	printf '%s\n' x/y x//y x///y 'x//y z//w' >keys
	upload_keys slashes
	expect 0
	has "$err" "4 created"
	aws_cli s3api get-object --bucket lab --key slashes/x//y got >/dev/null
	same "$(cat got)" "this is x//y"
	while IFS= read -r key; do
		same "$(s3 GET "/lab/slashes/$key")" "this is $key"
	done <keys
	same "$(s3cmd_cli ls -r s3://lab/slashes/ | sed 's|.*s3://|s3://|' | LC_ALL=C sort)" \
		"$(sed 's|^|s3://lab/slashes/|' keys | LC_ALL=C sort)"
	# The prefix of the store stays a plain one.
	run3 vx-upload --to s3://lab//x rec
	expect 64
	has "$err" "what is behind the bucket has an empty segment"
	printf '%s\n' /x x/ x// >keys
	upload_keys slashes
	expect 1
	same "$(grep -c 'has an empty segment: a slash at an end' err)" 3
}

@test "a key of 1,025 bytes with its prefix is refused before a request is made" {
	{ long_key 1019; echo; long_key 1020; echo; } >keys
	upload_keys long
	expect 1
	has "$err" "and the prefix are longer than 1024 bytes"
	same "$(wc -l <out)" 1
}

@test "empty files, and the content type" {
	: >in/empty.nii.gz
	printf '{"EchoTime":0.1}' >in/t2.json
	printf '{"identifier":"volume/P1/e","path_nii":"in/empty.nii.gz","path_json":"in/t2.json"}\n' >>rec
	run3 vx-upload --to s3://lab/types rec
	expect 0
	has "$err" "3 created"
	run3 s3 -i HEAD /lab/types/volume/P1/e.nii.gz
	has "$out" $'\ncontent-length: 0\n'
	has "$out" "x-amz-meta-sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	run3 vx-upload --to s3://lab/types rec
	expect 0
	has "$err" "0 created, 3 unchanged"
}

@test "wrong keys, no such bucket: 69 with the store's code, and nothing on stdout" {
	AWS_SECRET_ACCESS_KEY=not-the-secret run3 vx-upload -v --to s3://lab/x rec
	expect 69
	has "$err" "SignatureDoesNotMatch"
	has "$err" "(HTTP 403)"
	same "$out$(grep -c not-the-secret err)" 0
	AWS_ACCESS_KEY_ID=vx:nobody run3 vx-upload --to s3://lab/x rec
	expect 69
	grep -qE 'InvalidAccessKeyId|SignatureDoesNotMatch' err # Swift has one word for both
	run3 vx-upload --to s3://no-such-bucket/x rec
	expect 69
	has "$err" "bucket no-such-bucket: NoSuchBucket"
	same "$out" ""
}

@test "another region in the signature: taken, or refused with the store's word for it" {
	AWS_REGION=eu-west-1 run3 vx-upload --to s3://lab/region rec
	if [ "$S3_KIND" = swift ]; then
		expect 69
		has "$err" "AuthorizationHeaderMalformed"
		same "$out" ""
	else
		expect 0
	fi
}

@test "a clock that is an hour off is put right by the store's" {
	faketime_fits
	for skew in +1h -1h; do
		run3 faketime -f "$skew" vx-upload --to "s3://lab/skew$skew" rec
		expect 0
		has "$err" "1 created"
		same "$(s3 GET "/lab/skew$skew/volume/P1/t2.nii.gz")" "image one"
	done
}

@test "what another program put there: the same bytes are left alone, others are a conflict" {
	head -c 1500000 /dev/urandom >in/t2.nii.gz
	s3 PUT /lab/other/volume/P1/t2.nii.gz in/t2.nii.gz
	run3 vx-upload --to s3://lab/other rec
	expect 0
	has "$err" "0 created, 1 unchanged"
	printf X | dd of=in/t2.nii.gz bs=1 seek=1400000 conv=notrunc status=none
	run3 vx-upload --to s3://lab/other rec
	expect 1
	has "$err" "conflict"
	same "$out" ""
	run3 vx-upload --to s3://lab/other --on-conflict update rec
	expect 0
	has "$err" "1 updated"
	same "$(s3 GET /lab/other/volume/P1/t2.nii.gz | sha256sum)" "$(jq -r .sha256 out)  -"
}

@test "sixteen runs at once for one key: one object, nothing overwritten" {
	for i in $(seq 16); do
		printf 'image %s' "$i" >"in/$i.nii"
		printf '{"identifier":"volume/P1/race","path_nii":"in/%s.nii"}\n' "$i" >"rec$i"
	done
	for i in $(seq 16); do
		vx-upload --to s3://lab/race "rec$i" >"out$i" 2>"err$i" 3>&- &
	done
	wait
	winner=$(s3 GET /lab/race/volume/P1/race.nii)
	# Where the store has If-None-Match, exactly one of them says that it stored its image.
	if [ "$S3_KIND" = ceph ]; then
		same "$(cat out? out?? | jq -r .sha256)" "$(printf '%s' "$winner" | sha256sum | cut -c1-64)"
		same "$(cat err? err?? | grep -c ' 1 created')" 1
	else
		has "$(cat out? out?? | jq -r .sha256)" "$(printf '%s' "$winner" | sha256sum | cut -c1-64)"
	fi
}

@test "more keys than the store lists at once: all found again, by lists" {
	# Swift is set up to give 20 keys a page here; Ceph gives all at once.
	for i in $(seq 70); do
		printf '%s' "$i" >"in/$i.nii"
		printf '{"identifier":"volume/%03d","path_nii":"in/%s.nii"}\n' "$i" "$i"
	done >many
	run3 vx-upload --to s3://lab/pages many
	expect 0
	has "$err" "70 created"
	# Two in the middle are gone, one is another.
	s3 DELETE /lab/pages/volume/021.nii
	s3 DELETE /lab/pages/volume/040.nii
	printf 'other' >other
	s3 PUT /lab/pages/volume/060.nii other
	run3 vx-upload --to s3://lab/pages --dry-run --on-conflict update many
	expect 0
	same "$(jq -r 'select(.status != "unchanged") | "\(.status) \(.url)"' out | sed 's|s3.*/||')" \
		$'created 021.nii\ncreated 040.nii\nupdated 060.nii'
	run3 vx-upload --to s3://lab/pages many
	expect 1
	has "$err" "2 created, 67 unchanged"
	has "$err" "conflict: pages/volume/060.nii"
}

@test "a large file in parts: read back by the AWS CLI and s3cmd, found again, nothing left over" {
	needs_clients
	head -c 16000000 /dev/urandom >in/t2.nii.gz
	run3 vx-upload --to s3://lab/parts --part-size 5M rec
	expect 0
	has "$err" "parts: 4 sent"
	sum=$(jq -r .sha256 out)
	same "$(sha256sum <in/t2.nii.gz)" "$sum  -"
	same "$(aws_cli s3 cp --quiet s3://lab/parts/volume/P1/t2.nii.gz - | sha256sum)" "$sum  -"
	same "$(s3cmd_cli get --quiet s3://lab/parts/volume/P1/t2.nii.gz - | sha256sum)" "$sum  -"
	has "$(s3 -i HEAD /lab/parts/volume/P1/t2.nii.gz)" "x-amz-meta-sha256: $sum"
	run3 vx-upload --to s3://lab/parts --part-size 5M rec
	expect 0
	has "$err" "1 unchanged"
	# In other parts the same content is the same object, and other content is a conflict.
	run3 vx-upload --to s3://lab/parts --part-size 6M rec
	expect 0
	has "$err" "1 unchanged"
	printf X | dd of=in/t2.nii.gz bs=1 seek=7000000 conv=notrunc status=none
	run3 vx-upload --to s3://lab/parts --part-size 5M rec
	expect 1
	has "$err" "conflict"
	run3 vx-upload --to s3://lab/parts --part-size 5M --on-conflict update rec
	expect 0
	same "$(s3 GET /lab/parts/volume/P1/t2.nii.gz | sha256sum)" "$(jq -r .sha256 out)  -"
	same "$(s3 GET '/lab?prefix=parts&uploads=' | grep -c '<UploadId>')" 0
}

@test "a large file that was cut off: only the parts that are missing are sent" {
	head -c 26000000 /dev/urandom >in/t2.nii.gz
	vx-upload --to s3://lab/cut --part-size 5M --limit-rate 3M rec >/dev/null 2>&1 3>&- &
	pid=$!
	for _ in $(seq 300); do # a part at the least has arrived
		id=$(s3 GET '/lab?prefix=cut&uploads=' | sed -n 's|.*<UploadId>\([^<]*\)</UploadId>.*|\1|p')
		[ -z "$id" ] || [ "$(s3 GET "/lab/cut/volume/P1/t2.nii.gz?uploadId=$id" | grep -o '<PartNumber>' | grep -c .)" -lt 1 ] || break
		sleep 0.1
	done
	kill -9 $pid
	wait $pid || true
	run3 vx-upload --to s3://lab/cut --part-size 5M rec
	expect 0
	has "$err" " there"
	read -r sent kept < <(sed -n 's/.*parts: \([0-9]*\) sent, \([0-9]*\) there.*/\1 \2/p' err)
	same $((sent + kept)) 5
	[ "$kept" -ge 1 ]
	same "$(s3 GET /lab/cut/volume/P1/t2.nii.gz | sha256sum)" "$(jq -r .sha256 out)  -"
	same "$(s3 GET '/lab?prefix=cut&uploads=' | grep -c '<UploadId>')" 0
}

@test "a session token is signed with each request; keys that have expired are not sent" {
	AWS_SESSION_TOKEN='a+token/of==' run3 vx-upload --to s3://lab/token rec
	expect 0
	same "$(s3 GET /lab/token/volume/P1/t2.nii.gz)" "image one"
	AWS_CREDENTIAL_EXPIRATION=2020-01-01T00:00:00Z run3 vx-upload --to s3://lab/expired rec
	expect 69
	has "$err" "the keys of the environment expired at 2020-01-01T00:00:00Z"
	same "$out" ""
	! s3 GET /lab/expired/volume/P1/t2.nii.gz >/dev/null
}
