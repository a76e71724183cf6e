# Nothing personal leaves: what was planted in the demo's sidecars is in no store, database, result or log afterwards.
load helper

teardown() { stop_serve; }

# What vx-demo-dataset plants: names, hospital, its address, dates of birth, serial numbers (not
# those digits in a hash or a time), the keys of them.
planted='Mustermann|Musterstadt|Musterweg|PatientName|PatientBirthDate|PatientSex|Institution|DeviceSerialNumber|"?19(4[6-9]|5[0-8])-01-|(^|[^0-9a-f.])4711[0-9][0-9]([^0-9a-f]|$)'

# nothing_planted FILE-OR-FOLDER...: also inside gzip files.
nothing_planted() {
	local f
	run3 grep -rlaE "$planted" "$@"
	same "$out" ''
	find "$@" -type f -name '*.gz' | while read -r f; do
		if { gzip -dcf "$f" 2>/dev/null || :; } | grep -qaE "$planted"; then echo "$f"; fi
	done >"$BATS_TEST_TMPDIR/inside"
	same "$(cat "$BATS_TEST_TMPDIR/inside")" ''
	find "$@" | { ! grep -E "$planted"; }
}

# pipe RECORDS RESULTS: the five stages with sidecars and all; every stage talks as much as it can.
pipe() {
	vx-scan -v --pattern '{patient}/{study}/{name}.nii{z:(.gz)?}' data/images |
		vx-patient-map -v --api "$API" --datasource datasource/x \
			--id 'volume/{patient}/{study}/{name}' --parent 'study/{patient}/{study}' |
		vx-nifti-meta -v --skip-bad-sidecars | vx-upload -v --to "file://$PWD/store" --group volumes |
		tee "$1" | vx-post -v --api "$API" >"$2"
}

@test "the demo with its sidecars in the store: 35 cleaned copies, nothing of what was planted anywhere" {
	cd "$BATS_TEST_TMPDIR"
	vx-demo-dataset data
	cp -r data before
	# Every one of the words is there to be found.
	for word in Mustermann Musterstadt Musterweg PatientBirthDate '"1946-01-01"' 471101; do
		grep -rq "$word" data/images
	done
	start_serve -v
	echo '{"identifier":"datasource/x","shorthand":"DX"}' | vx-post -q --api "$API" >/dev/null
	pipe records.1 results.1 2>messages.1
	has "$(cat messages.1)" "sidecars: 35 cleaned, 7 kinds of keys left out"
	has "$(cat messages.1)" "left out of sidecars: DeviceSerialNumber, InstitutionAddress, InstitutionName, PatientBirthDate, PatientID, PatientName, PatientSex"
	curl -sf "$API/v1/export" >export
	pipe records.2 results.2 2>messages.2
	cmp records.1 records.2
	same "$(jq -r .status results.2 | sort -u)" unchanged
	# DEMO-008's sidecar is broken and stays; its image had gone ahead.
	same "$(find store -name '*.json' | wc -l) $(find store -name '*.nii*' | wc -l)" '35 36'
	jq -c 'del(._nifti.phi)' records.1 >records.bare
	nothing_planted store "$DB"* export records.bare results.1 results.2 serve.log
	# Messages and _nifti.phi name keys, never values.
	run3 grep -hE 'Muster|19[0-9][0-9]-01-|4711' messages.1 messages.2 records.1
	same "$out" ''
	diff -r data before
	# What is technical is still there.
	same "$(jq -c '[.EchoTime, .Manufacturer, .AcquisitionDateTime]' store/volumes/DX00001/2019-03-14/t2.json)" \
		'[0.101,"Siemens","2019-03-14T10:01:30.250000"]'
}

@test "killed while it uploads sidecars: no temporary file, in the store or elsewhere, holds what was planted" {
	cd "$BATS_TEST_TMPDIR"
	vx-demo-dataset data
	mkdir tmp
	vx-scan -q data/images >records
	for _ in 1 2 3 4 5 6; do
		TMPDIR=$PWD/tmp vx-upload -q --to "file://$PWD/store" records >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.0$((RANDOM % 5))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		[ ! -d store ] || nothing_planted store tmp
	done
	same "$(ls -A tmp)" ''
	run3 vx-upload -q --to "file://$PWD/store" records
	expect 1
	nothing_planted store
	same "$(find store -name '*.json' | wc -l)" 38
}

