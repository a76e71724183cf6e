# The dataset scripts from end to end, share/sh/vx.sh, make demo.
load helper

teardown() { stop_serve; }

# ingest NAME OPTION...: runs a dataset script against $API with results and rejects kept.
ingest() {
	run3 "$ROOT/share/datasets/$1.sh" --api "$API" --store "file://$BATS_TEST_TMPDIR/store" -q \
		--rejects "$BATS_TEST_TMPDIR/rejects" --results "$BATS_TEST_TMPDIR/results" "${@:2}"
}

# counts: "type status number" a line, of the last results.
counts() {
	jq -r '(.identifier | split("/")[0]) + " " + .status' "$BATS_TEST_TMPDIR/results" | sort | uniq -c |
		awk '{ print $2, $3, $1 }'
}

# rejects FOLDER: "file[:row] field: reason" a line, without the folder's name.
rejects() {
	jq -r --arg root "$1/" '(.record | ._source.file // ._file.rel // "-") +
		(if .record._source.row then ":\(.record._source.row)" else "" end) + " \(.field // "-"): \(.reason)"
		| split($root) | join("")' "$BATS_TEST_TMPDIR/rejects"
}

@test "demo: what is whole goes in, what was planted is rejected, the second run changes nothing" {
	data=$BATS_TEST_TMPDIR/data
	vx-demo-dataset "$data"
	start_serve
	ingest demo --data "$data"
	expect 1
	same "$(rejects "$data" | LC_ALL=C sort)" "$(
		cat <<-'END'
			DEMO-005/2019-07-01/adc.nii.gz -: truncated: 44 of 352 header bytes
			DEMO-006/2019-08-19/dwi.nii.gz -: no NIfTI header: it begins with "<!DOCTYP"
			DEMO-008/2019-10-23/t2.nii.gz path_json: images/DEMO-008/2019-10-23/t2.json: not JSON: ends too early at byte 482
			DEMO-009/2019-11-12/adc.nii.gz -: empty: 0 bytes
			clinical.csv:11 PSA (ng/mL): no number
			clinical.csv:16 -: 1 cells where there are 6 columns
			lesion/DEMO-008_2019-10-23.nii.gz -: truncated: 1195 of 1888 bytes once inflated
			lesion/DEMO-009_2019-11-12.nii.gz labels: no label for 7 (1 voxels), which the file holds
		END
	)"
	same "$(counts)" "$(
		cat <<-'END'
			datasource created 1
			psa created 10
			psa unchanged 1
			study created 13
			study unchanged 1
			volume created 35
			voxelmap created 18
		END
	)"
	cp "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/rejects.1"
	curl -sf "$API/v1/export" >"$BATS_TEST_TMPDIR/export.1"
	same "$(jq -s 'map(select(.identifier | startswith("patient/"))) | length' "$BATS_TEST_TMPDIR/export.1")" 12

	ingest demo --data "$data" --expect-unchanged
	expect 1
	same "$(counts | awk '{ print $2 }' | sort -u)" unchanged
	cmp "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/rejects.1"
	curl -sf "$API/v1/export" | cmp - "$BATS_TEST_TMPDIR/export.1"

	# What was planted in the sidecars has not left: not in the database, not in the store, not in any object's name.
	for planted in Mustermann Musterstadt Musterweg BirthDate '"4711' PatientName; do
		grep -q "$planted" "$data/images/DEMO-001/2019-03-14/t2.json"
		run3 grep -rla "$planted" "$BATS_TEST_TMPDIR/store" "$DB" "$BATS_TEST_TMPDIR/export.1" "$BATS_TEST_TMPDIR/results"
		expect 1
	done
	same "$(find "$BATS_TEST_TMPDIR/store" -name '*.json' | wc -l)" 35
	same "$(find "$BATS_TEST_TMPDIR/store" -name '*.nii*' | wc -l)" 53
}

