# Nothing personal leaves: what was planted in the demo's sidecars is in no store, database, result or log afterwards.
load helper

teardown() { stop_serve; }

# What vx-demo-dataset plants: names, hospital, its address, dates of birth, serial numbers, the keys of them.
planted='Mustermann|Musterstadt|Musterweg|PatientName|PatientBirthDate|PatientSex|Institution|DeviceSerialNumber|"?19(4[6-9]|5[0-8])-01-|4711[0-9][0-9]'

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
