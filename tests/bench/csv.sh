#!/bin/bash
# vx-csv against json-c parsing and printing the same rows, paired runs, medians of five; peak memory.
# ROWS: how many (default 1000000)
set -euo pipefail
rows=${ROWS:-1000000}
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
awk -v n="$rows" 'BEGIN {
	print "patient_id,study_id,mri_date,patient_age,psa,psad,prostate_volume,histopath_type,lesion_GS,center"
	for (i = 0; i < n; i++)
		printf "%d,%d,2012-08-%02d,73,19.18,0.34,57,MRBx,\"4+3,0+0\",RUMC\n", i, i + 1000000, i % 28 + 1
}' >"$dir/table.csv"
vx-csv -q "$dir/table.csv" >"$dir/rows.ndjson"
[ "$(wc -l <"$dir/rows.ndjson")" -eq "$rows" ]

seconds() {
	local TIMEFORMAT=%R
	{ time "$@" >/dev/null 2>&1; } 2>&1
}
peer() { "$BUILD/fixtures/csv_peer" <"$dir/rows.ndjson"; }
median() { sort -n | sed -n 3p; }

for _ in 1 2 3 4 5; do
	seconds vx-csv -q "$dir/table.csv" >>"$dir/vx"
	seconds peer >>"$dir/peer"
done
awk -v n="$rows" -v vx="$(median <"$dir/vx")" -v peer="$(median <"$dir/peer")" 'BEGIN {
	printf "vx-csv of %d rows: vx %.2f s, json-c parse + print %.2f s, ratio %.2f (goal 1.0)\n", n, vx, peer, vx / peer }'
/usr/bin/time -f %M -o "$dir/rss" vx-csv -q "$dir/table.csv" >/dev/null
echo "vx-csv of $rows rows: peak memory $(($(tail -1 "$dir/rss") / 1024)) MiB (goal below 16)"
