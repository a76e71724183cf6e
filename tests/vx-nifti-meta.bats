#!/usr/bin/env bats
# vx-nifti-meta: headers, sidecars, labels; against nibabel where it is installed.
load nifti

@test "nifti-meta: the whole of a volume" {
	meta '{"identifier":"volume/a","path_nii":"good/big-u16.nii.gz","note":1}'
	expect 0
	same "$err" ""
	same "$out" '{"identifier":"volume/a","path_nii":"good/big-u16.nii.gz","note":1,"shape":[10,6,4],"spacing":[0.5,0.5,3],"orientation":"LPS","affine":[[-0.5,0,0,10],[0,-0.5,0,20],[0,0,3,-30],[0,0,0,1]],"datatype":"uint16","_nifti":{"format":"nifti1","version":1,"files":"single","gzip":true,"byte_order":"big","datatype":"uint16","datatype_code":512,"bits":16,"vox_offset":352,"units":["mm","s"],"scl":{"slope":0,"inter":0,"effective_slope":1,"effective_inter":0},"intent":{"code":0},"qform":{"code":0},"sform":{"code":1,"affine":[[-0.5,0,0,10],[0,-0.5,0,20],[0,0,3,-30],[0,0,0,1]]},"affine_from":"sform","orientation":"LPS","extensions":[]}}'
}

@test "nifti-meta: of a voxel map only what is its own" {
	meta '{"identifier":"voxelmap/a","path_nii":"good/u8.nii.gz","labels":{"0":"background","1":"a","3":"b"}}' --labels
	expect 0
	same "$(jq -c 'del(._nifti) | keys_unsorted' <<<"$out")" \
		'["identifier","path_nii","labels","shape","spacing","affine","label_counts"]'
	same "$(jq -c .label_counts <<<"$out")" '{"0":192,"1":24,"3":24}'
	same "$(jq -r '._nifti.datatype + ._nifti.orientation' <<<"$out")" uint8LPS
}

@test "nifti-meta: sound files of every kind come out, with the same values" {
	records good long >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta --labels "$BATS_TEST_TMPDIR/in"
	expect 0
	has "$err" "29 records in, 29 out, 0 rejected"
	same "$(grep -c warning <<<"$err")" 0
	same "$(jq -c '._nifti.label_counts' <<<"$out" | sort | uniq -c | sed 's/^ *//')" "$(printf '%s\n' \
		'1 {"-1":192,"1":24,"5":24}' '1 {"0":1000000}' '26 {"0":192,"1":24,"3":24}' '1 {"0":28,"1":4,"3":3}')"
	same "$(jq -c 'select(.path_nii == "good/micron.nii.gz") | [.spacing, ._nifti.units]' <<<"$out")" \
		'[[0.5,0.5,3,2.5],["um","ms"]]'
	same "$(jq -c 'select(.path_nii == "good/extension.nii.gz") | ._nifti.extensions' <<<"$out")" '[{"code":6,"name":"comment","size":32}]'
	same "$(jq -c 'select(.path_nii == "good/slope-nan.nii.gz") | ._nifti.scl' <<<"$out")" \
		'{"slope":null,"inter":null,"effective_slope":1,"effective_inter":0}'
	same "$(jq -c 'select(.path_nii == "good/nifti2-6d.nii") | [.shape, ._nifti.version]' <<<"$out")" '[[1,1,1,1,5,7],2]'
	same "$(jq -r 'select(.path_nii == "good/q-only-zero-srow.nii.gz") | ._nifti.affine_from' <<<"$out")" qform
	same "$(jq -r 'select(.path_nii == "good/no-form.nii.gz") | ._nifti.affine_from' <<<"$out")" spacing
	same "$(jq -r 'select(.path_nii == "good/pair.hdr") | ._nifti.files' <<<"$out")" pair
	same "$(jq -r 'select(.path_nii == "good/analyze.hdr") | ._nifti.format' <<<"$out")" analyze
}

