# share/datasets/prostatex.sh: from DICOM to volumes and masks with their reference, end to end.
load helper

setup() {
	needs_data prostatex/ProstateX-0000
	command -v dcm2niix >/dev/null || skip 'no dcm2niix'
	SOURCE=$DATA/prostatex
	SERIES=ProstateX-0000/07-07-2011
	X=$BATS_TEST_TMPDIR/x
	mkdir "$X"
}

teardown() { stop_serve; }

# take GLOB...: these parts of the dataset into the folder that a test may change.
take() {
	local part
	for part in "$@"; do
		mkdir -p "$X/$(dirname "$part")"
		cp -r --no-preserve=mode "$SOURCE"/$part "$X/$(dirname "$part")"
	done
}

# ingest OPTION...: run3 of the script against $API.
ingest() {
	run3 "$ROOT/share/datasets/prostatex.sh" --api "$API" --data "$X" --work "$BATS_TEST_TMPDIR/images" \
		--store "file://$BATS_TEST_TMPDIR/store" -q --rejects "$BATS_TEST_TMPDIR/rejects" \
		--results "$BATS_TEST_TMPDIR/results" --findings "$BATS_TEST_TMPDIR/findings" "$@"
}

# counts: "type status number" a line, of the last results.
counts() {
	jq -r '(.identifier | split("/")[0]) + " " + .status' "$BATS_TEST_TMPDIR/results" | sort | uniq -c |
		awk '{ print $2, $3, $1 }'
}

export_all() { curl -sf "$API/v1/export" >"$BATS_TEST_TMPDIR/export"; }

# exported TYPE FILTER: jq over the exported resources of a type.
exported() { jq -c "select(.identifier | startswith(\"$1/\")) | $2" "$BATS_TEST_TMPDIR/export"; }

# mask FROM TO: a mask on the grid of image FROM: its header, no voxel set but one of value 3.
mask() {
	mkdir -p "$(dirname "$2")"
	gunzip -c "$1" >"$BATS_TEST_TMPDIR/image.nii"
	{ head -c 352 "$BATS_TEST_TMPDIR/image.nii"; tail -c +353 "$BATS_TEST_TMPDIR/image.nii" | head -c -2 | tr '\0-\377' '\0'; printf '\3\0'; } |
		gzip -n >"$2"
}

