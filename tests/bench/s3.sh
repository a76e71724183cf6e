#!/bin/bash
# vx-upload to S3 against curl -Z (the floor: no hash, no listing), rclone, s3cmd and the AWS CLI, on one Ceph in memory;
# client and server share the machine; runs in turn, medians.
# SMALL: files of 15 KB (default 2000)   LARGE: files of LARGE_MIB (default 4 of 256)   RUNS: of each (default 3)
set -euo pipefail
small=${SMALL:-2000} large=${LARGE:-4} large_mib=${LARGE_MIB:-256} runs=${RUNS:-3}
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
# shellcheck source=tests/bench/clock.bash
source "$here/clock.bash"
command -v radosgw >/dev/null || { echo "radosgw is not installed: nothing is measured"; exit 0; }
trap '"$here/../s3/ceph.sh" stop "$work/ceph"; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
unset AWS_PROFILE AWS_SESSION_TOKEN AWS_REGION AWS_CA_BUNDLE HTTP_PROXY http_proxy
export HOME=$work AWS_ACCESS_KEY_ID=vxaccess AWS_SECRET_ACCESS_KEY=vxsecret0123456789 AWS_DEFAULT_REGION=us-east-1

port=$("$here/../s3/ports.sh" 3)
host=127.0.0.1:$port
export AWS_ENDPOINT_URL=http://$host
export RCLONE_S3_PROVIDER=Ceph RCLONE_S3_ACCESS_KEY_ID=$AWS_ACCESS_KEY_ID RCLONE_S3_SECRET_ACCESS_KEY=$AWS_SECRET_ACCESS_KEY
export RCLONE_S3_ENDPOINT=$AWS_ENDPOINT_URL RCLONE_S3_REGION=us-east-1 RCLONE_CONFIG=/dev/null

make_files() { # make_files KIND N BYTES
	local i
	mkdir "$work/$1"
	for ((i = 1; i <= $2; i++)); do
		head -c "$3" /dev/urandom >"$work/$1/$i.nii"
		echo "{\"identifier\":\"volume/$i\",\"path_nii\":\"$work/$1/$i.nii\"}"
	done >"$work/$1.records"
	cat "$work/$1"/*.nii >/dev/null
}

# Each puts the folder $work/KIND into a bucket.
vx() { exec vx-upload -q --to "s3://$2" --key '{name}{suffix}' "$work/$1.records"; }
journal() { exec vx-upload -q --journal "$work/journal" --to "s3://$2" --key '{name}{suffix}' "$work/$1.records"; }
curl_list() { # what curl is to send, made beforehand
	for f in "$work/$1"/*.nii; do
		printf 'upload-file = "%s"\nurl = "http://%s/%s/%s"\n' "$f" "$host" "$2" "${f##*/}"
	done >"$work/curl"
}
curl_z() {
	exec curl -sf -Z --parallel-max 16 --aws-sigv4 aws:amz:us-east-1:s3 -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
		-H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -K "$work/curl"
}
rclone_copy() { exec rclone copy -q --transfers 16 --checkers 16 "$work/$1" ":s3:$2"; }
s3cmd_sync() {
	exec /usr/bin/s3cmd sync --quiet --no-progress --no-ssl --host="$host" --host-bucket= --access_key="$AWS_ACCESS_KEY_ID" \
		--secret_key="$AWS_SECRET_ACCESS_KEY" "$work/$1/" "s3://$2/"
}
aws_sync() { exec /usr/bin/aws --endpoint-url "$AWS_ENDPOINT_URL" s3 sync --only-show-errors "$work/$1" "s3://$2"; }

# measure TOOL KIND BUCKET FILE: appends "wall CPU KiB" to FILE.
measure() {
	/usr/bin/time -a -o "$4" -f '%e %U %S %M' bash -c "$1 $2 $3" >"$work/said" 2>&1 || {
		echo "$1 failed: $(tail -n 3 "$work/said")"
		exit 1
	}
}
export work host
export -f vx journal curl_z rclone_copy s3cmd_sync aws_sync

