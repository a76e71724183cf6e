#!/usr/bin/env bats
# vx-patient-map against a vx-serve of its own.
load helper

setup() {
	load helper
	start_serve
	export VX_API=$API
	vx-post -q <<<'{"identifier":"datasource/t","shorthand":"TT"}' >/dev/null
}

teardown() {
	[ -z "${PROXY_PID:-}" ] || { kill "$PROXY_PID" 2>/dev/null; wait "$PROXY_PID" 2>/dev/null || true; }
	stop_serve
}

map() { run3 vx-patient-map --datasource datasource/t "$@"; }

# records N: N records of patients p1, p2, ...
records() { seq "$1" | sed 's|.*|{"_match":{"patient":"p&","study":"2020-01-0&","name":"t2 axial"},"path_nii":"/d/&.nii"}|'; }

@test "patients are numbered in the order of the input, once and for ever" {
	map < <(records 3; records 2)
	expect 0
	same "$(jq -r ._patient <<<"$out" | paste -sd' ')" \
		"patient/TT00001 patient/TT00002 patient/TT00003 patient/TT00001 patient/TT00002"
	has "$err" "5 records in, 5 out, 0 rejected, 3 patients registered, "
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/first"
	map < <(records 3; records 2)
	expect 0
	cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/first"
	[[ $err != *registered* ]]
	same "$(curl -s "$API/v1/export" | jq -r 'select(.external_uid=="p2")|[.identifier,.parent_identifier]|join(" ")')" \
		"patient/TT00002 datasource/t"
}

@test "the rest of a record passes through untouched and in order" {
	map <<<'{"z":1.50,"_match":{"patient":"p"},"a":[1e2,"\u00e4",null],"_file":{"rel":"x"}}'
	expect 0
	same "$out" '{"z":1.50,"_match":{"patient":"p"},"a":[1e2,"ä",null],"_file":{"rel":"x"},"_patient":"patient/TT00001"}'
}

@test "templates: {patient}, _match, the record, dotted paths; names are encoded" {
	map --id 'volume/{patient}/{study}/{name}' --parent 'patient/{patient}' < <(records 1)
	expect 0
	same "$(jq -r '[.identifier,.parent_identifier]|join(" ")' <<<"$out")" \
		"volume/TT00001/2020-01-01/t2+20axial patient/TT00001"
	map --key a.b --id 'psa/{patient}/{a.b}/{n}' <<<'{"a":{"b":"x y"},"n":7,"identifier":"old","parent_identifier":"kept"}'
	expect 0
	same "$out" '{"a":{"b":"x y"},"n":7,"identifier":"psa/TT00002/x+20y/7","parent_identifier":"kept","_patient":"patient/TT00002"}'
}

@test "a study that --parent names is announced once, in front of its first child, and vx-post takes it all" {
	records 2 | sed 'p;s/t2 axial/adc/' >"$BATS_TEST_TMPDIR/in"
	map --id 'volume/{patient}/{study}/{name}' --parent 'study/{patient}/{study}' "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -r '[.identifier,.parent_identifier,._implied//""]|join(" ")' <<<"$out" | head -3)" \
		"study/TT00001/2020-01-01 patient/TT00001 true
volume/TT00001/2020-01-01/t2+20axial study/TT00001/2020-01-01 
volume/TT00001/2020-01-01/adc study/TT00001/2020-01-01 "
	has "$err" "4 records in, 6 out, 0 rejected, 2 patients registered, 2 of them studies announced, "
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/mapped"
	run3 vx-post "$BATS_TEST_TMPDIR/mapped"
	expect 0
	has "$err" "6 created"
	map --no-imply --id 'volume/{patient}/{study}/{name}' --parent 'study/{patient}/{study}' "$BATS_TEST_TMPDIR/in"
	same "$(wc -l <<<"$out")" 4
}

@test "keys: strings as they are, integers by their spelling; all else is rejected and registers nobody" {
	printf '%s\n' '{"_match":{"patient":10032}}' '{"_match":{"patient":"10032"}}' '{"_match":{"patient":"010032"}}' \
		'{"_match":{"patient":12345678901234567890123}}' '{"_match":{"patient":""},"_source":{"file":"t.csv","row":4}}' \
		'{"_match":{"patient":" "}}' '{"_match":{"patient":1.5}}' '{"_match":{"patient":true}}' '{"_match":{"patient":null}}' \
		'{"_match":"p"}' '{}' '{"_match":{"patient":"a\u0000b"}}' >"$BATS_TEST_TMPDIR/in"
	map --rejects "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/in"
	expect 1
	same "$(jq -r ._patient <<<"$out" | paste -sd' ')" "patient/TT00001 patient/TT00001 patient/TT00002 patient/TT00003"
	has "$err" "vx-patient-map: t.csv:4: _match.patient: empty: the record names no patient"
	has "$err" "in:7: _match.patient: is neither a string nor an integer"
	has "$err" "in:11: _match.patient: missing: the record names no patient"
	has "$err" "in:12: _match.patient: holds a NUL character"
	has "$err" "12 records in, 4 out, 8 rejected"
	same "$(jq -r .field "$BATS_TEST_TMPDIR/rejects" | sort -u)" "_match.patient"
	same "$(curl -s "$API/v1/export" | grep -c '"identifier":"patient/')" 3
}

