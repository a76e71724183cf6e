#!/usr/bin/env bats
# vx-serve's lists: filters by field, pages with their links, and that both hold while others write.
load helper

teardown() { stop_serve; }

# ids QUERY: the identifiers of a list, joined by blanks, without their type; its header is in $BATS_TEST_TMPDIR/header.
ids() {
	curl -sf -D "$BATS_TEST_TMPDIR/header" "$API/v1/$1" >"$BATS_TEST_TMPDIR/list" || return 1
	jq -r .identifier "$BATS_TEST_TMPDIR/list" | sed 's/^[a-z]*.//' | paste -sd ' '
}

link() { sed -n 's/^Link: <\(.*\)>; rel="next"\r$/\1/p' "$BATS_TEST_TMPDIR/header"; }

# refused QUERY TEXT: 400, and why.
refused() {
	local answer
	answer=$(curl -s -w ' %{http_code}' "$API/v1/$1")
	has "$answer" "$2" && has "$answer" ' 400'
}

create() {
	curl -s -H 'Content-Type: application/x-ndjson' --data-binary @- "$API/v1/resources${1:-}" |
		jq -r '[.results[].status] | unique | join(" ")'
}

filled() {
	same "$(
		create <<-'EOF'
			{"identifier":"datasource/a","shorthand":"AA"}
			{"identifier":"datasource/b","shorthand":"BB"}
			{"identifier":"patient/AA00001","parent_identifier":"datasource/a","external_uid":"1","sex":"M"}
			{"identifier":"patient/AA00002","parent_identifier":"datasource/a","external_uid":"true"}
			{"identifier":"patient/BB00001","parent_identifier":"datasource/b","external_uid":"1"}
			{"identifier":"study/a/1","parent_identifier":"patient/AA00001"}
			{"identifier":"study/b/1","parent_identifier":"patient/BB00001"}
			{"identifier":"volume/a/1","parent_identifier":"study/a/1","path_nii":"s3://b/1","volume_type":"T2","b_value":0}
			{"identifier":"volume/a/2","parent_identifier":"study/a/1","path_nii":"s3://b/2","volume_type":"DWI","b_value":800,"series_description":"ep2d \"b800\" é+"}
			{"identifier":"volume/a/3","parent_identifier":"study/a/1","path_nii":"s3://b/3","volume_type":"DWI","b_value":0.1}
			{"identifier":"volume/b/4+20","parent_identifier":"study/b/1","path_nii":"s3://b/4","volume_type":"T2","series_number":12345678901234567890}
			{"identifier":"volume/none","path_nii":"s3://b/5","series_number":7,"series_description":"800"}
			{"identifier":"voxelmap/m","parent_identifier":"study/b/1","path_nii":"s3://b/m","task":"pz","reference_mri":"volume/b/4+20"}
			{"identifier":"specimen/r","parent_identifier":"patient/AA00001","type":"BIOPSY","is_event_root":true,"is_summary":true}
			{"identifier":"specimen/w","parent_identifier":"specimen/r","type":"BIOPSY","is_event_root":false,"is_summary":true}
		EOF
	)" created
}

@test "filters: by text, number, boolean and absence, several at once, with parent, patient and datasource" {
	start_serve
	filled
	same "$(ids 'volumes?volume_type=T2')" 'a/1 b/4+20'
	same "$(ids 'volumes?volume_type=T2&datasource=datasource/a')" 'a/1'
	same "$(ids 'volumes?patient=patient/BB00001')" 'b/4+20'
	same "$(ids 'patients?patient=patient/BB00001')" 'BB00001'
	same "$(ids 'volumes?parent=')" 'none'
	same "$(ids 'volumes?parent=study/a/1&b_value=0')" 'a/1'
	# A number is a number in any spelling.
	same "$(ids 'volumes?b_value=8e2')" 'a/2'
	same "$(ids 'volumes?b_value=800.0&volume_type=DWI')" 'a/2'
	same "$(ids 'volumes?b_value=0.10')" 'a/3'
	same "$(ids 'volumes?series_number=12345678901234567890')" 'b/4+20'
	same "$(ids 'volumes?series_number=12345678901234567891')" ''
	# Text is text, whatever it looks like.
	same "$(ids 'volumes?series_description=800')" 'none'
	same "$(ids 'volumes?series_description=ep2d%20%22b800%22%20%C3%A9%2B')" 'a/2'
	same "$(ids 'patients?external_uid=1')" 'AA00001 BB00001'
	same "$(ids 'patients?external_uid=true')" 'AA00002'
	# Nothing behind the = is: not there.
	same "$(ids 'volumes?b_value=')" 'b/4+20 none'
	same "$(ids 'patients?sex=')" 'AA00002 BB00001'
	same "$(ids 'volumes?license=&volume_type=DWI')" 'a/2 a/3'
	same "$(ids 'pathology_specimens?is_event_root=true')" r
	same "$(ids 'pathology_specimens?is_event_root=false')" w
	same "$(ids 'pathology_specimens?is_event_root=')" ''
	# What the server filled in counts; a + of a name may stay as it is.
	same "$(ids 'volumes?access_level=dev&limit=1')" 'a/1'
	same "$(ids 'voxel_maps?reference_mri=volume/b/4+20')" m
	same "$(ids 'voxel_maps?reference_mri=volume/b/4%2B20')" m
	same "$(ids 'volumes?identifier=volume/b/4+20')" 'b/4+20'
}

