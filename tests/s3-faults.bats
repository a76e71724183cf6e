# vx-upload against Ceph's radosgw through a proxy that fails on order (tests/s3/fault_proxy.py). Whatever happens, a record
# comes out only when its object is in the store with its bytes, and the run ends in success or in one clear line.
load helper
load s3

setup_file() {
	load helper
	load s3
	start_store ceph
	[ -n "$S3_PORT" ] || return 0
	export FILES=$BATS_FILE_TMPDIR/files
	mkdir "$FILES"
	local i
	for i in $(seq 30); do
		head -c $((i * 7919 % 60000)) /dev/urandom >"$FILES/$i.nii"
		printf '{"identifier":"volume/%02d","path_nii":"%s/%s.nii"}\n' "$i" "$FILES" "$i"
	done >"$FILES/small"
	head -c 16000000 /dev/urandom >"$FILES/large.nii"
	printf '{"identifier":"volume/large","path_nii":"%s/large.nii"}\n' "$FILES" >"$FILES/large"
}

setup() {
	needs_store
	cd "$BATS_TEST_TMPDIR"
	store_env
	STORE_URL=$AWS_ENDPOINT_URL
	PLACE=f$BATS_TEST_NUMBER
}

teardown() {
	stop_proxy
}

stop_proxy() {
	[ -z "${PROXY_PID:-}" ] || kill "$PROXY_PID" 2>/dev/null || true
	PROXY_PID=
}

# faults RULE...: the store is reached through the proxy now.
faults() {
	local port
	stop_proxy
	port=$(free_port)
	"$ROOT/tests/s3/fault_proxy.py" "$port" "$S3_PORT" "$@" >log 2>log.err 3>&- &
	PROXY_PID=$!
	export AWS_ENDPOINT_URL=http://127.0.0.1:$port
	listening "$port" log.err
}

# upload INPUT [OPTION...]: into a place of the test's own.
upload() {
	local input=$FILES/$1
	shift
	run3 vx-upload --to "s3://lab/$PLACE" --part-size 5M "$@" "$input"
}

# honest: every record that came out is in the store with the SHA-256 that it says.
honest() {
	rm -rf back
	mkdir back
	jq -r --arg s "$STORE_URL" '"url = \"\($s)/\(.path_nii[5:])\"\noutput = \"back/\(.sha256)\""' out >get
	[ ! -s get ] || curl -sf --aws-sigv4 aws:amz:us-east-1:s3 -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -K get
	same "$(cd back && find . -type f | wc -l)" "$(wc -l <out)"
	[ ! -s get ] || (cd back && sha256sum -- * | awk '$1 != $2 { print; bad = 1 } END { exit bad }')
}

# whole N: success, N records, nothing sent twice as a whole (PUTs that the store answered with 200), nothing left over.
whole() {
	expect 0
	same "$(wc -l <out)" "$1"
	honest
	same "$(awk '$1 == "PUT" && $4 == 200 { n[$2]++ } END { for (k in n) if (n[k] > 1) print k, n[k] }' log)" ""
	no_leftovers
}

no_leftovers() {
	same "$(AWS_ENDPOINT_URL=$STORE_URL s3 GET "/lab?prefix=$PLACE&uploads=" | grep -c '<UploadId>')" 0
}

@test "a storm of 503 SlowDown: waited out with fewer connections; 75 when it lasts" {
	faults ANY:503@5-30
	upload small
	whole 30
	same "$(grep -c ' 503 ' log)" 26
	faults ANY:503@1-
	PLACE=storm
	upload small --retry-for 1
	expect 75
	has "$err" "SlowDown: on order (HTTP 503)"
	same "$out" ""
}

@test "a storm in the middle of parts" {
	faults PART:503@2-9 COMPLETE:503@1-3 CREATE:503@1-2
	upload large
	whole 1
}

@test "the connection is reset in the middle of bodies" {
	faults PUT:reset@1-4 PUT:reset@9 PART:reset@1-2 PART:reset@4
	upload small
	whole 30
	upload large
	whole 1
}

@test "answers are lost after the store has done what it was asked" {
	faults PUT:lost@1-3 PUT:lost@12 CREATE:lost@1 PART:lost@2-3 COMPLETE:lost@1
	upload small
	expect 0
	same "$(wc -l <out)" 30
	honest
	upload large
	expect 0
	honest
	has "$(tail -n 1 out)" large
	no_leftovers
	upload large
	expect 0
	has "$err" "0 created, 1 unchanged"
}

@test "answers that end in the middle" {
	faults PUT:half@2-3 HEAD:half@1 LIST:half@1 CREATE:half@1 COMPLETE:half@1 PART:half@2
	upload small
	expect 0
	honest
	same "$(wc -l <out)" 30
	upload large
	expect 0
	honest
}

