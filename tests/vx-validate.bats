#!/usr/bin/env bats
# vx-validate: the data model resource by resource, and what resources refer to.
load helper

setup() { cd "$BATS_TEST_TMPDIR"; }

# check RECORD...: vx-validate over records, one an argument.
check() { run3 vx-validate -q < <(printf '%s\n' "$@"); }

whole_set() {
	cat <<-'X'
	{"identifier":"datasource/fd","parent_identifier":null,"description":"short funny title","shorthand":"FD"}
	{"identifier":"patient/FD00001","parent_identifier":"datasource/fd","external_uid":"ProstateX001","default_split":null,"sex":"M"}
	{"identifier":"study/FD00001/1","parent_identifier":"patient/FD00001","study_uid":"1.2.840.1","study_date":"2020-02-29","modality":"MR","patient_age":63}
	{"identifier":"session/FD00001/1","parent_identifier":"study/FD00001/1","annotator":"reader 1","date":"2021-12-31"}
	{"identifier":"volume/FD00001/1/t2","parent_identifier":"study/FD00001/1","license":"CC-BY-NC-4.0","path_nii":"s3://b/t2.nii.gz","path_json":"/data/t2.json","volume_type":"T2","shape":[640,640,24.0],"spacing":[0.3,0.3,3],"orientation":"LPS","affine":[[-0.3,0,0,1],[0,-0.3,0,2],[0,0,3,3],[0,0,0,1.0]],"echo_time":0.101,"image_type":["ORIGINAL","PRIMARY"],"acquisition_datetime":"2011-07-07T11:20:36.120000"}
	{"identifier":"voxelmap/FD00001/1/p","parent_identifier":"study/FD00001/1","derived_from":["session/FD00001/1"],"path_nii":"file:///p.nii.gz","task":"prostate","reference_mri":"volume/FD00001/1/t2","labels":{"0":"background","1":"prostate"},"label_counts":{"0":100,"1":20}}
	{"identifier":"specimen/FD00001/s/1","parent_identifier":"patient/FD00001","type":"BIOPSY","is_summary":true,"is_event_root":true,"total_cores":12,"is_systematic":true}
	{"identifier":"specimen/FD00001/c/1","parent_identifier":"specimen/FD00001/s/1","type":"BIOPSY","is_summary":false,"is_event_root":false,"side":"left","level":"apex-mid","zone":"PZ","other_data":{"region":"x"}}
	{"identifier":"assessment/FD00001/c/1","parent_identifier":"specimen/FD00001/c/1","gleason_primary":4,"gleason_secondary":3,"isup":3,"percent_cancer":12.5,"cancer_type":"tumor"}
	{"identifier":"psa/FD00001/2019-09-12","parent_identifier":"patient/FD00001","value":4.5,"unit":"ng/mL","date":"2019-09-12","density":0.11,"_source":{"file":"t.csv","row":3}}
	X
}

@test "a resource of every type passes byte for byte, alone and with --refs, from a file, a pipe, standard input" {
	whole_set >in
	for j in 1 4; do
		run3 vx-validate -j $j in
		expect 0
		cmp in out
		has "$err" "vx-validate: 10 resources in, 10 out, 0 rejected, "
	done
	run3 vx-validate --refs in
	expect 0
	cmp in out
	run3 vx-validate --refs <in
	expect 0
	cmp in out
	run3 vx-validate --refs < <(tac in)
	expect 0
	tac in | cmp - out
	run3 vx-validate -R - < <(cat in)
	expect 0
	cmp in out
}

@test "spelling and blanks are kept, the last line may lack its newline" {
	printf ' {"value" : 4.50e0 , "identifier":"psa/a","parent_identifier":"patient/FD00001"}' >in
	run3 vx-validate -q in
	expect 0
	same "$out" "$(cat in)"
}

