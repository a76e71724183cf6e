# share/jq/vx.jq: what is blank, a number, a date; identifiers; one test a constructor; rejects.
load helper

# vx PROGRAM [INPUT]: what PROGRAM makes of INPUT (default: null).
vx() {
	run3 jq -c -L "$ROOT/share/jq" "include \"vx\"; $1" <<<"${2:-null}"
}

patient='{"_patient": "patient/PC00001", "_source": {"file": "t.csv", "row": 7}}'

@test "blank: what says nothing is null, all else is trimmed" {
	vx '[.[] | blank]' '["", "  ", "N/A", "n/a", "NA", "-", "NaN", "null", " a b ", "none", 0, null, false]'
	expect 0
	same "$out" '[null,null,null,null,null,null,null,null,"a b","none",0,null,false]'
}

@test "number: plain decimal numbers only" {
	vx '[.[] | number("psa")]' '["12.5", " 7 ", "+3", ".5", "1e3", "-4", "0", "N/A", "", 2]'
	expect 0
	same "$out" '[12.5,7,3,0.5,1000,-4,0,null,null,2]'
	for cell in '12,5' '12,5 ?' '> 100' '0x10' '1.2.3' '4 ng' '1e400' '.' 'Infinity'; do
		vx 'attempt(.v | number("psa")) | ._reject | [.field, .value, .reason]' "{\"v\": \"$cell\"}"
		expect 0
		case $cell in
		1e400) has "$out" 'out of range' ;;
		*) same "$out" "[\"psa\",\"$cell\",\"no number\"]" ;;
		esac
	done
}

@test "number_comma: a decimal comma only where it was asked for" {
	vx '[.[] | number_comma("psa")]' '["12,5", "12.5", "", "7"]'
	expect 0
	same "$out" '[12.5,12.5,null,7]'
	vx 'attempt(.v | number_comma("psa")) | ._reject.reason' '{"v": "1.234,5"}'
	same "$out" '"no number"'
}

@test "integer: no fraction" {
	vx '[.[] | integer("age")]' '["64", "64.0", "N/A"]'
	same "$out" '[64,64,null]'
	vx 'attempt(.v | integer("age")) | ._reject.reason' '{"v": "64.5"}'
	same "$out" '"no whole number"'
}

@test "date: year first, real days, nothing guessed" {
	vx '[.[] | date("d")]' '["2019-03-14", "20190314", "2019/03/14", "2020-02-29", "2019-03-14T10:00:00Z", "N/A", null]'
	expect 0
	same "$out" '["2019-03-14","2019-03-14","2019-03-14","2020-02-29","2019-03-14",null,null]'
	for cell in 2019-02-29 1900-02-29 2019-13-01 2019-04-31 2019-01-00; do
		vx 'attempt(.v | date("d")) | ._reject.reason' "{\"v\": \"$cell\"}"
		same "$out" '"no such day"'
	done
	for cell in 03/04/2019 14.03.2019 2019-0314 2019 'in March'; do
		vx 'attempt(.v | date("d")) | ._reject.reason' "{\"v\": \"$cell\"}"
		same "$out" '"no date of the form YYYY-MM-DD"'
	done
}

@test "segment: any text becomes one segment" {
	vx '[.[] | segment]' '["t2 axial", "a+b", "größe", "..", ".", ".x", "a/b", "~!*'"'"'()", "A-z_0.9", 12, "%41"]'
	expect 0
	same "$out" '["t2+20axial","a+2Bb","gr+C3+B6+C3+9Fe","+2E.","+2E",".x","a+2Fb","+7E+21+2A+27+28+29","A-z_0.9","12","+2541"]'
}

@test "segment: the same as vx-scan makes of file names" {
	mkdir "$BATS_TEST_TMPDIR/t"
	vx-demo-dataset "$BATS_TEST_TMPDIR/d"
	local nii=$BATS_TEST_TMPDIR/d/images/DEMO-001/2019-03-14/t2.nii.gz
	for name in 't2 axial' 'a+b' 'größe' "~!*'()" '%41' 'a,b;c=d' 'x@y' '#1' '日本' '[1]{2}' '"q"' '..a' '.h' 'a..'; do
		cp "$nii" "$BATS_TEST_TMPDIR/t/$name.nii.gz"
	done
	vx-scan -q "$BATS_TEST_TMPDIR/t" >"$BATS_TEST_TMPDIR/scan"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/scan")" -eq 14 ]
	run3 jq -c -L "$ROOT/share/jq" 'include "vx";
		select(.identifier != identifier("volume"; [._file.rel[:-7]])) | [.identifier, ._file.rel]' "$BATS_TEST_TMPDIR/scan"
	expect 0
	same "$out" ''
}

@test "identifier: joined and encoded; a missing segment is refused" {
	vx 'identifier("psa"; ["PC00001", "2012-08-13"])'
	same "$out" '"psa/PC00001/2012-08-13"'
	vx 'attempt(identifier("psa"; ["PC00001", null])) | ._reject.reason' '{}'
	same "$out" '"a segment is missing"'
	vx 'attempt(identifier("psa"; ["x" * 252])) | ._reject.reason' '{}'
	same "$out" '"longer than 255 bytes"'
	vx 'identifier("psa"; ["x" * 251]) | length'
	same "$out" 255
	vx '"patient/PC00001" | [short, type_of]'
	same "$out" '["PC00001","patient"]'
}

