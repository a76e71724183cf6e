# vx-pathology: rows and a mapping -> the specimen tree, rejects, PSA values.
load pathology

@test "one workup: its summary is the event root, cores below it, aggregates derived, all of it valid" {
	cores_map
	rows 'AA00001:{"site":"left apex","gs":"3+4"}' 'AA00001:{"site":"right base","gs":"4+3"}' \
		'AA00001:{"site":"right base","gs":"0+0"}' >in
	pathology --findings findings in
	expect 0
	has "$err" "3 rows in, 8 out, 0 rejected, 1 patient with 1 workup and 3 cores"
	same "$(cat findings)" ""
	same "$(jq -c 'del(._source, ._patient)' out)" "$(cat <<-'END'
		{"identifier":"specimen/AA00001/summary","parent_identifier":"patient/AA00001","type":"BIOPSY","is_summary":true,"is_event_root":true,"total_cores":3,"is_systematic":true}
		{"identifier":"specimen/AA00001/biopsy/core/left-apex/1","parent_identifier":"specimen/AA00001/summary","type":"BIOPSY","is_summary":false,"is_event_root":false,"is_systematic":true,"side":"left","level":"apex"}
		{"identifier":"specimen/AA00001/biopsy/core/right-base/1","parent_identifier":"specimen/AA00001/summary","type":"BIOPSY","is_summary":false,"is_event_root":false,"is_systematic":true,"side":"right","level":"base"}
		{"identifier":"specimen/AA00001/biopsy/core/right-base/2","parent_identifier":"specimen/AA00001/summary","type":"BIOPSY","is_summary":false,"is_event_root":false,"is_systematic":true,"side":"right","level":"base"}
		{"identifier":"assessment/AA00001/biopsy/core/left-apex/1","parent_identifier":"specimen/AA00001/biopsy/core/left-apex/1","cancer_type":"tumor","gleason_primary":3,"gleason_secondary":4,"isup":2,"other_data":{"source":{"cells":{"gs":"3+4"}}}}
		{"identifier":"assessment/AA00001/biopsy/core/right-base/1","parent_identifier":"specimen/AA00001/biopsy/core/right-base/1","cancer_type":"none","isup":0,"other_data":{"source":{"cells":{"gs":"0+0"}}}}
		{"identifier":"assessment/AA00001/biopsy/core/right-base/2","parent_identifier":"specimen/AA00001/biopsy/core/right-base/2","cancer_type":"tumor","gleason_primary":4,"gleason_secondary":3,"isup":3,"other_data":{"source":{"cells":{"gs":"4+3"}}}}
		{"identifier":"assessment/AA00001/summary","parent_identifier":"specimen/AA00001/summary","derived_from":["assessment/AA00001/biopsy/core/left-apex/1","assessment/AA00001/biopsy/core/right-base/1","assessment/AA00001/biopsy/core/right-base/2"],"affected_cores":2,"cancer_type":"tumor","gleason_primary":4,"gleason_secondary":3,"isup":3}
	END
	)"
	same "$(jq -c 'select(.identifier == "assessment/AA00001/biopsy/core/left-apex/1") | [._source, ._patient]' out)" \
		'[{"file":"t.csv","row":2,"column":"gs"},"patient/AA00001"]'
	run3 vx-validate out
	expect 0
}

