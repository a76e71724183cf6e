#!/usr/bin/env bats
# vx-serve on PostgreSQL: what is PostgreSQL's alone. tests/postgresql-again.bats runs the tests of others on it.
load helper
load pg

setup_file() {
	load helper
	load pg
	start_pg
}

teardown_file() {
	load pg
	stop_pg
}

setup() {
	needs_postgresql
	export VX_TEST_DB=postgresql
}

teardown() {
	stop_serve
	[ -z "${MORE:-}" ] || kill "${MORE[@]}" 2>/dev/null || true
	[ -z "${OWN:-}" ] || stop_pg
}

# start_pg_own: a cluster for this test alone, which it may stop and kill.
start_pg_own() {
	start_pg
	OWN=1
}

post() { # post LINES [API]: the statuses, joined by blanks
	curl -s -H 'Content-Type: application/x-ndjson' --data-binary "$1" "${2:-$API}/v1/resources" |
		jq -r 'if .results then [.results[].status] | join(" ") else .detail end'
}

# refused STATUS TEXT [OPTION...]: vx-serve does not begin, and says why.
refused() {
	local wanted=$1 text=$2
	shift 2
	run3 timeout 30 vx-serve --listen 127.0.0.1:0 "$@"
	expect "$wanted" && has "$err" "$text"
}

# database NAME [CREATE DATABASE OPTION...]: a fresh one.
database() {
	local name=$1
	shift
	psql_in postgres -c "DROP DATABASE IF EXISTS $name WITH (FORCE)" -c "CREATE DATABASE $name $*" 2>/dev/null
}

# more_serve: one more vx-serve on the database of start_serve; its API is the last line.
more_serve() {
	local log=$BATS_TEST_TMPDIR/more.$1
	vx-serve --db "$(serve_db "$DB")" --listen 127.0.0.1:0 2>"$log" 3>&- &
	MORE+=($!)
	for _ in $(seq 200); do
		grep -qs 'listening on' "$log" && break
		sleep 0.05
	done
	APIS+=("$(sed -n 's/.*listening on //p' "$log")")
}

base='{"identifier":"datasource/a","shorthand":"AA"}
{"identifier":"patient/AA00001","parent_identifier":"datasource/a","external_uid":"one"}
{"identifier":"study/a/1","parent_identifier":"patient/AA00001"}'

@test "a database of version 1 becomes one of the newest, with all that it holds" {
	DB=$BATS_TEST_TMPDIR/old
	pg_database "$DB" >/dev/null
	layout=$ROOT/share/sql/postgresql/001-resources.sql
	psql_in "$(pg_name "$DB")" -f "$layout" -c "CREATE TABLE layout (version int PRIMARY KEY, name text NOT NULL, checksum text NOT NULL,
		applied_at timestamptz NOT NULL DEFAULT now())" -c "INSERT INTO layout VALUES (1, 'resources', '$(sha256sum <"$layout" | cut -d' ' -f1)')"
	long=$(printf '%01200d' 7)
	psql_in "$(pg_name "$DB")" -c "INSERT INTO resource VALUES
		('datasource/a', 'datasource', NULL, 'datasource/a', NULL, 0, 1, 1, '{\"access_level\":\"dev\",\"derived_from\":[],\"identifier\":\"datasource/a\",\"shorthand\":\"AA\"}', 'AA'),
		('volume/a', 'volume', NULL, NULL, NULL, 0, 1, 1, '{\"access_level\":\"dev\",\"b_value\":50,\"derived_from\":[],\"identifier\":\"volume/a\",\"path_nii\":\"s3://b/a\",\"series_description\":\"t2\\u0000\"}', NULL),
		('volume/b', 'volume', NULL, NULL, NULL, 0, 1, 1, '{\"access_level\":\"dev\",\"derived_from\":[],\"identifier\":\"volume/b\",\"path_nii\":\"s3://b/a\",\"series_description\":\"$long\"}', NULL)"
	start_serve
	newest=$(curl -s "$API/v1/health" | jq .schema)
	same "$(sql "SELECT string_agg(version::text, ',' ORDER BY version) FROM layout")" "$(seq -s, 1 "$newest")"
	same "$(sql "SELECT series_description, b_value FROM volumes WHERE identifier = 'volume/a'")" $'t2\xef\xbf\xbd|50'
	same "$(curl -s "$API/v1/volumes?b_value=50.0" | jq -r .identifier)" volume/a
	# What was brought over is found as what comes in.
	same "$(post '{"identifier":"volume/c","path_nii":"s3://b/a","series_description":"'"$long"'"}')" created
	same "$(curl -s "$API/v1/volumes?series_description=$long" | jq -r .identifier | paste -sd' ')" 'volume/b volume/c'
	same "$(sql 'SELECT count(DISTINCT series_description) FROM volumes')" 2
	before=$(sql 'SELECT * FROM layout')
	stop_serve
	start_serve
	same "$(sql 'SELECT * FROM layout')" "$before"
}

