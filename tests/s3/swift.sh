#!/bin/bash
# The second S3 store to test against: OpenStack Swift with s3api, one node, on 127.0.0.1, up in about two seconds.
# usage: swift.sh start DIR PORT | swift.sh stop DIR     SPDX-License-Identifier: MIT
#   start  S3 on http://127.0.0.1:PORT, key "vx:access", secret "vxsecret0123456789", region us-east-1, bucket "lab";
#          takes PORT+1 to PORT+3 as well
#   stop   ends what was started in DIR, by process id
# needs: python3-swift (Debian)
set -eu
cmd=$1 dir=$2 port=${3:-0} here=$(dirname "$0")

start() {
	mkdir -p "$dir"
	"$here/swift_node.py" "$dir" "$port" >"$dir/swift.log" 2>&1 </dev/null &
	echo $! >"$dir/swift.pid"
	for _ in $(seq 300); do
		(exec 4<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
		kill -0 "$(cat "$dir/swift.pid")" 2>/dev/null || break
		sleep 0.1
	done
	for _ in 1 2 3 4 5; do
		AWS_ACCESS_KEY_ID=vx:access AWS_SECRET_ACCESS_KEY=vxsecret0123456789 AWS_ENDPOINT_URL=http://127.0.0.1:$port \
			"$here/request.py" PUT /lab >>"$dir/start.log" 2>&1 && return 0
		sleep 0.2
	done
	echo "swift did not start: see $dir" >&2
	return 1
}

# What it holds is thrown away, so nobody is asked to save it first.
stop() {
	[ ! -f "$dir/swift.pid" ] || kill -9 "$(cat "$dir/swift.pid")" 2>/dev/null || true
}

case $cmd in
start | stop) "$cmd" ;;
*) echo "usage: swift.sh start|stop DIR [PORT]" >&2; exit 64 ;;
esac
