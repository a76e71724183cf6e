#!/bin/bash
# Kills vx-upload, Ceph's radosgw, or both (kill -9) at random moments of a mixed upload, lets the run end, and holds the
# bucket against the files: everything there, every SHA-256 right, no object sent twice as a whole, no upload left over.
# usage: tests/stress/upload-cut.sh [--kills N] [--seed N] [--small N] [--large N] [--large-size MIB] [--per-bucket N]
#        [--journal]
#   --kills N         kills in all (default 40)          --small N       files of 0 to 40 KB (default 2000)
#   --per-bucket N    kills until a bucket must be       --large N       large files (default 4)
#                     whole (default 4)                  --large-size N  MiB of each (default 256)
#   --journal         keep a journal over the kills      --seed N        of the moments (default 1)
# BUILD names the build folder. Prints a line a kill and one a bucket; exits with 0 when every bucket was right.
# SPDX-License-Identifier: MIT
set -u
cd "$(dirname "$0")/../.." || exit 74
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export PATH="$BUILD:$PATH" LC_ALL=C.UTF-8
kills=40 seed=1 small=2000 large=4 large_size=256 per_bucket=4 journal=
while [ $# -gt 0 ]; do
	case $1 in
	--kills) kills=$2; shift 2 ;;
	--seed) seed=$2; shift 2 ;;
	--small) small=$2; shift 2 ;;
	--large) large=$2; shift 2 ;;
	--large-size) large_size=$2; shift 2 ;;
	--per-bucket) per_bucket=$2; shift 2 ;;
	--journal) journal=1; shift ;;
	*) sed -n '4,5s/^# //p' "$0" >&2; exit 64 ;;
	esac
done
RANDOM=$seed
work=$(mktemp -d) || exit 74
client=
trap 'end_client; tests/s3/ceph.sh stop "$work/ceph"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_REGION AWS_ENDPOINT_URL_S3 AWS_CA_BUNDLE
export HOME=$work AWS_ACCESS_KEY_ID=vxaccess AWS_SECRET_ACCESS_KEY=vxsecret0123456789

generate() {
	local i
	mkdir "$work/in"
	head -c 40960 /dev/urandom >"$work/block"
	for ((i = 1; i <= small; i++)); do
		{ printf '%s' "$i"; head -c $((i * 7919 % 40000)) "$work/block"; } >"$work/in/s$i.nii"
	done
	for ((i = 1; i <= large; i++)); do
		head -c "${large_size}M" /dev/urandom >"$work/in/l$i.nii"
	done
	# The large ones stand among the small ones.
	(cd "$work/in" && ls) | shuf --random-source=<(yes "$seed") |
		awk -v d="$work/in" '{ sub(/\.nii$/, ""); printf "{\"identifier\":\"volume/%s\",\"path_nii\":\"%s/%s.nii\"}\n", $1, d, $1 }' \
			>"$work/records"
	(cd "$work/in" && sha256sum -- *.nii) >"$work/sums"
}

upload() { # upload BUCKET
	exec vx-upload ${journal:+--journal "$work/$1.journal"} --retry-for 60 --part-size 5M --to "s3://$1/x" "$work/records"
}

start_client() {
	(upload "$bucket") >"$work/out" 2>"$work/err" &
	client=$!
}

# end_client: kills it where it runs; true when it did.
end_client() {
	local hit=1
	[ -n "$client" ] || return 1
	kill -9 "$client" 2>/dev/null && hit=0
	wait "$client" 2>/dev/null
	client=
	return $hit
}

kill_server() {
	kill -9 "$(cat "$work/ceph/client.rgw.pid")"
	sleep "0.$((RANDOM % 10))"
	tests/s3/ceph.sh again "$work/ceph"
}

seconds() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }

# disturb MOMENT: one kill, so many milliseconds after now.
disturb() {
	local what hit=
	[ -n "$client" ] || start_client
	sleep "$(seconds "$1")"
	kill -0 "$client" 2>/dev/null && hit=1
	case $((number % 3)) in
	0) what=vx-upload; end_client ;;
	1) what=radosgw; kill_server ;;
	2) what=both; end_client; kill_server ;;
	esac
	hits=$((hits + ${hit:-0}))
	echo "kill $number: $what after $1 ms$([ -n "$hit" ] || echo ", the run had ended")"
}