@test "three servers that begin at once on an empty database lay it out once" {
	DB=$BATS_TEST_TMPDIR/fresh MORE=() APIS=()
	pg_database "$DB" >/dev/null
	for i in 1 2 3; do
		vx-serve --db "$(serve_db "$DB")" --listen 127.0.0.1:0 2>"$BATS_TEST_TMPDIR/log.$i" 3>&- &
		MORE+=($!)
	done
	for _ in $(seq 200); do
		[ "$(cat "$BATS_TEST_TMPDIR"/log.* 2>/dev/null | grep -c 'listening on')" -lt 3 ] || break
		sleep 0.05
	done
	same "$(cat "$BATS_TEST_TMPDIR"/log.* | grep -o 'listening on\|database.*' | sort | uniq -c | xargs)" '3 listening on'
	kill "${MORE[@]}"
	wait "${MORE[@]}" || true
	same "$(sql 'SELECT count(*) = max(version) FROM layout')" t
}

@test "what it cannot work on is refused with a sentence: version, another's tables, encoding, rights, nobody there" {
	start_serve
	stop_serve
	uri=$(serve_db "$DB")
	sql "UPDATE layout SET checksum = 'another' WHERE version = 2"
	refused 65 'was laid out by another 002-instance.sql' --db "$uri"
	sql 'DELETE FROM layout WHERE version = 2; INSERT INTO layout VALUES (99, $$later$$, $$x$$)'
	refused 65 'has schema version 99' --db "$uri"
	database other
	psql_in other -c 'CREATE TABLE resource (a int)'
	refused 65 "another program's database" --db "$(pg_uri other)"
	same "$(psql_in other -c '\d')" "$(psql_in other -c '\d' | grep resource)"
	database latin "ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0"
	refused 65 'has the encoding LATIN1; UTF8 is needed' --db "$(pg_uri latin)"
	database calm
	psql_in postgres -c 'ALTER DATABASE calm SET default_transaction_read_only = on'
	refused 69 'may only be read' --db "$(pg_uri calm)"
	psql_in postgres -c 'DROP ROLE IF EXISTS nobody' -c 'CREATE ROLE nobody LOGIN' 2>/dev/null
	database rights
	refused 69 'permission denied' --db "$(pg_uri rights nobody)"
	refused 69 'does not exist' --db "$(pg_uri no_such_database)"
	refused 75 'refused' --db postgresql://127.0.0.1:1/x
	refused 64 'cannot be read' --db 'postgresql://%zz/x'
}

