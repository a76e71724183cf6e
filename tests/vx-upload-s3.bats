# vx-upload to s3://: against a real store (Ceph's radosgw), and against one with oddities that Ceph has not.
load helper
load s3

setup_file() {
	load helper
	load s3
	start_store ceph
	export CEPH_DIR=$S3_DIR
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir in
	printf 'image one' >in/t2.nii.gz
	printf '{"identifier":"volume/P1/t2","path_nii":"in/t2.nii.gz"}\n' >rec
	store_env
}

teardown() {
	stop_odd
}

@test "created, then unchanged; the object has the bytes and their hash" {
	needs_store
	run3 vx-upload --to s3://lab/one --group volumes rec
	expect 0
	same "$(jq -r .path_nii out)" s3://lab/one/volumes/P1/t2.nii.gz
	same "$(jq -r .sha256 out)" "$(sha256sum in/t2.nii.gz | cut -c1-64)"
	has "$err" "1 created, 0 unchanged"
	same "$(s3 GET /lab/one/volumes/P1/t2.nii.gz)" "image one"
	has "$(s3 -i GET /lab/one/volumes/P1/t2.nii.gz)" "x-amz-meta-sha256: $(sha256sum in/t2.nii.gz | cut -c1-64)"
	cp out first
	run3 vx-upload --to s3://lab/one --group volumes rec
	expect 0
	has "$err" "0 created, 1 unchanged"
	cmp out first
}

@test "a sidecar goes as a cleaned copy; one more name in the file changes nothing" {
	needs_store
	for name in Mustermann Musterfrau; do
		printf '{"PatientName":"%s","EchoTime":0.101}' "$name" >in/t2.json
		run3 vx-upload --to s3://lab/side --group volumes <<<"$(jq -c '.path_json = "in/t2.json"' rec)"
		expect 0
		same "$(jq -r .path_json out)" s3://lab/side/volumes/P1/t2.json
		has "$err" "; sidecars: 1 cleaned, 1 kind of keys left out"
	done
	has "$err" "0 created, 2 unchanged"
	same "$(s3 GET /lab/side/volumes/P1/t2.json)" "$(printf '{\n\t"EchoTime": 0.101\n}')"
	has "$(s3 -i GET /lab/side/volumes/P1/t2.json)" \
		"x-amz-meta-sha256: $(printf '{\n\t"EchoTime": 0.101\n}\n' | sha256sum | cut -c1-64)"
}

@test "other content is a conflict, or an update when asked; an empty file; no prefix" {
	needs_store
	vx-upload -q --to s3://lab/two rec >/dev/null
	printf 'image two' >in/t2.nii.gz
	run3 vx-upload --to s3://lab/two rec
	expect 1
	has "$err" "path_nii: conflict: two/volume/P1/t2.nii.gz: the store has other content under this key"
	same "$(s3 GET /lab/two/volume/P1/t2.nii.gz)" "image one"
	run3 vx-upload --to s3://lab/two --on-conflict update rec
	expect 0
	has "$err" "1 updated"
	same "$(s3 GET /lab/two/volume/P1/t2.nii.gz)" "image two"
	: >in/t2.nii.gz
	run3 vx-upload --to s3://lab/ rec
	expect 0
	same "$(jq -r .path_nii out)" s3://lab/volume/P1/t2.nii.gz
	run3 vx-upload --to s3://lab rec
	expect 0
	has "$err" "1 unchanged"
}

@test "an object that another program put there is compared by its content" {
	needs_store
	head -c 2500000 /dev/urandom >in/t2.nii.gz
	s3 PUT /lab/three/volume/P1/t2.nii.gz in/t2.nii.gz
	run3 vx-upload --to s3://lab/three rec
	expect 0
	has "$err" "0 created, 1 unchanged"
	printf X | dd of=in/t2.nii.gz bs=1 seek=2400000 conv=notrunc status=none
	run3 vx-upload --to s3://lab/three rec
	expect 1
	has "$err" "conflict"
}

@test "refused for good: 69, the store's code, and no secret" {
	needs_store
	AWS_SECRET_ACCESS_KEY=not-the-secret run3 vx-upload -v --to s3://lab/x rec
	expect 69
	has "$err" "SignatureDoesNotMatch (HTTP 403)"
	same "$(grep -c not-the-secret err)" 0
	AWS_ACCESS_KEY_ID=nobody run3 vx-upload --to s3://lab/x rec
	expect 69
	has "$err" "InvalidAccessKeyId"
	run3 vx-upload --to s3://no-such-bucket/x rec
	expect 69
	has "$err" "bucket no-such-bucket: NoSuchBucket (HTTP 404)"
	same "$out" ""
}

