# What the bats files that start S3 stores share. Load with: load s3

# start_store ceph|swift: a fresh store for the whole file, to be called in setup_file; exports S3_KIND, S3_DIR, S3_PORT.
# Without the packages S3_PORT stays empty, and needs_store skips. It ends with the file.
start_store() {
	export S3_KIND=$1 S3_DIR=$BATS_FILE_TMPDIR/$1 S3_PORT=
	case $1 in
	ceph) command -v radosgw >/dev/null && command -v ceph-mon >/dev/null && command -v ceph-osd >/dev/null || return 0 ;;
	swift) /usr/bin/python3 -c 'import swift, eventlet' 2>/dev/null || return 0 ;;
	esac
	S3_PORT=$("$ROOT/tests/s3/ports.sh" 4)
	"$ROOT/tests/s3/$1.sh" start "$S3_DIR" "$S3_PORT" 3>&- || { tail -n 5 "$S3_DIR"/*.log; return 1; }
}

stop_store() {
	[ -z "${S3_PORT:-}" ] || "$BATS_TEST_DIRNAME/s3/$S3_KIND.sh" stop "$S3_DIR"
}

teardown_file() {
	load s3
	stop_store
}

needs_store() {
	[ -n "${S3_PORT:-}" ] || skip "the packages of $S3_KIND are not installed"
}

# store_env: whom the tools talk to, and as whom.
store_env() {
	unset AWS_PROFILE AWS_DEFAULT_PROFILE AWS_SESSION_TOKEN AWS_REGION AWS_DEFAULT_REGION AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE
	export HOME=$BATS_TEST_TMPDIR AWS_SECRET_ACCESS_KEY=vxsecret0123456789 AWS_ENDPOINT_URL=http://127.0.0.1:${S3_PORT:-9}
	export AWS_ACCESS_KEY_ID=vxaccess
	[ "${S3_KIND:-}" != swift ] || AWS_ACCESS_KEY_ID=vx:access
}

# s3 [-i] METHOD PATH[?QUERY] [FILE]: a request that vx has no part in.
s3() {
	"$ROOT/tests/s3/request.py" "$@"
}

# The two clients that read back what vx-upload stored. Debian's, since others of the same name may come first on PATH.
aws_cli() {
	AWS_REGION=us-east-1 /usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" --no-cli-pager "$@"
}
s3cmd_cli() {
	/usr/bin/s3cmd --no-check-certificate --no-ssl --host="${AWS_ENDPOINT_URL#http://}" --host-bucket= --region=us-east-1 \
		--access_key="$AWS_ACCESS_KEY_ID" --secret_key="$AWS_SECRET_ACCESS_KEY" "$@"
}
needs_clients() {
	[ -x /usr/bin/aws ] || skip "the AWS CLI is not installed"
	[ -x /usr/bin/s3cmd ] || skip "s3cmd is not installed"
}

# listening PORT LOG: waits until somebody listens there; shows the log where nobody does.
listening() {
	for _ in $(seq 200); do
		(exec 4<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
		sleep 0.05
	done
	cat "$2"
	return 1
}

# start_odd ODDITY: tests/s3/odd_store.py on a free port.
start_odd() {
	local port
	port=$(free_port)
	/usr/bin/python3 "$ROOT/tests/s3/odd_store.py" "$port" "$1" >odd.log 2>odd.err 3>&- &
	ODD_PID=$!
	export AWS_ENDPOINT_URL=http://127.0.0.1:$port
	listening "$port" odd.err
}

stop_odd() {
	[ -z "${ODD_PID:-}" ] || kill "$ODD_PID" 2>/dev/null || true
}
