# vx-pathology: what contradicts itself: lists, redundant columns, measures, counts, findings, --strict.
load pathology

@test "lists: holes are filled where the mapping says, never shifted; other lengths are told or rejected" {
	lists_map
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"N/A,3+4,N/A,4+4","isup":"2,4","case":"4","sig":"YES"}' \
		'AA00002:{"study":"s1","type":"SysBx","gs":"3+4,4+4","isup":"2","case":"4","sig":"YES"}' \
		'AA00003:{"study":"s1","type":"SysBx","gs":"3+4,N/A","isup":"2,2,2","case":"2","sig":"YES"}' >in
	pathology --findings findings in
	expect 0
	same "$(short | grep lesion)" "$(cat <<-'END'
		AA00001/biopsy/s1/lesion/1 null
		AA00001/biopsy/s1/lesion/2 2
		AA00001/biopsy/s1/lesion/3 null
		AA00001/biopsy/s1/lesion/4 4
		AA00002/biopsy/s1/lesion/1 2
		AA00002/biopsy/s1/lesion/2 4
		AA00003/biopsy/s1/lesion/1 2
		AA00003/biopsy/s1/lesion/2 null
	END
	)"
	same "$(jq -c '[.rule, .severity, .row, .values]' findings)" "$(cat <<-'END'
		["list_length","error",3,["2","3+4,4+4"]]
		["list_length","error",4,["2,2,2","3+4,N/A"]]
	END
	)"
	has "$err" "error: list_length: 2 times, first t.csv:3: isup '2', gs '3+4,4+4'"
	pathology --strict in
	expect 1
	same "$(short | grep -c lesion)" 4
	has "$err" "t.csv:3: isup: list_length: isup '2', gs '3+4,4+4': the two lists differ"
	lists_map '{"component":{"lists":{"columns":["gs","isup","pirads"]}}}'
	jq 'del(.component.lists.omit)' map.json >m && mv m map.json
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"3+4,4+4","isup":"2","pirads":"","case":"","sig":""}' >in
	pathology in
	expect 1
	has "$err" "t.csv:2: isup: '2' has 1 entries where gs has 2"
	same "$out" ""
}

@test "columns that grade the same tissue differently: told, kept, never picked in silence" {
	lists_map
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"3+4,7","isup":"3,3","case":"1","sig":"NO"}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .columns, .values]' findings)" "$(cat <<-'END'
		["grade",["gs","isup"],["3+4","3"]]
		["worst_isup",["case","(tree)"],["1","3"]]
		["cspca",["sig","(tree)"],["NO","3"]]
	END
	)"
	same "$(jq -c 'select(.identifier | endswith("lesion/1")) | select(.isup) | [.isup, .other_data.disagrees]' out)" '[2,{"isup":"3"}]'
	# A bare 7 beside group 3 is 4+3, and says that this was derived.
	same "$(jq -c 'select(.identifier | endswith("lesion/2")) | select(.isup) | [.isup, .gleason_primary, .gleason_secondary, .other_data.patterns_derived]' out)" '[3,4,3,true]'
	pathology --strict in
	expect 1
	same "$out" ""
}

@test "no grade is not benign where the same row measures cancer" {
	cores_map '{"component":{"grade":{"blank":"benign"},"cancer_length":"mm","percent_cancer":"share"}}'
	rows 'AA00001:{"site":"left apex","gs":"","mm":"3.5","share":""}' 'AA00001:{"site":"left mid","gs":"0+0","mm":"","share":"5"}' \
		'AA00001:{"site":"left base","gs":"","mm":"0","share":"0"}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .severity, .columns, .values]' findings | sort)" "$(printf '%s\n' \
		'["grade","error",["gs","mm"],["","3.5"]]' '["grade","error",["gs","share"],["0+0","5"]]')"
	same "$(jq -c 'select(.identifier | test("^assessment")) | [.identifier[19:], .isup, .cancer_type]' out)" "$(cat <<-'END'
		["biopsy/core/left-apex/1",null,"tumor"]
		["biopsy/core/left-base/1",0,"none"]
		["biopsy/core/left-mid/1",0,"none"]
		["summary",null,"tumor"]
	END
	)"
}

