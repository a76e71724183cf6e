#!/usr/bin/env bats
# vx-dicom-meta: headers in every encoding, character sets, series; against pydicom where it is installed.
load helper

setup_file() {
	export ODD="$BATS_FILE_TMPDIR/odd"
	load helper
	mkdir "$ODD" && dicom_oddities "$ODD"
}

setup() { cd "$ODD" || return; }

# records DIR...: a record a file below, sorted.
records() { find "$@" -type f | LC_ALL=C sort | jq -R -c '{path_dcm: .}'; }

# meta 'RECORD' [OPTION...]: run3 of one record.
meta() {
	printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/in"
	shift
	run3 vx-dicom-meta -q "$@" "$BATS_TEST_TMPDIR/in"
}

python_with_pydicom() {
	for p in /usr/bin/python3 python3; do
		"$p" -c 'import pydicom' 2>/dev/null && { PYTHON=$p; return; }
	done
	skip "no python3 with pydicom"
}

@test "dicom-meta: the whole of a file" {
	meta '{"path_dcm":"good/explicit.dcm","note":1}'
	expect 0
	same "$err" ""
	same "$out" '{"path_dcm":"good/explicit.dcm","note":1,"series_description":"t2_tse_tra","series_number":4,"series_instance_uid":"1.2.3.1","study_instance_uid":"1.2.3","image_type":["ORIGINAL","PRIMARY","M"],"manufacturer":"SIEMENS","magnetic_field_strength":3,"echo_time":0.00153,"repetition_time":5.66,"flip_angle":160,"slice_thickness":3,"acquisition_datetime":"2019-03-14T10:23:45.5","b_value":800,"_dicom":{"preamble":true,"transfer_syntax":"1.2.840.10008.1.2.1","encoding":"explicit little-endian","patient_id":"PAT-1","patient_sex":"M","patient_age":63,"accession_number":"12345678901234567","study_date":"2019-03-14","modality":"MR","sop_class_uid":"1.2.840.10008.5.1.4.1.1.4","sop_instance_uid":"1.2.3.4.1","instance_number":1,"image_position":[-10,20.5,1.5],"image_orientation":[1,0,0,0,1,0],"rows":4,"columns":6,"pixel_spacing":[0.5,0.5],"bits":16}}'
}

@test "dicom-meta: every encoding gives the same values" {
	records good >"$BATS_TEST_TMPDIR/in"
	run3 vx-dicom-meta "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$err" "vx-dicom-meta: 11 records in, 11 out, 0 rejected, ${err##*, }"
	same "$(jq -c 'del(.path_dcm) | del(._dicom["preamble","transfer_syntax","encoding"])' <<<"$out" | sort -u | wc -l)" 1
	same "$(jq -r '._dicom | .encoding + " " + (.preamble | tostring)' <<<"$out" | sort | uniq -c | sed 's/^ *//')" \
		"$(printf '%s\n' '1 deflated explicit little-endian true' '1 explicit big-endian false' \
			'1 explicit big-endian true' '3 explicit little-endian false' '3 explicit little-endian true' \
			'1 implicit little-endian false' '1 implicit little-endian true')"
}

@test "dicom-meta: vx-scan knows all of them, with and without preamble" {
	run3 vx-scan -q --kind dicom good
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/found"
	expect 0
	same "$(jq -r ._file.rel <<<"$out" | sort | tr '\n' ' ')" \
		"big.dcm deflated.dcm dicm-at-once explicit.dcm implicit.dcm no-pixels.dcm padded.dcm raw-big raw-explicit raw-implicit without-preamble "
	run3 vx-dicom-meta -q "$BATS_TEST_TMPDIR/found"
	expect 0
	same "$(jq -r .echo_time <<<"$out" | sort | uniq -c | sed 's/^ *//')" "11 0.00153"
	gzip -c good/implicit.dcm >"$BATS_TEST_TMPDIR/IM1"
	run3 vx-scan -q --kind dicom "$BATS_TEST_TMPDIR"
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/found"
	run3 vx-dicom-meta -q "$BATS_TEST_TMPDIR/found"
	expect 0
	same "$(jq -c '[.echo_time, ._dicom.rows]' <<<"$out")" '[0.00153,4]'
}