# What is planted by hand, a name and a date of birth; no folder or file that is kept is called so.
word='Mustermann|1946'

# le32 NUMBER: its four bytes.
le32() { printf '%b' "$(printf '\\x%02x' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)))"; }

# patch FILE OFFSET: writes stdin into FILE there.
patch() { dd of="$1" bs=1 seek="$2" conv=notrunc status=none; }

# behind FILE FLAG: puts stdin, filled up to 64 bytes, between header and voxels of the plain image FILE.
behind() {
	cat >part
	truncate -s 64 part
	{ head -c 348 "$1"; printf '%b\0\0\0' "$2"; cat part; tail -c +353 "$1"; } >longer
	mv longer "$1"
	printf '\0\0\xd0\x43' | patch "$1" 108 # vox_offset: 416 as float32
}

# extension CODE TEXT: one of 64 bytes.
extension() { le32 64; le32 "$1"; printf '%s' "$2"; }

# images FOLDER: a copy of one image for each place, named after what --phi-lint is to say; PLACE is free of the word.
images() {
	local n='Mustermann^Max' d='1946-03-12' p
	mkdir -p "$1"
	vx-demo-dataset demo
	gzip -dc demo/images/DEMO-001/2019-03-14/t2.nii.gz >plain.nii
	new() { p=$1/$2.nii; cp plain.nii "$p"; }
	new "$1" descrip=name && printf '%s\0' "$n" | patch "$p" 148
	new "$1" descrip=date && printf 'scan %s\0' "$d" | patch "$p" 148
	new "$1" descrip.rest=name && printf 'FSL5.0\0\0%s\0' "$n" | patch "$p" 148
	new "$1" aux_file=name && printf '%s\0' "$n" | patch "$p" 228
	new "$1" aux_file.rest=date && printf 'none\0%s\0' "$d" | patch "$p" 228
	new "$1" db_name=text && printf 'Mustermann\0' | patch "$p" 14
	new "$1" data_type=date && printf '%s' "$d" | patch "$p" 4
	new "$1" intent_name=name && printf '%s\0' "$n" | patch "$p" 328
	new "$1" extension.dicom=dicom && extension 2 "$n" | behind "$p" '\1'
	new "$1" extension.afni=birth && extension 4 "<a>$d</a>" | behind "$p" '\1'
	new "$1" extension.comment=text && extension 6 'Mustermann' | behind "$p" '\1'
	new "$1" extension.mrs.PatientName=name && extension 44 '{"PatientName":"Mustermann"}' | behind "$p" '\1'
	new "$1" extension.1234=name && extension 1234 "$n" | behind "$p" '\1'
	new "$1" gap=leftover && printf 'Mustermann' | behind "$p" '\0'
	cp plain.nii Mustermann_t2.nii
	gzip -c Mustermann_t2.nii >"$1/gzip.name=text.nii.gz"
	{ printf '\x1f\x8b\x08\x10\0\0\0\0\0\x03%s\0' "$d"; gzip -nc plain.nii | tail -c +11; } >"$1/gzip.comment=date.nii.gz"
	new "$1" sidecar.PatientName=name && echo "{\"PatientName\":\"$n\",\"EchoTime\":0.1}" >"${p%nii}json"
	new "$1" sidecar.PatientBirthDate=birth && echo "{\"patient_birth_date\":\"$d\"}" >"${p%nii}json"
	new "$1" sidecar.ImageComments=text && echo '{"ImageComments":"Mustermann"}' >"${p%nii}json"
	new "$1" sidecar.OperatorsName=staff && echo '{"OperatorsName":"Mustermann"}' >"${p%nii}json"
	new "$1" sidecar.SeriesDescription=name && echo "{\"SeriesDescription\":\"t2 $n\",\"EchoTime\":0.1}" >"${p%nii}json"
	new "$1" sidecar.ProtocolName=date && echo "{\"ProtocolName\":\"t2 $d\"}" >"${p%nii}json"
	new "$1" sidecar.ImageType=name && echo "{\"ImageType\":[\"ORIGINAL\",\"$n\"]}" >"${p%nii}json"
	new "$1" sidecar.\*=date && echo "{\"Mustermann\":\"$d\"}" >"${p%nii}json"
	rm -r demo plain.nii Mustermann_t2.nii part
}