@test "a password is refused on the command line, taken from the environment, and never shown" {
	refused 64 'put it into ~/.pgpass' --db "postgresql://vx:hush-hush@127.0.0.1:$PG_PORT/x"
	! grep -q hush-hush <<<"$out$err"
	refused 64 'put it into ~/.pgpass' --db "postgresql://127.0.0.1:$PG_PORT/x?password=hush-hush"
	! grep -q hush-hush <<<"$out$err"
	psql_in postgres -c 'DROP ROLE IF EXISTS locked' -c "CREATE ROLE locked LOGIN PASSWORD 'hush-hush'" 2>/dev/null
	database locked "OWNER locked"
	sed -i '1i host all locked 127.0.0.1/32 scram-sha-256' "$PG_DIR/data/pg_hba.conf"
	kill -HUP "$PG_PID"
	sleep 0.3
	uri=$(pg_uri locked locked)
	refused 69 'no password supplied' --db "$uri"
	PGPASSWORD=wrong-guess refused 69 'password authentication failed' --db "$uri"
	! grep -q wrong-guess <<<"$out$err"
	VX_DB="postgresql://locked:wrong-guess@127.0.0.1:$PG_PORT/locked" refused 69 'password authentication failed'
	! grep -q wrong-guess <<<"$out$err"
	VX_DB="postgresql://locked:wr%zz-guess@127.0.0.1:$PG_PORT/locked" refused 64 'cannot be read'
	! grep -q guess <<<"$out$err"
	echo "127.0.0.1:$PG_PORT:locked:locked:hush-hush" >"$BATS_TEST_TMPDIR/pass"
	chmod 600 "$BATS_TEST_TMPDIR/pass"
	PGPASSFILE=$BATS_TEST_TMPDIR/pass run3 timeout 2 vx-serve --listen 127.0.0.1:0 --db "$uri"
	has "$err" 'listening on'
	VX_DB="postgresql://locked:hush-hush@127.0.0.1:$PG_PORT/locked" run3 timeout 2 vx-serve -v --listen 127.0.0.1:0
	has "$err" 'listening on'
	! grep -q hush-hush <<<"$out$err"
}

@test "a role that may only use the tables serves a database that is laid out" {
	start_serve
	stop_serve
	name=$(pg_name "$DB")
	psql_in postgres -c 'DROP ROLE IF EXISTS clerk' -c 'CREATE ROLE clerk LOGIN' 2>/dev/null
	psql_in "$name" -c 'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO clerk'
	vx-serve --db "$(pg_uri "$name" clerk)" --listen "${API#http://}" 2>"$BATS_TEST_TMPDIR/clerk.log" 3>&- &
	SERVE_PID=$!
	for _ in $(seq 100); do ! curl -sf "$API/v1/health" >/dev/null || break; sleep 0.05; done
	same "$(post "$base")" 'created created created'
	same "$(curl -s -X DELETE "$API/v1/resources/study/a/1" | jq -c .deleted)" '["study/a/1"]'
}