@test "several workups: a root above them, what it derives from, the worst of all" {
	lists_map
	rows 'AA00001:{"study":"s1","type":"SysBx","gs":"3+3,N/A","isup":"1","case":"1","sig":"NO"}' \
		'AA00001:{"study":"s2","type":"RP","gs":"4+5","isup":"5","case":"5","sig":"YES"}' \
		'AA00001:{"study":"s3","type":"","gs":"","isup":"","case":"0","sig":"NO"}' >in
	pathology --findings findings in
	expect 0
	has "$err" "1 patient with 2 workups and 3 lesions, 1 row without pathology"
	same "$(jq -r 'select(.type) | "\(.identifier[9:]) \(.parent_identifier) \(.type) \(.is_summary) \(.is_event_root)"' out)" "$(cat <<-'END'
		AA00001/summary patient/AA00001 OTHER_OR_UNKNOWN true true
		AA00001/biopsy/s1 specimen/AA00001/summary BIOPSY true false
		AA00001/biopsy/s1/lesion/1 specimen/AA00001/biopsy/s1 BIOPSY false false
		AA00001/biopsy/s1/lesion/2 specimen/AA00001/biopsy/s1 BIOPSY false false
		AA00001/rpe/s2 specimen/AA00001/summary RPE true false
		AA00001/rpe/s2/lesion/1 specimen/AA00001/rpe/s2 RPE false false
	END
	)"
	same "$(short)" "$(cat <<-'END'
		AA00001/biopsy/s1 1
		AA00001/biopsy/s1/lesion/1 1
		AA00001/biopsy/s1/lesion/2 null
		AA00001/rpe/s2 5
		AA00001/rpe/s2/lesion/1 5
		AA00001/summary 5
	END
	)"
	same "$(jq -c 'select(.identifier == "assessment/AA00001/biopsy/s1") | [.derived_from, .other_data]' out)" \
		'[["assessment/AA00001/biopsy/s1/lesion/1","assessment/AA00001/biopsy/s1/lesion/2"],{"components":2,"not_assessed":1}]'
	same "$(jq -c 'select(.identifier == "assessment/AA00001/summary") | .derived_from' out)" \
		'["assessment/AA00001/biopsy/s1","assessment/AA00001/rpe/s2"]'
	same "$(jq -c 'select(.identifier | endswith("s1/lesion/2")) | select(.type | not) | .other_data' out)" \
		'{"source":{"table":"t.csv","cells":{"gs":"3+3,N/A","isup":"1"},"item":2}}'
	# What the source writes where nothing was assessed is told, as the convention that the mapping says it is.
	same "$(jq -c '[.rule, .severity, .row, .columns[0], .values[0]]' findings)" "$(cat <<-'END'
		["worst_isup","info",4,"case","0"]
		["cspca","info",4,"sig","NO"]
	END
	)"
	run3 vx-validate out
	expect 0
}

@test "order of rows does not matter, sorted or not" {
	cores_map '{"workup":{"key":"day","date":"day"},"component":{"other_data":{"x":{"column":"x","as":"number"}}}}'
	for i in $(seq 60); do
		echo "AA0000$((i % 3)):{\"day\":\"2020-01-0$((i % 2 + 1))\",\"site\":\"$( ((i % 5)) && echo left || echo right) apex\",\"gs\":\"3+$((i % 3 + 3))\",\"x\":\"$((i % 7)).5\"}"
	done >specs
	mapfile -t specs <specs
	rows "${specs[@]}" >in
	pathology -q in
	expect 0
	sort out >first
	same "$(wc -l <first)" $((3 * 2 * 1 * 2 + 60 * 2 + 3 * 2))
	for seed in 1 2 3; do
		shuf --random-source=<(yes $seed) in >shuffled
		pathology -q shuffled
		expect 0
		sort out | cmp - first
	done
	jq -c . in | sort -t: -k7 | jq -cs 'sort_by(._patient)[]' >grouped
	pathology -q --sorted grouped
	expect 0
	sort out | cmp - first
	pathology -q --sorted in
	expect 1
	has "$err" "comes again: the input is not grouped by patient (leave out --sorted)"
}

@test "a bare 7 stays open; the summary is decided only where it does not matter" {
	cores_map
	rows 'AA00001:{"site":"left apex","gs":"7"}' 'AA00001:{"site":"right apex","gs":"3+3"}' \
		'AA00002:{"site":"left apex","gs":"7"}' 'AA00002:{"site":"right apex","gs":"4+4"}' >in
	pathology in
	expect 0
	same "$(jq -c 'select(.identifier | test("assessment.*(summary|left-apex/1)")) | [.identifier[11:], .isup, .cancer_type, .affected_cores, .other_data.isup_candidates]' out)" "$(cat <<-'END'
		["AA00001/biopsy/core/left-apex/1",null,"tumor",null,[2,3]]
		["AA00001/summary",null,"tumor",2,[2,3]]
		["AA00002/biopsy/core/left-apex/1",null,"tumor",null,[2,3]]
		["AA00002/summary",4,"tumor",2,null]
	END
	)"
}