converted() { printf '%s\n' "$BATS_TEST_TMPDIR/images/$SERIES"/$1*/converted/*.nii.gz; }

@test "prostatex: the patient from DICOM to volumes, the mask on the T2 grid, findings to pathology; again unchanged" {
	take ProstateX-0000 '*.csv' ProstateX-mapping.json
	start_serve
	ingest
	expect 0
	case $err in *personal*) echo "$err" && return 1 ;; esac # dcm2niix's own descrip is not
	mask "$(converted 4)" "$X/annotations/ProstateX-0000_07-07-2011.nii.gz"
	ingest
	expect 0
	same "$(counts)" "$(printf '%s\n' 'assessment unchanged 41' 'datasource unchanged 1' 'specimen unchanged 41' \
		'study unchanged 1' 'volume unchanged 7' 'voxelmap created 1')"
	export_all
	cp "$BATS_TEST_TMPDIR/export" "$BATS_TEST_TMPDIR/export.1"
	ingest --expect-unchanged
	expect 0
	same "$(counts | awk '{ print $2 }' | sort -u)" unchanged
	export_all
	cmp "$BATS_TEST_TMPDIR/export" "$BATS_TEST_TMPDIR/export.1"

	uid=1.3.6.1.4.1.14519.5.2.1.7311.5101.158323547117540061132729905711
	same "$(exported study '[.identifier, .parent_identifier, .study_uid, .study_date, .modality, .other_data]')" \
		"[\"study/PX00001/$uid\",\"patient/PX00001\",\"$uid\",\"2011-07-07\",\"MR\",{\"picai_study\":\"11373_1001396\"}]"
	same "$(exported volume '[(.identifier | split("/")[3]), .volume_type, .shape, .b_value // .b_values, .echo_time, .repetition_time]' |
		LC_ALL=C sort)" "$(
		cat <<-'END'
			["3_t2_tse_sag-87368","T2",[320,320,19],null,0.101,5.59]
			["4_t2_tse_tra-00702","T2",[384,384,19],null,0.104,5.66]
			["5_t2_tse_cor-03471","T2",[320,320,15],null,0.101,4.32]
			["6_ep2d_diff_tra_DYNDIST-69284","DWI",[84,128,19,3],[50,400,800],0.063,2.7]
			["7_ep2d_diff_tra_DYNDIST_ADC-48780","ADC",[84,128,19],null,0.063,2.7]
			["8_ep2d_diff_tra_DYNDISTCALC_BVAL-83202","DWI",[84,128,19],1000,0.063,2.7]
			["9_tfl_3d+20PD+20ref_tra_1.5x1.5_t3-67276","PD",[128,128,16],null,0.00153,0.8]
		END
	)"
	same "$(exported study .patient_age)" 63
	same "$(exported volume .acquisition_datetime | LC_ALL=C sort | tail -n 1)" '"2011-07-07T12:04:04.077500"'
	same "$(exported volume '[.magnetic_field_strength, .manufacturer, .model_name, .study_instance_uid, .license]' | sort -u)" \
		"[3,\"Siemens\",\"Skyra\",\"$uid\",\"CC-BY-3.0\"]"
	same "$(exported volume '.volume_uid == .series_instance_uid and (.path_json | startswith("file://")) and .sha256 != null' | sort -u)" true
	same "$(exported voxelmap '[.identifier, .parent_identifier, .reference_mri, .task, .label_counts]')" \
		"[\"voxelmap/PX00001/$uid/lesion\",\"study/PX00001/$uid\",\"volume/PX00001/$uid/4_t2_tse_tra-00702\",\"isup\",{\"0\":2801663,\"3\":1}]"
	same "$(exported specimen 'select(.parent_identifier == "patient/PX00001") | .is_event_root')" true
}

@test "prostatex: nobody's name, birth date or address gets out; the sources stay as they are" {
	take "$SERIES/7*" '*.csv'
	# As the standard lays them out: institution, address and operator, name, birth date, comments.
	LC_ALL=C sed -i 's/\x10\x00\x10\x00PN\x0e\x00ProstateX-0000/\x08\x00\x80\x00LO\x0c\x00Musterklinik\x08\x00\x81\x00ST\x0c\x00Musterweg 12\x08\x00\x70\x10PN\x0c\x00Oper^Musters\x10\x00\x10\x00PN\x0e\x00Muster^Patient/
		s/\x10\x00\x30\x00DA\x00\x00/\x10\x00\x30\x00DA\x08\x0019470815/
		s/\x20\x00\x0d\x00UI/\x20\x00\x00\x40LT\x10\x00Muster,geb.1947 \x20\x00\x0d\x00UI/' "$X/$SERIES"/7*/*.dcm
	# They are where dcm2niix finds them.
	dcm2niix -ba n -z n -f all -o "$BATS_TEST_TMPDIR" "$X/$SERIES"/7* >/dev/null
	for planted in Musterklinik 'Musterweg 12' 'Muster^Patient' 1947-08-15 Muster,geb.1947; do
		grep -qF "$planted" "$BATS_TEST_TMPDIR/all.json"
	done
	grep -qaF Muster,geb.1947 "$BATS_TEST_TMPDIR/all.nii"
	rm "$BATS_TEST_TMPDIR"/all.*
	sha256sum "$X/$SERIES"/7*/* >"$BATS_TEST_TMPDIR/sums"
	start_serve
	ingest
	expect 0
	same "$(grep -c '^volume created 1$' <(counts))" 1
	export_all
	gunzip -r "$BATS_TEST_TMPDIR/store" "$BATS_TEST_TMPDIR/images"
	cat "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/err" >"$BATS_TEST_TMPDIR/said"
	for planted in Muster muster 'Oper^' 1947-08 geb.1947 19470815; do
		run3 grep -rlaF "$planted" "$BATS_TEST_TMPDIR"/{store,images,said,export,results,rejects,findings,vx.db,serve.log}
		expect 1
	done
	sha256sum --quiet -c "$BATS_TEST_TMPDIR/sums"
	# Without a store the sidecars that path_json names are the cleaned ones too.
	ls "$BATS_TEST_TMPDIR/images/$SERIES"/7*/converted/*.json
	jq -e 'has("PatientName") or has("PatientID") | not' "$BATS_TEST_TMPDIR/images/$SERIES"/7*/converted/*.json
	same "$(stat -c %a "$BATS_TEST_TMPDIR/images")" 700
}

@test "prostatex: a folder that fails is one reject; what is done is not done again; what changed is" {
	take "$SERIES/7*" "$SERIES/8*" '*.csv'
	bad=$(echo "$X/$SERIES"/8*)
	for f in "$bad"/*; do truncate -s 2000 "$f"; done
	start_serve
	ingest
	expect 1
	same "$(jq -c '[.tool, .record._source.file, .reason]' "$BATS_TEST_TMPDIR/rejects")" \
		"[\"prostatex\",\"${bad#"$X/"}\",\"dcm2niix failed with status 2: No valid DICOM images were found\"]"
	has "$(counts)" 'volume created 1'
	same "$(cd "$BATS_TEST_TMPDIR/images" && ls -A)" "$(printf '%s\n' .lock ProstateX-0000)"
	# What a killed run left goes; the failed folder is tried again, the other one is not.
	mkdir "$BATS_TEST_TMPDIR/images/.part-killed"
	inode=$(stat -c %i "$(converted 7)")
	cp --no-preserve=mode "$SOURCE/$SERIES"/8*/* "$bad"
	ingest
	expect 0
	has "$(counts)" "$(printf 'volume created 1\nvolume unchanged 1')"
	same "$(stat -c %i "$(converted 7)")" "$inode"
	[ ! -e "$BATS_TEST_TMPDIR/images/.part-killed" ]
	# Another file, another conversion: here with the same images.
	touch "$X/$SERIES"/7*/1-01.dcm
	ingest --expect-unchanged
	expect 0
	[ "$(stat -c %i "$(converted 7)")" != "$inode" ]
}