@test "demo: a change in the source is a conflict, or an update when asked" {
	data=$BATS_TEST_TMPDIR/data
	vx-demo-dataset "$data"
	start_serve
	ingest demo --data "$data"
	expect 1
	sed -i 's/^DEMO-001,2019-03-14,64,6.8/DEMO-001,2019-03-14,64,6.9/' "$data/clinical.csv"
	ingest demo --data "$data" --expect-unchanged
	expect 1
	same "$(jq -c 'select(.status == "conflict") | [.identifier, .diff]' "$BATS_TEST_TMPDIR/results")" \
		'["psa/DM00001/2019-03-14",{"value":{"old":6.8,"new":6.9}}]'
	has "$out" '1 conflict'
	has "$out" 'rejects     9'
	ingest demo --data "$data" --on-conflict update
	expect 1
	has "$out" '1 updated'
	ingest demo --data "$data"
	same "$(counts | grep -v unchanged)" ''
	# A file with other content: the store's is not replaced unless asked, then with the resource.
	gzip -cd "$data/images/DEMO-001/2019-03-14/adc.nii.gz" | tr '\001' '\002' | gzip -n >"$BATS_TEST_TMPDIR/adc"
	cp "$BATS_TEST_TMPDIR/adc" "$data/images/DEMO-001/2019-03-14/adc.nii.gz"
	stored=$BATS_TEST_TMPDIR/store/volumes/DM00001/2019-03-14/adc.nii.gz
	ingest demo --data "$data"
	expect 1
	has "$out" 'other content'
	run3 cmp "$stored" "$BATS_TEST_TMPDIR/adc"
	expect 1
	ingest demo --data "$data" --on-conflict=update
	expect 1
	cmp "$stored" "$BATS_TEST_TMPDIR/adc"
	has "$out" '1 updated'
	has "$out" '  updated     1 volume.sha256'
	ingest demo --data "$data" --on-conflict both
	expect 64
	same "$err" "demo: --on-conflict: 'both' is neither reject nor update; see --help"
}

@test "the shortest pipe, as it stands: every whole file a resource, then all unchanged" {
	data=$BATS_TEST_TMPDIR/data
	vx-demo-dataset "$data"
	start_serve
	for want in created unchanged; do
		vx-scan -q "$data" | vx-nifti-meta -q 2>/dev/null | vx-post -q --api "$API" >"$BATS_TEST_TMPDIR/results"
		# 59 images less the four that are broken and the mask that is cut off.
		same "$(counts)" "volume $want 54"
	done
}

@test "the five stages, without jq, on a server that knows only the datasource: studies, parents, URLs in the store" {
	data=$BATS_TEST_TMPDIR/data
	vx-demo-dataset "$data"
	start_serve
	echo '{"identifier":"datasource/x","shorthand":"DX"}' | vx-post -q --api "$API" >/dev/null
	for want in created unchanged; do
		vx-scan -q --pattern '{patient}/{study}/{name}.nii{z:(.gz)?}' "$data/images" |
			vx-patient-map -q --api "$API" --datasource datasource/x \
				--id 'volume/{patient}/{study}/{name}' --parent 'study/{patient}/{study}' |
			vx-nifti-meta -q 2>/dev/null | vx-upload -q --to "file://$BATS_TEST_TMPDIR/store/x" --group volumes |
			vx-post -q --api "$API" >"$BATS_TEST_TMPDIR/results"
		same "$(counts)" "$(printf 'study %s 13\nvolume %s 35' $want $want)"
	done
	same "$(curl -sf "$API/v1/resources/volume/DX00010/2019-12-03/t2+20axial" | jq -c '[.parent_identifier, .path_nii]')" \
		"[\"study/DX00010/2019-12-03\",\"file://$BATS_TEST_TMPDIR/store/x/volumes/DX00010/2019-12-03/t2%2B20axial.nii.gz\"]"
	[ -s "$BATS_TEST_TMPDIR/store/x/volumes/DX00010/2019-12-03/t2+20axial.nii.gz" ]
}