@test "dicom-meta: text comes out as UTF-8, and where that is a guess it is said" {
	records text >"$BATS_TEST_TMPDIR/in"
	run3 vx-dicom-meta -q "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -r '.path_dcm[5:-4] + " " + .series_description' <<<"$out")" "$(printf '%s\n' 'gb18030 王' 'greek Διο' \
		'kanji t2 山田 tra' 'korean 김 x' 'latin1 Prüfung' 'unknown Prüfung' 'unsaid Prüfung' 'utf8 Prüfung' "wrong a$(printf '\357\277\275') z")"
	has "$err" "text/unknown.dcm: warning: SpecificCharacterSet is none that is known: text is read as UTF-8 or Latin-1"
	has "$err" "warning: SeriesDescription is not wholly in the character set that the file says: read as far as it goes (and 2 more)"
}

@test "dicom-meta: what is wrong with a value is said, and it is left out" {
	meta '{"path_dcm":"odd/values.dcm"}'
	expect 0
	same "$err" "$(printf 'vx-dicom-meta: odd/values.dcm: warning: %s\n' \
		'StudyInstanceUID is no UID for study_instance_uid: left out' \
		'EchoTime is out of range for echo_time: left out' \
		'RepetitionTime is no number for repetition_time: left out' \
		'PatientID has bytes behind a NUL: these are left out' \
		'PatientAge is out of range for patient_age: left out')"
	same "$(jq -c '[has("echo_time"), has("repetition_time"), has("study_instance_uid"), ._dicom.patient_id, ._dicom.patient_age]' <<<"$out")" \
		'[false,false,false,"PAT-1",null]'
}

@test "dicom-meta: b-values: of their own private block, of an ADC map none" {
	records odd >"$BATS_TEST_TMPDIR/in"
	run3 vx-dicom-meta -q "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -r '.path_dcm + " " + (.b_value | tostring)' <<<"$out")" "$(printf '%s\n' 'odd/adc.dcm null' \
		'odd/no-syntax.dcm 800' 'odd/philips.dcm 200' 'odd/said-explicit.dcm 800' 'odd/values.dcm null')"
	has "$err" "odd/said-explicit.dcm: warning: the data set is not written as its transfer syntax says: read as it is"
}

@test "dicom-meta: each broken file is one reject that says why" {
	records bad >"$BATS_TEST_TMPDIR/in"
	run3 vx-dicom-meta --rejects "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/in"
	expect 1
	same "$out" ""
	same "$(sed '$d' <<<"$err" | sed 's/^vx-dicom-meta: bad.//')" "$(printf '%s\n' \
		'cut-deflated.dcm: truncated: the deflated data set has no end' \
		'cut-head.dcm: truncated: (0002,0000) has 0 of 4 bytes' \
		'cut-sequence.dcm: truncated: a sequence has no end' \
		'cut-value.dcm: truncated: it ends within the head of an element, at byte 500' \
		'damaged-deflated.dcm: the deflated data set is damaged' \
		'deep.dcm: sequences lie more than 32 deep in each other' \
		'delimiter.dcm: (fffe,e00d) stands where no such element may be' \
		'empty.dcm: empty: 0 bytes' \
		'endless.dcm: truncated: a sequence has no end' \
		"meta-only.dcm: no data set behind the file's meta information" \
		'text.dcm: no DICOM: it begins with 74 68 69 73 20 69 73 20')"
	has "$err" "11 records in, 0 out, 11 rejected"
	same "$(jq -r .record.path_dcm "$BATS_TEST_TMPDIR/rejects" | wc -l)" 11
}

@test "dicom-meta: a value that the record holds stays" {
	meta '{"path_dcm":"good/explicit.dcm","echo_time":0.2,"series_number":null,"flip_angle":160.0,"_dicom":{"rows":9}}'
	expect 0
	same "$err" "vx-dicom-meta: good/explicit.dcm: warning: echo_time: the file says otherwise; the record's value stays"
	same "$(jq -c '[.echo_time, .series_number, .flip_angle, ._dicom.rows]' <<<"$out")" '[0.2,4,160,4]'
}

@test "dicom-meta: records of other things pass; paths that are none are rejected" {
	meta '{"_file":{"kind":"nifti","path":"/x.nii"}, "a" : 1}'
	expect 0
	same "$out" '{"_file":{"kind":"nifti","path":"/x.nii"}, "a" : 1}'
	for path in 1 '""' '"a\u0000b"' '[]'; do
		meta "{\"path_dcm\":$path}"
		expect 1
		has "$err" "path_dcm: not a path"
	done
	meta '{"path_dcm":"none.dcm"}'
	expect 1
	has "$err" "none.dcm: cannot be opened: No such file or directory"
	mkdir -p "$BATS_TEST_TMPDIR/r"
	cp good/explicit.dcm "$BATS_TEST_TMPDIR/r/$(printf 'x\377y.dcm')"
	run3 vx-scan -q --kind dicom "$BATS_TEST_TMPDIR/r"
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/found"
	run3 vx-dicom-meta -q "$BATS_TEST_TMPDIR/found"
	expect 0
	same "$(jq ._dicom.rows <<<"$out")" 4
	meta "{\"path_dcm\":\"file://$PWD/good/explicit%2edcm\"}"
	expect 0
}

