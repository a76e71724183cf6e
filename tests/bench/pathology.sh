#!/bin/bash
# vx-pathology on one core over cores grouped by patient (--sorted), against pandas doing only a part of the work: reading
# the same table, grading, worst grade a patient. Medians of the CPU time of five paired runs; peak memory.
# ROWS: how many (default 1000000); PEER_ROWS: how many pandas gets (default 200000; its rate does not grow with more)
set -euo pipefail
rows=${ROWS:-1000000}
peer_rows=${PEER_ROWS:-200000}
[ "$peer_rows" -le "$rows" ] || peer_rows=$rows
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
here=$(dirname "$0")
share=$here/../../share

# The columns of the UCLA table that say something about cancer, without coordinates and UIDs.
cat >"$dir/plain.json" <<'END'
{
	"rows": "core",
	"patient": "Patient Number",
	"workup": {"set": {"type": "BIOPSY"}},
	"component": {
		"name": "Core Label",
		"set": {"is_systematic": true, "is_targeted": false},
		"location": {
			"column": "Core Label",
			"scheme": {"name": "12-core", "unstated": {"laterality": "medial"}},
			"values": {"TARGET OR PRIOR POSITIVE": {"is_systematic": false, "is_targeted": true}}
		},
		"grade": {"primary": "Primary Gleason", "secondary": "Secondary Gleason", "blank": "benign"},
		"core_length": "Core Fragment #1 Tissue Length (mm)",
		"cancer_length": "Cancer Length (mm)",
		"percent_cancer": "% Cancer in Core"
	},
	"root": {"other_data": {"prostate_volume_ml": {"column": "Prostate Volume (CC)", "as": "number"}}},
	"ignore": ["PSA (ng/mL)"]
}
END

# CPU seconds: on one core that is what it takes, whatever else the machine does.
seconds() {
	local TIMEFORMAT='%U %S'
	{ time "$@" >/dev/null 2>"$dir/err"; } 2>&1 | awk '{ print $1 + $2 }'
}
median() { sort -n | sed -n 3p; }
vx() { taskset -c 0 vx-pathology -q --sorted --map "$map" "$dir/rows.ndjson" 2>/dev/null; }
pandas() { taskset -c 0 /usr/bin/python3 "$here/pathology_pandas.py" "$1" "$dir/peer.$1"; }

has_pandas=true
/usr/bin/python3 -c 'import pandas' 2>/dev/null || {
	has_pandas=false
	echo 'python3-pandas is not installed: no comparison'
}

for shape in plain ucla; do
	map=$share/pathology/ucla.json
	[ $shape = ucla ] || map=$dir/plain.json
	"$BUILD/fixtures/make_cores" "$rows" ndjson $shape >"$dir/rows.ndjson"
	"$BUILD/fixtures/make_cores" "$peer_rows" csv $shape >"$dir/peer.csv"
	head -n "$peer_rows" "$dir/rows.ndjson" >"$dir/peer.ndjson"
	# What is timed is whole: every row a specimen and an assessment, beside one summary of each a patient.
	made=$(vx | wc -l)
	patients=$(sed 's/.*"_patient"://' "$dir/rows.ndjson" | uniq | wc -l)
	[ "$made" -eq $((2 * (rows + patients))) ] || { echo "$shape: $made resources of $rows rows, $patients patients"; exit 1; }
	for what in vx csv ndjson; do : >"$dir/$what.s"; done
	for _ in 1 2 3 4 5; do
		seconds vx >>"$dir/vx.s"
		if $has_pandas; then
			seconds pandas csv >>"$dir/csv.s"
			seconds pandas ndjson >>"$dir/ndjson.s"
		fi
	done
	awk -v shape=$shape -v n="$rows" -v s="$(median <"$dir/vx.s")" 'BEGIN {
		printf "vx-pathology, %d cores (%s): %.2f s, %d rows/s on one core (goal 150000)\n", n, shape, s, n / s }'
	if $has_pandas; then
		for kind in csv ndjson; do
			awk -v shape=$shape -v kind=$kind -v n="$rows" -v m="$peer_rows" -v s="$(median <"$dir/vx.s")" \
				-v p="$(median <"$dir/$kind.s")" 'BEGIN {
				printf "per million cores (%s), pandas reading %s: vx %.2f s, pandas %.2f s (parse and group only), ratio %.2f\n",
					shape, kind, s / n * 1e6, p / m * 1e6, (s / n) / (p / m) }'
		done
	fi
	/usr/bin/time -f %M -o "$dir/rss" vx-pathology -q --sorted --map "$map" "$dir/rows.ndjson" >/dev/null
	echo "vx-pathology --sorted, $rows cores ($shape): peak memory $(($(tail -1 "$dir/rss") / 1024)) MiB (goal below 16)"
done