@test "make demo: both summaries, three queries, the server gone" {
	run3 env TMPDIR="$BATS_TEST_TMPDIR" sh "$ROOT/share/demo/run"
	expect 0
	same "$err" ''
	has "$out" 'volume      35 created, 0 unchanged, 0 conflict'
	has "$out" 'volume      0 created, 35 unchanged, 0 conflict'
	has "$out" 'The export is the same, byte for byte'
	has "$out" 'clinical.csv:11: PSA (ng/mL): "12,5 ?": no number [demo]'
	has "$out" '"reference_mri":"volume/DM00001/2019-03-14/t2"'
	same "$(ls "$BATS_TEST_TMPDIR" | grep -cvE '^(out|err)$')" 0
}

@test "picai: the figures of the marksheet and the folders; the second run changes nothing" {
	needs_data picai
	start_serve
	ingest picai --data "$DATA/picai"
	expect 0
	same "$(counts)" "$(
		cat <<-'END'
			assessment created 310
			datasource created 1
			psa created 149
			session created 8
			specimen created 310
			study created 160
			voxelmap created 1092
		END
	)"
	curl -sf "$API/v1/export" >"$BATS_TEST_TMPDIR/export.1"
	same "$(jq -r '.identifier | split("/")[0]' "$BATS_TEST_TMPDIR/export.1" | sort | uniq -c | awk '{ print $2 $1 }' | paste -sd ' ')" \
		'assessment310 datasource1 patient150 psa149 session8 specimen310 study160 voxelmap1092'
	same "$(find "$BATS_TEST_TMPDIR/store" -name '*.nii.gz' | wc -l)" 1092

	ingest picai --data "$DATA/picai" --expect-unchanged
	expect 0
	same "$(counts | awk '{ print $2 }' | sort -u)" unchanged
	curl -sf "$API/v1/export" | cmp - "$BATS_TEST_TMPDIR/export.1"

	# One of each, down to the value; and the density without a PSA value (11211_1001234) is not lost.
	same "$(jq -c 'select(.identifier == "psa/PC00001/2012-08-13") | [.value, .unit, .density, .date, .license]' "$BATS_TEST_TMPDIR/export.1")" \
		'[19.18,"ng/mL",0.34,"2012-08-13","CC-BY-NC-4.0"]'
	same "$(jq -c 'select(.study_uid == "1000032") | [.identifier, .study_date, .patient_age, .modality, .other_data]' "$BATS_TEST_TMPDIR/export.1")" \
		'["study/PC00001/1000032","2012-08-13",73,"MR",{"center":"RUMC","lesion_PIRADS":"5,4","prostate_volume_ml":57}]'
	same "$(jq -c 'select(.study_uid == "1001234") | .other_data.psa_density' "$BATS_TEST_TMPDIR/export.1")" 0.04
	same "$(jq -c 'select(.identifier == "voxelmap/PC00001/1000032/human_expert-original")
		| [.task, .parent_identifier, .derived_from, (.label_counts | keys)]' "$BATS_TEST_TMPDIR/export.1")" \
		'["isup","study/PC00001/1000032",["session/picai/human_expert-original"],["0","3"]]'
}

# mha_on MASK TYPE FILE: an image of zeros as MetaImage on the grid of a mask.
mha_on() {
	echo "{\"identifier\":\"volume/x\",\"path_nii\":\"$1\"}" | vx-nifti-meta -q 2>/dev/null | jq -r --arg type "$2" '
		def words: map(tostring) | join(" ");
		[[-1, -1, 1] as $lps | range(3) as $i | range(3) as $r | .affine[$r][$i] * $lps[$r] / .spacing[$i]] as $axes
		| "ObjectType = Image", "NDims = 3", "BinaryData = True", "TransformMatrix = \($axes | words)",
			"Offset = \([-.affine[0][3], -.affine[1][3], .affine[2][3]] | words)", "ElementSpacing = \(.spacing | words)",
			"DimSize = \(.shape | words)", "ElementType = \($type)", "ElementDataFile = LOCAL"' >"$3"
	head -c 20000000 /dev/zero >>"$3"
}