# planted_in FILE-OR-FOLDER...: the files that hold the word, also inside gzip and in its names.
planted_in() {
	find "$@" -type f | sort | while read -r f; do
		if cat "$f" <(gzip -dcf <"$f" 2>/dev/null || :) | grep -qaE "$word"; then echo "$f"; fi
	done
}

@test "a name or a date of birth in any place of an image or its sidecar is found, named by place and kind alone" {
	cd "$BATS_TEST_TMPDIR"
	images planted
	cp -r planted before
	n=$(find planted -name '*.nii*' | wc -l)
	same "$(planted_in planted | sed 's/json$/nii/' | sort -u | wc -l)" "$n"
	vx-scan -q planted | jq -c 'del(.identifier)' >records
	run3 vx-nifti-meta --phi-lint records
	expect 1
	same "$(jq -r '"\(.path_nii | sub(".*/"; "") | sub(".nii(.gz)?$"; "")) \(.where)=\(.kind)"' <<<"$out" |
		awk '$1 == $2 { n++; next } { print } END { print n }')" "$n"
	has "$err" "vx-nifti-meta: $n records in, $n out, 0 rejected, $n findings"
	case $out$err in *Muster* | *1946*) false ;; esac
	# What is clean has none, and ends with 0.
	vx-demo-dataset clean
	find clean -name '*.json' -delete
	run3 vx-nifti-meta -q --phi-lint <(vx-scan -q clean/images/DEMO-001)
	expect 0
	same "$out$err" ''
	diff -r planted before
}

@test "strip: none of it becomes a field; warn: it does, and is said; reject: the record is" {
	cd "$BATS_TEST_TMPDIR"
	images planted
	n=$(find planted -name '*.nii*' | wc -l)
	vx-scan -q planted | jq -c 'del(.identifier)' >records
	run3 vx-nifti-meta --text records
	expect 0
	case $out$err in *Muster* | *1946*) false ;; esac
	same "$(jq -r '._nifti.phi | length' <<<"$out" | sort | uniq -c | sed 's/^ *//')" "$n 1"
	for key in SeriesDescription ProtocolName ImageType; do
		has "$err" "warning: $key of the sidecar may be personal: left out (--phi=warn keeps it)"
	done
	same "$(jq -c 'select(.path_nii | endswith("Description=name.nii")) | [.series_description, .echo_time]' <<<"$out")" \
		'[null,0.1]'
	run3 vx-nifti-meta --text --phi=warn records
	expect 0
	same "$(jq -r 'select(.path_nii | endswith("Description=name.nii")).series_description' <<<"$out")" 't2 Mustermann^Max'
	same "$(jq -r 'select(.path_nii | endswith("/descrip=name.nii"))._nifti.text.descrip' <<<"$out")" 'Mustermann^Max'
	has "$err" "descrip.rest may be personal (name)"
	case $err in *Muster* | *1946*) false ;; esac
	run3 vx-nifti-meta --phi=reject --rejects left records
	expect 1
	same "$out" ''
	has "$err" "gzip.name=text.nii.gz: phi: gzip.name may be personal (text)"
	same "$(wc -l <left)" "$n"
	case $err in *Muster* | *1946*) false ;; esac
	run3 vx-nifti-meta --phi=hide records
	expect 64
	has "$err" "--phi: 'hide' is none of strip, warn and reject"
}