@test "datasource" {
	vx 'datasource({identifier: "datasource/x", shorthand: "XX", description: "x", license: null})'
	expect 0
	same "$out" '{"identifier":"datasource/x","shorthand":"XX","description":"x"}'
	vx 'attempt(datasource({identifier: "datasource/x"})) | ._reject | [.field, .reason]' '{}'
	same "$out" '["shorthand","missing"]'
	vx 'attempt(datasource({identifier: "patient/x", shorthand: "XX"})) | ._reject.reason' '{}'
	same "$out" '"no datasource/..."'
}

@test "imaging_study: named after patient and uid, below the patient, provenance kept" {
	vx 'imaging_study({study_uid: "1 a", study_date: "2019-03-14", other_data: {}})' "$patient"
	expect 0
	same "$out" '{"identifier":"study/PC00001/1+20a","parent_identifier":"patient/PC00001","study_uid":"1 a","study_date":"2019-03-14","_patient":"patient/PC00001","_source":{"file":"t.csv","row":7}}'
	vx 'attempt(imaging_study({study_uid: "1"})) | ._reject | [.field, .reason]' '{}'
	same "$out" '["_patient","missing"]'
	vx 'attempt(imaging_study({})) | ._reject | [.field, .reason]' "$patient"
	same "$out" '["study_uid","missing"]'
}

@test "volume: what the record has, and the script's fields over it" {
	vx 'volume({volume_type: "T2", path_json: null})' \
		'{"identifier": "volume/a", "path_nii": "/a.nii", "path_json": "/a.json", "_file": {"rel": "a.nii"}}'
	expect 0
	same "$out" '{"identifier":"volume/a","path_nii":"/a.nii","volume_type":"T2","_file":{"rel":"a.nii"}}'
}

@test "voxel_map: labels as an object or as a list by value" {
	vx 'voxel_map({identifier: "voxelmap/a", task: "lesion", labels: ["background", "lesion"]})' \
		'{"identifier": "volume/a", "path_nii": "/a.nii", "_file": {"rel": "a.nii"}}'
	expect 0
	same "$out" '{"identifier":"voxelmap/a","path_nii":"/a.nii","task":"lesion","labels":{"0":"background","1":"lesion"},"_file":{"rel":"a.nii"}}'
	vx 'voxel_map({identifier: "voxelmap/a", task: "isup", labels: {"2": "ISUP 2"}}) | .labels' '{"path_nii": "/a.nii"}'
	same "$out" '{"2":"ISUP 2"}'
	vx 'attempt(voxel_map({identifier: "voxelmap/a", task: "isup"})) | ._reject | [.field, .reason]' '{"path_nii": "/a"}'
	same "$out" '["labels","missing"]'
	vx 'attempt(voxel_map({labels: ["a"], task: "isup"})) | ._reject.reason' '{"identifier": "volume/a"}'
	same "$out" '"no voxelmap/..."'
}

@test "psa: nothing for a blank, refused below 0 and without a date" {
	vx 'psa({value: 5.1, date: "2019-03-14", density: null})' "$patient"
	expect 0
	same "$out" '{"identifier":"psa/PC00001/2019-03-14","parent_identifier":"patient/PC00001","unit":"ng/mL","value":5.1,"date":"2019-03-14","_patient":"patient/PC00001","_source":{"file":"t.csv","row":7}}'
	vx '[psa({value: null, date: "2019-03-14"})]' "$patient"
	same "$out" '[]'
	vx 'attempt(psa({value: -1, date: "2019-03-14"})) | ._reject | [.field, .value]' "$patient"
	same "$out" '["value",-1]'
	vx 'attempt(psa({value: 1})) | ._reject.field' "$patient"
	same "$out" '"identifier"'
}

@test "annotation_session" {
	vx 'annotation_session({identifier: "session/x/a", parent_identifier: "datasource/x", annotator: "A", tool: null})'
	expect 0
	same "$out" '{"identifier":"session/x/a","parent_identifier":"datasource/x","annotator":"A"}'
}

@test "attempt: all or nothing, attempts within stand for themselves, other errors are rejects too" {
	vx 'attempt(1, refuse("f"; 2; "r"))' '{"a": 1}'
	expect 0
	same "$out" '{"_reject":{"field":"f","value":2,"reason":"r"},"record":{"a":1}}'
	vx 'attempt(attempt(1), attempt(refuse("f"; 2; "r"))) | ._reject? // .' '{"a": 1}'
	same "$out" "$(printf '1\n{"field":"f","value":2,"reason":"r"}')"
	vx 'attempt(.a | tonumber) | ._reject.reason' '{"a": "x"}'
	has "$out" 'x'
	vx 'attempt(1, 2) | if . == 2 then refuse("f"; .; "later") else . end' '{}'
	expect 5
	same "$out" 1
}