@test "picai: images become volumes, once; each mask gets the one that it was drawn on" {
	needs_data picai
	local p=$BATS_TEST_TMPDIR/p images=$BATS_TEST_TMPDIR/images/10035 lesions mask
	lesions=$DATA/picai/csPCa_lesion_delineations/human_expert
	mkdir -p "$p/clinical_information" "$images"
	sed -n '1p;/^10035,/p' "$DATA/picai/clinical_information/marksheet.csv" >"$p/clinical_information/marksheet.csv"
	for mask in $(cd "$DATA/picai" && find . -name '10035_*.nii.gz'); do
		mkdir -p "$p/$(dirname "$mask")"
		cp "$DATA/picai/$mask" "$p/$mask"
	done
	mha_on "$lesions/resampled/10035_1000035.nii.gz" MET_SHORT "$images/10035_1000035_t2w.mha"
	mha_on "$lesions/original/10035_1000035.nii.gz" MET_FLOAT "$images/10035_1000035_adc.mha"
	mha_on "$lesions/original/10035_1000035.nii.gz" MET_SHORT "$images/10035_1000035_hbv.mha"
	start_serve
	ingest picai --data "$p"
	expect 0
	has "$out" 'voxelmap    7 created, 0 unchanged, 0 conflict'
	# With images the masks learn their volumes; then there is nothing new, with images or without.
	ingest picai --data "$p" --images "$BATS_TEST_TMPDIR/images" --work "$BATS_TEST_TMPDIR/work"
	expect 0
	has "$out" 'volume      3 created, 0 unchanged'
	has "$out" 'voxelmap    0 created, 0 unchanged, 7 updated, 0 conflict'
	has "$out" '  updated     7 voxelmap.reference_mri'
	ingest picai --data "$p" --expect-unchanged
	expect 0
	rm -r "$BATS_TEST_TMPDIR"/{store,work,vx.db*}
	stop_serve
	start_serve
	for want in created unchanged; do
		ingest picai --data "$p" --images "$BATS_TEST_TMPDIR/images" --work "$BATS_TEST_TMPDIR/work"
		expect 0
		same "$(counts | grep -v unchanged | awk '{ print $2 }' | sort -u)" "$([ $want = unchanged ] || echo created)"
		has "$out" "volume      $([ $want = created ] && echo '3 created, 0' || echo '0 created, 3') unchanged"
	done
	curl -sf "$API/v1/export" >"$BATS_TEST_TMPDIR/export"
	same "$(jq -c 'select(.volume_type) | [.identifier, .parent_identifier, .volume_type, .datatype, .shape]' "$BATS_TEST_TMPDIR/export" | sort)" \
		'["volume/PC00001/1000035/adc","study/PC00001/1000035","ADC","float32",[224,224,16]]
["volume/PC00001/1000035/hbv","study/PC00001/1000035","DWI","int16",[224,224,16]]
["volume/PC00001/1000035/t2w","study/PC00001/1000035","T2","int16",[384,384,27]]'
	same "$(jq -r 'select(.task) | [.identifier, .reference_mri] | map(. // "none" | split("/") | last) | join(" ")' "$BATS_TEST_TMPDIR/export" |
		sort | paste -sd ,)" \
		'Bosma22a t2w,Bosma22b t2w,Guerbet23 t2w,HeviAI23 t2w,Yuan23 t2w,human_expert-original adc,human_expert-resampled t2w'
	same "$(find "$BATS_TEST_TMPDIR/store/volumes" -name '*.nii.gz' | sort | xargs -n 1 basename | paste -sd ' ')" \
		'adc.nii.gz hbv.nii.gz t2w.nii.gz'

	# A name of another kind, a patient that the table does not have, a file that is cut off: a reject each, the rest goes on.
	cp "$images/10035_1000035_t2w.mha" "$images/10035_1000035_dyn.mha"
	cp "$images/10035_1000035_t2w.mha" "$images/99999_1000035_t2w.mha"
	head -c 1000 "$images/10035_1000035_t2w.mha" >"$images/10035_1000035_sag.mha"
	ingest picai --data "$p" --images "$BATS_TEST_TMPDIR/images" --work "$BATS_TEST_TMPDIR/work"
	expect 1
	has "$out" 'sequence: "dyn": not t2w, sag, cor, adc or hbv'
	has "$out" '10035_1000035_sag.mha: truncated: '
	has "$out" '99999_1000035_t2w.mha: '
	same "$(counts | awk '{ print $2 }' | sort -u)" unchanged
	ingest picai --data "$p" --images "$BATS_TEST_TMPDIR/no" --work "$BATS_TEST_TMPDIR/work"
	expect 74
	has "$err" "$BATS_TEST_TMPDIR/no: no such folder"
}