@test "checks of counts, sums, ratios, equal and repeated cells" {
	cores_map '{"checks":[{"column":"total","is":"total_cores"},{"column":"pos","is":"affected_cores"},{"column":"sum","is":"score"},
		{"column":"psad","is":"ratio","of":["psa","vol"]},{"column":"a","is":"equal","with":"b"},{"column":"psa","is":"same","per":"patient"},
		{"column":"case","is":"worst_isup"}]}'
	rows 'AA00001:{"site":"left apex","gs":"3+4","total":"3","pos":"1","sum":"6","psad":"0.1","psa":"5","vol":"20","a":"1.0","b":"1","case":"3"}' \
		'AA00001:{"site":"left mid","gs":"0+0","total":"2","pos":"1","sum":"","psad":"0.25","psa":"6","vol":"24","a":"x","b":"y","case":""}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .severity, .row, .values]' findings | sort)" "$(sort <<-'END'
		["total_cores","error",2,["3","2"]]
		["score","error",2,["6","3+4"]]
		["ratio","warning",2,["0.1","5","20"]]
		["equal","error",3,["x","y"]]
		["same","warning",3,["6","5"]]
		["worst_isup","error",2,["3","2"]]
	END
	)"
	has "$err" ", 6 findings"
}

@test "findings cannot be written: 74; a mapping that is none: 65, with its line" {
	cores_map
	rows 'AA00001:{"site":"left apex","gs":"3+3"}' >in
	pathology --findings /no/such/folder/f in
	expect 74
	printf '{\n"rows": "core",\n"component": {"grad": {"gleason": "gs"}}\n}' >map.json
	pathology in
	expect 65
	has "$err" "map.json:3: component.grad"
	pathology --suggest
	expect 64
	run3 vx-pathology in
	expect 64
	has "$err" "--map is missing"
	run3 vx-pathology --map none.json in
	expect 74
}

@test "lists: an entry where entries are left out, N/A alone, a separator at the end: never benign, never shifted" {
	lists_map '{"component":{"grade":{"blank":"benign"}}}'
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"N/A,3+4","isup":"0,2","case":"","sig":""}' \
		'AA00002:{"study":"s1","type":"SysBx","gs":"N/A,3+4","isup":"2,","case":"","sig":""}' \
		'AA00003:{"study":"s1","type":"SysBx","gs":"3+4,","isup":"2","case":"","sig":""}' >in
	pathology --findings findings in
	expect 0
	same "$(short | grep lesion)" "$(cat <<-'END'
		AA00001/biopsy/s1/lesion/1 null
		AA00001/biopsy/s1/lesion/2 2
		AA00002/biopsy/s1/lesion/1 null
		AA00002/biopsy/s1/lesion/2 2
		AA00003/biopsy/s1/lesion/1 2
	END
	)"
	same "$(jq -c '[.rule, .severity, .row, .columns[0]]' findings)" "$(cat <<-'END'
		["list_length","error",2,"isup"]
		["list_length","error",3,"isup"]
		["list_length","warning",4,"gs"]
	END
	)"
	# Nothing is lost where the list that says how many is blank.
	jq 'del(.when)' map.json >m && mv m map.json
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"","isup":"2,3","case":"","sig":""}' >in
	pathology in
	expect 1
	has "$err" "t.csv:2: isup: '2,3' leaves entries out, and the list that says which is blank"
	lists_map '{"component":{"grade":{"blank":"benign"},"lists":{"columns":["gs","isup","pirads"]}}}'
	jq 'del(.when)' map.json >m && mv m map.json
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"N/A","isup":"2,3","pirads":"4,5","case":"","sig":""}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .columns[0]]' findings)" '["list_length","isup"]'
	same "$(short | grep lesion)" "$(printf '%s\n' 'AA00001/biopsy/s1/lesion/1 null' 'AA00001/biopsy/s1/lesion/2 null')"
	# A cell that is but N/A says so of each; it is not empty.
	lists_map '{"component":{"grade":{"blank":"benign"},"lists":{"columns":["gs","isup","pirads"]}}}'
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"N/A","isup":"","pirads":"4,5","case":"","sig":""}' >in
	jq 'del(.when)' map.json >m && mv m map.json
	pathology in
	expect 0
	same "$(short | grep lesion)" "$(printf '%s\n' 'AA00001/biopsy/s1/lesion/1 null' 'AA00001/biopsy/s1/lesion/2 null')"
}

@test "a row that is taken to hold no pathology, and yet does, is told" {
	lists_map '{"component":{"cancer_length":"mm"},"when":"type"}'
	rows 'AA00001:{"study":"s1","type":"","gs":"3+4","isup":"2","mm":"","case":"","sig":""}' \
		'AA00001:{"study":"s2","type":"","gs":"","isup":"","mm":"0","case":"","sig":""}' \
		'AA00001:{"study":"s3","type":"","gs":"","isup":"","mm":"3","case":"","sig":""}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .severity, .row, .columns[0]]' findings)" "$(cat <<-'END'
		["when","error",2,"gs"]
		["when","error",2,"isup"]
		["when","error",4,"mm"]
	END
	)"
	pathology --strict --rejects rejects in
	expect 1
	same "$(jq -c '.row' rejects)" "$(printf '%s\n' 2 4)"
}

