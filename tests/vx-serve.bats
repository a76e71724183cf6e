#!/usr/bin/env bats
# vx-serve: the API, its rules, its limits, and that no kill leaves a database that is not whole.
load helper

teardown() {
	for pid in $PIDS; do kill "$pid" 2>/dev/null || true; done
	stop_serve
}

# api METHOD PATH [BODY]: sets code and body.
api() {
	local data=()
	[ $# -lt 3 ] || data=(-H 'Content-Type: application/x-ndjson' --data-binary "$3")
	code=$(curl -s -o "$BATS_TEST_TMPDIR/body" -w '%{http_code}' -X "$1" "${data[@]}" "$API$2")
	body=$(cat "$BATS_TEST_TMPDIR/body")
}

# post LINES: to /v1/resources; prints the statuses, joined by blanks; the answer is in body.
post() {
	api POST "/v1/resources${2:-}" "$1"
	jq -r '[.results[].status] | join(" ")' <<<"$body"
}

# becomes WANTED LINES [QUERY]
becomes() {
	same "$(post "$2" "${3:-}")" "$1" || return 1
	body=$(cat "$BATS_TEST_TMPDIR/body")
}

# reason TEXT: of the last post's first error
reason() { has "$(jq -r '[.results[].errors // [] | .[].reason] | join("; ")' "$BATS_TEST_TMPDIR/body")" "$1"; }

base() {
	becomes 'created created created' '{"identifier":"datasource/a","shorthand":"AA"}
{"identifier":"patient/AA00001","parent_identifier":"datasource/a","external_uid":"one"}
{"identifier":"study/a/1","parent_identifier":"patient/AA00001"}'
}

# whole: the file is sound, and whatever a resource refers to is there.
whole() {
	[ "${VX_TEST_DB:-sqlite}" != sqlite ] || same "$(sql 'PRAGMA integrity_check; PRAGMA foreign_key_check')" ok || return 1
	same "$(sql "SELECT count(*) FROM (SELECT parent_identifier AS i FROM resource UNION SELECT source FROM reference UNION
		SELECT target FROM reference) r WHERE i IS NOT NULL AND i NOT IN (SELECT identifier FROM resource)")" 0
}

specimen() { # specimen NAME PARENT ROOT [SUMMARY]
	printf '{"identifier":"specimen/%s","parent_identifier":"%s","type":"BIOPSY","is_event_root":%s,"is_summary":%s}' \
		"$1" "$2" "$3" "${4:-true}"
}

@test "openapi.yaml and the server agree on every path, method, status and shape" {
	PYTHON=/usr/bin/python3
	"$PYTHON" -c 'import yaml, jsonschema' 2>/dev/null || PYTHON=python3
	echo secret >"$BATS_TEST_TMPDIR/tokens"
	vx-serve --hash-token read <<<a-token-that-reads >>"$BATS_TEST_TMPDIR/tokens"
	PIDS=
	DB=$BATS_TEST_TMPDIR/locked.db start_serve --token-file "$BATS_TEST_TMPDIR/tokens"
	locked=$API PIDS="$SERVE_PID"
	DB=$BATS_TEST_TMPDIR/production.db start_serve --environment production
	production=$API PIDS="$PIDS $SERVE_PID"
	DB=$BATS_TEST_TMPDIR/open.db start_serve --max-body 1M
	run3 "$PYTHON" -W ignore "$ROOT/tests/openapi.py" "$ROOT/share" "$API" "$locked" "$production" \
		"$(serve_db "$BATS_TEST_TMPDIR/open.db")"
	expect 0
}

@test "a usage error is 64, a file that is not ours is left alone" {
	sqlite_only
	run3 vx-serve --listen nonsense
	expect 64
	has "$err" "nonsense is not ADDR:PORT"
	run3 vx-serve --environment staging
	expect 64
	run3 vx-serve --max-body 1
	expect 64
	run3 vx-serve file
	expect 64
	run3 vx-serve --db "$BATS_TEST_TMPDIR/no/such/folder/vx.db"
	expect 74
	run3 vx-serve --token-file "$BATS_TEST_TMPDIR/none"
	expect 74
	: >"$BATS_TEST_TMPDIR/empty"
	run3 vx-serve --token-file "$BATS_TEST_TMPDIR/empty"
	expect 64
	echo 'this is a text, longer than the header of a database' >"$BATS_TEST_TMPDIR/text"
	run3 vx-serve --db "$BATS_TEST_TMPDIR/text" --listen 127.0.0.1:0
	expect 65
	has "$err" "text: is no database"
	run3 vx-serve --db '' --listen 127.0.0.1:0
	expect 64
	start_serve
	stop_serve
	chmod 444 "$DB"
	if [ "$(id -u)" -eq 0 ]; then
		chmod 755 "$BATS_TEST_TMPDIR" "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test"
		run3 setpriv --reuid 65534 --clear-groups timeout 5 "$(command -v vx-serve)" --db "$DB" --listen 127.0.0.1:0
	else
		run3 timeout 5 vx-serve --db "$DB" --listen 127.0.0.1:0
	fi
	expect 74
	has "$err" "may not be written"
	chmod 644 "$DB"
	same "$(cat "$BATS_TEST_TMPDIR/text")" 'this is a text, longer than the header of a database'
	sqlite3 "$BATS_TEST_TMPDIR/other.db" 'CREATE TABLE t (a); INSERT INTO t VALUES (1)'
	run3 vx-serve --db "$BATS_TEST_TMPDIR/other.db" --listen 127.0.0.1:0
	expect 65
	has "$err" "another program's database"
	same "$(sqlite3 "$BATS_TEST_TMPDIR/other.db" 'SELECT group_concat(name), (SELECT a FROM t) FROM sqlite_master')" 't|1'
	start_serve
	stop_serve
	sql 'PRAGMA user_version = 99'
	run3 vx-serve --db "$DB" --listen 127.0.0.1:0
	expect 65
	has "$err" "schema version 99"
}

@test "--listen with port 0 says which port it got; a port in use is 74" {
	vx-serve --db "$BATS_TEST_TMPDIR/vx.db" --listen 127.0.0.1:0 2>"$BATS_TEST_TMPDIR/log" 3>&- &
	SERVE_PID=$!
	for _ in $(seq 100); do
		grep -q 'listening on' "$BATS_TEST_TMPDIR/log" && break
		sleep 0.05
	done
	API=$(sed -n 's/^vx-serve: listening on //p' "$BATS_TEST_TMPDIR/log")
	same "$(curl -s "$API/v1/health" | jq -r .service)" vxdata
	run3 vx-serve --db "$BATS_TEST_TMPDIR/other.db" --listen "${API#http://}"
	expect 74
	has "$err" "cannot listen on 127.0.0.1"
}

@test "create: created, unchanged, conflict with a diff, updated; defaults, null and number spelling aside" {
	start_serve
	base
	v='{"identifier":"volume/a/t2","parent_identifier":"study/a/1","path_nii":"s3://b/t2.nii.gz","b_value":50}'
	becomes created "$v"
	becomes 'unchanged unchanged' '{"b_value":5.0e1,"path_nii":"s3://b/t2.nii.gz","derived_from":[],"access_level":"dev","license":null,"parent_identifier":"study/a/1","identifier":"volume/a/t2","_private":1}
'"$v"
	becomes conflict "${v/50/800}"
	same "$(jq -c '.results[0].diff' <<<"$body")" '{"b_value":{"old":50,"new":800}}'
	becomes conflict "${v/50/800}" '?on_conflict=reject'
	becomes updated "${v/50/800}" '?on_conflict=update&dry_run=1'
	becomes updated "${v/50/800}" '?on_conflict=update'
	becomes unchanged "${v/50/800}" '?on_conflict=update'
	# A dry run of a new one writes nothing.
	becomes created '{"identifier":"study/a/2","parent_identifier":"patient/AA00001"}' '?dry_run=1'
	api GET /v1/resources/study/a/2
	same "$code" 404
	# What the server shows can be posted again.
	api GET /v1/resources/volume/a/t2
	same "$(jq -r '.updated_at >= .created_at' <<<"$body")" true
	becomes unchanged "$body"
}

@test "create: any order in one body, results in input order, twins in a body, orphans, other collections' resources" {
	start_serve
	becomes 'created created created created' \
		'{"identifier":"voxelmap/m","parent_identifier":"study/s","path_nii":"s3://b/m","task":"pz","reference_mri":"volume/v"}
{"identifier":"volume/v","parent_identifier":"study/s","path_nii":"s3://b/v","derived_from":["datasource/a"]}
{"identifier":"study/s","parent_identifier":"patient/AA00007"}
{"identifier":"patient/AA00007","parent_identifier":"datasource/a","external_uid":"x"}' 2>/dev/null && return 1
	same "$(jq -r '[.results[].status] | join(" ")' <<<"$(cat "$BATS_TEST_TMPDIR/body")")" 'orphan orphan orphan orphan'
	becomes 'created created created created created' \
		'{"identifier":"voxelmap/m","parent_identifier":"study/s","path_nii":"s3://b/m","task":"pz","reference_mri":"volume/v"}
{"identifier":"volume/v","parent_identifier":"study/s","path_nii":"s3://b/v","derived_from":["datasource/a"]}
{"identifier":"study/s","parent_identifier":"patient/AA00007"}
{"identifier":"patient/AA00007","parent_identifier":"datasource/a","external_uid":"x"}
{"identifier":"datasource/a","shorthand":"AA"}'
	same "$(jq -r '[.results[].identifier] | join(" ")' "$BATS_TEST_TMPDIR/body")" \
		'voxelmap/m volume/v study/s patient/AA00007 datasource/a'
	same "$(curl -s "$API/v1/export" | jq -r .identifier | tr '\n' ' ')" \
		'datasource/a patient/AA00007 study/s volume/v voxelmap/m '
	becomes 'created unchanged conflict' '{"identifier":"study/t","parent_identifier":"patient/AA00007"}
{"identifier":"study/t","parent_identifier":"patient/AA00007"}
{"identifier":"study/t","parent_identifier":"patient/AA00007","modality":"MR"}'
	becomes orphan '{"identifier":"voxelmap/n","path_nii":"s3://b/m","task":"pz","reference_mri":"volume/none"}'
	same "$(jq -c '.results[0].errors' "$BATS_TEST_TMPDIR/body")" \
		'[{"field":"reference_mri","value":"volume/none","reason":"volume/none does not exist"}]'
	becomes orphan '{"identifier":"volume/w","path_nii":"s3://b/m","derived_from":["session/none"]}'
	# The child of an invalid parent is an orphan; its neighbours go in.
	becomes 'invalid orphan created' '{"identifier":"study/u","parent_identifier":"patient/AA00007","nonsense":1}
{"identifier":"volume/u","parent_identifier":"study/u","path_nii":"s3://b/u"}
{"identifier":"volume/x","path_nii":"s3://b/x"}'
	api POST /v1/volumes '{"identifier":"study/z","parent_identifier":"patient/AA00007"}'
	reason 'is no volume'
	api POST /v1/resources '{"identifier":"nonsense/z"}
{"parent_identifier":null}
{"identifier":"volume/a b"}'
	same "$(jq -r '[.results[].status] | join(" ")' <<<"$body")" 'invalid invalid invalid'
}

@test "the rules: one event root, cores end the tree, parents of the right type, labels, no cycle" {
	start_serve
	base
	becomes invalid "$(specimen c patient/AA00001 false)"
	reason '(rule 1)'
	becomes created "$(specimen r patient/AA00001 true)"
	becomes unchanged "$(specimen r patient/AA00001 true)"
	becomes invalid "$(specimen r2 patient/AA00001 true)"
	reason 'second event root beside specimen/r of patient/AA00001 (rule 1)'
	becomes invalid "$(specimen r3 specimen/r true)"
	reason '(rule 1)'
	becomes 'created created' "$(specimen w1 specimen/r false)
$(specimen w1.core specimen/w1 false false)"
	becomes invalid "$(specimen x specimen/w1.core false)"
	reason '(rule 2)'
	becomes invalid "$(specimen w1 specimen/r false false)" '?on_conflict=update'
	reason 'specimen/w1.core lies below it (rule 2)'
	becomes invalid '{"identifier":"voxelmap/l","path_nii":"s3://b/l","task":"pz","labels":{"0":"b"},"label_counts":{"0":1,"1":2}}'
	reason '(rule 4)'
	becomes invalid '{"identifier":"volume/p","parent_identifier":"patient/AA00001","path_nii":"s3://b/l"}'
	reason '(rule 5)'
	becomes invalid "$(specimen self specimen/self false)"
	reason '(rule 5)'
	becomes 'invalid invalid' "$(specimen k1 specimen/k2 false)
$(specimen k2 specimen/k1 false)"
	reason '(rule 5)'
	becomes 'created created' "$(specimen w2 specimen/w1 false)
$(specimen w3 specimen/w2 false)"
	becomes invalid "$(specimen w1 specimen/w3 false)" '?on_conflict=update'
	reason 'leads back to the resource itself (rule 5)'
	becomes 'created created' '{"identifier":"volume/d1","path_nii":"s3://b/1"}
{"identifier":"volume/d2","path_nii":"s3://b/2","derived_from":["volume/d1"]}'
	becomes invalid '{"identifier":"volume/d1","path_nii":"s3://b/1","derived_from":["volume/d2"]}' '?on_conflict=update'
	reason '(rule 5)'
	# Two roots for one patient in one body: the first stays.
	becomes 'created created invalid' '{"identifier":"patient/AA00002","parent_identifier":"datasource/a","external_uid":"two"}
'"$(specimen q1 patient/AA00002 true)
$(specimen q2 patient/AA00002 true)"
}

@test "datasources and patients: shorthand and external_uid are unique, a name begins with its shorthand" {
	start_serve
	base
	becomes invalid '{"identifier":"datasource/b","shorthand":"AA"}'
	reason "is datasource/a's already"
	becomes created '{"identifier":"datasource/b","shorthand":"BB"}'
	becomes invalid '{"identifier":"patient/AA00002","parent_identifier":"datasource/b","external_uid":"x"}'
	reason 'is not BB'
	becomes invalid '{"identifier":"patient/AA00002","parent_identifier":"datasource/a","external_uid":"one"}'
	reason "is patient/AA00001's"
	becomes created '{"identifier":"patient/BB00041","parent_identifier":"datasource/b","external_uid":"one"}'
	becomes invalid '{"identifier":"datasource/b","shorthand":"BC"}' '?on_conflict=update'
	reason 'patient/BB00041 is named after the old one'
	# The next number is the highest plus one; a longer shorthand does not disturb it.
	becomes 'created created' '{"identifier":"datasource/bb","shorthand":"BBB"}
{"identifier":"patient/BBB00900","parent_identifier":"datasource/bb","external_uid":"one"}'
	api POST '/v1/patients/map' '[]'
	same "$code" 200
	curl -s "$API/v1/patients/register" -H 'Content-Type: application/json' \
		-d '{"external_uid":"two","datasource_id":"datasource/b"}' >"$BATS_TEST_TMPDIR/body"
	same "$(cat "$BATS_TEST_TMPDIR/body")" '{"identifier":"patient/BB00042"}'
}

@test "a default_split set centrally makes no difference and survives an update" {
	start_serve
	base
	p='{"identifier":"patient/AA00001","parent_identifier":"datasource/a","external_uid":"one"}'
	becomes updated "${p/%\}/,\"default_split\":\"test\"\}}" '?on_conflict=update'
	same "$(jq -c '.results[0].warnings' "$BATS_TEST_TMPDIR/body")" '[{"code":"default_split_set","field":"default_split"}]'
	becomes unchanged "$p"
	becomes updated "${p/%\}/,\"sex\":\"M\"\}}" '?on_conflict=update'
	same "$(jq -c '.results[0].diff' "$BATS_TEST_TMPDIR/body")" '{"sex":{"old":null,"new":"M"}}'
	same "$(sql 'SELECT sex, default_split FROM patients')" 'M|test'
	becomes conflict "${p/%\}/,\"sex\":\"M\",\"default_split\":\"train\"\}}"
}

@test "the export depends on the content alone, and clones a deployment" {
	start_serve
	base
	becomes 'created created created' "$(specimen r patient/AA00001 true)
$(specimen w specimen/r false)
{\"identifier\":\"assessment/w\",\"parent_identifier\":\"specimen/w\",\"cancer_type\":\"none\"}"
	for i in 3 1 2; do becomes created '{"identifier":"volume/v'$i'","parent_identifier":"study/a/1","path_nii":"s3://b/v"}'; done
	# Once derived from one another, then not any more, then moved: the history leaves no trace.
	becomes updated '{"identifier":"volume/v1","parent_identifier":"study/a/1","path_nii":"s3://b/v","derived_from":["volume/v2","assessment/w"]}' '?on_conflict=update'
	becomes created '{"identifier":"voxelmap/v","path_nii":"s3://b/v","task":"pz","reference_mri":"volume/v1"}'
	same "$(sql "SELECT level FROM resource WHERE identifier = 'voxelmap/v'")" 6
	becomes updated '{"identifier":"volume/v1","parent_identifier":"study/a/1","path_nii":"s3://b/v"}' '?on_conflict=update'
	same "$(sql "SELECT level FROM resource WHERE identifier = 'voxelmap/v'")" 4
	becomes created '{"identifier":"volume/gone","path_nii":"s3://b/v"}'
	api DELETE /v1/resources/volume/gone
	same "$code" 200
	curl -s "$API/v1/export" >"$BATS_TEST_TMPDIR/one"
	same "$(grep -c . "$BATS_TEST_TMPDIR/one")" 10
	stop_serve
	DB=$BATS_TEST_TMPDIR/two.db start_serve
	tac "$BATS_TEST_TMPDIR/one" >"$BATS_TEST_TMPDIR/reversed"
	same "$(curl -s -H 'Content-Type: application/x-ndjson' --data-binary "@$BATS_TEST_TMPDIR/reversed" "$API/v1/resources" |
		jq -r '[.results[].status] | unique | join(" ")')" created
	curl -s "$API/v1/export" | cmp - "$BATS_TEST_TMPDIR/one"
}

@test "what lies below a resource that moves, moves along" {
	start_serve
	base
	becomes 'created created created' '{"identifier":"datasource/b","shorthand":"BB"}
{"identifier":"patient/BB00001","parent_identifier":"datasource/b","external_uid":"b"}
{"identifier":"volume/v","parent_identifier":"study/a/1","path_nii":"s3://b/v"}'
	same "$(sql 'SELECT patient, datasource FROM volumes')" 'patient/AA00001|datasource/a'
	becomes updated '{"identifier":"study/a/1","parent_identifier":"patient/BB00001"}' '?on_conflict=update'
	same "$(sql 'SELECT patient, datasource FROM volumes')" 'patient/BB00001|datasource/b'
	same "$(curl -s "$API/v1/volumes?datasource=datasource/b" | jq -r .identifier)" volume/v
}

@test "a view a collection, a column a field" {
	start_serve
	base
	becomes created '{"identifier":"volume/v","parent_identifier":"study/a/1","path_nii":"s3://b/v","series_description":"t2 \"tra\"","shape":[2,3,4],"b_value":0.5}'
	same "$(sql 'SELECT patient, series_description, shape, b_value, access_level FROM volumes' | sed 's/, /,/g')" \
		'patient/AA00001|t2 "tra"|[2,3,4]|0.5|dev'
	same "$(sql 'SELECT shorthand FROM datasources')" AA
	local c
	for c in annotation_sessions voxel_maps pathology_specimens pathology_assessments psa_values imaging_studies; do
		sql "SELECT license, other_data, created_at FROM $c" >/dev/null
	done
}

@test "patients: 8 clients at once get gap-free numbers, each its own" {
	start_serve
	becomes created '{"identifier":"datasource/a","shorthand":"AA"}'
	local w i pids=()
	for w in 1 2 3 4 5 6 7 8; do
		{
			for i in $(seq 12); do
				curl -s "$API/v1/patients/register" -H 'Content-Type: application/json' \
					-d '{"external_uid":"'"$w.$i"'","datasource_id":"datasource/a"}'
				echo
			done >"$BATS_TEST_TMPDIR/worker.$w"
		} 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	same "$(cat "$BATS_TEST_TMPDIR"/worker.* | jq -r .identifier | sort)" "$(seq -f 'patient/AA%05.0f' 96)"
	same "$(sql 'SELECT count(DISTINCT external_uid) FROM patients')" 96
}

@test "kill -9 while clients post: each request is there whole or not at all, and the next run completes it" {
	start_serve
	local i round
	becomes created '{"identifier":"datasource/a","shorthand":"AA"}'
	for i in $(seq 20); do
		seq -f '{"identifier":"volume/'"$i"'/%.0f","path_nii":"s3://b/x","derived_from":["datasource/a"]}' 200 \
			>"$BATS_TEST_TMPDIR/batch.$i"
	done
	for round in 1 2 3 4 5 6; do
		(
			for i in $(seq 20); do
				curl -s -o /dev/null -H 'Content-Type: application/x-ndjson' \
					--data-binary "@$BATS_TEST_TMPDIR/batch.$i" "$API/v1/volumes"
				curl -s -o /dev/null -H 'Content-Type: application/json' \
					-d '[{"external_uid":"'"$round.$i"'","datasource_id":"datasource/a"}]' "$API/v1/patients/map"
			done
		) 3>&- &
		local client=$!
		sleep "0.$((RANDOM % 3))$((RANDOM % 10))"
		kill -9 "$SERVE_PID"
		wait "$SERVE_PID" 2>/dev/null || true
		wait "$client" || true
		whole
		same "$(sql "SELECT (SELECT count(*) FROM (SELECT 1 FROM volumes GROUP BY rtrim(identifier, '0123456789')
			HAVING count(*) <> 200) g),
			(SELECT count(*) - coalesce(max(CAST(substr(identifier, 11) AS INTEGER)), 0) FROM patients)")" '0|0'
		start_serve
	done
	for i in $(seq 20); do
		curl -s -o /dev/null -H 'Content-Type: application/x-ndjson' --data-binary "@$BATS_TEST_TMPDIR/batch.$i" "$API/v1/volumes"
	done
	same "$(sql 'SELECT count(*) FROM volumes')" 4000
}

@test "SIGTERM: what is in flight is finished, the log is folded into the file, exit 0" {
	start_serve
	seq -f '{"identifier":"volume/%.0f","path_nii":"s3://b/x"}' 20000 >"$BATS_TEST_TMPDIR/batch"
	curl -s --limit-rate 4M -H 'Content-Type: application/x-ndjson' --data-binary "@$BATS_TEST_TMPDIR/batch" "$API/v1/volumes" \
		>"$BATS_TEST_TMPDIR/answer" 3>&- &
	local client=$!
	sleep 0.1
	kill -TERM "$SERVE_PID"
	run3 wait "$SERVE_PID"
	SERVE_PID=
	expect 0
	wait "$client"
	same "$(jq '.results | length' "$BATS_TEST_TMPDIR/answer")" 20000
	[ ! -e "$DB-wal" ]
	same "$(sql 'SELECT count(*) FROM volumes')" 20000
}

@test "tokens: asked for everywhere but at health, never shown" {
	printf 'first-secret\n\nsecond-secret \r\n' >"$BATS_TEST_TMPDIR/tokens"
	start_serve -v --token-file "$BATS_TEST_TMPDIR/tokens"
	local t
	for t in '' first second-secre second-secrets; do
		same "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $t" "$API/v1/stats")" 401
	done
	for t in first-secret second-secret; do
		same "$(curl -s -o /dev/null -w '%{http_code}' -H "Authorization: Bearer $t" "$API/v1/stats")" 200
	done
	same "$(curl -s -o /dev/null -w '%{http_code}' "$API/v1/nonsense")" 401
	! grep -q secret "$BATS_TEST_TMPDIR/serve.log"
}