@test "dicom-meta: names, birth dates and addresses never come out, whatever the list says" {
	records good odd text >"$BATS_TEST_TMPDIR/in"
	run3 vx-dicom-meta -v "$BATS_TEST_TMPDIR/in"
	expect 0
	! grep -i -e plant -e 1950 -e musterklinik -e OLDNAME "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err"
	jq -c '.tags += [{"tag":"0010,0010","keyword":"PatientName","vr":"PN","detail":"name","type":"text"}]' \
		"$ROOT/share/dicom.json" >"$BATS_TEST_TMPDIR/list"
	run3 vx-dicom-meta --allow "$BATS_TEST_TMPDIR/list" "$BATS_TEST_TMPDIR/in"
	expect 65
	same "$out" ""
	has "$err" "list: 0010,0010: says who the patient is: not allowed"
	run3 vx-dicom-meta --allow /none "$BATS_TEST_TMPDIR/in"
	expect 74
	jq -c '.tags = [{"tag":"0008,0070","keyword":"Manufacturer","vr":"LO","field":"by","type":"text"}]' \
		"$ROOT/share/dicom.json" >"$BATS_TEST_TMPDIR/list"
	meta '{"path_dcm":"good/big.dcm"}' --allow "$BATS_TEST_TMPDIR/list"
	expect 0
	same "$(jq -c 'del(._dicom)' <<<"$out")" '{"path_dcm":"good/big.dcm","by":"SIEMENS"}'
}

@test "dicom-meta --series: counts, gaps, duplicates, orientations" {
	records whole gap twice mixed | sort -R --random-source="$ODD/good/big.dcm" >"$BATS_TEST_TMPDIR/in"
	run3 vx-dicom-meta --series "$BATS_TEST_TMPDIR/in"
	expect 0
	has "$err" "25 records in, 4 out, 0 rejected"
	same "$(jq -c '[.series_instance_uid, ._dicom.files, ._dicom.missing_slices, ._dicom.duplicate_slices, ._dicom.duplicate_uids,
		._dicom.mixed_orientations, ._dicom.b_values, ._dicom.varies]' <<<"$out" | sort)" "$(printf '%s\n' \
		'["1.2.3.10",6,0,0,0,false,[800],[]]' '["1.2.3.11",6,2,0,0,false,[800],[]]' \
		'["1.2.3.12",5,0,1,1,false,[800],[]]' '["1.2.3.13",8,0,0,0,true,[800],[]]')"
	same "$(jq -c 'select(.series_instance_uid == "1.2.3.11") | ._dicom | [.instances, .stacks]' <<<"$out")" \
		'[{"first":1,"last":8,"missing":2,"missing_numbers":[4,5],"duplicate":0},[{"plane":"transverse","files":6,"slices":6,"volumes":1,"spacing":3,"missing":2,"duplicate":0}]]'
	same "$(jq -c 'select(.series_instance_uid == "1.2.3.13") | ._dicom.stacks | map([.plane, .files, .spacing]) | sort' <<<"$out")" \
		'[["coronal",4,6],["transverse",4,6]]'
	same "$(grep -c warning <<<"$err")" 3
	has "$err" "the series lacks slices: see _dicom.stacks"
	has "$err" "the series has slices twice: see _dicom.stacks"
	has "$err" "the series has slices of several orientations: see _dicom.stacks"
}

@test "dicom-meta --series: what all files say stays, what differs is named" {
	printf '%s\n' '{"path_dcm":"whole/01.dcm","_match":{"p":"a"},"n":1,"_patient":"x"}' \
		'{"path_dcm":"whole/02.dcm","_match":{"p":"a"},"n":2,"_patient":"x","series_instance_uid":"1.2.3.10"}' '{"other":1}' \
		'{"path_dcm":"bad/empty.dcm"}' '{"path_dcm":"odd/values.dcm"}' >"$BATS_TEST_TMPDIR/in"
	run3 vx-dicom-meta -q --series "$BATS_TEST_TMPDIR/in"
	expect 1
	has "$err" "bad/empty.dcm: empty: 0 bytes"
	has "$err" "odd/values.dcm: series_instance_uid: the file says of no series that it is its own"
	same "$(jq -c '[.other, .path_dcm, ._match, .n, ._patient, .series_number, .echo_time, ._dicom.files, ._dicom.instances.last]' <<<"$out")" \
		"$(printf '%s\n' '[1,null,null,null,null,null,null,null,null]' '[null,"whole/01.dcm",{"p":"a"},null,"x",4,0.00153,2,2]')"
}