@test "prostatex: a slice that lacks in the middle is a reject, one that is cut off is told; a folder may mix series" {
	take "$SERIES/7*" "$SERIES/8*" '*.csv'
	middle=$(echo "$X/$SERIES"/7*/1-05.dcm)
	mv "$middle" "$BATS_TEST_TMPDIR/slice"
	truncate -s 2000 "$(find "$X/$SERIES"/8* -name 1-19.dcm)"
	start_serve
	ingest
	expect 1
	same "$(jq -r .reason "$BATS_TEST_TMPDIR/rejects")" 'slices are missing or unevenly spaced: Missing images? Expected 18 images, but instance number (0020,0013) ranges from 1 to 19'
	has "$err" 'DYNDISTCALCBVAL-83202: warning: 1 of 19 DICOM files became no image'
	has "$(counts)" 'volume created 1'
	truncate -s 5000 "$BATS_TEST_TMPDIR/slice"
	mv "$BATS_TEST_TMPDIR/slice" "$middle"
	ingest
	expect 1
	same "$(jq -r .reason "$BATS_TEST_TMPDIR/rejects")" \
		"dcm2niix failed with status 1: Warning: File not large enough to store image data: ${middle#"$X/"}"
	rm -r "$X/$SERIES"/*
	find "$SOURCE/$SERIES"/[78]* -name '*.dcm' | awk '{ print $0 " " NR ".dcm" }' |
		while read -r from to; do cp --no-preserve=mode "$from" "$X/$to"; done
	rm -r "$BATS_TEST_TMPDIR/store"
	ingest --on-conflict update
	expect 0
	has "$(counts)" "$(printf 'volume created 1\nvolume updated 1')"
}

@test "prostatex: a mask in ITK's order of voxels; one on no volume; one that is none; one of no study" {
	take "$SERIES/4*" "$SERIES/7*" '*.csv'
	start_serve
	ingest
	expect 0
	mask "$(converted 7)" "$X/a/ProstateX-0000_07-07-2011.nii.gz"
	ingest
	expect 0
	export_all
	same "$(exported voxelmap '.reference_mri | split("/")[3]')" '"7_ep2d_diff_tra_DYNDIST_ADC-48780"'
	for p in /usr/bin/python3 python3 none; do "$p" -c 'import nibabel' 2>/dev/null && break; done
	[ "$p" != none ] || skip 'no python3 with nibabel'
	mkdir "$X/b"
	"$p" - "$(converted 4)" "$X" <<-'END'
		import sys
		import numpy as np
		import nibabel as nib
		t2 = nib.load(sys.argv[1])
		voxels = np.zeros(t2.shape, np.uint8)
		voxels[100, 200, 9] = 1
		mask = nib.Nifti1Image(voxels, t2.affine)
		to = nib.orientations.ornt_transform(nib.io_orientation(t2.affine), nib.orientations.axcodes2ornt("LPS"))
		nib.save(mask.as_reoriented(to), sys.argv[2] + "/a/ProstateX-0000_07-07-2011.nii.gz")
		moved = t2.affine.copy()
		moved[0, 3] += 0.4
		nib.save(nib.Nifti1Image(voxels, moved), sys.argv[2] + "/b/ProstateX-0000_07-07-2011.nii.gz")
	END
	rm -r "$BATS_TEST_TMPDIR/vx.db"* "$BATS_TEST_TMPDIR/store"
	stop_serve
	start_serve
	mv "$X/b" "$BATS_TEST_TMPDIR/b"
	ingest
	expect 0
	export_all
	same "$(exported voxelmap '[.task, (.reference_mri | split("/")[3]), .orientation]')" '["lesion","4_t2_tse_tra-00702",null]'
	has "$err" 'warning: the mask has the voxels of its reference_mri in another order'

	mv "$BATS_TEST_TMPDIR/b/"* "$X/a"
	rm -r "$BATS_TEST_TMPDIR/store/voxelmaps" # which keeps other content under a name
	echo x >"$X/a/ProstateX-0001_07-08-2011.nii.gz"
	mkdir "$X/c"
	printf 'version https://git-lfs.github.com/spec/v1\noid sha256:984d42\nsize 5693\n' >"$X/c/ProstateX-0000_07-07-2011.nii.gz"
	echo x >"$X/a/ProstateX-9999_07-08-2011.nii.gz"
	ingest --on-conflict update
	expect 1
	export_all
	same "$(exported voxelmap .reference_mri)" null
	has "$err" "warning: no volume of its study has the mask's grid"
	same "$(jq -c '[.record._file.rel, .field, .reason]' "$BATS_TEST_TMPDIR/rejects" | sort)" "$(
		cat <<-'END'
			["a/ProstateX-0001_07-08-2011.nii.gz","study","no study of this patient on that day is here"]
			["a/ProstateX-9999_07-08-2011.nii.gz","_match.patient","patient 'ProstateX-9999' is not registered in datasource/prostatex"]
			["c/ProstateX-0000_07-07-2011.nii.gz",null,"a Git LFS pointer: its content was not fetched (git lfs pull)"]
		END
	)"
}

@test "prostatex: patients that the deployment has from PI-CAI are told" {
	take '*.csv' ProstateX-mapping.json
	start_serve
	ingest
	expect 0
	case $err in *datasource/picai*) return 1 ;; esac
	echo '{"identifier":"datasource/picai","shorthand":"PC"}' | vx-post -q --api "$API" >/dev/null
	printf '{"id":"10795"}\n{"id":"11373"}\n{"id":"99"}\n' |
		vx-patient-map -q --api "$API" --datasource datasource/picai --key id >/dev/null
	ingest --expect-unchanged
	expect 0
	has "$err" 'prostatex: warning: 2 of these patients are in datasource/picai too: patient/PX00001 is patient/PC00002, patient/PX00002 is patient/PC00001'
	same "$(jq -c 'select(.rule == "patient_in_two_datasources") | [.severity, .patient, .values]' "$BATS_TEST_TMPDIR/findings")" "$(
		printf '%s\n' '["warning","patient/PX00001",["ProstateX-0000","11373"]]' '["warning","patient/PX00002",["ProstateX-0001","10795"]]')"
}

@test "prostatex: without dcm2niix the tables go in all the same, and it is said what is missing" {
	take "$SERIES/7*" '*.csv'
	cp -rs "$(dirname "$(command -v dcm2niix)")/." "$BATS_TEST_TMPDIR/bin"
	rm "$BATS_TEST_TMPDIR/bin/dcm2niix"
	start_serve
	PATH=$BUILD:$BATS_TEST_TMPDIR/bin ingest
	expect 69
	has "$err" 'dcm2niix, which converts the DICOM files, is not installed (make deps)'
	has "$(counts)" 'specimen created 41'
}

# planted: "patient age" a study of the last export.
studies() { exported study '"\(.parent_identifier) \(.patient_age)"' | LC_ALL=C sort; }

@test "prostatex: no image of two people; a study of two is told; ages in years, none above 89" {
	take "$SERIES/7*" "$SERIES/8*" '*.csv'
	LC_ALL=C sed -i 's/ProstateX-0000/ProstateX-0002/g' "$X/$SERIES"/7*/1-1*.dcm
	start_serve
	ingest
	expect 1
	same "$(jq -r .reason "$BATS_TEST_TMPDIR/rejects")" \
		'series 1.3.6.1.4.1.14519.5.2.1.7311.5101.339319789559896104041345048780 has files of several patients'
	has "$(counts)" 'volume created 1'
	LC_ALL=C sed -i 's/ProstateX-0000/ProstateX-0002/g; s/AS\x04\x00063Y/AS\x04\x00018M/' "$X/$SERIES"/7*/*.dcm
	LC_ALL=C sed -i 's/AS\x04\x00063Y/AS\x04\x00090Y/' "$X/$SERIES"/8*/*.dcm
	ingest --on-conflict update
	expect 0
	has "$err" 'prostatex: warning: one StudyInstanceUID, several patients: patient/PX00001, patient/PX00003'
	same "$(jq -r 'select(.severity == "error") | .rule' "$BATS_TEST_TMPDIR/findings")" study_of_several_patients
	export_all
	same "$(studies)" "$(printf '%s\n' '"patient/PX00001 null"' '"patient/PX00003 1.5"')"
	same "$(exported volume .parent_identifier | LC_ALL=C sort | cut -d / -f 2)" "$(printf 'PX00001\nPX00003')"
}