@test "an impossible grade rejects its row; its neighbours go on, the summary says what it does not know" {
	cores_map
	rows 'AA00001:{"site":"left apex","gs":"3+4"}' 'AA00001:{"site":"right apex","gs":"2+5"}' \
		'AA00002:{"site":"left apex","gs":"5+5"}' 'AA00002:{"site":"right apex","gs":"6+1"}' \
		'AA00003:{"site":"left apex","gs":"2+5"}' >in
	pathology --rejects rejects in
	expect 1
	same "$(jq -c '[.file, .row, .field, .record.gs]' rejects)" "$(cat <<-'END'
		["t.csv",3,"gs","2+5"]
		["t.csv",5,"gs","6+1"]
		["t.csv",6,"gs","2+5"]
	END
	)"
	same "$(jq -c 'select(.identifier | test("assessment.*summary")) | [.identifier[11:], .isup, .affected_cores, .cancer_type, .other_data]' out)" "$(cat <<-'END'
		["AA00001/summary",null,null,"tumor",{"isup_at_least":2,"components":1,"rejected_rows":1}]
		["AA00002/summary",5,null,"tumor",{"components":1,"rejected_rows":1}]
	END
	)"
	same "$(grep -c AA00003 out)" 0
	run3 vx-validate out
	expect 0
}

@test "blank: not assessed, unless the mapping says benign; N/A is never benign" {
	cores_map
	rows 'AA00001:{"site":"left apex","gs":""}' 'AA00001:{"site":"right apex","gs":"N/A"}' >in
	pathology in
	expect 0
	same "$(short)" "$(cat <<-'END'
		AA00001/biopsy/core/left-apex/1 null
		AA00001/biopsy/core/right-apex/1 null
		AA00001/summary null
	END
	)"
	cores_map '{"component":{"grade":{"blank":"benign"}}}'
	pathology in
	expect 0
	same "$(short)" "$(cat <<-'END'
		AA00001/biopsy/core/left-apex/1 0
		AA00001/biopsy/core/right-apex/1 null
		AA00001/summary 0
	END
	)"
	same "$(jq -c 'select(.identifier == "assessment/AA00001/summary") | [.affected_cores, .cancer_type, .other_data]' out)" \
		'[null,"none",{"components":2,"not_assessed":1}]'
}

@test "patterns in two columns; one alone is rejected; suspicious tissue is neither benign nor graded" {
	cores_map '{"component":{"grade":{"gleason":null,"primary":"p","secondary":"s","blank":"benign","words":{"suspicious":"asap"}}}}'
	jq 'del(.component.grade.gleason)' map.json >m && mv m map.json
	rows 'AA00001:{"site":"left apex","p":"4.0","s":"3.0"}' 'AA00001:{"site":"right apex","p":"","s":"3"}' \
		'AA00002:{"site":"left apex","p":"","s":""}' 'AA00002:{"site":"right apex","p":"suspicious","s":""}' >in
	pathology in
	expect 1
	has "$err" "t.csv:3: p: blank, while s is '3'"
	same "$(jq -c 'select(.identifier | test("^assessment/AA00002")) | [.identifier[19:], .isup, .cancer_type, .affected_cores]' out)" "$(cat <<-'END'
		["biopsy/core/left-apex/1",0,"none",null]
		["biopsy/core/right-apex/1",null,"asap",null]
		["summary",null,"asap",0]
	END
	)"
}