@test "on the way to store and database: sidecars are stripped, images warned of or rejected, the export has nothing" {
	cd "$BATS_TEST_TMPDIR"
	images planted/DEMO-001
	n=$(find planted -name '*.nii*' | wc -l)
	side=$(find planted -name '*.json' | wc -l)
	start_serve -v
	echo '{"identifier":"datasource/x","shorthand":"DX"}' | vx-post -q --api "$API" >/dev/null
	vx-scan -q --pattern '{patient}/{name}.nii{z:(.gz)?}' planted | vx-patient-map -q --api "$API" --datasource datasource/x \
		--id 'volume/{patient}/{name}' --parent 'study/{patient}/a' | vx-nifti-meta -q 2>/dev/null >records
	same "$(wc -l <records)" $((n + 1))
	run3 vx-upload -v --to "file://$PWD/strict" --phi=reject records
	expect 1
	same "$(grep -c 'path_nii: .* of the file may be personal' <<<"$err")" $((n - side))
	case $err in *Muster* | *1946*) false ;; esac
	same "$(planted_in strict)" ''
	same "$(find strict -name '*.nii*' | wc -l) $(find strict -name '*.json' | wc -l)" "$side $side"
	run3 vx-upload -v --to "file://$PWD/store" records
	expect 0
	has "$err" "; $((n - side)) files with what may be personal"
	has "$err" "path_nii: gzip.comment of the file may be personal (date): it leaves as it is"
	case $err in *Muster* | *1946*) false ;; esac
	cp "$BATS_TEST_TMPDIR/out" stored
	# The images are what they were; of the sidecars the store has cleaned copies only.
	same "$(planted_in store | grep -c '\.nii')" $((n - side))
	same "$(planted_in store | grep -v '\.nii')" ''
	vx-post -v --api "$API" stored >results 2>messages
	curl -sf "$API/v1/export" >export
	same "$(grep -c '"volume/' export)" "$n"
	same "$(planted_in export results messages serve.log stored records "$DB")" ''
	same "$(jq -r 'select(.identifier | test("SeriesDescription")).echo_time' export)" 0.1
}

@test "vx-upload --sidecars=as-is warns of a sidecar, or rejects it; a DICOM file is told" {
	cd "$BATS_TEST_TMPDIR"
	echo '{"PatientName":"Mustermann"}' >a.json
	{ head -c 128 /dev/zero; printf 'DICM'; head -c 300 /dev/zero; } >a.dcm
	echo '{"identifier":"volume/a","path_json":"a.json","dcm":"a.dcm"}' >records
	run3 vx-upload -q --to "file://$PWD/store" --sidecars=as-is --field path_json --field dcm records
	expect 0
	has "$err" "path_json: sidecar.PatientName of the file may be personal (name): it leaves as it is"
	has "$err" "dcm: file of the file may be personal (dicom): it leaves as it is"
	run3 vx-upload -q --to "file://$PWD/strict" --sidecars=as-is --phi=reject records
	expect 1
	has "$err" "path_json: sidecar.PatientName of the file may be personal (name)"
	same "$(find strict -type f 2>/dev/null)" ''
}

# volume NAME SIDECAR: an image with a sidecar below data/.
volume() {
	cp "$BATS_TEST_TMPDIR/demo/images/DEMO-001/2019-03-14/adc.nii.gz" "data/$1.nii.gz"
	echo "$2" >"data/$1.json"
}

@test "names without a sign of it: in a description it is left out, in an identifier it is told, strange words are kept" {
	cd "$BATS_TEST_TMPDIR"
	vx-demo-dataset demo
	mkdir data
	volume a '{"SeriesDescription":"T2 TSE TRA SCHMIDT ANNA","ProtocolName":"t2_tse_tra"}'
	volume b '{"SeriesDescription":"t2 Yıldız","ImageType":["ORIGINAL","PRIMARY","Müller"]}'
	volume c '{"SeriesDescription":"t2 tra Qwertz"}'
	volume d '{"SeriesDescription":"ep2d_diff_b50_400_800_1400_TRACEW","ProtocolName":"AX T2 FRFSE Prostata"}'
	volume Schmidt_t2 '{}'
	run3 vx-nifti-meta -j1 <(vx-scan -q data)
	expect 0
	same "$(jq -c '[.series_description, .protocol_name, .image_type]' <<<"$out" | sort)" \
		'["ep2d_diff_b50_400_800_1400_TRACEW","AX T2 FRFSE Prostata",null]
["t2 tra Qwertz",null,null]
[null,"t2_tse_tra",null]
[null,null,null]
[null,null,null]'
	has "$err" 'SeriesDescription of the sidecar may be personal: left out'
	has "$err" 'c.nii.gz: warning: SeriesDescription of the sidecar has words that no list knows: kept'
	has "$err" 'Schmidt_t2.nii.gz: warning: identifier may be personal (name): it leaves as it is'
	run3 vx-nifti-meta -q --phi-lint <(vx-scan -q data)
	expect 1
	same "$(jq -r '"\(.identifier) \(.where) \(.kind)"' <<<"$out" | sort)" \
		'volume/Schmidt_t2 identifier name
volume/a sidecar.SeriesDescription name
volume/b sidecar.ImageType name
volume/b sidecar.SeriesDescription name
volume/c sidecar.SeriesDescription words'
	run3 vx-nifti-meta -q --phi=reject <(vx-scan -q data)
	expect 1
	same "$(jq -r .identifier <<<"$out")" volume/d
	# The cleaned copies have no name either.
	run3 vx-upload -q --to "file://$PWD/store" <(vx-scan -q data)
	expect 0
	run3 grep -riE 'schmidt|anna|müller|yıldız' store --include='*.json'
	same "$out" ''
}