@test "keys and endpoint from ~/.aws, by profile" {
	needs_store
	mkdir .aws
	printf '[default]\naws_access_key_id = nobody\naws_secret_access_key = x\n[lab]\naws_access_key_id=vxaccess\naws_secret_access_key=vxsecret0123456789\n' >.aws/credentials
	printf '[profile lab]\nregion = us-east-1\nservices = here\n[services here]\ns3 =\n  endpoint_url = %s\n' "$AWS_ENDPOINT_URL" >.aws/config
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_ENDPOINT_URL
	AWS_PROFILE=lab run3 vx-upload --to s3://lab/profile rec
	expect 0
	run3 vx-upload --endpoint "http://127.0.0.1:$S3_PORT" --to s3://lab/profile rec
	expect 69
	has "$err" InvalidAccessKeyId
	AWS_PROFILE=nix run3 vx-upload --to s3://lab/profile rec
	expect 64
	has "$err" "there is no profile nix"
}

@test "an overloaded store: 503 SlowDown is waited out, and 75 when it lasts" {
	needs_store
	port=$(free_port)
	"$ROOT/tests/s3/ceph.sh" throttled "$CEPH_DIR" "$port" 3>&-
	for i in $(seq 60); do
		head -c 30000 /dev/urandom >"in/$i.nii"
		printf '{"identifier":"volume/%s","path_nii":"in/%s.nii"}\n' "$i" "$i"
	done >many
	AWS_ENDPOINT_URL=http://127.0.0.1:$port run3 vx-upload -j 16 --to s3://lab/slow many
	expect 0
	has "$err" "60 records in, 60 out"
	grep -q 'http_status=503' "$CEPH_DIR/throttled.log"
	run3 vx-upload --to s3://lab/slow many
	expect 0
	has "$err" "60 unchanged"
}

@test "killed at random moments and run again: as if never killed" {
	needs_store
	for i in $(seq 80); do
		head -c $((i * 3011 % 200000)) /dev/urandom >"in/$i.nii"
		printf '{"identifier":"volume/%s","path_nii":"in/%s.nii"}\n' "$i" "$i"
	done >many
	for _ in $(seq 6); do
		vx-upload -q --to s3://lab/kill many >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.0$((RANDOM % 9))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
	done
	run3 vx-upload --to s3://lab/kill many
	expect 0
	has "$err" "80 records in, 80 out"
	for i in 1 40 80; do
		s3 GET "/lab/kill/volume/$i.nii" | cmp - "in/$i.nii"
	done
}

@test "a store that cannot be reached: 75" {
	AWS_ENDPOINT_URL=http://127.0.0.1:9 run3 vx-upload --retry-for 0.3 --to s3://lab/x rec
	expect 75
	has "$err" "in/t2.nii.gz: path_nii: http://127.0.0.1:9: couldn't connect to server"
}

@test "plain http to another machine is refused, and so is what is no endpoint" {
	for endpoint in http://192.0.2.1 http://example.org:9000 ftp://127.0.0.1 127.0.0.1:9000 http://me:pw@127.0.0.1 'http://127.0.0.1/?x'; do
		run3 vx-upload --endpoint "$endpoint" --to s3://lab/x rec
		expect 64
	done
	run3 vx-upload --endpoint http://example.org:9000 --to s3://lab/x rec
	has "$err" "unencrypted: give an https endpoint, or --insecure-http"
	run3 vx-upload --insecure-http --endpoint http://vx.invalid --retry-for 0 --to s3://lab/x rec
	expect 75
}

@test "no keys: 64 and where they could be" {
	unset AWS_ACCESS_KEY_ID
	run3 vx-upload --to s3://lab/x rec
	expect 64
	has "$err" "AWS_ACCESS_KEY_ID is not set"
	unset AWS_SECRET_ACCESS_KEY
	run3 vx-upload --to s3://lab/x rec
	expect 64
	has "$err" "~/.aws/credentials"
	mkdir .aws
	printf 'aws_access_key_id = secret-without-section\n' >.aws/credentials
	run3 vx-upload --to s3://lab/x rec
	expect 65
	has "$err" ".aws/credentials:1: a key before the first [section]"
	same "$(grep -c secret-without err)" 0
}

@test "a clock that is off is put right by the store's own" {
	start_odd skew
	run3 vx-upload -j 1 --to s3://lab rec
	expect 0
	# The first request is refused and comes again with the store's time.
	same "$(sed 's/?.*//' odd.log | cut -d' ' -f1,2 | tr '\n' ';')" \
		"GET /lab/;GET /lab/;HEAD /lab/volume/P1/t2.nii.gz;PUT /lab/volume/P1/t2.nii.gz;"
}