@test "--strict: a row without pathology that contradicts itself says nothing of the grades of others" {
	lists_map '{"checks":[{"column":"psad","is":"ratio","of":["psa","vol"]}]}'
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"3+4","isup":"2","psad":"","psa":"","vol":""}' \
		'AA00001:{"study":"s2","type":"","gs":"","isup":"","psad":"9","psa":"5","vol":"50"}' >in
	pathology --strict in
	expect 1
	same "$(short)" "$(printf '%s\n' 'AA00001/biopsy/s1/lesion/1 2' 'AA00001/summary 2')"
}

@test "checks know cancer that nobody graded, and what is suspicious but no cancer" {
	cores_map '{"checks":[{"column":"isup","is":"isup"},{"column":"sig","is":"cspca","min_isup":2,"yes":["1"],"no":["0"]}]}'
	rows 'AA00001:{"site":"a1","gs":"ASAP","isup":"4","sig":"1"}' 'AA00001:{"site":"a2","gs":"ASAP","isup":"0","sig":"0"}' \
		'AA00001:{"site":"a3","gs":"carcinoma","isup":"0","sig":"0"}' 'AA00001:{"site":"a4","gs":"carcinoma","isup":"3","sig":"1"}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .row, .values]' findings | sort)" "$(sort <<-'END'
		["isup",2,["4","asap, not graded"]]
		["cspca",2,["1","asap, not graded"]]
		["isup",4,["0","tumor, not graded"]]
	END
	)"
}

@test "what is measured is held against the grade and against itself; fractions are asked about" {
	cores_map '{"component":{"cancer_length":"mm","percent_cancer":"share","core_length":"core"}}'
	rows 'AA00001:{"site":"a1","gs":"3+4","mm":"0","share":"","core":"12"}' \
		'AA00001:{"site":"a2","gs":"3+4","mm":"30","share":"0.4","core":"12"}' \
		'AA00001:{"site":"a3","gs":"3+4","mm":"3","share":"0.25","core":"12"}' \
		'AA00001:{"site":"a4","gs":"3+4","mm":"3","share":"1","core":"12"}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .severity, .row, .columns]' findings)" "$(printf '%s\n' '["measure","warning",2,["gs","mm"]]' '["measure","warning",3,["mm","core"]]')"
	has "$err" 'none of 3 values of percent_cancer is above 1: fractions? {"columns": ..., "times": 100} in the mapping'
}

@test "counts that a workup gives are held against each other and the grade; a workup without a grade is counted" {
	jq -n '{rows: "workup", workup: {key: "id", procedure: {column: "id", values: {b1: {type: "BIOPSY"}, rp: {type: "RPE"}}},
		grade: {text: "result"}, total_cores: "n", affected_cores: "pos"}}' >map.json
	rows 'AA00001:{"id":"b1","result":"GG 2","n":"3","pos":"12"}' 'AA00001:{"id":"rp","result":"","n":"","pos":""}' \
		'AA00002:{"id":"b1","result":"benign","n":"12","pos":"3"}' 'AA00003:{"id":"b1","result":"GG 1","n":"12","pos":"0"}' \
		'AA00004:{"id":"b1","result":"2+5","n":"12","pos":"0"}' 'AA00004:{"id":"rp","result":"GG 3","n":"","pos":""}' >in
	pathology --findings findings in
	expect 1
	same "$(jq -c '[.rule, .severity, .row, .values]' findings)" "$(cat <<-'END'
		["counts","error",2,["12","3"]]
		["counts","error",4,["3","benign"]]
		["counts","error",5,["0","GG 1"]]
	END
	)"
	same "$(jq -c 'select(.identifier | test("assessment/AA0000[14]/summary")) | [.isup, .other_data]' out)" "$(cat <<-'END'
		[2,{"patterns_derived":true,"components":2,"not_assessed":1}]
		[null,{"isup_at_least":3,"components":1,"rejected_rows":1}]
	END
	)"
	# What was rejected may have been anything.
	same "$(jq -r 'select(.is_event_root) | .type' out | tr '\n' ' ')" 'OTHER_OR_UNKNOWN BIOPSY BIOPSY OTHER_OR_UNKNOWN '
}

@test "rows that disagree in many values list the same ones in any order" {
	cores_map '{"root":{"other_data":{"v":"v"}}}'
	for i in $(seq 12); do echo "AA00001:{\"site\":\"left apex $i\",\"gs\":\"3+3\",\"v\":\"$i\"}"; done >specs
	mapfile -t specs <specs
	rows "${specs[@]}" >in
	pathology -q in
	jq -c 'select(.is_event_root) | .other_data' out >first
	has "$(cat first)" '"rows_disagree":{"v":["1","10","11","12","2","3","4","5"]}'
	tac in >turned
	pathology -q turned
	jq -c 'select(.is_event_root) | .other_data' out | cmp - first
}