@test "blanks that spreadsheets leave: a name of nothing else is none, and one beside a name is told" {
	printf '{"_match":{"patient":"%s"}}\n' '\u00a0' '\u200b \ufeff' P1 'P1\u00a0' 'Å' >"$BATS_TEST_TMPDIR/in"
	map "$BATS_TEST_TMPDIR/in"
	expect 1
	has "$err" "in:1: _match.patient: empty: the record names no patient"
	has "$err" "in:2: _match.patient: empty: the record names no patient"
	has "$err" "differ only in case or blanks: two patients"
	has "$err" "5 records in, 3 out, 2 rejected, 3 patients registered"
}

@test "a record that does not fill the templates is rejected and registers nobody" {
	map --id 'volume/{patient}/{study}' <<<'{"_match":{"patient":"p1"}}'
	expect 1
	has "$err" "study: {study} has no value"
	same "$(curl -s "$API/v1/export" | grep -c '"identifier":"patient/')" 0
	map --id 'volume/{patient} {study}' <<<'{"_match":{"patient":"p1","study":"1"}}'
	expect 1
	has "$err" "identifier: has a character that is not one of"
}

@test "names that differ only in case or blanks are two patients, with a warning" {
	map < <(printf '{"_match":{"patient":"%s"}}\n' AB-1 ab-1 'AB -1' AB-1)
	expect 0
	same "$(jq -r ._patient <<<"$out" | paste -sd' ')" "patient/TT00001 patient/TT00002 patient/TT00003 patient/TT00001"
	has "$err" "warning: patients 'AB-1' and 'ab-1' differ only in case or blanks: two patients"
	has "$err" "warning: patients 'AB-1' and 'AB -1' differ"
}

@test "--no-register finds and never makes" {
	map -q < <(records 1)
	map --no-register --rejects "$BATS_TEST_TMPDIR/rejects" < <(records 2)
	expect 1
	same "$(jq -r ._patient <<<"$out")" "patient/TT00001"
	has "$err" "_match.patient: patient 'p2' is not registered in datasource/t"
	same "$(jq -r .record._match.patient "$BATS_TEST_TMPDIR/rejects")" p2
	same "$(curl -s "$API/v1/export" | grep -c '"identifier":"patient/')" 1
}

@test "--save and --offline: the same records without an API" {
	map --save "$BATS_TEST_TMPDIR/map" < <(records 3; records 3)
	expect 0
	same "$(cat "$BATS_TEST_TMPDIR/map")" '{"external_uid":"p1","identifier":"patient/TT00001","datasource":"datasource/t"}
{"external_uid":"p2","identifier":"patient/TT00002","datasource":"datasource/t"}
{"external_uid":"p3","identifier":"patient/TT00003","datasource":"datasource/t"}'
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/first"
	stop_serve
	run3 vx-patient-map --offline "$BATS_TEST_TMPDIR/map" < <(records 3; records 3)
	expect 0
	cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/first"
	run3 vx-patient-map --offline "$BATS_TEST_TMPDIR/map" < <(records 4)
	expect 1
	has "$err" "patient 'p4' is not in $BATS_TEST_TMPDIR/map"
	map --retry-for 0 --save "$BATS_TEST_TMPDIR/map" < <(records 1)
	expect 75
	same "$(wc -l <"$BATS_TEST_TMPDIR/map")" 3
	same "$(find "$BATS_TEST_TMPDIR" -name 'map.*' | wc -l)" 0
}

@test "a saved map that is not what it should be is 65, with its row" {
	local line
	for line in '{"external_uid":"p1","identifier":"patient/TT00002","datasource":"datasource/t"}' '{' '[]' '{"identifier":"patient/TT1"}' \
		'{"external_uid":"p9","identifier":"study/1","datasource":"datasource/t"}' \
		'{"external_uid":"p9","identifier":"patient/X00001","datasource":"datasource/other"}'; do
		printf '%s\n' '{"external_uid":"p1","identifier":"patient/TT00001","datasource":"datasource/t"}' "$line" >"$BATS_TEST_TMPDIR/map"
		run3 vx-patient-map --offline "$BATS_TEST_TMPDIR/map" < <(records 1)
		expect 65
		has "$err" "map:2: "
	done
	run3 vx-patient-map --offline "$BATS_TEST_TMPDIR/map" --datasource datasource/other < <(records 1)
	expect 1
	run3 vx-patient-map --offline "$BATS_TEST_TMPDIR/none" < <(records 1)
	expect 74
}