fail() {
	echo "$bucket: $*"
	bad=1
}

# read_back: the SHA-256 of every object as curl gets it, in the form of sha256sum.
read_back() {
	rm -rf "$work/back"
	mkdir "$work/back"
	awk -v u="$AWS_ENDPOINT_URL/$bucket/x/volume/" -v d="$work/back/" '{ printf "url = \"%s%s\"\noutput = \"%s%s\"\n", u, $2, d, $2 }' \
		"$work/sums" >"$work/get"
	curl -sf --aws-sigv4 aws:amz:us-east-1:s3 -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -K "$work/get"
	(cd "$work/back" && sha256sum -- *.nii)
	rm -rf "$work/back"
}

# twice: keys that the store took more than once as a whole, by the gateway's log: PUT without parts, or the end of parts.
twice() {
	sed -n "s|.*\"\([A-Z]* /$bucket/x/[^ ]*\) HTTP/1.1\" 200 .*|\1|p" "$work/ceph/client.rgw.log" |
		awk '/^PUT / && !/partNumber=/ || /^POST / && /uploadId=/ { sub(/[?].*/, "", $2); if (++n[$2] == 2) print $2 }'
}

# finish: the run that is under way, or a new one, ends by itself.
finish() {
	[ -n "$client" ] || start_client
	wait "$client"
	ended=$?
	client=
}

check() {
	[ $ended -eq 0 ] || fail "the last run ended with $ended: $(tail -n 3 "$work/err")"
	[ "$(wc -l <"$work/out")" -eq $((small + large)) ] || fail "$(wc -l <"$work/out") records came out"
	read_back >"$work/theirs"
	cmp -s "$work/sums" "$work/theirs" || fail "other content: $(diff "$work/sums" "$work/theirs" | head -n 3)"
	[ -z "$(twice)" ] || fail "sent twice: $(twice | head -n 3)"
	tests/s3/request.py GET "/$bucket?uploads=" >"$work/uploads"
	! grep -q '<UploadId>' "$work/uploads" || fail "left over: $(grep -o '<Key>[^<]*' "$work/uploads" | head -n 3)"
	(upload "$bucket") >/dev/null 2>"$work/err" || fail "a further run failed"
	grep -q " 0 created, $((small + large)) unchanged" "$work/err" || fail "a further run: $(tail -n 1 "$work/err")"
	[ -n "$bad" ] || echo "$bucket: $((small + large)) objects, all right"
	radosgw-admin -c "$work/ceph/ceph.conf" -n client.rgw bucket rm --bucket="$bucket" --purge-objects --bypass-gc \
		>>"$work/admin.log" 2>&1
	rm -f "$work/$bucket.journal"
}

generate
port=$(tests/s3/ports.sh 3)
export AWS_ENDPOINT_URL=http://127.0.0.1:$port
tests/s3/ceph.sh start "$work/ceph" "$port" || exit 74

new_bucket() {
	bucket=cut$1 bad=
	tests/s3/request.py PUT "/$bucket" || exit 74
}

hits=0 wrong=0 buckets=1
new_bucket 0
begun=$(date +%s%N)
finish
took=$((($(date +%s%N) - begun) / 1000000))
echo "undisturbed: $took ms"
check
[ -z "$bad" ] || wrong=1
for ((number = 1; number <= kills; number++)); do
	if (((number - 1) % per_bucket == 0)); then
		new_bucket "$number"
		buckets=$((buckets + 1))
	fi
	disturb $((RANDOM % (took * 3 / 4 + 1)))
	if ((number % per_bucket == 0 || number == kills)); then
		finish
		check
		[ -z "$bad" ] || wrong=$((wrong + 1))
	fi
done
echo "$((buckets - wrong)) of $buckets buckets right, $hits of $kills kills met a running upload"
[ "$wrong" -eq 0 ]