@test "all errors of a record, in the order of the schema, on one line and apart" {
	run3 vx-validate --rejects r <<<'{"identifier":"volume/a","foo":[1],"shape":[1,0,"x"],"b_value":"high","volume_type":"T3","_source":{"file":"t.csv","row":7}}'
	expect 1
	same "$out" ""
	has "$err" 'vx-validate: t.csv:7: path_nii: is missing; volume_type: is not one of T1, T2, PD, ADC, DWI, DCE, FA, LOCALIZER, OTHER ("T3"); b_value: is string, not number ("high"); shape.1: is not at least 1 (0); shape.2: is string, not integer ("x"); foo: is not a known field ([1])'
	has "$err" "1 resources in, 0 out, 1 rejected"
	same "$(jq -c '[.tool,.field,.file,.row],(.record._errors[]|[.field,.value])' r)" '["vx-validate","path_nii","t.csv",7]
["path_nii",null]
["volume_type","\"T3\""]
["b_value","\"high\""]
["shape.1","0"]
["shape.2","\"x\""]
["foo","[1]"]'
}

@test "what was rejected can be mended and sent again" {
	run3 vx-validate --rejects r <<<'{"identifier":"psa/a","parent_identifier":"patient/FD00001","value":"4"}'
	expect 1
	run3 vx-validate -q < <(jq -c '.record|.value|=tonumber' r)
	expect 0
}

@test "a record with hundreds of errors is still one line" {
	jq -nc '{identifier:"volume/a",path_nii:"/a",image_type:[range(500)]}' >in
	run3 vx-validate -q in
	expect 1
	same "$(wc -l <err)" 1
	has "$err" "; and 4"
}

@test "an identifier that is missing, none, or of no type" {
	check '{"path_nii":"/a"}' '{"identifier":7}' '{"identifier":"volume/../a"}' '{"identifier":"vol/a"}' '{"identifier":null}'
	expect 1
	same "$out" ""
	same "$err" 'vx-validate: /a: identifier: is missing
vx-validate: -:2: identifier: is no string (7)
vx-validate: volume/../a: identifier: has a segment . or .. ("volume/../a")
vx-validate: vol/a: identifier: begins with no known type ("vol/a")
vx-validate: -:5: identifier: is no string (null)'
}

@test "days that do not exist, months past 12, times" {
	for day in 2021-02-29 1900-02-29 2021-13-01 2021-04-31 2021-00-10 2021-1-1 20210101 '2021-01-01 ' '2021-01-01\n'; do
		check '{"identifier":"psa/a","parent_identifier":"patient/FD00001","value":4,"date":"'"$day"'"}'
		expect 1
		has "$err" "date: is not a day that exists, written YYYY-MM-DD"
	done
	for day in 2024-02-29 2000-02-29 2021-12-31; do
		check '{"identifier":"psa/a","parent_identifier":"patient/FD00001","value":4,"date":"'$day'"}'
		expect 0
	done
	for time in 2011-07-07T24:00:00 2011-07-07T11:20 2011-07-07 2011-02-30T11:20:36 2011-07-07T11:20:36+1; do
		check '{"identifier":"volume/a","path_nii":"/a","acquisition_datetime":"'$time'"}'
		expect 1
		has "$err" "acquisition_datetime: is not a time"
	done
	for time in 2011-07-07T11:20:36 2011-07-07T11:20:36.12Z 2011-07-07T11:20:36.120000+02:00; do
		check '{"identifier":"volume/a","path_nii":"/a","acquisition_datetime":"'$time'"}'
		expect 0
	done
}

