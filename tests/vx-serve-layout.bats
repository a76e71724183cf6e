#!/usr/bin/env bats
# The layouts of the database (share/sql): an older one is brought up to date with what it holds, a newer one refused.
load helper

teardown() { stop_serve; }

# An older SQLite file: version 1 as share/sql has it, without the table that tells what was applied.
old_file() {
	DB=$BATS_TEST_TMPDIR/old.db
	sqlite3 "$DB" "PRAGMA application_id = $((0x76784442)); PRAGMA user_version = 1;" ".read $ROOT/share/sql/sqlite/001-resources.sql"
	sqlite3 "$DB" "INSERT INTO resource VALUES
		('datasource/a', 'datasource', NULL, 'datasource/a', NULL, 0, 1, 1, '{\"access_level\":\"dev\",\"derived_from\":[],\"identifier\":\"datasource/a\",\"shorthand\":\"AA\"}'),
		('patient/AA00001', 'patient', 'datasource/a', 'datasource/a', 'patient/AA00001', 1, 1, 1, '{\"access_level\":\"dev\",\"derived_from\":[],\"external_uid\":\"one\",\"identifier\":\"patient/AA00001\",\"parent_identifier\":\"datasource/a\"}')"
}

post() {
	curl -s -H 'Content-Type: application/x-ndjson' --data-binary "$1" "$API/v1/resources" | jq -r '[.results[].status] | join(" ")'
}

@test "SQLite: a file of version 1 becomes one of the newest, with all that it holds" {
	old_file
	start_serve
	newest=$(curl -s "$API/v1/health" | jq .schema)
	same "$(sqlite3 "$DB" 'PRAGMA user_version')" "$newest"
	same "$(sqlite3 "$DB" 'SELECT group_concat(version) FROM layout')" "$(seq -s, 2 "$newest")"
	same "$(curl -s "$API/v1/export" | jq -r .identifier | paste -sd' ')" 'datasource/a patient/AA00001'
	same "$(post '{"identifier":"patient/AA00001","parent_identifier":"datasource/a","external_uid":"one"}
{"identifier":"study/a","parent_identifier":"patient/AA00001"}')" 'unchanged created'
	# A second start finds nothing to do.
	before=$(sqlite3 "$DB" 'SELECT * FROM layout')
	stop_serve
	start_serve
	same "$(sqlite3 "$DB" 'SELECT * FROM layout')" "$before"
	# A fresh file tells of each layout.
	stop_serve
	DB=$BATS_TEST_TMPDIR/new.db start_serve
	same "$(sqlite3 "$BATS_TEST_TMPDIR/new.db" 'SELECT group_concat(version) FROM layout')" "$(seq -s, 1 "$newest")"
}

@test "SQLite: a newer file, or one laid out by other SQL, is refused and left as it is" {
	start_serve
	stop_serve
	sqlite3 "$DB" "UPDATE layout SET checksum = 'another' WHERE version = 2"
	run3 vx-serve --db "$DB" --listen 127.0.0.1:0
	expect 65
	has "$err" "was laid out by another 002-"
	old_file
	sqlite3 "$DB" 'PRAGMA user_version = 77'
	before=$(sha256sum <"$DB")
	run3 vx-serve --db "$DB" --listen 127.0.0.1:0
	expect 65
	has "$err" "has schema version 77"
	sqlite3 "$DB" 'PRAGMA journal_mode = DELETE' >"$BATS_TEST_TMPDIR/mode"
	same "$(sqlite3 "$DB" 'SELECT group_concat(name) FROM sqlite_master WHERE type = '"'table'")" 'resource,reference'
}

@test "SQLite: a layout that fails halfway leaves the file as it was" {
	old_file
	mkdir "$BATS_TEST_TMPDIR/share"
	cp -R "$ROOT/share/." "$BATS_TEST_TMPDIR/share"
	echo 'INSERT INTO nonsense VALUES (1);' >>"$BATS_TEST_TMPDIR/share/sql/sqlite/002-instance.sql"
	VX_SHARE=$BATS_TEST_TMPDIR/share run3 vx-serve --db "$DB" --listen 127.0.0.1:0
	expect 74
	has "$err" "no such table: nonsense"
	same "$(sqlite3 "$DB" 'PRAGMA user_version; SELECT count(*) FROM sqlite_master WHERE name IN ('"'instance', 'layout')")" $'1\n0'
	start_serve
	same "$(curl -s "$API/v1/export" | wc -l)" 2
}