@test "dicom-meta: mutants of each encoding: a record or one reject each, none lost" {
	local f n
	for f in good/explicit.dcm good/implicit.dcm good/big.dcm good/deflated.dcm good/raw-implicit text/kanji.dcm; do
		rm -rf "$BATS_TEST_TMPDIR/m"
		mkdir "$BATS_TEST_TMPDIR/m"
		dicom_oddities mutants "$f" 500 "$BATS_TEST_TMPDIR/m"
		(cd "$BATS_TEST_TMPDIR/m" && records .) >"$BATS_TEST_TMPDIR/in"
		cd "$BATS_TEST_TMPDIR/m"
		run3 vx-dicom-meta -q --rejects "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/in"
		cd "$ODD"
		[ "$status" -le 1 ] || expect 1
		n=$(($(wc -l <"$BATS_TEST_TMPDIR/out") + $(wc -l <"$BATS_TEST_TMPDIR/rejects")))
		same "$n" 500
		jq -e . "$BATS_TEST_TMPDIR/out" >/dev/null
		[ "$(jq -r 'select((.reason | length) < 10) | .reason' "$BATS_TEST_TMPDIR/rejects")" = "" ]
	done
}

@test "dicom-meta: equal to pydicom on every encoding and character set" {
	python_with_pydicom
	records good text odd | grep -v -e dicm-at-once -e unknown -e wrong -e values -e unsaid >"$BATS_TEST_TMPDIR/in"
	vx-dicom-meta -q "$BATS_TEST_TMPDIR/in" 2>/dev/null >"$BATS_TEST_TMPDIR/records"
	run3 "$PYTHON" "$ROOT/tests/dicom_against_pydicom.py" "$ROOT/share/dicom.json" <"$BATS_TEST_TMPDIR/records"
	expect 0
	same "$out" "20 files, 559 values compared"
}

@test "dicom-meta: equal to pydicom on every file of ProstateX" {
	needs_data prostatex
	python_with_pydicom
	run3 vx-scan -q --kind dicom "$DATA/prostatex"
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/found"
	run3 vx-dicom-meta "$BATS_TEST_TMPDIR/found"
	expect 0
	has "$err" "164 records in, 164 out, 0 rejected"
	same "$(wc -l <<<"$err")" 1
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/records"
	run3 "$PYTHON" "$ROOT/tests/dicom_against_pydicom.py" "$ROOT/share/dicom.json" <"$BATS_TEST_TMPDIR/records"
	expect 0
	same "$out" "164 files, 6948 values compared"
}

@test "dicom-meta: equal to pydicom on pydicom's own test files" {
	python_with_pydicom
	local files
	files=$("$PYTHON" -c 'import os, pydicom; print(os.path.join(os.path.dirname(pydicom.__file__), "data"))')
	[ "$(find "$files" -name '*.dcm' | wc -l)" -gt 50 ] || skip "pydicom came without its test files"
	# no_meta.dcm begins with a byte too many: neither reads what is in it.
	records "$files" | grep '\.dcm"' | grep -v no_meta.dcm >"$BATS_TEST_TMPDIR/in"
	run3 vx-dicom-meta -q "$BATS_TEST_TMPDIR/in"
	expect 0
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/records"
	run3 "$PYTHON" "$ROOT/tests/dicom_against_pydicom.py" "$ROOT/share/dicom.json" <"$BATS_TEST_TMPDIR/records"
	expect 0
	[[ $out =~ ^[0-9]+\ files,\ [0-9]+\ values\ compared$ ]] || { echo "$out"; false; }
}