@test "a name that must be unique: the same row twice is one, two that differ are none" {
	cores_map '{"component":{"name":"id","unique":true}}'
	rows 'AA00001:{"id":"1","site":"left apex","gs":"3+4"}' 'AA00001:{"id":"1","site":"left apex","gs":"3+4"}' \
		'AA00001:{"id":"2","site":"left apex","gs":"3+4"}' 'AA00001:{"id":"2","site":"left apex","gs":"4+4"}' \
		'AA00001:{"id":"","site":"left apex","gs":"4+4"}' >in
	pathology --findings findings in
	expect 1
	same "$(jq -c '[.rule, .severity, .row]' findings)" '["duplicate_row","warning",3]'
	has "$err" "t.csv:4: row 5 of t.csv says something else of the same core"
	has "$err" "t.csv:5: row 4 of t.csv says something else of the same core"
	has "$err" "t.csv:6: id: blank: the row does not say which core it is"
	same "$(short)" "$(printf '%s\n' 'AA00001/biopsy/core/1 2' 'AA00001/summary null')"
}

@test "the same row twice without a name of its own: both are taken, and told" {
	cores_map
	rows 'AA00001:{"site":"left apex","gs":"3+4"}' 'AA00001:{"site":"left apex","gs":"3+4"}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .severity]' findings)" '["duplicate_row","warning"]'
	same "$(short | grep -c core/left-apex)" 2
}

@test "columns: a missing one rejects the row, one that the mapping does not name is told once" {
	cores_map
	rows 'AA00001:{"site":"left apex"}' 'AA00001:{"site":"left apex","gs":"3+4","name":"x","zip":"y"}' \
		'AA00001:{"site":"left apex","gs":{"a":1},"zip":"y"}' >in
	pathology in
	expect 1
	has "$err" "t.csv:2: gs: the record has no such column"
	has "$err" "t.csv:4: gs: is no cell but an object"
	has "$err" "warning: 2 columns are not in the mapping, and left out: name, zip"
	cores_map '{"ignore":["zip","name"]}'
	pathology in
	[[ $err != *"not in the mapping"* ]]
	echo '{"site":"left apex","gs":"3+4"}' >in
	pathology in
	expect 1
	has "$err" "_patient: no patient/<name>: put vx-patient-map in front"
	echo '{"site":"left apex","gs":"3+4","_patient":"patient/a b"}' >in
	pathology in
	expect 1
	has "$err" "_patient: no patient/<name>: put vx-patient-map in front"
}

@test "a table that the mapping is not for: 65 after a hundred rows, and the column that is written otherwise" {
	cores_map
	for i in $(seq 150); do echo '{"site":"left apex","GS ":"3+3","_patient":"patient/AA00001"}'; done >in
	for sorted in '' --sorted; do
		# shellcheck disable=SC2086
		pathology $sorted in
		expect 65
		has "$err" "in:1: gs: the record has no such column; it has 'GS ', which is written otherwise"
		has "$err" "the mapping is for another table: gs in none of the first 100 rows"
		same "$out" ""
	done
}

@test "cells are text, numbers or null; escapes and blanks around them do not matter" {
	cores_map '{"component":{"grade":{"gleason":"g\"s"},"core_length":"mm"}}'
	printf '%s\n' '{"site":" left\u00a0apex ","g\"s":"3\u002b4","mm":12.5,"_patient":"patient/AA00001"}' \
		'{"mm":null,"g\u0022s":"\t4+4","site":"right apex","_patient":"patient/AA00001"}' >in
	pathology in
	expect 0
	same "$(short)" "$(printf '%s\n' 'AA00001/biopsy/core/left-apex/1 2' 'AA00001/biopsy/core/right-apex/1 4' 'AA00001/summary 4')"
	same "$(jq -c 'select(.core_length) | [.core_length, ._source]' out)" '[12.5,{"file":"in","row":1}]'
}