@test "a database that was cut short is 65, and is not touched" {
	sqlite_only
	start_serve
	seq -f '{"identifier":"volume/cut/%.0f","path_nii":"s3://b/x"}' 2000 | vx-post -q --api "$API" >/dev/null 2>&1
	stop_serve
	head -c 40000 "$DB" >"$BATS_TEST_TMPDIR/half.db"
	cp "$BATS_TEST_TMPDIR/half.db" "$BATS_TEST_TMPDIR/before"
	run3 vx-serve --db "$BATS_TEST_TMPDIR/half.db" --listen 127.0.0.1:0
	expect 65
	has "$err" "half.db: is damaged: "
	cmp "$BATS_TEST_TMPDIR/before" "$BATS_TEST_TMPDIR/half.db"
}

@test "two lengths of one body are refused: whoever stands in front might believe the other" {
	start_serve
	exec 9<>"/dev/tcp/127.0.0.1/${API##*:}"
	# In a shell of its own: the server may have hung up by now, and SIGPIPE ends who writes.
	(printf 'POST /v1/resources HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n' >&9) || true
	local answer=
	read -r -t 5 answer <&9 || true
	exec 9>&-
	# The answer may be lost when the server closes a connection on which bytes are still to be read.
	[[ -z $answer || $answer == *" 400 "* ]] || { echo "$answer"; false; }
}