@test "nifti-meta: odd files come out with a warning each" {
	records odd >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(grep -v 'records in' <<<"$err" | sed 's/^vx-nifti-meta: odd.//')" "$(printf '%s\n' \
		'bitpix.nii.gz: warning: bitpix disagrees with the datatype: the datatype counts' \
		'gzip-named.nii: warning: gzip although its name does not end in .gz: inflated' \
		'plain-named.nii.gz: warning: not gzip although its name ends in .gz: read as it is' \
		'q-far-from-s.nii.gz: warning: qform and sform are more than half a voxel apart: the sform counts' \
		'sform-nan.nii.gz: warning: the sform holds no usable numbers: affine and orientation are left out' \
		'singular.nii.gz: warning: the affine is singular: orientation is left out' \
		"unknown-datatype.nii.gz: warning: the datatype code is none of NIfTI's: datatype is left out" \
		'zero-pixdim.nii.gz: warning: a spacing in pixdim is 0 or no number: read as 1' \
		'zero-pixdim.nii.gz: warning: a spacing in pixdim is negative: read without its sign')"
	same "$(jq -c 'select(.path_nii == "odd/sform-nan.nii.gz") | [has("affine"), has("orientation")]' <<<"$out")" '[false,false]'
	same "$(jq -c 'select(.path_nii == "odd/unknown-datatype.nii.gz") | has("datatype")' <<<"$out")" false
}

@test "nifti-meta: broken files are rejected, each with its reason, and nothing else is" {
	{ records bad; echo '{"path_nii":"good/u8.nii.gz"}'; } >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta --rejects "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/in"
	expect 1
	same "$(jq -r .path_nii <<<"$out")" "$(printf '%s\n' bad/crc.nii.gz good/u8.nii.gz)"
	same "$(grep -v 'records in' <<<"$err" |
		sed 's/^vx-nifti-meta: bad.//; /\.gz/s/truncated: [0-9]* of \(352\|832\)/truncated: N of \1/; s/near byte [0-9]*/near byte N/')" "$(printf '%s\n' \
		'0-bytes.nii.gz: empty: 0 bytes' \
		'1-byte.nii.gz: truncated: N of 352 header bytes' \
		'2-bytes.nii.gz: truncated: N of 352 header bytes' \
		'analyze-named.nii: magic: neither "n+1" nor "ni1": an Analyze header would be named .hdr' \
		'as-text.nii: magic: the NIfTI-2 magic is damaged: was the file transferred as text?' \
		'cut-end.nii.gz: truncated: the gzip stream ends before its end mark' \
		'cut-header.nii.gz: truncated: N of 352 header bytes' \
		'cut-voxels.nii.gz: truncated: N of 832 bytes once inflated' \
		'header-214.nii: truncated: 214 of 352 header bytes' \
		'header-only.nii: truncated: 352 of 592 bytes' \
		'newlines.nii.gz: no NIfTI header: it begins with "\x0a\x0a\x0a\x0a\x0a\x0a\x0a\x0a"' \
		'noise.nii.gz: damaged gzip stream near byte N: invalid block type' \
		'offset-beyond.nii: truncated: 592 of 100240 bytes' \
		'page.nii.gz: no NIfTI header: it begins with "<!DOCTYP"' \
		'promise.nii.gz: truncated: 60 gzip bytes cannot hold the 1000000352 bytes promised' \
		'rank-0.nii: dim: dim[0] is 0: the number of axes must be 1 to 7' \
		'rank-9.nii: dim: dim[0] is 9: the number of axes must be 1 to 7' \
		'voxels-cut.nii: truncated: 500 of 592 bytes' \
		'zero-axis.nii: dim: dim[2] is 0: there is no voxel')"
	same "$(jq -s -c '[length, .[0].record.path_nii, .[15].field]' "$BATS_TEST_TMPDIR/rejects")" '[19,"bad/0-bytes.nii.gz","dim"]'
}

@test "nifti-meta: --check and --labels read to the CRC, --header-only not behind the header" {
	meta '{"path_nii":"bad/crc.nii.gz"}' --check
	expect 1
	has "$err" "incorrect data check"
	meta '{"path_nii":"bad/crc.nii.gz"}' --labels
	expect 1
	meta '{"path_nii":"good/members.nii.gz"}' --check
	expect 0
	meta '{"path_nii":"bad/cut-voxels.nii.gz"}' --check
	expect 1
	has "$err" " of 832 bytes once inflated"
	meta '{"path_nii":"bad/cut-voxels.nii.gz"}' --header-only
	expect 0
	meta '{"path_nii":"good/u8.nii.gz"}' --header-only --check
	expect 64
}

@test "nifti-meta: what is not a file to read is said" {
	mkdir -p "$BATS_TEST_TMPDIR/folder.nii"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/folder.nii\"}"
	expect 1
	has "$err" "Is a directory"
	mkfifo "$BATS_TEST_TMPDIR/fifo.nii"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/fifo.nii\"}"
	expect 1
	has "$err" "not a regular file"
	meta '{"path_nii":"good/none.nii.gz"}'
	expect 1
	has "$err" "good/none.nii.gz: cannot be opened: No such file or directory"
	printf 'x' >"$BATS_TEST_TMPDIR/closed.nii"
	chmod 000 "$BATS_TEST_TMPDIR/closed.nii"
	[ "$(id -u)" -ne 0 ] || skip "root reads everything"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/closed.nii\"}"
	expect 1
	has "$err" "Permission denied"
}