@test "a datasource that does not exist is 69 and says what to do" {
	run3 vx-patient-map --datasource datasource/none < <(records 1)
	expect 69
	has "$err" "datasource/none does not exist at $API: create it first"
	same "$out" ""
}

@test "production is refused without --production; a missing token is 69" {
	stop_serve
	rm -f "$DB"*
	start_serve --environment production
	export VX_API=$API
	vx-post -q --production <<<'{"identifier":"datasource/t","shorthand":"TT"}' >/dev/null
	map < <(records 1)
	expect 69
	has "$err" "is a production deployment: give --production"
	same "$(curl -s "$API/v1/export" | wc -l)" 1
	map --production < <(records 1)
	expect 0
	stop_serve
	echo sesame >"$BATS_TEST_TMPDIR/token"
	start_serve --token-file "$BATS_TEST_TMPDIR/token" --environment dev
	map --api "$API" < <(records 1)
	expect 69
	has "$err" "a token is needed"
	VX_TOKEN=sesame map --api "$API" < <(records 1)
	expect 0
}

@test "wrong usage is 64" {
	local args
	for args in "" "--datasource t" "--datasource datasource/a@b" "--datasource datasource/t --id {" "--datasource datasource/t --parent {a" \
		"--datasource datasource/t --api x"; do
		# shellcheck disable=SC2086
		run3 vx-patient-map $args </dev/null
		expect 64
	done
}

@test "one question a batch, none for what is known; a busy server is waited for" {
	local port i
	port=$(free_port)
	python3 "$ROOT/tests/fault_proxy.py" "$port" "${API##*:}" "$BATS_TEST_TMPDIR/proxy.log" 503 lost 3>&- &
	PROXY_PID=$!
	for i in $(seq 100); do curl -sf "http://127.0.0.1:$port/v1/health" >/dev/null 2>&1 && break; sleep 0.05; done
	seq 1250 | sed 's|.*|{"_match":{"patient":"q&"}}|' >"$BATS_TEST_TMPDIR/in"
	map --api "http://127.0.0.1:$port" "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/in"
	expect 0
	# 500, 500 and 250 names, the first question asked three times because of the faults; nobody was registered twice.
	same "$(cut -d' ' -f2,5 "$BATS_TEST_TMPDIR/proxy.log" | paste -sd,)" \
		"/v1/patients/map 500,/v1/patients/map 500,/v1/patients/map 500,/v1/patients/map 500,/v1/patients/map 250"
	same "$(jq -r ._patient <<<"$out" | tail -1)" "patient/TT01250"
	same "$(curl -s "$API/v1/export" | grep -c '"identifier":"patient/')" 1250
}

@test "an answer to another question is not believed: no record gets another one's patient" {
	local fault port i
	seq 1000 | sed 's|.*|{"_match":{"patient":"w&"}}|' >"$BATS_TEST_TMPDIR/in"
	for fault in desync stale portal short shortbody redirect nonsense; do
		port=$(free_port)
		python3 "$ROOT/tests/fault_proxy.py" "$port" "${API##*:}" "$BATS_TEST_TMPDIR/proxy.log" ok $fault 3>&- &
		PROXY_PID=$!
		for i in $(seq 100); do curl -sf "http://127.0.0.1:$port/v1/health" >/dev/null 2>&1 && break; sleep 0.05; done
		map --api "http://127.0.0.1:$port" "$BATS_TEST_TMPDIR/in"
		expect 0
		cmp <(jq -r ._patient <<<"$out") <(seq -f 'patient/TT%05.0f' 1000)
		kill "$PROXY_PID"
	done
}

@test "any number of runs at once give one number to each name" {
	local i pids=() pid
	for i in 1 2 3 4; do
		seq 200 | shuf --random-source=<(yes $i) | sed 's|.*|{"_match":{"patient":"c&"}}|' |
			vx-patient-map -q --datasource datasource/t >"$BATS_TEST_TMPDIR/out.$i" 3>&- &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do wait "$pid"; done
	same "$(cat "$BATS_TEST_TMPDIR"/out.? | sort -u | wc -l)" 200
	same "$(jq -r ._patient "$BATS_TEST_TMPDIR/out.1" | sort | tail -1)" "patient/TT00200"
}

@test "memory: 200,000 records of 50,000 patients below 16 MiB" {
	plain_build
	seq 200000 | awk '{print "{\"_match\":{\"patient\":\"m" ($1 % 50000) "\"}}"}' >"$BATS_TEST_TMPDIR/in"
	/usr/bin/time -f %M -o "$BATS_TEST_TMPDIR/rss" vx-patient-map -q --datasource datasource/t --save "$BATS_TEST_TMPDIR/map" \
		"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
	[ "$(cat "$BATS_TEST_TMPDIR/rss")" -lt 16384 ] || { cat "$BATS_TEST_TMPDIR/rss"; false; }
	same "$(wc -l <"$BATS_TEST_TMPDIR/out")" 200000
	same "$(wc -l <"$BATS_TEST_TMPDIR/map")" 50000
}
