#!/bin/bash
# vx-scan against find -printf on a tree of empty images, warm, paired runs, medians of five; peak memory.
# FILES: how many (default 500000)
set -euo pipefail
files=${FILES:-500000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$BUILD/fixtures/make_tree" "$dir/tree" "$files"

# seconds COMMAND...: its wall time, its output thrown away.
seconds() {
	local TIMEFORMAT=%R
	{ time "$@" >/dev/null 2>&1; } 2>&1
}
median() { sort -n | sed -n 3p; }

seconds find "$dir/tree" -printf '%P %s %T@\n' >/dev/null # warms the cache
for _ in 1 2 3 4 5; do
	seconds vx-scan -q "$dir/tree" >>"$dir/vx"
	seconds find "$dir/tree" -type f -printf '%P %s %T@\n' >>"$dir/find"
done
vx=$(median <"$dir/vx") peer=$(median <"$dir/find")
awk -v n="$files" -v vx="$vx" -v peer="$peer" 'BEGIN {
	printf "vx-scan of %d files: vx %.2f s, find -printf %.2f s, ratio %.2f (goal 0.6)\n", n, vx, peer, vx / peer }'

/usr/bin/time -f %M -o "$dir/rss" vx-scan -q "$dir/tree" >"$dir/out"
[ "$(wc -l <"$dir/out")" -eq "$files" ] || { echo "vx-scan listed $(wc -l <"$dir/out") files"; exit 1; }
echo "vx-scan of $files files: peak memory $(($(tail -1 "$dir/rss") / 1024)) MiB (goal below 16)"

# The first record of a scan, cold or warm, must not wait for the last.
start=$(date +%s%N)
vx-scan -q "$dir/tree" 2>/dev/null | head -1 >/dev/null || true
echo "vx-scan of $files files: first record after $((($(date +%s%N) - start) / 1000000)) ms (goal below 1000)"