@test "numbers out of range, lists of the wrong length" {
	local a='{"identifier":"assessment/a","parent_identifier":"specimen/a",' v='{"identifier":"volume/a","path_nii":"/a",'
	for rest in '"isup":6' '"isup":1.5' '"gleason_primary":0' '"gleason_tertiary":6' '"percent_cancer":100.1' \
		'"affected_cores":-1' '"cancer_length":-0.1' '"cancer_type":"maybe"'; do
		check "$a$rest}"
		expect 1
		has "$err" "assessment/a: $(cut -d'"' -f2 <<<"$rest"): is "
	done
	for rest in '"shape":[]' '"shape":[1,2,3,4,5,6,7,8]' '"affine":[[1,0,0,0]]' '"orientation":"LLS"' '"sha256":"AB"' \
		'"affine":[[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,2]]' '"path_json":"a.json"' '"flip_angle":361' \
		'"series_instance_uid":"1..2"' '"derived_from":["volume/b","volume/b"]' '"license":""'; do
		check "$v$rest}"
		expect 1
	done
	check "$a"'"isup":0,"percent_cancer":100,"gleason_primary":5.0}' "${v%,}}"
	expect 0
}

@test "the rules that a resource can break by itself" {
	check '{"identifier":"specimen/a","parent_identifier":"specimen/b","type":"RPE","is_summary":true,"is_event_root":true}' \
		'{"identifier":"specimen/a","parent_identifier":"patient/FD00001","type":"RPE","is_summary":true,"is_event_root":false}' \
		'{"identifier":"voxelmap/a","path_nii":"/a","task":"pca","labels":{"0":"x"},"label_counts":{"0":1,"3":1}}' \
		'{"identifier":"psa/a","parent_identifier":"study/a","value":1}' \
		'{"identifier":"session/a","derived_from":["session/a"]}' \
		'{"identifier":"voxelmap/a","path_nii":"/a","task":"pca","reference_mri":"voxelmap/b"}' \
		'{"identifier":"datasource/a","shorthand":"AB","parent_identifier":"datasource/b"}'
	expect 1
	same "$out" ""
	same "$(grep -o 'rule [0-9]' err | tr '\n' ' ')" "rule 1 rule 1 rule 4 rule 5 rule 5 rule 5 "
	has "$err" 'parent_identifier: is string, not null ("datasource/b")'
}

@test "--refs: missing, rejected, second root, circles, each with the rule" {
	whole_set >in
	cat >>in <<-'X'
	{"identifier":"specimen/FD00001/s/2","parent_identifier":"patient/FD00001","type":"RPE","is_summary":true,"is_event_root":true}
	{"identifier":"specimen/x","parent_identifier":"specimen/z","type":"RPE","is_summary":false,"is_event_root":false}
	{"identifier":"specimen/y","parent_identifier":"specimen/x","type":"RPE","is_summary":false,"is_event_root":false}
	{"identifier":"specimen/z","parent_identifier":"specimen/y","type":"RPE","is_summary":false,"is_event_root":false}
	{"identifier":"assessment/x","parent_identifier":"specimen/x"}
	{"identifier":"volume/lost","parent_identifier":"study/gone","path_nii":"/a"}
	{"identifier":"voxelmap/lost","path_nii":"/a","task":"pca","reference_mri":"volume/lost","derived_from":["session/gone"]}
	{"identifier":"session/p","derived_from":["session/q"]}
	{"identifier":"session/q","derived_from":["session/p"]}
	{"identifier":"study/bad","parent_identifier":"patient/FD00001","study_date":"soon"}
	{"identifier":"volume/child","parent_identifier":"study/bad","path_nii":"/a"}
	X
	run3 vx-validate --refs --rejects r < <(cat in)
	expect 1
	same "$out" "$(whole_set)"
	same "$(jq -r '.record|.identifier+" "+([._errors[]|.field+" "+.reason]|join("; "))' r)" \
'specimen/FD00001/s/2 is_event_root is a second event root beside specimen/FD00001/s/1 of patient/FD00001 (rule 1)
specimen/x parent_identifier lies below this resource itself (rule 5)
specimen/y parent_identifier lies below this resource itself (rule 5)
specimen/z parent_identifier lies below this resource itself (rule 5)
assessment/x parent_identifier is rejected itself
volume/lost parent_identifier does not exist
voxelmap/lost derived_from.0 does not exist; reference_mri is rejected itself
session/p derived_from.0 is rejected itself
session/q derived_from.0 refers back to this resource (rule 5)
study/bad study_date is not a day that exists, written YYYY-MM-DD
volume/child parent_identifier is rejected itself'
	has "$err" "21 resources in, 10 out, 11 rejected"
	run3 vx-validate -q in
	same "$(wc -l <out)" 20
}

