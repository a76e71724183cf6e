#!/bin/bash
# vx-upload into a file:// store against `cp -r` + sha256sum of the copy, and a second run against sha256sum of both trees;
# paired runs, medians of five; peak memory over many records.
# FILES: how many of 100 KB (default 2000)   RECORDS: of the memory run (default 1000000)
set -euo pipefail
files=${FILES:-2000} records=${RECORDS:-1000000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/in"
head -c 102400 /dev/urandom >"$dir/block"
for i in $(seq "$files"); do
	{ echo "$i"; cat "$dir/block"; } >"$dir/in/$i.nii"
done
for i in $(seq "$files"); do
	echo "{\"identifier\":\"volume/d$((i % 50))/$i\",\"path_nii\":\"$dir/in/$i.nii\"}"
done >"$dir/records"

seconds() {
	local TIMEFORMAT=%R
	{ time "$@" >/dev/null 2>&1; } 2>&1
}
median() { sort -n | sed -n 3p; }
hash_tree() { find "$1" -type f -print0 | xargs -0 -P 2 -n 200 sha256sum; }
copy_tree() {
	cp -r "$dir/in" "$dir/copy"
	sync -f "$dir/copy"
	hash_tree "$dir/copy"
}
hash_both() {
	hash_tree "$dir/in"
	hash_tree "$dir/copy"
}
upload() { vx-upload -q --to "file://$dir/store" "$dir/records"; }

for _ in 1 2 3 4 5; do
	rm -rf "$dir/store" "$dir/copy"
	sync -f "$dir"
	seconds upload >>"$dir/vx"
	seconds copy_tree >>"$dir/peer"
	seconds upload >>"$dir/vx-again"
	seconds hash_both >>"$dir/peer-again"
done
[ "$(find "$dir/store" -type f | wc -l)" -eq "$files" ]
awk -v n="$files" -v vx="$(median <"$dir/vx")" -v peer="$(median <"$dir/peer")" 'BEGIN {
	printf "vx-upload of %d files: vx %.2f s, cp -r + sync + sha256sum %.2f s, ratio %.2f\n", n, vx, peer, vx / peer }'
awk -v n="$files" -v vx="$(median <"$dir/vx-again")" -v peer="$(median <"$dir/peer-again")" 'BEGIN {
	printf "vx-upload of %d files again: vx %.2f s, sha256sum of both trees %.2f s, ratio %.2f\n", n, vx, peer, vx / peer }'

awk -v n="$records" -v p="$dir/in/1.nii" 'BEGIN {
	for (i = 0; i < n; i++)
		printf "{\"identifier\":\"volume/d%d\",\"path_nii\":\"%s\",\"path_json\":\"s3://b/%d.json\"}\n", i % 7, i % 1000 ? "s3://b/k" : p, i }' \
	>"$dir/many"
/usr/bin/time -f %M -o "$dir/rss" vx-upload -q --to "file://$dir/store2" "$dir/many" >/dev/null
echo "vx-upload of $records records: peak memory $(($(tail -1 "$dir/rss") / 1024)) MiB (goal below 16)"