@test "places: the words of the lexicon, of the site, of the table; the unknown ones as lines to paste" {
	cores_map '{"component":{"location":{"column":"site","scheme":{"name":"12-core","unstated":{"laterality":"medial"}},
		"values":{"TARGET OR PRIOR POSITIVE":{"is_targeted":true,"is_systematic":false}},"tokens":{"A":{"level":"apex"}}}}}'
	rows 'AA00001:{"site":"LEFT APEX","gs":"3+3"}' 'AA00001:{"site":"rechts lateral Basis","gs":"3+3"}' \
		'AA00001:{"site":"target or prior positive","gs":"3+3"}' 'AA00001:{"site":"L A","gs":"3+3"}' \
		'AA00001:{"site":"left frobnicate","gs":"3+3"}' >in
	pathology in
	expect 0
	same "$(jq -c 'select(.is_summary == false) | [.side, .level, .laterality, .is_systematic, .is_targeted, .other_data.region]' out | sort)" "$(sort <<-'END'
		["left","apex","medial",true,null,null]
		["right","base","lateral",true,null,null]
		[null,null,null,false,true,"target or prior positive"]
		["left","apex","medial",true,null,null]
		["left",null,null,true,null,"left frobnicate"]
	END
	)"
	has "$err" "warning: 1 word of places that no lexicon knows"
	grep -P '^\?\tfrobnicate\t\?\t\?\t# 1 cell, first: t.csv:6: left frobnicate$' err
	grep -P '^\?\tfrobnicate' err | sed 's/^?/en/; s/?\t?/zone\tTZ/' >site.tsv
	pathology --lexicon site.tsv in
	expect 0
	[[ $err != *frobnicate* ]]
	same "$(jq -c 'select(.zone) | [.side, .zone, .other_data]' out)" '["left","TZ",null]'
	echo '?	x	?	?' >site.tsv
	pathology --lexicon site.tsv in
	expect 65
	has "$err" "site.tsv:1"
	pathology --lexicon none.tsv in
	expect 74
}

@test "a procedure that the mapping does not explain is rejected, or kept as text" {
	lists_map
	rows 'AA00001:{"study":"s1","type":"TURP","gs":"3+3","isup":"1","case":"","sig":""}' >in
	pathology in
	expect 1
	has "$err" "t.csv:2: type: 'TURP': not in the mapping's procedure values"
	lists_map '{"workup":{"procedure":{"otherwise":"keep"}}}'
	pathology in
	expect 0
	same "$(jq -c 'select(.is_summary) | [.type, .other_data.procedure]' out)" '["OTHER_OR_UNKNOWN","TURP"]'
}

@test "rows of one workup that differ in what they say of it: told, left open, kept" {
	cores_map '{"workup":{"date":"day"}}'
	rows 'AA00001:{"day":"2020-01-02","site":"left apex","gs":"3+3"}' 'AA00001:{"day":"2020-01-03","site":"left mid","gs":"3+3"}' \
		'AA00002:{"day":"2020-01-02","site":"left apex","gs":"3+3"}' 'AA00002:{"day":"","site":"left mid","gs":"3+3"}' >in
	pathology --findings findings in
	expect 0
	same "$(jq -c '[.rule, .columns, .values]' findings)" '["differs",["day","day"],["2020-01-02","2020-01-03"]]'
	same "$(jq -c 'select(.is_summary) | [.date, .other_data]' out)" "$(printf '%s\n' \
		'[null,{"disagrees":{"day":["2020-01-02","2020-01-03"]}}]' '["2020-01-02",null]')"
}