@test "nifti-meta: free text of the header stays, unless asked for" {
	meta '{"path_nii":"good/free-text.nii.gz"}'
	expect 0
	case $out in *Mustermann*) false ;; esac
	meta '{"path_nii":"good/free-text.nii.gz"}' --text
	same "$(jq -c ._nifti.text <<<"$out")" '{}'
	has "$err" "warning: text of the header that may be personal is left out of _nifti.text (--phi=warn keeps it)"
	meta '{"path_nii":"good/free-text.nii.gz"}' --text --phi=warn
	same "$(jq -c ._nifti.text <<<"$out")" \
		'{"descrip":"Mustermann Müller","aux_file":"Mustermann Müller","intent_name":"Mustermann Mülle"}'
	meta '{"path_nii":"good/extension.nii.gz"}' --text --phi=warn
	case $out in *Mustermann*) false ;; esac
}

@test "nifti-meta: a sidecar fills in what the list allows and nothing else" {
	meta '{"identifier":"volume/a","path_nii":"side/whole.nii.gz","path_json":"side/whole.json"}'
	expect 0
	same "$err" ""
	case $out in *Muster* | *1950*) false ;; esac
	same "$(jq -c 'del(._nifti, .identifier, .path_nii, .path_json, .shape, .spacing, .orientation, .affine, .datatype)' <<<"$out")" \
		'{"volume_type":"T2","series_description":"t2_tse_tra","protocol_name":"t2","series_number":5,"series_instance_uid":"1.2.3.4","study_instance_uid":"1.2.3","image_type":["ORIGINAL","PRIMARY"],"manufacturer":"Siemens","model_name":"Skyra","software_versions":"syngo MR E11","magnetic_field_strength":3,"sequence_name":"_tse2d1_15","echo_time":0.101,"repetition_time":5.66,"inversion_time":0.2,"flip_angle":160,"slice_thickness":3,"acquisition_datetime":"2019-03-14T10:23:45.250000"}'
	meta '{"identifier":"voxelmap/a","path_nii":"side/whole.nii.gz","path_json":"side/whole.json"}'
	same "$(jq -c 'has("echo_time")' <<<"$out")" false
}

@test "nifti-meta: where the sidecar is looked for" {
	# beside the image when nobody has looked yet; where vx-scan has: only what it found
	meta '{"path_nii":"side/tabs.nii.gz"}'
	same "$(jq .echo_time <<<"$out")" 0.1
	meta '{"path_nii":"side/tabs.nii.gz","_file":{"rel":"x"}}'
	same "$(jq .echo_time <<<"$out")" null
	meta '{"path_nii":"side/tabs.nii.gz","_file":{"rel":"x","sidecars":{"json":"side/whole.json"}}}'
	same "$(jq .echo_time <<<"$out")" 0.101
	meta '{"path_nii":"side/tabs.nii.gz","path_json":"s3://bucket/a.json"}'
	expect 0
	has "$err" "path_json is not on this machine: the sidecar was not read"
	meta '{"path_nii":"side/tabs.nii.gz","path_json":"side/none.json"}'
	expect 1
	has "$err" "path_json: side/none.json: cannot open: No such file or directory"
}

@test "nifti-meta: b-values" {
	meta '{"path_nii":"side/bvals.nii.gz"}'
	same "$(jq -c '[.b_value, .b_values]' <<<"$out")" '[null,[0,50,800]]'
	meta '{"path_nii":"side/one-b.nii.gz"}'
	same "$(jq -c '[.b_value, .b_values]' <<<"$out")" '[800,null]'
	meta '{"path_nii":"side/b-count.nii.gz"}'
	expect 0
	has "$err" ".bval has another number of values than the image has volumes: left out"
	same "$(jq -c '[.b_value, .b_values]' <<<"$out")" '[null,null]'
	meta '{"path_nii":"side/b-word.nii.gz"}'
	expect 1
	has "$err" "side/b-word.nii.gz: b_value: side/b-word.bval: number 2 is no b-value"
}