@test "behind the voxels, behind the last gzip member and in the names of later members; however the file is read" {
	cd "$BATS_TEST_TMPDIR"
	vx-demo-dataset demo
	mkdir data
	gzip -dc demo/images/DEMO-001/2019-03-14/t2.nii.gz >plain.nii
	{ cat plain.nii; printf 'Mustermann^Max'; } >data/plain.nii
	gzip -nc data/plain.nii >data/inside.nii.gz
	{ gzip -nc plain.nii; printf 'Mustermann^Max'; } >data/behind.nii.gz
	head -c 600 plain.nii >Mustermann^Max.nii
	{ gzip -c Mustermann^Max.nii; tail -c +601 plain.nii | gzip -nc; } >data/first.nii.gz
	head -c 600 plain.nii | gzip -nc >data/second.nii.gz
	tail -c +601 plain.nii >Mustermann^Max.nii
	gzip -c Mustermann^Max.nii >>data/second.nii.gz
	# What is no text alarms nobody.
	{ cat plain.nii; head -c 4096 /dev/zero; } >data/zeros.nii
	{ head -c 600 plain.nii | gzip -nc; tail -c +601 plain.nii | gzip -nc; } >data/two.nii.gz
	for how in --phi-lint '--phi-lint --labels' '--phi-lint --check --sha256'; do
		# shellcheck disable=SC2086 # several options
		run3 vx-nifti-meta -q $how <(vx-scan -q data)
		expect 1
		same "$(jq -r '"\(.identifier) \(.where) \(.kind)"' <<<"$out")" 'volume/behind tail name
volume/first gzip.name name
volume/inside tail name
volume/plain tail name
volume/second gzip.name name'
	done
	run3 vx-upload -q --to "file://$PWD/store" --phi=reject <(vx-scan -q data)
	expect 1
	same "$(jq -r .identifier <<<"$out")" 'volume/two
volume/zeros'
	has "$err" 'plain.nii: path_nii: tail of the file may be personal (name)'
}

@test "--phi-lint judges what it can read of a broken image, and rejects it as well" {
	cd "$BATS_TEST_TMPDIR"
	images planted
	mkdir data
	head -c 700 planted/descrip=name.nii >data/cut.nii
	head -c 100 planted/descrip=name.nii >data/short.nii
	echo '{"PatientName":"Mustermann"}' >data/short.json
	cp planted/aux_file=name.nii data/side.nii
	echo '{"PatientName":"Mustermann"' >data/side.json
	run3 vx-nifti-meta --phi-lint <(vx-scan -q data)
	expect 1
	same "$(jq -r '"\(.identifier) \(.where) \(.kind)"' <<<"$out")" 'volume/cut descrip name
volume/short sidecar.PatientName name
volume/side aux_file name'
	has "$err" 'cut.nii: truncated: 700 of'
	has "$err" 'short.nii: truncated: 100 of'
	has "$err" 'side.nii: path_json: '
	has "$err" '3 records in, 3 out, 3 rejected, 3 findings'
	case $out$err in *Muster*) false ;; esac
}