@test "limits: header size, idle connections, the sum of all bodies" {
	start_serve --idle-timeout 1 --max-body 1M
	local long fd held=()
	long=$(head -c 100000 /dev/zero | tr '\0' x)
	code=$(printf 'X-Long: %s%s\n' "$long" "$long" | curl -s -o /dev/null -w '%{http_code}' -H @- "$API/v1/health" || true)
	[ "$code" = 431 ] || [ "$code" = 413 ] || { echo "$code"; return 1; }
	# Four clients that have sent nearly all of the largest body: no room for a fifth until they are done.
	for _ in 1 2 3 4; do
		exec {fd}<>"/dev/tcp/127.0.0.1/${API##*:}"
		held+=("$fd")
		printf 'POST /v1/volumes HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\n\r\n' >&"$fd"
		head -c 1000000 /dev/zero | tr '\0' ' ' >&"$fd"
	done
	head -c 400000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/blank"
	has "$(curl -si --data-binary "@$BATS_TEST_TMPDIR/blank" -H 'Content-Type: application/x-ndjson' "$API/v1/volumes" |
		tr -d '\r' | tr '\n' ' ')" 'HTTP/1.1 503 Service Unavailable'
	# A client that says nothing more is let go.
	local before=$SECONDS
	for fd in "${held[@]}"; do
		cat <&"$fd" >/dev/null
		exec {fd}>&-
	done
	[ $((SECONDS - before)) -le 6 ]
	same "$(curl -s --data-binary "@$BATS_TEST_TMPDIR/blank" -H 'Content-Type: application/x-ndjson' "$API/v1/volumes")" \
		'{"results":[]}'
}

@test "what is in the way of a deletion is named alike by every database: the first by name" {
	start_serve
	printf '{"identifier":"volume/%s","path_nii":"s3://b/x"%s}\n' a '' z ',"derived_from":["volume/a"]' m ',"derived_from":["volume/a"]' |
		vx-post -q --api "$API" --batch 1 >/dev/null 2>&1
	same "$(curl -s -X DELETE "$API/v1/resources/volume/a?recursive=1" | jq -r .detail)" \
		"volume/a volume/m refers to it or to what is below it"
}