@test "an answer that is no HTTP: 69, and what came out is in" {
	faults PUT:noise@7
	upload small
	expect 69
	has "$err" "what answers there speaks no HTTP"
	honest
}

@test "500 InternalError now and then, and for good: one line an object, 1" {
	faults PUT:500@2-3 PUT:500@8 PART:500@1 COMPLETE:500@1
	upload small
	whole 30
	upload large
	whole 1
	faults PUT:500@1-
	PLACE=broken
	upload small --retry-for 0.5
	[ "$status" -eq 1 ] || expect 75
	has "$err" "InternalError: on order (HTTP 500)"
	same "$out" ""
}

@test "a slow store: answers after seconds, bodies that trickle" {
	faults PUT:slow=1@1-6 PUT:trickle=1@7-9 PART:trickle=1@1-3 COMPLETE:slow=2@1
	upload small
	whole 30
	upload large
	whole 1
}

@test "a full disk of the store ends the run with 69, what is in stays in" {
	for fault in 507 QuotaExceeded; do
		PLACE=full$fault
		faults "PUT:$fault@6-"
		upload small -j 1 --connections 1
		expect 69
		same "$(wc -l <out)" 5
		honest
		same "$(grep -c 'on order' err)" 1
		faults
		upload small
		expect 0
		has "$err" "25 created, 5 unchanged"
		honest
	done
	PLACE=fullpart
	faults PART:507@2-
	upload large
	expect 69
	same "$out" ""
	faults
	upload large
	whole 1
}

@test "Ceph's own quota: 69 with its word, and what came out is in" {
	radosgw-admin -c "$S3_DIR/ceph.conf" -n client.rgw user create --uid=poor --display-name=poor --access-key=poor \
		--secret=poorsecret >admin.log 2>&1
	radosgw-admin -c "$S3_DIR/ceph.conf" -n client.rgw quota set --quota-scope=user --uid=poor --max-objects=4 >>admin.log 2>&1
	radosgw-admin -c "$S3_DIR/ceph.conf" -n client.rgw quota enable --quota-scope=user --uid=poor >>admin.log 2>&1
	export AWS_ACCESS_KEY_ID=poor AWS_SECRET_ACCESS_KEY=poorsecret
	s3 PUT /poor >/dev/null
	run3 vx-upload -j 1 --connections 1 --to s3://poor/x "$FILES/small"
	expect 69
	has "$err" QuotaExceeded
	honest
	[ "$(wc -l <out)" -lt 30 ]
}

@test "an expired token: the keys of the files are read once more, else 69" {
	faults PUT:ExpiredToken@3-
	upload small -j 1 --connections 1
	expect 69
	has "$err" "ExpiredToken: on order (HTTP 400)"
	same "$(grep -c ExpiredToken err)" 1
	same "$(wc -l <out)" 2
	honest
	# A program that keeps ~/.aws/credentials fresh has written new keys when the old ones end.
	PLACE=fresh
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	mkdir .aws
	printf '[default]\naws_access_key_id = old\naws_secret_access_key = old\n' >.aws/credentials
	faults OLD:ExpiredToken=1@1-
	(
		sleep 0.5
		printf '[default]\naws_access_key_id = vxaccess\naws_secret_access_key = vxsecret0123456789\n' >.aws/new
		mv .aws/new .aws/credentials
	) 3>&- &
	upload small
	store_env
	whole 30
	has "$(cat log)" ExpiredToken
}

@test "refused in the middle: 69 at once, in one line, and the rest is not begun" {
	faults PUT:403@11-
	upload small -j 1 --connections 1
	expect 69
	same "$(grep -c 'AccessDenied: on order (HTTP 403)' err)" 1
	same "$(wc -l <out)" 10
	same "$(grep -c '^PUT.* 403 ' log)" 1
	honest
	PLACE=gone
	faults PUT:404@11-
	upload small -j 1 --connections 1
	expect 69
	has "$err" "NoSuchBucket"
	honest
}

@test "the store goes away in the middle, and comes back" {
	faults
	port=${AWS_ENDPOINT_URL##*:}
	(
		sleep 0.3
		kill "$PROXY_PID"
		sleep 1
		exec "$ROOT/tests/s3/fault_proxy.py" "$port" "$S3_PORT"
	) >log2 2>&1 3>&- &
	second=$!
	upload small --limit-rate 400K
	whole 30
	kill "$second"
	PROXY_PID=
	PLACE=away
	upload small --retry-for 0.5
	expect 75
	has "$err" "$AWS_ENDPOINT_URL"
	honest
}