@test "filters: a field that is not known, and a value that it cannot have, are refused with what was meant" {
	start_serve
	filled
	refused 'volumes?b_vlaue=1' 'b_vlaue is not known here; did you mean b_value?'
	refused 'volumes?order=up' 'order is not known here: parent, datasource, patient, after, limit, identifier,'
	refused 'volumes?sex=M' 'sex is not known here'
	refused 'volumes?other_data=1' 'other_data is not known here'
	refused 'volumes?shape=1' 'shape is not known here'
	refused 'volumes?created_at=1' 'created_at is not known here'
	refused 'volumes?volume_type=t2' '\"t2\" is not one of T1, T2, '
	refused 'volumes?b_value=high' '\"high\" is string, not number'
	refused 'volumes?b_value=NaN' 'is string, not number'
	refused 'volumes?b_value=-1' 'is not at least 0'
	refused 'volumes?series_number=1.5' '1.5 is number, not integer'
	refused 'pathology_specimens?is_summary=1' '1 is integer, not boolean'
	refused 'pathology_specimens?date=2020' 'is not a day that exists'
	refused 'volumes?volume_type=T2&volume_type=DWI' 'is given twice'
	refused 'volumes?volume_type' 'has no value'
	refused 'volumes?series_description=%ff' 'is no UTF-8'
	refused 'volumes?datasource=a' '\"a\" is no identifier of a datasource'
	refused 'volumes?patient=study/a/1' 'is no identifier of a patient'
	refused 'volumes?parent=a' '\"a\" is no identifier of a resource'
	refused 'volumes?limit=0' 'must be a whole number'
	refused 'volumes?limit=1e3' 'must be a whole number'
	refused 'volumes?limit=9999999999999999999' 'must be a whole number'
}

@test "pages: the link leads through all of them, and the last has none" {
	start_serve
	seq -f '{"identifier":"volume/%04.0f","path_nii":"s3://b/x","series_description":"a>b, \"c\" & ü"}' 1000 | create
	local next='/v1/volumes?limit=300&series_description=a%3Eb%2C%20%22c%22%20%26%20%C3%BC' pages=0
	while [ -n "$next" ]; do
		curl -sf -D "$BATS_TEST_TMPDIR/header" "$API$next" >>"$BATS_TEST_TMPDIR/all"
		next=$(link)
		pages=$((pages + 1))
	done
	same "$pages" 4
	jq -r .identifier "$BATS_TEST_TMPDIR/all" | cmp - <(seq -f 'volume/%04.0f' 1000)
	ids 'volumes?limit=1000' >/dev/null
	same "$(link)" ''
	ids 'volumes?limit=999' >/dev/null
	same "$(link)" '/v1/volumes?limit=999&after=volume/0999'
	ids 'volumes' >/dev/null
	same "$(link)" ''
	same "$(ids 'volumes?after=volume/0998')" '0999 1000'
	same "$(ids 'volumes?after=')" "$(ids 'volumes')"
	same "$(ids 'volumes?after=zzz&limit=1')" ''
	# HEAD tells the same without the rows.
	has "$(curl -sI "$API/v1/volumes?limit=10" | tr -d '\r')" 'Link: </v1/volumes?limit=10&after=volume/0010>; rel="next"'
}

@test "pages: a page that does not fit into memory waits in a file" {
	plain_build
	start_serve
	seq -f '{"identifier":"volume/%05.0f","path_nii":"s3://b/x","other_data":{"note":"'"$(printf '%04000d' 7)"'"}}' 10000 |
		split -l 2000 --filter="curl -s -o /dev/null -H Content-Type:application/x-ndjson --data-binary @- $API/v1/volumes" -
	same "$(curl -s -D "$BATS_TEST_TMPDIR/header" "$API/v1/volumes?limit=9999" | jq -r .identifier | sha256sum)" \
		"$(seq -f 'volume/%05.0f' 9999 | sha256sum)"
	same "$(link)" '/v1/volumes?limit=9999&after=volume/09999'
	# The database's own cache is the most of it; 41 MB of rows are not in there.
	local before after
	before=$(awk '/VmHWM/ {print $2}' "/proc/$SERVE_PID/status")
	for _ in 1 2 3; do curl -s -o /dev/null "$API/v1/volumes?limit=9999"; done
	after=$(awk '/VmHWM/ {print $2}' "/proc/$SERVE_PID/status")
	[ $((after - before)) -lt 8192 ] || { echo "$before kB, then $after kB"; false; }
}

@test "pages while others write: what is there throughout is seen once, in order" {
	start_serve
	seq -f '{"identifier":"volume/%04.0f","path_nii":"s3://b/x","b_value":1}' 0 2 600 | create
	run3 python3 "$ROOT/tests/pages.py" "$API" 5
	expect 0
	has "$out" 'pages, '
}
