#!/bin/bash
# vx-upload --mirror over many small files: how long until the first is in the store, peak memory, and a second run that
# sends nothing. Into a folder, or with --ceph into a Ceph that this starts.
# usage: tests/stress/mirror.sh [--files N] [--ceph]     default: 300000 files into a folder below $TMPDIR
# BUILD names the build folder. Exits with 0 when all arrived, the first in a second, in less than 48 MiB.
set -euo pipefail
cd "$(dirname "$0")/../.."
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export PATH="$BUILD:$BUILD/fixtures:$PATH" LC_ALL=C.UTF-8
files=300000 ceph=
while [ $# -gt 0 ]; do
	case $1 in
	--files) files=$2; shift 2 ;;
	--ceph) ceph=1; shift ;;
	*) echo "usage: $0 [--files N] [--ceph]" >&2; exit 64 ;;
	esac
done
dir=$(mktemp -d)
trap '[ -z "$ceph" ] || tests/s3/ceph.sh stop "$dir/ceph" || true; rm -rf "$dir"' EXIT
make_tree "$dir/tree" "$files"
to=file://$dir/store
if [ -n "$ceph" ]; then
	port=$(tests/s3/ports.sh 4)
	tests/s3/ceph.sh start "$dir/ceph" "$port"
	export AWS_ACCESS_KEY_ID=vxaccess AWS_SECRET_ACCESS_KEY=vxsecret0123456789 AWS_REGION=us-east-1
	export AWS_ENDPOINT_URL=http://127.0.0.1:$port HOME=$dir
	to=s3://lab/mirror
fi

failed=0
now() { date +%s%N; }
# mirror NAME: one run; the map goes to $dir/NAME, a line's time of the first to $dir/NAME.first.
mirror() {
	local begun ended first rss
	begun=$(now)
	/usr/bin/time -f %M -o "$dir/rss" vx-upload --mirror "$dir/tree" --to "$to" --no-progress 2>"$dir/$1.err" |
		{ IFS= read -r line; now >"$dir/$1.first"; echo "$line"; cat; } >"$dir/$1"
	ended=$(now)
	first=$((($(cat "$dir/$1.first") - begun) / 1000000)) rss=$(tail -n 1 "$dir/rss")
	echo "$1: $files files in $(((ended - begun) / 1000000)) ms, the first after $first ms, peak memory $((rss / 1024)) MiB"
	tail -n 1 "$dir/$1.err"
	[ "$(wc -l <"$dir/$1")" -eq "$files" ] || { echo "$1: $(wc -l <"$dir/$1") lines"; failed=1; }
	[ "$first" -le 1000 ] || { echo "$1: the first came late"; failed=1; }
	[ "$rss" -le $((48 << 10)) ] || { echo "$1: more than 48 MiB"; failed=1; }
}
mirror created
mirror unchanged
# A few files among many others: the list is given up, and all goes well without it.
if [ -n "$ceph" ]; then
	mkdir "$dir/few"
	for name in 0 PAT00000.x PAT9 z; do echo "$name" >"$dir/few/$name"; done
	for status in created unchanged; do
		[ "$(vx-upload -q --mirror "$dir/few" --to "$to" | jq -r .status | uniq -c | tr -s ' ')" = " 4 $status" ] ||
			{ echo "few among many: not $status"; failed=1; }
	done
fi
cmp <(sed 's/"created"}/"unchanged"}/' "$dir/created") "$dir/unchanged" || failed=1
[ "$(jq -r .status "$dir/created" | sort -u)" = created ] || failed=1
exit $failed