@test "nifti-meta: sidecars that are broken, and how to go on without them" {
	records side >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta "$BATS_TEST_TMPDIR/in"
	expect 1
	has "$err" "13 records in, 8 out, 5 rejected"
	has "$err" "side/array.nii.gz: path_json: side/array.json: a JSON array, not an object"
	has "$err" "side/empty.nii.gz: path_json: side/empty.json: empty: 0 bytes"
	has "$err" "side/half.nii.gz: path_json: side/half.json: not JSON"
	has "$err" 'side/twice.nii.gz: path_json: side/twice.json: not JSON: duplicate key "EchoTime"'
	has "$err" "side/latin1.nii.gz: warning: the sidecar is not UTF-8: read as Latin-1"
	same "$(jq -r 'select(.path_nii == "side/latin1.nii.gz") | .series_description' <<<"$out")" Prüfung
	run3 vx-nifti-meta --skip-bad-sidecars "$BATS_TEST_TMPDIR/in"
	expect 0
	has "$err" "warning: path_json: sidecar left out: empty: 0 bytes"
}

@test "nifti-meta: a FIFO or a device in the place of a sidecar is told, not waited for" {
	mkfifo "$BATS_TEST_TMPDIR/pipe.json" "$BATS_TEST_TMPDIR/pipe.bval"
	cp side/whole.nii.gz "$BATS_TEST_TMPDIR/pipe.nii.gz"
	printf '{"path_nii":"%s/pipe.nii.gz","_file":{"sidecars":{"%s":"%s/pipe.%s"}}}\n' \
		"$BATS_TEST_TMPDIR" json "$BATS_TEST_TMPDIR" json "$BATS_TEST_TMPDIR" bval "$BATS_TEST_TMPDIR" bval \
		>"$BATS_TEST_TMPDIR/in"
	echo '{"path_nii":"side/whole.nii.gz","path_json":"/dev/zero"}' >>"$BATS_TEST_TMPDIR/in"
	run3 timeout 10 vx-nifti-meta "$BATS_TEST_TMPDIR/in"
	expect 1
	has "$err" "path_json: $BATS_TEST_TMPDIR/pipe.json: not a regular file"
	has "$err" "pipe.bval: not a regular file"
	has "$err" "path_json: /dev/zero: not a regular file"
	has "$err" "3 records in, 0 out, 3 rejected"
}

@test "nifti-meta: a value of the wrong type or unit is left out with a warning" {
	meta '{"path_nii":"side/types.nii.gz"}'
	expect 0
	for key in 'EchoTime (a JSON string) is no number' 'SeriesNumber (a JSON number) is no integer' \
		'SeriesInstanceUID (a JSON string) is no uid' 'ImageType (a JSON array) is no list' \
		'Manufacturer (a JSON integer) is no text' 'AcquisitionDateTime (a JSON string) is no datetime' \
		'FlipAngle (a JSON array) is no number'; do
		has "$err" "warning: sidecar: $key: left out"
	done
	same "$(jq -c '[.slice_thickness, .echo_time, .protocol_name, .sequence_name]' <<<"$out")" '[3,null,null,null]'
}

@test "nifti-meta: times in ms and fields in gauss, where the sidecar shows that they are" {
	cd "$BATS_TEST_TMPDIR"
	cp "$ODD/side/whole.nii.gz" a.nii.gz
	units_are() { # SIDECAR [echo, repetition, inversion, field] WARNINGS
		echo "$1" >a.json
		meta '{"path_nii":"a.nii.gz"}'
		expect 0
		same "$(jq -c '[.echo_time, .repetition_time, .inversion_time, .magnetic_field_strength]' <<<"$out")" "$2"
		same "$(grep -o 'sidecar: .*' <<<"$err" | paste -sd'|')" "$3"
	}
	units_are '{"EchoTime":101,"RepetitionTime":5660,"InversionTime":200,"MagneticFieldStrength":15000}' '[0.101,5.66,0.2,1.5]' \
		"sidecar: EchoTime is taken to be in ms|sidecar: RepetitionTime is taken to be in ms|sidecar: InversionTime is taken to be in ms|sidecar: MagneticFieldStrength is taken to be in G"
	units_are '{"EchoTime":0.101,"RepetitionTime":5.66,"MagneticFieldStrength":3}' '[0.101,5.66,null,3]' ''
	# numbers that fit both: the other tells, or the keys of a dump of DICOM
	units_are '{"EchoTime":104,"RepetitionTime":60}' '[0.104,60,null,null]' 'sidecar: EchoTime is taken to be in ms'
	units_are '{"EchoTime":23,"RepetitionTime":60}' '[0.023,0.06,null,null]' \
		'sidecar: EchoTime is taken to be in ms|sidecar: RepetitionTime is taken to be in ms'
	units_are '{"EchoTime":1.53,"RepetitionTime":4.2}' '[1.53,4.2,null,null]' ''
	units_are '{"EchoTime":1.53,"RepetitionTime":4.2,"SOPInstanceUID":"1.2"}' '[0.00153,0.0042,null,null]' \
		'sidecar: EchoTime is taken to be in ms|sidecar: RepetitionTime is taken to be in ms'
	# one in ms, the other in s
	units_are '{"EchoTime":0.101,"RepetitionTime":5660}' '[0.101,5.66,null,null]' 'sidecar: RepetitionTime is taken to be in ms'
	units_are '{"EchoTime":101,"RepetitionTime":5.66}' '[0.101,5.66,null,null]' 'sidecar: EchoTime is taken to be in ms'
	# dcm2niix writes seconds: what is too large then is wrong
	units_are '{"EchoTime":101,"RepetitionTime":5.66,"ConversionSoftware":"dcm2niix"}' '[null,5.66,null,null]' \
		'sidecar: EchoTime is out of range for echo_time: left out'
	units_are '{"EchoTime":2000000}' '[null,null,null,null]' 'sidecar: EchoTime is out of range for echo_time: left out'
	# dcm2niix: the time that a volume takes, and DICOM's own
	units_are '{"RepetitionTime":1.0125,"RepetitionTimeExcitation":2.7}' '[null,2.7,null,null]' ''
}

