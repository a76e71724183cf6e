# What the bats files of vx-pathology share: rows, mappings, one run. Load with: load pathology
load helper

setup() { cd "$BATS_TEST_TMPDIR"; }

# rows PATIENT:JSON...: records as vx-csv and vx-patient-map leave them; row numbers from 2.
rows() {
	local n=2 r
	for r; do
		jq -cn --arg p "patient/${r%%:*}" --argjson n "$n" --argjson o "${r#*:}" \
			'$o + {_source: {file: "t.csv", row: $n}, _patient: $p}'
		n=$((n + 1))
	done
}

# cores_map [JSON]: a mapping of cores, with JSON merged into it.
cores_map() {
	jq -n --argjson more "${1:-{\}}" '{rows: "core", component: {name: "site", set: {is_systematic: true},
		location: "site", grade: {gleason: "gs"}}, workup: {set: {type: "BIOPSY"}}} * $more' >map.json
}

# lists_map [JSON]: a mapping of workups whose lesions stand in lists.
lists_map() {
	jq -n --argjson more "${1:-{\}}" '{rows: "workup", when: "gs", table: "t.csv", license: "CC0-1.0",
		workup: {key: "study", procedure: {column: "type", values: {SysBx: {type: "BIOPSY", is_systematic: true,
			is_targeted: false}, RP: {type: "RPE"}}}},
		component: {lists: {separator: ",", columns: ["gs", "isup"], omit: {isup: {where: "gs", is: ["N/A"]}}},
			grade: {gleason: "gs", isup: "isup"}},
		checks: [{column: "case", is: "worst_isup", unassessed: ["0"]},
			{column: "sig", is: "cspca", min_isup: 2, yes: ["YES"], no: ["NO"], unassessed: ["NO"]}]} * $more' >map.json
}

pathology() { run3 vx-pathology --map map.json "$@"; }

# short: "identifier isup" of the assessments that came out, sorted.
short() { jq -r 'select(.identifier | startswith("assessment/")) | "\(.identifier[11:]) \(.isup)"' out | sort; }