@test "prostatex: a series in several folders is no image of each; any name of a folder" {
	local odd=$X/"a b"$'\n'"'c" seven
	take "$SERIES/7*" '*.csv'
	seven=$(echo "$X/$SERIES"/7*)
	mv "$seven" "$odd"
	start_serve
	ingest
	expect 0
	has "$(counts)" 'volume created 1'
	mkdir "$X/d"
	cp "$odd"/* "$X/d" # the same files again: the same image
	ingest --expect-unchanged
	expect 0
	rm "$X/d"/1-0* "$odd"/1-1*
	ingest
	expect 1
	same "$(jq -r .reason "$BATS_TEST_TMPDIR/rejects" | sort -u -)" 'its files are spread over several folders'
	same "$(jq -r .record._source.file "$BATS_TEST_TMPDIR/rejects" | LC_ALL=C sort)" "$(printf "%s\n" "'c" 'a b' d)"
}

@test "prostatex: ended in the middle it ends at once, and leaves nothing of anybody behind" {
	take "$SERIES/7*" '*.csv'
	mkdir "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\n[ "$1" != --version ] || exit 0\necho $$ >%q/pid\nexec sleep 60\n' "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/bin/dcm2niix"
	chmod +x "$BATS_TEST_TMPDIR/bin/dcm2niix"
	start_serve
	PATH=$BATS_TEST_TMPDIR/bin:$PATH "$ROOT/share/datasets/prostatex.sh" --api "$API" --data "$X" --work "$BATS_TEST_TMPDIR/images" -q \
		>/dev/null 2>&1 3>&- &
	script=$!
	for _ in $(seq 200); do [ ! -s "$BATS_TEST_TMPDIR/pid" ] || break; sleep 0.1; done
	[ -n "$(find "$BATS_TEST_TMPDIR/images" -name '.part-*' -perm 700)" ]
	status=0 SECONDS=0
	kill "$script"
	wait "$script" || status=$?
	expect 143
	[ "$SECONDS" -lt 20 ]
	run3 kill -0 "$(cat "$BATS_TEST_TMPDIR/pid")"
	expect 1
	same "$(find "$BATS_TEST_TMPDIR/images" -name '.part-*')" ''
	run3 ingest -q
	expect 0
	has "$(counts)" 'volume created 1'
}