@test "nifti-meta: UIDs and accession numbers are text, whatever the sidecar has" {
	cd "$BATS_TEST_TMPDIR"
	cp "$ODD/side/whole.nii.gz" a.nii.gz
	echo '{"fields":[{"key":"AccessionNumber","field":"_accession_number","type":"id"},
		{"key":"StudyInstanceUID","field":"study_instance_uid","type":"uid"}]}' >list.json
	for number in 2037145102504919 '"2037145102504919"' 203714510250491920371451; do
		echo "{\"AccessionNumber\":$number,\"StudyInstanceUID\":\"1.20.300\"}" >a.json
		meta '{"path_nii":"a.nii.gz"}' --allow list.json
		same "$(jq -c '[._accession_number, .study_instance_uid]' <<<"$out")" "[\"$(tr -d '"' <<<"$number")\",\"1.20.300\"]"
		# not unless it is asked for
		meta '{"path_nii":"a.nii.gz"}'
		case $out in *203714*) false ;; esac
	done
	echo '{"AccessionNumber":1.5,"StudyInstanceUID":1.2}' >a.json
	meta '{"path_nii":"a.nii.gz"}' --allow list.json
	has "$err" 'sidecar: AccessionNumber (a JSON number) is no id: left out'
	has "$err" 'sidecar: StudyInstanceUID (a JSON number) is no uid: left out'
}

@test "nifti-meta: volume_type by the rules; what the record says goes before; maps have no b-value" {
	cd "$BATS_TEST_TMPDIR"
	cp "$ODD/side/whole.nii.gz" a.nii.gz
	echo '800 800 800' >a.bval
	echo '{"ImageType":["DERIVED","PRIMARY","DIFFUSION","TRACEW"],"SeriesDescription":"ep2d_diff","DiffusionBValue":800}' >a.json
	kind() { jq -c '[.volume_type, .b_value, ._nifti.volume_type_rule]' <<<"$out"; }
	meta '{"path_nii":"a.nii.gz"}'
	same "$(kind)" '["DWI",800,null]'
	echo '{"ImageType":["DERIVED","PRIMARY","DIFFUSION","ADC"],"SeriesDescription":"ep2d_diff","DiffusionBValue":800}' >a.json
	meta '{"path_nii":"a.nii.gz"}' --explain
	same "$(kind)" '["ADC",null,{"rule":"adc-image-type","volume_type":"ADC"}]'
	meta '{"path_nii":"a.nii.gz","volume_type":"DWI"}'
	expect 0
	same "$(kind)" '["DWI",800,null]'
	has "$err" "volume_type: the file says otherwise; the record's value stays"
	meta '{"path_nii":"a.nii.gz","volume_type":null,"image_type":["LOCALIZER"]}'
	same "$(kind)" '["LOCALIZER",800,null]'
	# the record's own words are evidence too, also without a sidecar
	rm a.json a.bval
	meta '{"path_nii":"a.nii.gz","series_description":"t2_tse_tra"}'
	same "$(kind)" '["T2",null,null]'
	meta '{"identifier":"voxelmap/a","path_nii":"a.nii.gz","series_description":"t2_tse_tra"}' --explain
	same "$(kind)" '[null,null,null]'
}