@test "--psa: each measurement once, with its day, its density and its volume" {
	cores_map '{"psa":{"value":"psa","date":"drawn","density":"psad","other_data":{"volume_ml":{"column":"vol","as":"number"}}}}'
	rows 'AA00001:{"site":"left apex","gs":"3+3","psa":"6.9","drawn":"2020-01-02","psad":"0.14","vol":"50"}' \
		'AA00001:{"site":"left mid","gs":"3+3","psa":"6.90","drawn":"2020-01-02","psad":"","vol":"50"}' \
		'AA00002:{"site":"left apex","gs":"3+3","psa":"6.9","drawn":"","psad":"","vol":""}' \
		'AA00003:{"site":"left apex","gs":"3+3","psa":"6.9","drawn":"2020-01-02","psad":"","vol":""}' \
		'AA00003:{"site":"left mid","gs":"3+3","psa":"9.6","drawn":"2020-01-02","psad":"","vol":""}' \
		'AA00004:{"site":"left mid","gs":"3+3","psa":"<0.1","drawn":"2020-01-02","psad":"","vol":""}' >in
	pathology in
	expect 0
	same "$(grep -c '"psa/' out)" 0
	pathology --psa --findings findings in
	expect 1
	same "$(jq -c 'select(.identifier | startswith("psa/")) | del(._source, ._patient)' out)" "$(cat <<-'END'
		{"identifier":"psa/AA00001/2020-01-02","parent_identifier":"patient/AA00001","value":6.9,"unit":"ng/mL","date":"2020-01-02","density":0.14,"other_data":{"volume_ml":50,"source":{"cells":{"psa":"6.9","drawn":"2020-01-02","psad":"0.14"}}}}
		{"identifier":"psa/AA00002/undated/1","parent_identifier":"patient/AA00002","value":6.9,"unit":"ng/mL","other_data":{"source":{"cells":{"psa":"6.9"}}}}
	END
	)"
	has "$err" "t.csv:5: psa: '6.9': another row says '9.6' of 2020-01-02"
	has "$err" "t.csv:6: psa: '9.6': another row says '6.9' of 2020-01-02"
	has "$err" "t.csv:7: psa: '<0.1' is not a number"
	same "$(jq -c '[.rule, .severity]' findings)" '["psa","error"]'
	same "$(jq -c 'select(.identifier | startswith("psa/")) | ._source' out | head -1)" '{"file":"t.csv","row":2,"column":"psa"}'
	cores_map
	pathology --psa in
	expect 64
	has "$err" "--psa: map.json says nothing of PSA values"
}

@test "numbers: lengths are summed, what is no number rejects the row, in other_data it is kept as text and told" {
	cores_map '{"component":{"core_length":["a","b"],"cancer_length":{"columns":"c","times":10},"percent_cancer":"d",
		"other_data":{"tip":{"columns":["x","y"],"as":"number"},"n":{"note":"note"}}}}'
	rows 'AA00001:{"site":"left apex","gs":"3+3","a":"6.0","b":"2.5","c":"0.3","d":"10","x":"1.5","y":"","note":"hm"}' \
		'AA00001:{"site":"left mid","gs":"3+3","a":"","b":"","c":"","d":"","x":"?","y":"2","note":""}' \
		'AA00001:{"site":"left base","gs":"3+3","a":"6 mm","b":"","c":"","d":"","x":"","y":"","note":""}' \
		'AA00001:{"site":"left base","gs":"3+3","a":"6","b":"","c":"","d":"101","x":"","y":"","note":""}' >in
	pathology --findings findings in
	expect 1
	has "$err" "t.csv:4: a: '6 mm' is not a number"
	has "$err" "t.csv:5: d: '101': above 100 per cent"
	same "$(jq -c 'select(.is_summary == false) | [.core_length, .other_data]' out)" "$(printf '%s\n' \
		'[8.5,{"tip":[1.5,null],"n":{"note":"hm"}}]' '[null,{"tip":["?",2]}]')"
	same "$(jq -c 'select(.percent_cancer) | [.cancer_length, .percent_cancer]' out)" '[3,10]'
	same "$(jq -c '[.rule, .severity, .columns, .values]' findings)" '["value","warning",["x"],["?"]]'
}