# present TOOL: curl and vx-upload always are.
present() {
	case $1 in
	rclone_copy) [ -x /usr/bin/rclone ] ;;
	s3cmd_sync) [ -x /usr/bin/s3cmd ] ;;
	aws_sync) [ -x /usr/bin/aws ] ;;
	esac
}

tools=()
for tool in vx curl_z rclone_copy s3cmd_sync aws_sync; do
	if present $tool; then tools+=("$tool"); else echo "$tool: not installed, left out"; fi
done

column() { awk -v c="$1" '{ print c == 2 ? $2 + $3 : $c }' "$2" | median; }
wall() { column 1 "$work/$1.$2"; }
cpu() { column 2 "$work/$1.$2"; }
rss() { column 4 "$work/$1.$2"; }

bucket_count=0
fresh_bucket() {
	bucket_count=$((bucket_count + 1))
	bucket=bench$bucket_count
	"$here/../s3/request.py" PUT "/$bucket"
}
drop_bucket() {
	radosgw-admin -c "$work/ceph/ceph.conf" -n client.rgw bucket rm --bucket="$bucket" --purge-objects --bypass-gc \
		>>"$work/admin.log" 2>&1
}

run_all() { # run_all KIND
	local tool _
	for _ in $(seq "$runs"); do
		for tool in "${tools[@]}"; do
			fresh_bucket
			curl_list "$1" "$bucket"
			measure "$tool" "$1" "$bucket" "$work/$1.$tool"
			# Nothing is left to do: the same once more.
			if [ "$1" = small ] && [ "$tool" != curl_z ]; then
				measure "$tool" "$1" "$bucket" "$work/again.$tool"
				if [ "$tool" = vx ]; then
					rm -f "$work/journal"
					journal_first=$(mktemp -p "$work")
					measure journal "$1" "$bucket" "$journal_first"
					measure journal "$1" "$bucket" "$work/again.journal"
				fi
			fi
			drop_bucket
		done
	done
}

table() { # table KIND TITLE
	local tool
	for tool in "${tools[@]}"; do
		[ ! -s "$work/$1.$tool" ] || awk -v t="$tool" -v title="$2" -v w="$(wall "$1" "$tool")" -v c="$(cpu "$1" "$tool")" \
			-v r="$(rss "$1" "$tool")" 'BEGIN { printf "%s, %s: %.2f s, CPU %.2f s, %.0f MiB\n", title, t, w, c, r / 1024 }'
	done
}

# least FUNCTION KIND TOOL...: the least of what is there.
least() {
	local f=$1 kind=$2 tool
	shift 2
	for tool; do [ ! -s "$work/$kind.$tool" ] || $f "$kind" "$tool"; done | sort -n | head -n 1
}
compare() { # compare WHAT VX PEER GOAL
	[ -z "$3" ] || awk -v what="$1" -v a="$2" -v b="$3" -v goal="$4" \
		'BEGIN { printf "%s: vx %.2f s, peer %.2f s, ratio %.2f (goal %s)\n", what, a, b, a / b, goal }'
}

make_files small "$small" 15360
make_files large "$large" "${large_mib}M"
"$here/../s3/ceph.sh" start "$work/ceph" "$port"
run_all small
run_all large
table small "$small x 15 KB"
table large "$large x $large_mib MiB"
table again "nothing to do, $small files"
compare "$small x 15 KB, wall, curl -Z" "$(wall small vx)" "$(wall small curl_z)" 1.3
compare "$small x 15 KB, CPU, best of the others" "$(cpu small vx)" "$(least cpu small rclone_copy s3cmd_sync aws_sync)" 0.33
compare "$large x $large_mib MiB, wall, AWS CLI" "$(wall large vx)" "$(least wall large aws_sync)" 1.0
compare "nothing to do, $small files, s3cmd" "$(wall again vx)" "$(least wall again s3cmd_sync)" 0.25
compare "nothing to do, $small files, with a journal, s3cmd" "$(wall again journal)" "$(least wall again s3cmd_sync)" 0.25
for kind in small large; do
	echo "vx-upload, $kind files: peak memory $(($(rss $kind vx) / 1024)) MiB (goal below 32)"
done