@test "nifti-meta: where no rule holds there is no volume_type, and --explain names the nearest without a value" {
	cd "$BATS_TEST_TMPDIR"
	cp "$ODD/side/whole.nii.gz" a.nii.gz
	meta '{"path_nii":"a.nii.gz"}' --explain
	same "$(jq -c '[.volume_type, ._nifti.volume_type_rule]' <<<"$out")" \
		'[null,{"rule":null,"nearest":null,"why":"nothing that a rule asks for is there"}]'
	echo '{"ScanningSequence":"SE","EchoTime":0.06,"RepetitionTime":4,"SeriesDescription":"Muster"}' >a.json
	meta '{"path_nii":"a.nii.gz"}' --explain
	same "$(jq -c '[.volume_type, ._nifti.volume_type_rule]' <<<"$out")" \
		'[null,{"rule":null,"nearest":"t2-spin-echo-times","why":"echo_time is less than 0.07"}]'
	cp "$BATS_TEST_TMPDIR/out" once
	run3 vx-nifti-meta -q --explain once
	cmp "$BATS_TEST_TMPDIR/out" once
}

@test "nifti-meta: other rules, and rules that are none" {
	cd "$BATS_TEST_TMPDIR"
	echo '{"rules":[{"rule":"four","type":"DCE","when":[{"field":"volumes","min":3}]}]}' >rules.json
	meta "{\"path_nii\":\"$ODD/side/tabs.nii.gz\"}" --type-rules rules.json
	same "$(jq -r .volume_type <<<"$out")" DCE
	echo '{"rules":[{"rule":"four","type":"DCE","when":[{"field":"volumes","least":3}]}]}' >rules.json
	meta '{}' --type-rules rules.json
	expect 65
	same "$err" 'vx-nifti-meta: rules.json: rule 1 (four): unknown member "least"'
	meta '{}' --type-rules none.json
	expect 74
}

@test "nifti-meta: the rules of the share folder name types that a volume may have" {
	run3 jq -rn --slurpfile r "$ROOT/share/volume-types.json" --slurpfile v "$ROOT/share/schema/volume.json" \
		'[$r[0].rules[].type] - $v[0].properties.volume_type.enum | .[]'
	expect 0
	same "$out" ''
}

@test "nifti-meta: .bvec is held against .bval and the image" {
	cd "$BATS_TEST_TMPDIR"
	cp "$ODD/side/whole.nii.gz" a.nii.gz
	bvec_is() { # BVAL BVEC [volumes, directions] WARNINGS
		printf '%b' "$1" >a.bval
		printf '%b' "$2" >a.bvec
		meta '{"path_nii":"a.nii.gz"}'
		expect 0
		same "$(jq -c '._nifti.bvec' <<<"$out")" "$3"
		same "$(grep -o 'warning: .*' <<<"$err" | cut -c10- | paste -sd'|')" "$4"
	}
	bvec_is '0 50 800\n' '0 1 0\n0 0 1\n0 0 0\n' '{"volumes":3,"directions":2}' ''
	bvec_is '0 50 800\n' '0 0 0\n0 0 0\n0 0 0\n' '{"volumes":3,"directions":0}' ''
	bvec_is '0 50 800\n' '0 1 0 1\n0 0 1 0\n0 0 0 0\n' '{"volumes":4,"directions":3}' \
		'.bvec has 4 directions, the image 3 volumes|.bvec has 4 directions, .bval 3 values'
	bvec_is '0 50 800\n' '0 2 0\n0 0 1\n0 0 0\n' '{"volumes":3,"directions":2}' \
		'.bvec: a direction is neither 0 nor of length 1 (the first is number 2)'
	rm a.bval
	meta '{"path_nii":"a.nii.gz"}'
	has "$err" ".bvec has no .bval beside it"
	printf '0 1 0\n0 0\n' >a.bvec
	meta '{"path_nii":"a.nii.gz"}'
	expect 1
	has "$err" "bvec: a.bvec: its lines hold 3 numbers and 2"
	meta '{"path_nii":"a.nii.gz"}' --skip-bad-sidecars
	expect 0
	has "$err" "warning: bvec: sidecar left out: its lines hold 3 numbers and 2"
}