@test "a store without If-None-Match gets a plain PUT" {
	start_odd no-condition
	run3 vx-upload -j 1 --to s3://lab rec
	expect 0
	same "$(grep -c '^PUT.*If-None-Match' odd.log) $(grep '^PUT' odd.log | grep -vc If-None-Match)" "1 1"
	run3 vx-upload --to s3://lab rec
	expect 0
	has "$err" "1 unchanged"
}

@test "somebody else is faster: no object is overwritten" {
	start_odd race
	run3 vx-upload -j 1 --to s3://lab rec
	expect 1
	has "$err" "conflict: volume/P1/t2.nii.gz: the store has other content"
	same "$(grep -c '^PUT.*If-None-Match=\*' odd.log)" 1
}

@test "a bucket in another region, and denied access: 69 with what to do" {
	start_odd elsewhere
	run3 vx-upload --to s3://lab rec
	expect 69
	has "$err" "PermanentRedirect: use the right endpoint (HTTP 301); the bucket is in region eu-west-1: set AWS_REGION"
	kill "$ODD_PID"
	start_odd denied
	run3 vx-upload --to s3://lab rec
	expect 69
	has "$err" "AccessDenied: Access <Denied> & logged (HTTP 403)"
}

@test "SlowDown is retried; an error of one object costs only its record" {
	start_odd busy
	run3 vx-upload -j 1 --to s3://lab rec
	expect 0
	kill "$ODD_PID"
	start_odd busy
	run3 vx-upload -j 1 --retry-for 0 --to s3://lab rec
	expect 75
	has "$err" "HTTP 503"
	kill "$ODD_PID"
	start_odd broken
	run3 vx-upload -j 1 --retry-for 0.5 --to s3://lab rec rec
	expect 1
	has "$err" "InternalError: We encountered an internal error. (HTTP 500)"
	has "$err" "2 records in, 0 out, 2 rejected"
}

@test "more than 5 TiB: rejected in plain words, before a byte is sent" {
	start_odd busy
	truncate -s 5497558138881 in/t2.nii.gz || skip "no sparse files of 5 TiB here"
	run3 vx-upload -j 1 --to s3://lab rec
	expect 1
	has "$err" "5497558138881 bytes: more than the 5 TiB that an object may have"
	same "$(wc -l <odd.log)" 0
}

@test "what S3 calls transient is tried again: 500 InternalError, 400 RequestTimeout" {
	start_odd flaky
	run3 vx-upload -j 1 --to s3://lab rec
	expect 0
	has "$err" "1 created"
	same "$(grep -c ^PUT odd.log)" 3
}

@test "keys that expire are read once more; when there are no others: 69" {
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	export AWS_SHARED_CREDENTIALS_FILE=$PWD/keys
	printf '[default]\naws_access_key_id = stale\naws_secret_access_key = s\n' >keys
	start_odd expired
	for i in $(seq 40); do jq -c --arg i "$i" '.identifier += $i' rec; done >many
	run3 vx-upload --to s3://lab many
	expect 0
	has "$err" "40 created"
	kill "$ODD_PID"
	printf '[default]\naws_access_key_id = stale\naws_secret_access_key = s\n' >keys
	start_odd expired-all
	run3 vx-upload --to s3://lab rec
	expect 69
	has "$err" "ExpiredToken: The provided token has expired. (HTTP 400)"
}

@test "--limit-rate holds over all connections; the line of progress has bytes, rate and time left" {
	start_odd busy
	for i in 1 2 3 4; do
		head -c 500000 /dev/urandom >"in/$i.nii"
		printf '{"identifier":"volume/%s","path_nii":"in/%s.nii"}\n' "$i" "$i"
	done >many
	before=$(date +%s%N)
	run3 vx-upload --limit-rate 500K --progress --to s3://lab many
	expect 0
	[ $((($(date +%s%N) - before) / 1000000)) -ge 3300 ]
	has "$err" " MB, 0."
	has "$err" " MB/s"
	[[ $err =~ ,\ 0:0[0-9]\ left ]]
	for option in "--limit-rate fast" "--connections 0" "--connections 1000"; do
		# shellcheck disable=SC2086 # option and value
		run3 vx-upload $option --to s3://lab many
		expect 64
	done
}

@test "small records pass a large one that is slow, and come out behind it in order" {
	start_odd busy
	head -c 1500000 /dev/urandom >in/large.nii
	printf '{"identifier":"volume/large","path_nii":"in/large.nii"}\n' >many
	for i in $(seq 100); do jq -c --arg i "$i" '.identifier += $i' rec; done >>many
	run3 vx-upload -j 2 --connections 2 --limit-rate 600K --to s3://lab many
	expect 0
	cmp <(jq -r .identifier out) <(jq -r .identifier many)
	[ "$(grep ^PUT odd.log | grep -n large | cut -d: -f1)" -gt 20 ]
}