@test "the export is byte for byte that of SQLite; lists and filters find the same" {
	{
		echo "$base"
		seq -f '{"identifier":"volume/a/v%.0f","parent_identifier":"study/a/1","path_nii":"s3://b/v"}' 1500
		cat <<'END'
{"identifier":"volume/a/Z","parent_identifier":"study/a/1","path_nii":"s3://b/v","series_description":"t2 \u00e9 \"q\" \\ \t \u0007 \ud83d\ude00","manufacturer":"A B","b_value":5e1,"other_data":{"z":1e3,"a":[true,null,0.10]}}
{"identifier":"volume/a/_","path_nii":"s3://b/v","b_value":800.5,"derived_from":["volume/a/Z","volume/a/v7"]}
{"identifier":"voxelmap/m","path_nii":"s3://b/v","task":"pz","reference_mri":"volume/a/_","derived_from":["volume/a/_"]}
{"identifier":"specimen/r","parent_identifier":"patient/AA00001","type":"BIOPSY","is_event_root":true,"is_summary":true}
{"identifier":"assessment/r","parent_identifier":"specimen/r","isup":3}
END
	} >"$BATS_TEST_TMPDIR/in"
	queries=(export volumes 'volumes?b_value=50' 'volumes?b_value=800.5' 'volumes?series_description=t2+%C3%A9+%22q%22+%5C+%09+%07+%F0%9F%98%80'
		'volumes?manufacturer=' 'volumes?parent=' 'volumes?parent=study/a/1&limit=7&after=volume/a/v10' 'voxel_maps?task=pz'
		'voxel_maps?task=prostate' 'pathology_assessments?isup=3' 'pathology_specimens?is_event_root=true'
		'volumes?patient=patient/AA00001&limit=3' 'pathology_assessments?patient=patient/AA00001' 'volumes?datasource=datasource/a&limit=2' stats)
	local kind q n
	for kind in sqlite postgresql; do
		VX_TEST_DB=$kind DB=$BATS_TEST_TMPDIR/$kind.db start_serve
		curl -s -H 'Content-Type: application/x-ndjson' --data-binary @"$BATS_TEST_TMPDIR/in" "$API/v1/resources" | jq -c '.results | group_by(.status) |
			map([.[0].status, length])' >"$BATS_TEST_TMPDIR/$kind.results"
		n=0
		for q in "${queries[@]}"; do
			curl -sS "$API/v1/$q" | sed -E 's/,"(created|updated)_at":"[^"]*"//g' >"$BATS_TEST_TMPDIR/$kind.$n"
			n=$((n + 1))
		done
		stop_serve
		unset DB
	done
	cmp "$BATS_TEST_TMPDIR/sqlite.results" "$BATS_TEST_TMPDIR/postgresql.results"
	same "$(cat "$BATS_TEST_TMPDIR/sqlite.results")" '[["created",1508]]'
	for n in $(seq 0 $((${#queries[@]} - 1))); do
		cmp "$BATS_TEST_TMPDIR/sqlite.$n" "$BATS_TEST_TMPDIR/postgresql.$n" || { echo "${queries[n]}"; return 1; }
		[ -s "$BATS_TEST_TMPDIR/sqlite.$n" ] || same "${queries[n]}" 'voxel_maps?task=prostate'
	done
}

@test "views: typed columns, texts of any content and length; the index that each question has" {
	start_serve
	same "$(post "$base")" 'created created created'
	long=$(printf '\u00e9%.0s' $(seq 2000))
	same "$(post '{"identifier":"volume/v","parent_identifier":"study/a/1","path_nii":"s3://b/v","series_description":"ab \\\\u0000","shape":[2,3],"b_value":0.5,"other_data":{"k":"\\u0000"}}
{"identifier":"volume/w","parent_identifier":"study/a/1","path_nii":"s3://b/v","series_description":"'"$long"'"}
{"identifier":"patient/AA00002","parent_identifier":"datasource/a","external_uid":"'"$long"'"}
{"identifier":"specimen/r","parent_identifier":"patient/AA00001","type":"BIOPSY","is_event_root":true,"is_summary":true}
{"identifier":"assessment/r","parent_identifier":"specimen/r","isup":3}')" 'created created created created created'
	same "$(post '{"identifier":"patient/AA00003","parent_identifier":"datasource/a","external_uid":"'"$long"'"}')" invalid
	same "$(sql "SELECT series_description, shape -> 1, b_value * 2, other_data ->> 'k', created_at <= now() FROM volumes WHERE identifier = 'volume/v'")" \
		'ab \\u0000|3|1|\u0000|t'
	# The API takes no NUL; a body that has one all the same, by hand or from before, harms no view.
	sql "UPDATE resource SET body = replace(body, '\"k\":\"\\\\u0000\"', '\"k\":\"\\u0000\\u0000\"') WHERE identifier = 'volume/v'"
	same "$(sql "SELECT series_description, other_data ->> 'k' FROM volumes WHERE identifier = 'volume/v'")" $'ab \\\\u0000|\xef\xbf\xbd\xef\xbf\xbd'
	same "$(sql 'SELECT is_event_root AND is_summary FROM pathology_specimens')" t
	same "$(sql 'SELECT patient, isup FROM patient_grade WHERE isup >= 2')" 'patient/AA00001|3'
	# Enough for the planner to have a choice.
	sql "INSERT INTO resource SELECT 'volume/x/' || i, 'volume', 'study/a/' || i % 900, 'datasource/' || i % 500, 'patient/' || i % 700, 3, 1, 1,
		'{\"identifier\":\"volume/x/' || i || '\"}', NULL, NULL, 'series ' || i % 300, 'maker ' || i % 200, i % 400 FROM generate_series(1, 50000) i;
		INSERT INTO resource SELECT 'voxelmap/x/' || i, 'voxelmap', NULL, NULL, NULL, 3, 1, 1, '{\"identifier\":\"voxelmap/x/' || i || '\"}',
		NULL, NULL, NULL, NULL, NULL, 'task ' || i % 100 FROM generate_series(1, 9000) i;
		INSERT INTO resource SELECT 'assessment/x/' || i, 'assessment', 'specimen/x/' || i, NULL, NULL, 3, 1, 1,
		'{\"identifier\":\"assessment/x/' || i || '\"}', NULL, NULL, NULL, NULL, NULL, NULL, CASE WHEN i % 200 = 0 THEN 5 ELSE 1 END
		FROM generate_series(1, 9000) i; ANALYZE"
	while IFS='|' read -r index from where; do
		run3 sql "EXPLAIN SELECT count(*) FROM $from WHERE $where"
		has "$out" "$index" || { echo "$from WHERE $where"; return 1; }
	done <<'END'
resource_parent|volumes|parent_identifier = 'study/a/1'
resource_datasource|volumes|datasource = 'datasource/7'
resource_patient|volumes|patient = 'patient/7'
volume_series_description|volumes|series_description = 'series 7'
volume_manufacturer|volumes|manufacturer = 'maker 7'
volume_b_value|volumes|b_value = 7
volume_b_value|volumes|b_value BETWEEN 7.5 AND 9
voxelmap_task|voxel_maps|task = 'task 7'
assessment_isup|patient_grade|isup >= 4
resource_pkey|volumes|identifier = 'volume/x/7'
END
	same "$(curl -s "$API/v1/volumes?series_description=$(printf '%%C3%%A9%.0s' $(seq 1300))" | wc -l)" 0
}

@test "a resource on which others stand is not deleted by hand, and what is done by hand renews the instance" {
	start_serve
	same "$(post "$base"$'\n{"identifier":"volume/a","path_nii":"s3://b/x","derived_from":["study/a/1"]}')" 'created created created created'
	run3 sql "DELETE FROM resource WHERE identifier = 'datasource/a'"
	has "$err" 'patient/AA00001 stands on what would be deleted'
	run3 sql "DELETE FROM resource WHERE identifier = 'study/a/1'"
	has "$err" 'volume/a stands on what would be deleted'
	run3 sql "DELETE FROM resource WHERE identifier = 'volume/a'"
	has "$err" 'stands on what would be deleted'
	local was now
	for change in "DELETE FROM reference; DELETE FROM resource WHERE identifier = 'volume/a'" "UPDATE resource SET body = body" 'TRUNCATE resource'; do
		was=$(curl -s "$API/v1/health" | jq -r .instance)
		sql "$change"
		now=$(curl -s "$API/v1/health" | jq -r .instance)
		[ "$was" != "$now" ] && [ ${#now} = 32 ]
	done
}

@test "several servers on one database: twins are created once, numbers are gap-free, never a 500" {
	MORE=() APIS=()
	start_serve
	more_serve 1
	more_serve 2
	APIS+=("$API")
	same "$(post '{"identifier":"datasource/a","shorthand":"AA"}')" created
	local round i pids=()
	for round in 1 2 3 4; do
		{
			seq -f '{"identifier":"volume/'$round'/%.0f","path_nii":"s3://b/x","derived_from":["datasource/a"]}' 400
			awk -v r=$round 'BEGIN { for (i = r * 10; i < r * 10 + 6; i++)
				printf "{\"identifier\":\"patient/AA9%04d\",\"parent_identifier\":\"datasource/a\",\"external_uid\":\"p%d\"}\n", i, i }'
		} >"$BATS_TEST_TMPDIR/in"
		pids=()
		for i in 0 1 2; do
			curl -s -H 'Content-Type: application/x-ndjson' --data-binary @"$BATS_TEST_TMPDIR/in" "${APIS[i]}/v1/resources" \
				>"$BATS_TEST_TMPDIR/answer.$i" 3>&- &
			pids+=($!)
		done
		wait "${pids[@]}"
		same "$(jq -r '.results[].status' "$BATS_TEST_TMPDIR"/answer.* | sort | uniq -c | awk '{print $2, $1}' | paste -sd,)" 'created 406,unchanged 812'
	done
	psql_in "$(pg_name "$DB")" -c "DELETE FROM resource WHERE type = 'patient'"
	pids=()
	for i in $(seq 12); do
		curl -s -H 'Content-Type: application/json' -d "[$(seq -f '{"external_uid":"%.0f","datasource_id":"datasource/a"}' $((i * 5)) $((i * 5 + 9)) | paste -sd,)]" \
			"${APIS[i % 3]}/v1/patients/map" >"$BATS_TEST_TMPDIR/map.$i" 3>&- &
		pids+=($!)
	done
	wait "${pids[@]}"
	same "$(jq -r '.results | length' "$BATS_TEST_TMPDIR"/map.* | sort -u)" 10
	same "$(sql "SELECT count(*), count(DISTINCT external_uid), max(identifier) FROM patients")" '65|65|patient/AA00065'
	kill "${MORE[@]}"
	wait "${MORE[@]}" || true
}

@test "a deadlock and a lock that is held: run again, or 503 with Retry-After" {
	start_serve
	same "$(post '{"identifier":"datasource/a","shorthand":"AA"}
{"identifier":"datasource/b","shorthand":"BB"}')" 'created created'
	# Another holds b and asks for a, while the server holds a and asks for b: PostgreSQL ends the server's transaction.
	local lock='SELECT pg_advisory_xact_lock(hashtextextended($$datasource/%s$$, 1987593282));'
	# shellcheck disable=SC2059 # the format is ours
	sql "BEGIN; $(printf "$lock" b) SELECT pg_sleep(0.6); $(printf "$lock" a) SELECT pg_sleep(0.2); COMMIT" >/dev/null 3>&- &
	local other=$!
	sleep 0.3
	same "$(curl -s -H 'Content-Type: application/json' "$API/v1/patients/map" \
		-d '[{"external_uid":"1","datasource_id":"datasource/a"},{"external_uid":"1","datasource_id":"datasource/b"}]' | jq -c '[.results[].identifier]')" \
		'["patient/AA00001","patient/BB00001"]'
	wait "$other"
	same "$(psql_in postgres -c "SELECT deadlocks FROM pg_stat_database WHERE datname = '$(pg_name "$DB")'")" 1
	# Who creates waits ten seconds for who changes everything, no longer; reading goes on.
	sql 'BEGIN; SELECT pg_advisory_xact_lock(1987593282, 1); SELECT pg_sleep(13); COMMIT' >/dev/null 3>&- &
	other=$!
	sleep 0.3
	curl -s -m 20 -D "$BATS_TEST_TMPDIR/head" -H 'Content-Type: application/x-ndjson' --data-binary "$base" "$API/v1/resources" >"$BATS_TEST_TMPDIR/body" 3>&- &
	local client=$!
	same "$(curl -s "$API/v1/export" | wc -l)" 4
	wait "$client"
	has "$(cat "$BATS_TEST_TMPDIR/head")" ' 503 '
	grep -qi '^retry-after:' "$BATS_TEST_TMPDIR/head"
	has "$(cat "$BATS_TEST_TMPDIR/body")" 'lock timeout'
	kill "$other" || true
	wait "$other" || true
}

@test "PostgreSQL restarts and crashes under load: every record is in, none twice, nothing is lost" {
	start_pg_own
	start_serve
	same "$(post '{"identifier":"datasource/a","shorthand":"AA"}')" created
	seq -f '{"identifier":"volume/%.0f","path_nii":"s3://b/x","derived_from":["datasource/a"]}' 12000 >"$BATS_TEST_TMPDIR/in"
	vx-post -q --retry-for 60 --batch 100 --api "$API" "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/results" 2>"$BATS_TEST_TMPDIR/post.err" 3>&- &
	local client=$! status=0 signal
	for signal in INT QUIT INT; do
		sleep 0.4
		pg_down $signal
		same "$(curl -s -o /dev/null -w '%{http_code}' "$API/v1/resources/volume/1")" 503
		pg_up
	done
	wait "$client" || status=$?
	same "$status" 0 || { cat "$BATS_TEST_TMPDIR/post.err"; return 1; }
	same "$(jq -r .status "$BATS_TEST_TMPDIR/results" | sort -u | grep -v -e created -e unchanged)" ''
	same "$(wc -l <"$BATS_TEST_TMPDIR/results")" 12000
	same "$(sql 'SELECT count(*), count(DISTINCT identifier) FROM volumes')" '12000|12000'
	same "$(sql 'SELECT count(*) FROM reference')" 12000
	! grep -q 'HTTP 500' "$BATS_TEST_TMPDIR/post.err"
}
