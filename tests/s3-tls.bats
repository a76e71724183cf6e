# vx-upload to an S3 store over TLS, and by the names of buckets: Ceph's radosgw with certificates made here.
load helper
load s3

# certificate NAME SUBJECT-ALT-NAMES DAYS: NAME.crt and NAME.key, signed by the authority ca.
certificate() {
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
	printf 'subjectAltName = %s\n' "$2" >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -days "$3" -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}

setup_file() {
	load helper
	load s3
	command -v openssl >/dev/null || return 0
	start_store ceph
	[ -n "$S3_PORT" ] || return 0
	cd "$S3_DIR"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt 2>/dev/null
	certificate server IP:127.0.0.1,DNS:localhost,DNS:lab.localhost 2
	cat server.key server.crt >tls.pem
	export TLS_PORT CA=$S3_DIR/ca.crt
	TLS_PORT=$(free_port)
	"$ROOT/tests/s3/ceph.sh" tls "$S3_DIR" "$TLS_PORT" 3>&-
}

setup() {
	needs_store
	[ -n "${TLS_PORT:-}" ] || skip "openssl is not installed"
	cd "$BATS_TEST_TMPDIR"
	store_env
	# What serves https for curl's sake must not lead the tests astray.
	unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE
	export AWS_ENDPOINT_URL=https://127.0.0.1:$TLS_PORT
	mkdir in
	printf 'image one' >in/t2.nii.gz
	printf '{"identifier":"volume/P1/t2","path_nii":"in/t2.nii.gz"}\n' >rec
}

# stored KEY: the object is there; asked over plain HTTP.
stored() {
	same "$(AWS_ENDPOINT_URL=http://127.0.0.1:$S3_PORT s3 GET "/lab/$1")" "image one"
}

@test "a certificate of nobody: refused at once, with a sentence, and nothing is sent" {
	SECONDS=0
	run3 vx-upload --to s3://lab/refused rec
	expect 69
	has "$err" "https://127.0.0.1:$TLS_PORT"
	has "$err" "certificate"
	same "$out" ""
	[ "$SECONDS" -lt 10 ]
	run3 env AWS_ENDPOINT_URL="http://127.0.0.1:$S3_PORT" "$ROOT/tests/s3/request.py" GET /lab/refused/volume/P1/t2.nii.gz
	expect 1
	has "$out" NoSuchKey
}

@test "the authority by --ca-file, AWS_CA_BUNDLE or the profile" {
	run3 vx-upload --ca-file "$CA" --to s3://lab/option rec
	expect 0
	stored option/volume/P1/t2.nii.gz
	AWS_CA_BUNDLE=$CA run3 vx-upload --to s3://lab/environment rec
	expect 0
	stored environment/volume/P1/t2.nii.gz
	mkdir .aws
	printf '[default]\nca_bundle = %s\n' "$CA" >.aws/config
	run3 vx-upload --to s3://lab/profile rec
	expect 0
	stored profile/volume/P1/t2.nii.gz
	# The option wins over both.
	printf 'no certificate\n' >nothing.pem
	AWS_CA_BUNDLE=nothing.pem run3 vx-upload --ca-file "$CA" --to s3://lab/profile rec
	expect 0
	has "$err" "1 unchanged"
}

@test "a file of certificates that is missing or holds none is named" {
	for file in missing.pem nothing.pem; do
		[ $file = missing.pem ] || printf 'no certificate\n' >$file
		run3 vx-upload --ca-file $file --to s3://lab/x rec
		expect 64
		has "$err" "$file"
		AWS_CA_BUNDLE=$file run3 vx-upload --to s3://lab/x rec
		expect 64
		has "$err" "$file"
	done
}

@test "a certificate of another host, and one that is not valid yet" {
	AWS_ENDPOINT_URL=https://ip6-localhost.localhost:$TLS_PORT run3 vx-upload --ca-file "$CA" --to s3://lab/x rec
	expect 69
	has "$err" "certificate"
	faketime_fits
	run3 faketime -f -30d vx-upload --ca-file "$CA" --to s3://lab/x rec
	expect 69
	has "$err" "certificate"
}

@test "buckets by the names of hosts, plain and over TLS" {
	mkdir .aws
	printf '[default]\ns3 =\n  addressing_style = virtual\n' >.aws/config
	run3 vx-upload --endpoint "http://localhost:$S3_PORT" --to s3://lab/virtual rec
	expect 0
	stored virtual/volume/P1/t2.nii.gz
	run3 vx-upload --endpoint "https://localhost:$TLS_PORT" --ca-file "$CA" --to s3://lab/virtual rec
	expect 0
	has "$err" "1 unchanged"
	run3 vx-upload --endpoint "http://localhost:$S3_PORT" --to s3://no-such-bucket/virtual rec
	expect 69
	has "$err" "http://no-such-bucket.localhost:$S3_PORT"
	has "$err" NoSuchBucket
}

@test "https is no http, and the other way round" {
	AWS_ENDPOINT_URL=https://127.0.0.1:$S3_PORT run3 vx-upload --retry-for 0.5 --ca-file "$CA" --to s3://lab/x rec
	[ "$status" -eq 69 ] || expect 75
	has "$err" "https://127.0.0.1:$S3_PORT"
	AWS_ENDPOINT_URL=http://127.0.0.1:$TLS_PORT run3 vx-upload --retry-for 0.5 --to s3://lab/x rec
	[ "$status" -eq 1 ] || [ "$status" -eq 69 ] || expect 75
	same "$out" ""
}