@test "nifti-meta: ProstateX by dcm2niix: every series has its type, its b-values and its times" {
	needs_data prostatex
	command -v dcm2niix >/dev/null || skip "dcm2niix is not here"
	mkdir "$BATS_TEST_TMPDIR/px"
	dcm2niix -b y -ba n -z n -f %s -o "$BATS_TEST_TMPDIR/px" "$DATA/prostatex/ProstateX-0000" >/dev/null
	vx-scan -q "$BATS_TEST_TMPDIR/px" >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$err" ''
	same "$(jq -c '[.series_number, .volume_type, .b_value // .b_values, .echo_time, .repetition_time, .magnetic_field_strength]' <<<"$out")" \
'[3,"T2",null,0.101,5.59,3]
[4,"T2",null,0.104,5.66,3]
[5,"T2",null,0.101,4.32,3]
[6,"DWI",[50,400,800],0.063,2.7,3]
[7,"ADC",null,0.063,2.7,3]
[8,"DWI",1000,0.063,2.7,3]
[9,"PD",null,0.00153,0.8,3]'
	same "$(jq -r 'select(.series_number == 9) | .acquisition_datetime' <<<"$out")" 2011-07-07T12:04:04.077500
}

@test "nifti-meta: another list of keys, and lists that are none" {
	cd "$BATS_TEST_TMPDIR"
	echo '{"fields":[{"key":"RepetitionTime","field":"repetition_time","type":"number","scale":1000}]}' >list.json
	meta "{\"path_nii\":\"$ODD/side/whole.nii.gz\"}" --allow list.json
	same "$(jq -c '[.repetition_time, .echo_time]' <<<"$out")" '[5660,null]'
	echo '{"fields":[{"key":"A","field":"a","type":"word"}]}' >list.json
	meta '{}' --allow list.json
	expect 65
	same "$err" 'vx-nifti-meta: list.json: A: unknown type "word"'
	echo '{"fields":[{"key":"A","field":"a","type":"text","colour":1}]}' >list.json
	meta '{}' --allow list.json
	expect 65
	has "$err" 'unknown member "colour"'
	meta '{}' --allow none.json
	expect 74
}

@test "nifti-meta: what the record says already stays" {
	meta '{"path_nii":"good/u8.nii.gz","shape":[10,6,4],"spacing":[0.50000001,0.5,3.0],"affine":null,"datatype":"int8","_nifti":7}'
	expect 0
	same "$(grep -c warning <<<"$err")" 1
	has "$err" "datatype: the file says otherwise; the record's value stays"
	same "$(jq -c '[.shape, .datatype, .affine[0], ._nifti.bits]' <<<"$out")" '[[10,6,4],"int8",[-0.5,0,0,10],8]'
	same "$(jq -c '.spacing' <<<"$out")" "$(jq -n -c '[0.50000001,0.5,3.0]')"
}

@test "nifti-meta: twice is once" {
	records good >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q "$BATS_TEST_TMPDIR/in"
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/once"
	run3 vx-nifti-meta -q "$BATS_TEST_TMPDIR/once"
	expect 0
	cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/once"
}

@test "nifti-meta: -j 1 is -j 8, whole is its halves" {
	for i in 1 2 3 4 5 6; do records good odd bad side; done >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q -j 1 --labels "$BATS_TEST_TMPDIR/in"
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/one"
	run3 vx-nifti-meta -q -j 8 --labels "$BATS_TEST_TMPDIR/in"
	expect 1
	cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/one"
	{ head -n 100 "$BATS_TEST_TMPDIR/in" | vx-nifti-meta -q --labels
		tail -n +101 "$BATS_TEST_TMPDIR/in" | vx-nifti-meta -q --labels; } >"$BATS_TEST_TMPDIR/halves" 2>/dev/null || true
	cmp "$BATS_TEST_TMPDIR/halves" "$BATS_TEST_TMPDIR/one"
}

@test "nifti-meta: records that are none of its business pass as they are" {
	printf '%s\n' '{"identifier":"study/a", "path_nii":1}' '{"a":"b"}' '{"identifier":"volume/a","path_nii":"s3://b/a","shape":[1]}' \
		>"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta "$BATS_TEST_TMPDIR/in"
	expect 0
	cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/in"
	has "$err" "3 records in, 3 out, 0 rejected, 3 passed on as they were"
	meta '{"identifier":"volume/a"}'
	expect 1
	same "$err" "vx-nifti-meta: volume/a: path_nii: missing"
	meta '{"identifier":"voxelmap/a","path_nii":null}'
	expect 1
	for path in 7 '""' '"good/u8.nii.gz\u0000x"'; do
		meta "{\"identifier\":\"volume/a\",\"path_nii\":$path}"
		expect 1
		has "$err" "path_nii: not a path"
	done
	meta '{"identifier":"volume/a","path_nii":"s3://b/a.nii.gz"}'
	expect 1
	has "$err" "path_nii: not on this machine: vx-nifti-meta goes before vx-upload"
}