@test "rows that are workups with a grade of their own: read, not derived" {
	jq -n '{rows: "workup", workup: {key: "id", set: {type: "BIOPSY"}, grade: {text: "result"}, total_cores: "n", affected_cores: "pos"}}' >map.json
	rows 'AA00001:{"id":"b1","result":"GG 2","n":"12","pos":"3"}' 'AA00001:{"id":"b1","result":"GG 2","n":"12","pos":"3"}' \
		'AA00002:{"id":"b1","result":"negative","n":"12","pos":"0"}' 'AA00003:{"id":"b1","result":"GG 1","n":"x","pos":"0"}' >in
	pathology --findings findings in
	expect 1
	has "$err" "t.csv:5: n: 'x' is not a number"
	same "$(jq -c 'select(.cancer_type) | del(._source, ._patient)' out)" "$(cat <<-'END'
		{"identifier":"assessment/AA00001/summary","parent_identifier":"specimen/AA00001/summary","affected_cores":3,"cancer_type":"tumor","gleason_primary":3,"gleason_secondary":4,"isup":2,"other_data":{"patterns_derived":true,"source":{"cells":{"result":"GG 2"}}}}
		{"identifier":"assessment/AA00002/summary","parent_identifier":"specimen/AA00002/summary","affected_cores":0,"cancer_type":"none","isup":0,"other_data":{"source":{"cells":{"result":"negative"}}}}
	END
	)"
	same "$(jq -c 'select(.type) | [.total_cores, .is_event_root]' out)" "$(printf '%s\n' '[12,true]' '[12,true]')"
	same "$(jq -c .rule findings)" '"duplicate_row"'
}

@test "capture: more columns out of a cell" {
	cores_map '{"patient":"p","capture":{"id":"{p}_Finding{finding:[0-9]+}"},"component":{"name":"finding","unique":true}}'
	rows 'AA00001:{"id":"X-1_Finding0","site":"left apex","gs":"3+3"}' 'AA00001:{"id":"X-1-Finding1","site":"left apex","gs":"3+3"}' >in
	pathology in
	expect 1
	has "$err" "t.csv:3: id: 'X-1-Finding1' is not of the form {p}_Finding{finding:[0-9]+}"
	same "$(short)" "$(printf '%s\n' 'AA00001/biopsy/core/0 1' 'AA00001/summary null')"
}

@test "a word in the first of two columns does not hide what stands in the second" {
	cores_map '{"component":{"grade":{"primary":"p","secondary":"s","words":{"0":"benign","ASAP":"asap"}}}}'
	jq 'del(.component.grade.gleason)' map.json >m && mv m map.json
	rows 'AA00001:{"site":"left apex","p":"0","s":"4"}' 'AA00001:{"site":"right apex","p":"ASAP","s":"4"}' \
		'AA00001:{"site":"left base","p":"0","s":"0"}' >in
	pathology in
	expect 1
	has "$err" "t.csv:2: p: '0' is a result, and yet s is '4'"
	has "$err" "t.csv:3: p: 'ASAP' is a result, and yet s is '4'"
	same "$(short | head -1)" 'AA00001/biopsy/core/left-base/1 0'
}

@test "rivals that are all there is of a workup leave no empty workup behind" {
	cores_map '{"component":{"name":"id","unique":true},"workup":{"key":"day"}}'
	rows 'AA00001:{"day":"d1","id":"1","site":"left apex","gs":"3+4"}' 'AA00001:{"day":"d1","id":"1","site":"left apex","gs":"4+4"}' \
		'AA00001:{"day":"d2","id":"1","site":"left apex","gs":"3+3"}' >in
	pathology in
	expect 1
	same "$(jq -c 'select(.identifier | test("assessment")) | [.identifier[19:], .isup, .other_data.rejected_rows]' out)" "$(cat <<-'END'
		["biopsy/d2/core/1",1,null]
		["biopsy/d2",1,null]
		["summary",null,2]
	END
	)"
}

@test "where a row stands, and the order in which a mapping names columns, say nothing of which core is which" {
	cores_map '{"component":{"other_data":{"x":"x","y":"y"}}}'
	rows 'AA00001:{"x":"2","y":"1","site":"left apex","gs":"3+3"}' 'AA00001:{"x":"1","y":"2","site":"left apex","gs":"3+4"}' >in
	pathology -q in
	cp out first
	cores_map '{"component":{"other_data":{"y":"y","x":"x"}}}'
	pathology -q in
	same "$(jq -c '[.identifier, .isup]' out)" "$(jq -c '[.identifier, .isup]' first)"
	cores_map '{"component":{"name":"_source"}}'
	pathology in
	expect 65
	has "$err" "component.name: '_source' is a note of the tools about the record, no column of the table"
}