@test "--findings may name the input, not the rejects; what was there stays until the new ones are whole" {
	cores_map
	rows 'AA00001:{"site":"left apex","gs":"3+4"}' >in
	cp in kept
	pathology --findings in in
	expect 0
	has "$err" "1 rows in, 4 out"
	same "$(cat in)" ""
	cp kept in
	echo old >findings
	echo '[]' >map.json
	pathology --findings findings in
	expect 65
	same "$(cat findings)" old
	run3 vx-pathology --map map.json --findings f --rejects f in
	expect 64
	has "$err" "--findings and --rejects name the same file"
	cores_map
	pathology --findings /dev/null in
	expect 0
	# What is a link is written to: no file is put in its place.
	cores_map '{"checks":[{"column":"c","is":"isup"}]}'
	rows 'AA00001:{"site":"left apex","gs":"3+4","c":"5"}' >in
	ln -s real link
	pathology --findings link in
	[ -L link ]
	same "$(jq -c .rule real)" '"isup"'
	pathology --findings /dev/stderr in
	[ -L /dev/stderr ]
	has "$err" "1 rows in"
	has "$err" '"rule":"isup"'
}

@test "counts of cores are held against the rows: more are taken, fewer cannot be" {
	cores_map '{"workup":{"total_cores":"n","affected_cores":"pos"}}'
	rows 'AA00001:{"site":"a1","gs":"3+4","n":"12","pos":"1"}' 'AA00002:{"site":"a1","gs":"3+4","n":"1","pos":"1"}' \
		'AA00002:{"site":"a2","gs":"4+4","n":"1","pos":"1"}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .severity, .row, .columns, .values]' findings)" "$(cat <<-'END'
		["counts","warning",2,["n"],["12"]]
		["counts","error",3,["n"],["1"]]
		["counts","error",3,["pos"],["1"]]
	END
	)"
	same "$(jq -c 'select(.is_summary) | [.total_cores]' out | tr -d '\n')" '[12][null]'
	same "$(jq -c 'select(.identifier | test("^assessment.*summary")) | [.affected_cores]' out | tr -d '\n')" '[1][null]'
}

@test "one day or number in two spellings is no contradiction; a day that no calendar has is" {
	cores_map '{"dates":"DMY","workup":{"key":"day","date":"day"},"root":{"other_data":{"v":{"column":"v","as":"number"}}}}'
	rows 'AA00001:{"site":"a1","gs":"3+4","day":"2020-01-02","v":"26.5"}' 'AA00001:{"site":"a2","gs":"3+4","day":"02.01.2020","v":"26.50"}' \
		'AA00002:{"site":"a2","gs":"3+4","day":"9999-12-31","v":""}' >in
	pathology --findings findings in
	expect 1
	same "$(cat findings)" ""
	same "$(jq -c 'select(.is_event_root) | [.date, .other_data]' out)" '["2020-01-02",{"v":26.5}]'
	has "$err" "t.csv:4: day: '9999-12-31' is not a day of the years 1900 to 2199"
}

@test "lists that all end with a separator; one that is no list; a part that nobody knows" {
	lists_map '{"component":{"grade":{"blank":"benign"},"core_length":["a","b"]}}'
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"3+4,","isup":"2,","case":"","sig":"","a":"5","b":"N/A"}' 'AA00003:{"study":"s1","type":"SysBx","gs":"3+4","isup":"2","case":"","sig":"","a":"N/A","b":"zzz"}' \
		"AA00002:{\"study\":\"s1\",\"type\":\"SysBx\",\"gs\":\"$(yes 3+4 | head -1001 | paste -sd,)\",\"isup\":\"\",\"case\":\"\",\"sig\":\"\",\"a\":\"5\",\"b\":\"\"}" >in
	pathology --findings findings in
	expect 1
	same "$(short)" "$(printf '%s\n' 'AA00001/biopsy/s1/lesion/1 2' 'AA00001/summary 2')"
	same "$(jq -c '[.rule, .columns]' findings)" "$(printf '%s\n' '["list_length",["gs"]]' '["list_length",["isup"]]')"
	has "$err" "t.csv:3: b: 'zzz' is not a number"
	has "$err" "t.csv:4: gs: 1001 entries, where a list has at most 1000: is ',' what parts them?"
	same "$(jq -c 'select(.core_length)' out)" ""
}