@test "nifti-meta: file URLs, and names that are not UTF-8" {
	meta "{\"path_nii\":\"file://$ODD/good/a%20b%3Dc,d; README - Copy.nii.gz\"}"
	expect 0
	same "$(jq -c .shape <<<"$out")" '[10,6,4]'
	cp side/tabs.nii.gz "$BATS_TEST_TMPDIR/$(printf 't\374.nii.gz')"
	cp side/tabs.json "$BATS_TEST_TMPDIR/$(printf 't\374.json')"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/t�.nii.gz\",\"_file\":{\"path_raw\":\"$BATS_TEST_TMPDIR/t%FC.nii.gz\",\"sidecars\":{\"json\":\"$BATS_TEST_TMPDIR/t�.json\"}}}"
	expect 0
	same "$(jq .echo_time <<<"$out")" 0.1
}

@test "nifti-meta: --labels holds the file against the record's labels" {
	meta '{"identifier":"voxelmap/a","path_nii":"good/u8.nii.gz","labels":{"0":"background","3":"x"}}' --labels
	expect 1
	same "$err" "vx-nifti-meta: good/u8.nii.gz: labels: no label for 1 (24 voxels), which the file holds"
	meta '{"identifier":"voxelmap/a","path_nii":"odd/rgb.nii"}' --labels
	expect 1
	has "$err" "datatype: rgb24 voxels hold no labels"
	meta '{"identifier":"volume/a","path_nii":"odd/rgb.nii"}' --labels
	expect 0
	has "$err" "labels not counted: rgb24 voxels hold no labels"
	meta '{"identifier":"voxelmap/a","path_nii":"good/u8.nii.gz","label_counts":{"0":1}}' --labels
	expect 0
	has "$err" "label_counts: the file says otherwise; the record's value stays"
}

@test "nifti-meta: a header whose voxels are missing" {
	cp good/pair.hdr "$BATS_TEST_TMPDIR/alone.hdr"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/alone.hdr\"}"
	expect 0
	has "$err" "the voxels' file (.img) cannot be opened: No such file or directory: only the header was read"
	meta "{\"identifier\":\"voxelmap/a\",\"path_nii\":\"$BATS_TEST_TMPDIR/alone.hdr\"}" --labels
	expect 1
	head -c 100 good/pair.img >"$BATS_TEST_TMPDIR/alone.img"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/alone.img\"}"
	expect 1
	has "$err" "truncated: 100 of 480 bytes"
	gzip -c good/pair.img >"$BATS_TEST_TMPDIR/alone.img.gz"
	rm "$BATS_TEST_TMPDIR/alone.img"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/alone.hdr\"}" --labels
	expect 0
	same "$(jq -c ._nifti.label_counts <<<"$out")" '{"0":192,"1":24,"3":24}'
}

@test "nifti-meta: reads as nibabel does: files made for it" {
	python_with_nibabel
	records good odd/bitpix.nii.gz odd/q-far-from-s.nii.gz >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --labels --stats --voxel-hash "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$("$PYTHON" "$ROOT/tests/nifti_against_nibabel.py" --labels --facts <"$BATS_TEST_TMPDIR/out")" "30 compared"
}

@test "nifti-meta: reads as nibabel does: the test data of nibabel" {
	needs_data nifti
	python_with_nibabel
	records "$DATA/nifti" >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --stats --voxel-hash "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$("$PYTHON" "$ROOT/tests/nifti_against_nibabel.py" --facts <"$BATS_TEST_TMPDIR/out")" "5 compared"
}

@test "nifti-meta: reads as nibabel does: the headers of all PI-CAI masks" {
	needs_data picai
	python_with_nibabel
	records "$DATA/picai" >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --labels "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$("$PYTHON" "$ROOT/tests/nifti_against_nibabel.py" <"$BATS_TEST_TMPDIR/out")" "1092 compared"
	# The values of all of them take nibabel two minutes: one in fifty here, all with VX_TEST_ALL=1.
	awk -v all="${VX_TEST_ALL:-0}" 'all || NR % 50 == 1' "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/some"
	same "$("$PYTHON" "$ROOT/tests/nifti_against_nibabel.py" --labels <"$BATS_TEST_TMPDIR/some")" \
		"$(wc -l <"$BATS_TEST_TMPDIR/some") compared"
}