@test "picai: a folder that nobody described is a reject, not a guess" {
	needs_data picai
	mkdir -p "$BATS_TEST_TMPDIR/p/clinical_information" "$BATS_TEST_TMPDIR/p/new_folder"
	head -n 2 "$DATA/picai/clinical_information/marksheet.csv" >"$BATS_TEST_TMPDIR/p/clinical_information/marksheet.csv"
	cp "$DATA/picai/csPCa_lesion_delineations/AI/Bosma22a/10032_1000032.nii.gz" "$BATS_TEST_TMPDIR/p/new_folder"
	start_serve
	ingest picai --data "$BATS_TEST_TMPDIR/p"
	expect 1
	has "$out" 'new_folder/10032_1000032.nii.gz: folder: "new_folder": not in picai-folders.json [picai]'
}

@test "ucla, prostatex: all goes in; the second run changes nothing; a folder without the table says which columns it has" {
	needs_data ucla
	needs_data prostatex
	mkdir "$BATS_TEST_TMPDIR/tables"
	cp "$DATA"/prostatex/*.csv "$BATS_TEST_TMPDIR/tables"
	start_serve
	for want in created unchanged; do
		ingest ucla --data "$DATA/ucla"
		expect 0
		same "$(counts)" "$(printf '%s\n' "assessment $want 19" "datasource $want 1" "psa $want 1" "specimen $want 19")"
		ingest prostatex --data "$BATS_TEST_TMPDIR/tables" # without images; with them: prostatex.bats
		expect 0
		same "$(counts)" "$(printf '%s\n' "assessment $want 41" "datasource $want 1" "specimen $want 41")"
		has "$out" 'patients    16'
	done
	# The same table, exported in another order.
	mkdir "$BATS_TEST_TMPDIR/other"
	{ head -n 1 "$DATA/ucla/TCIA-Biopsy-Data.csv"; tail -n +2 "$DATA/ucla/TCIA-Biopsy-Data.csv" | tac; } >"$BATS_TEST_TMPDIR/other/t.csv"
	ingest ucla --data "$BATS_TEST_TMPDIR/other" --expect-unchanged
	expect 0
	ingest ucla --data "$DATA/prostatex"
	expect 74
	has "$err" "/prostatex: no *.csv with the columns Patient Number, Core Label, Primary Gleason"
	mkdir "$BATS_TEST_TMPDIR/two"
	for copy in one two; do cp "$DATA/ucla/TCIA-Biopsy-Data.csv" "$BATS_TEST_TMPDIR/two/$copy.csv"; done
	ingest ucla --data "$BATS_TEST_TMPDIR/two"
	expect 64
	has "$err" "ucla: which is the table of cores? $BATS_TEST_TMPDIR/two/one.csv $BATS_TEST_TMPDIR/two/two.csv"
}

# script BODY: makes a dataset script of BODY with tools that are made up: emit prints its arguments as lines, fail N
# passes its input on and ends with N.
script() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/x.sh" <<-END
		#!/usr/bin/env bash
		# x: a script of this test.
		# usage: x.sh --api URL
		# SPDX-License-Identifier: MIT
		. "$ROOT/share/sh/vx.sh"
		VX_DEFAULT_DATA=$BATS_TEST_TMPDIR
		emit() { shift 2; printf '%s\\n' "\$@"; }
		fail() { shift 2; cat; return "\$1"; }
		vx_find_tools() { :; }
		vx-upload() { cat; return "\${UPLOAD:-0}"; }
		vx-post() { cat >/dev/null; return "\${POST:-0}"; }
		vx_begin "\$@"
		$1
		vx_end
	END
	run3 env TMPDIR="$BATS_TEST_TMPDIR/bin" bash "$BATS_TEST_TMPDIR/bin/x.sh" "${@:2}"
}

@test "vx.sh: usage" {
	script ''
	expect 64
	same "$err" 'x: which deployment? --api URL; see --help'
	script '' --api http://x --data "$BATS_TEST_TMPDIR/none"
	expect 74
	same "$err" "x: $BATS_TEST_TMPDIR/none: no such folder"
	script '' --what
	expect 64
	same "$err" 'x: what is --what?; see --help'
	script '' --api
	expect 64
	same "$err" 'x: --api needs a value; see --help'
	script '' --help
	expect 0
	has "$out" 'x: a script of this test.'
	has "$out" '--expect-unchanged'
	has "$out" "where the source dataset lies (default: $BATS_TEST_TMPDIR)"
	case $out in *SPDX*) return 1 ;; esac
	script 'echo "$API $DATA $STORE"' --api=http://x --store=file:///s
	expect 0
	has "$out" "http://x $BATS_TEST_TMPDIR file:///s"
	# A stage that no option leads to the deployment must not find it in the environment.
	VX_API=http://env VX_STORE=file:///env script 'echo "$API $STORE ${VX_API-} ${VX_STORE-}."; env | grep "^VX_" || :'
	expect 0
	same "$(head -n 2 <<<"$out" | paste -sd ,)" 'http://env file:///env  .,x:'
}

@test "vx.sh: the worst status of all stages wins, also from the middle of a pipe; nothing is left behind" {
	script 'run emit 1 2 | run fail 1 | cat >/dev/null; echo went on' --api x
	expect 1
	has "$out" 'went on'
	script 'run emit 1 2 | run fail 75 | run fail 1 | cat >/dev/null; echo went on' --api x
	expect 75
	case $out in *'went on'*) return 1 ;; esac
	has "$err" 'stopped with status 75 (fail 75'
	# What a stage says of a reader that has gone is not the cause; but it is when nobody went.
	POST=75 UPLOAD=74 script 'STORE=file:///s; run emit 1 | upload | post' --api x
	expect 75
	UPLOAD=74 script 'STORE=file:///s; run emit 1 | upload | post' --api x
	expect 74
	yes "{}" | head -n 100000 >"$BATS_TEST_TMPDIR/many"
	script "map . <$BATS_TEST_TMPDIR/many | head -n 1 | run fail 75" --api x
	expect 75
	has "$err" 'stopped with status 75 (fail 75)'
	script 'run emit 1 | run fail 0 | cat >/dev/null' --api x
	expect 0
	script 'map "." -n --broken-option' --api x
	expect 65
	same "$(ls "$BATS_TEST_TMPDIR/bin")" x.sh
}

@test "vx.sh: what is missing or cannot be written is said before anything is done" {
	mkdir -p "$BATS_TEST_TMPDIR/bare"
	for tool in bash env awk basename dirname mktemp rm mkdir find sort cat paste; do
		ln -s "$(command -v "$tool")" "$BATS_TEST_TMPDIR/bare"
	done
	run3 env PATH="$BATS_TEST_TMPDIR/bare" bash "$ROOT/share/datasets/demo.sh" --api http://127.0.0.1:9 --data "$BATS_TEST_TMPDIR"
	expect 69
	same "$err" 'demo: jq is not installed (make deps)'
	run3 env TMPDIR="$BATS_TEST_TMPDIR/none" bash "$ROOT/share/datasets/demo.sh" --api http://127.0.0.1:9 --data "$BATS_TEST_TMPDIR"
	expect 74
	for file in rejects results findings; do
		script 'echo ran' --api x "--$file" "$BATS_TEST_TMPDIR/none/f"
		expect 74
		same "$out$err" "x: $BATS_TEST_TMPDIR/none/f: cannot be written"
	done
	UPLOAD=64 script 'echo ran' --api x --store s3://
	expect 64
	same "$out" ''
	same "$(ls "$BATS_TEST_TMPDIR/bin")" x.sh
	[ "$(id -u)" -ne 0 ] || command -v setpriv >/dev/null || skip 'no setpriv'
	closed=$(mktemp -d) # the test's own folder is closed to others
	chmod 000 "$closed"
	as=()
	[ "$(id -u)" -ne 0 ] || as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	"${as[@]}" test -r "$ROOT/share/sh/vx.sh" || { rmdir "$closed"; skip 'another user cannot read the source tree'; }
	run3 "${as[@]}" bash "$ROOT/share/datasets/demo.sh" --api http://127.0.0.1:9 --data "$closed"
	rmdir "$closed"
	expect 74
	same "$err" "demo: $closed: cannot be read"
}

@test "vx.sh: an environment without HOME, with CDPATH; the folder of the data is named in messages only where it leads" {
	run3 env -u HOME "$ROOT/share/datasets/picai.sh" --help
	expect 0
	mkdir -p "$BATS_TEST_TMPDIR/else/d" "$BATS_TEST_TMPDIR/d"
	cd "$BATS_TEST_TMPDIR"
	CDPATH=$BATS_TEST_TMPDIR/else script 'echo "$DATA"' --api x --data d
	expect 0
	same "$(head -n 1 <<<"$out")" "$BATS_TEST_TMPDIR/d"
	script 'jq -nc --arg d "$DATA" "{tool: \"t\", reason: \"file://\(\$d)/b is there\", record: {_source: {file: \"\(\$d)/a\"}}}" >"$VX_TMP/rejects/x"' \
		--api x
	has "$out" "    a: file://$BATS_TEST_TMPDIR/b is there [t]"
}

@test "vx.sh: its folder goes whatever ends it: a reader that went away, a second Ctrl-C, a full disk" {
	script 'for i in $(seq 2000); do say "$i"; done; sleep 0.2; say late' --api x # makes x.sh
	env TMPDIR="$BATS_TEST_TMPDIR/bin" bash "$BATS_TEST_TMPDIR/bin/x.sh" --api x 2>&1 | head -n 1 >/dev/null || true
	same "$(ls "$BATS_TEST_TMPDIR/bin")" x.sh
	script 'vx_summary() { kill -INT $$; sleep 0.1; }; kill -INT $$; sleep 1' --api x
	expect 130
	same "$(ls "$BATS_TEST_TMPDIR/bin")" x.sh
	# Where its own notes cannot be written, no 1 may say that it went through.
	script 'rm "$VX_TMP/statuses"; mkdir "$VX_TMP/statuses"; run emit 1 | cat >/dev/null; echo went on' --api x
	expect 74
	case $out in *'went on'*) return 1 ;; esac
	has "$err" 'cannot be written'
	script 'run emit 1 | tee "$VX_TMP/none/volumes" | cat >/dev/null; echo went on' --api x
	expect 74
	script 'run emit "{\"_reject\":{}}" | { awk() { cat >/dev/null; return 2; }; vx_divert; } >/dev/null; echo went on' --api x
	expect 74
	same "$(ls "$BATS_TEST_TMPDIR/bin")" x.sh
}

@test "vx.sh: map diverts what attempt refused, with file, row, field, value and reason" {
	script 'run emit "{\"v\":\"1\",\"_source\":{\"file\":\"t.csv\",\"row\":2}}" \
		"{\"v\":\"x\",\"_source\":{\"file\":\"t.csv\",\"row\":3}}" | map ".v |= number(\"v\")" >&2' \
		--api x --rejects "$BATS_TEST_TMPDIR/r"
	expect 1
	has "$err" '{"v":1,"_source":{"file":"t.csv","row":2}}'
	has "$err" 'x: t.csv:3: v: "x": no number'
	has "$out" 't.csv:3: v: "x": no number [x]'
	same "$(jq -c . "$BATS_TEST_TMPDIR/r")" \
		'{"tool":"x","field":"v","value":"x","reason":"no number","record":{"v":"x","_source":{"file":"t.csv","row":3}}}'
}