@test "--refs: more cores affected than were taken" {
	whole_set >in
	local a='{"identifier":"assessment/s","parent_identifier":"specimen/FD00001/s/1","affected_cores":'
	run3 vx-validate -q --refs < <(echo "${a}13}"; cat in)
	expect 1
	same "$err" 'vx-validate: assessment/s: affected_cores: is more than the 12 cores of specimen/FD00001/s/1 (13)'
	cmp in out
	run3 vx-validate -q --known in <<<"${a}13}"
	expect 1
	run3 vx-validate -q --known in <<<"${a}12}"
	expect 0
}

@test "--known: names or an export, whose event roots count" {
	whole_set >export
	echo '{"identifier":"volume/new","parent_identifier":"study/FD00001/1","path_nii":"s3://a/b"}' >in
	run3 vx-validate -q --known export in
	expect 0
	printf 'study/FD00001/1\r\n\n' >names
	run3 vx-validate -q -K names in
	expect 0
	run3 vx-validate -q --refs in
	expect 1
	has "$err" 'parent_identifier: does not exist ("study/FD00001/1")'
	echo '{"identifier":"specimen/other","parent_identifier":"patient/FD00001","type":"RPE","is_summary":true,"is_event_root":true}' >in
	run3 vx-validate -q --known export in
	expect 1
	has "$err" "is a second event root beside specimen/FD00001/s/1 of patient/FD00001 (rule 1)"
	run3 vx-validate -q --known export export
	expect 0
	cmp export out
	echo 'a line of text' >names
	run3 vx-validate -q --known names in
	expect 65
	has "$err" "vx-validate: names:1: neither an identifier nor a resource"
	run3 vx-validate -q --known gone in
	expect 74
	run3 vx-validate -q --refs <(cat in)
	expect 64
}

@test "warnings are counted, not repeated" {
	for i in 1 2 3; do echo '{"identifier":"volume/'$i'","path_nii":"/a"}'; done >in
	run3 vx-validate -j 1 in
	expect 0
	same "$(grep parent_identifier err)" "vx-validate: /a: warning: parent_identifier: no parent is named
vx-validate: warning: parent_identifier: no parent is named (and 2 more)"
}

@test "split and joined again it is the same" {
	{ whole_set; echo '{"identifier":"volume/a"}'; whole_set; echo '[]'; } >in
	run3 vx-validate -q in
	expect 1
	cp out whole
	: >parts
	while IFS= read -r line; do vx-validate -q <<<"$line" >>parts 2>/dev/null || true; done <in
	cmp whole parts
	run3 vx-validate -q whole
	expect 0
	cmp whole out
}

@test "a schema that is not understood stops the tool" {
	mkdir -p share/schema
	cp "$ROOT"/share/schema/*.json share/schema
	sed -i 's/"maximum": 150/"mximum": 150/' share/schema/study.json
	VX_SHARE=$PWD/share run3 vx-validate </dev/null
	expect 65
	same "$err" "vx-validate: $PWD/share/schema/study.json: properties.patient_age.mximum: unknown keyword"
	cp "$ROOT/share/schema/study.json" share/schema/study.json
	sed -i 's/"specimen"\]/"specimens"]/' share/schema/assessment.json
	VX_SHARE=$PWD/share run3 vx-validate </dev/null
	expect 65
	has "$err" "x-vx.parents: names a type that is none"
	echo '{' >share/schema/common.json
	VX_SHARE=$PWD/share run3 vx-validate </dev/null
	expect 65
	has "$err" "share/schema/common.json: not JSON"
	VX_SHARE=$PWD/shre run3 vx-validate </dev/null
	expect 74
	has "$err" "schema/common.json: not found in VX_SHARE, which is $PWD/shre"
}