@test "dicom-meta: enhanced files: what all frames agree on, equal to pydicom in every encoding" {
	python_with_pydicom
	local to=$BATS_TEST_TMPDIR/frames
	mkdir "$to"
	"$PYTHON" "$ROOT/tests/dicom_frames.py" "$to"
	records "$to" >"$BATS_TEST_TMPDIR/in"
	run3 vx-dicom-meta -q "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$err" "$(printf "vx-dicom-meta: $to/%s\n" 'few.dcm: warning: it has functional groups of 4 of its 9 frames only' \
		'long.dcm: warning: the functional groups of 8 of its 12 frames were read: the header is too long for all' \
		'none.dcm: warning: NumberOfFrames is out of range for frames: left out')"
	case $out in *Muster*) return 1 ;; esac
	same "$(jq -c '[(.path_dcm | split("/") | last | split(".")[0]), .echo_time, .b_value, ._dicom.b_values, ._dicom.positions, ._dicom.varies]' <<<"$out" |
		grep -v -e big -e deflated -e implicit -e undefined)" "$(printf '%s\n' '["adc",0.0635,null,null,4,null]' \
		'["echoes",null,null,null,3,["echo_time"]]' '["explicit",0.0635,null,[0,50,800],4,["b_value"]]' \
		'["few",0.0635,50,[50],4,null]' '["lacks",0.0635,null,[400],2,["b_value"]]' '["long",0.0635,null,null,8,null]' \
		'["none",0.0635,null,null,null,null]' '["one-b",0.0635,0,[0],4,null]' \
		'["planes",0.0635,null,null,1,["image_orientation"]]')"
	same "$(jq -c 'select(.path_dcm | test("/(explicit|big|deflated|implicit.*|undefined).dcm$")) |
		del(.path_dcm, ._dicom.transfer_syntax, ._dicom.encoding)' <<<"$out" | sort -u | wc -l)" 1
	grep -v -e long -e none <<<"$out" >"$BATS_TEST_TMPDIR/records"
	run3 "$PYTHON" "$ROOT/tests/dicom_against_pydicom.py" "$ROOT/share/dicom.json" <"$BATS_TEST_TMPDIR/records"
	same "$out" "12 files, 290 values compared"
	run3 vx-dicom-meta -q --series <(records "$to"/{one-b,few,explicit}.dcm)
	expect 0
	same "$(jq -c '[._dicom.b_values, ._dicom.varies, ._dicom.stacks]' <<<"$out")" '[[0,50,800],["frames"],[]]'
	# Cut off anywhere in the groups: a reject, never less than it says.
	size=$(($(stat -c %s "$to/undefined.dcm") - 12 * 16 - 12))
	for n in $(seq 600 97 "$size"); do head -c "$n" "$to/undefined.dcm" >"$to/cut$n"; done
	run3 vx-dicom-meta -q <(records "$to"/cut*)
	expect 1
	same "$out" ""
	same "$(grep -c ': truncated: ' <<<"$err")" "$(wc -l <<<"$err")"
}

@test "dicom-meta --series: the seven series of ProstateX-0000" {
	needs_data prostatex
	run3 vx-scan -q --kind dicom "$DATA/prostatex"
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/found"
	run3 vx-dicom-meta -q --series "$BATS_TEST_TMPDIR/found"
	expect 0
	same "$err" ""
	same "$(jq -c '[.series_number, ._dicom.files, (._dicom.stacks[0] | .plane, .slices, .volumes, .spacing), .b_value, ._dicom.b_values,
		._dicom.missing_slices, ._dicom.duplicate_slices]' <<<"$out" | sort)" "$(printf '%s\n' \
		'[3,19,"sagittal",19,1,3.6,null,[],0,0]' '[4,19,"transverse",19,1,3,null,[],0,0]' \
		'[5,15,"coronal",15,1,3,null,[],0,0]' '[6,57,"transverse",19,3,3,null,[50,400,800],0,0]' \
		'[7,19,"transverse",19,1,3,null,[],0,0]' '[8,19,"transverse",19,1,3,1000,[1000],0,0]' \
		'[9,16,"transverse",16,1,3,null,[],0,0]')"
	same "$(jq -r '[.study_instance_uid, ._dicom.patient_id, ._dicom.study_date, .magnetic_field_strength] | @tsv' <<<"$out" | sort -u)" \
		"$(printf '1.3.6.1.4.1.14519.5.2.1.7311.5101.158323547117540061132729905711\tProstateX-0000\t2011-07-07\t3')"
}

@test "dicom-meta: memory does not grow with the number of files" {
	plain_build
	for i in $(seq 200); do records good; done >"$BATS_TEST_TMPDIR/in"
	run3 env time -f %M vx-dicom-meta -q -j 2 "$BATS_TEST_TMPDIR/in"
	expect 0
	[ "$(tail -1 <<<"$err")" -lt 16384 ] || { echo "$err"; false; }
}
