#!/usr/bin/env bats
# A deployment becomes the twin of a back-up: vx-post --clone, --delete-missing, vx-serve --restore.
load helper

setup() {
	load helper
	cd "$BATS_TEST_TMPDIR" || return 1
	C=$BATS_TEST_TMPDIR/c.db
	start_serve
	FIRST_PID=$SERVE_PID A=$API
	SERVE_PID='' DB=$BATS_TEST_TMPDIR/b.db
	start_serve
	B=$API
}

teardown() {
	stop_serve
	SERVE_PID=$FIRST_PID
	stop_serve
}

# post API [OPTION...] <in: all of it goes in.
post() { vx-post -q --api "$@" >posted 2>post.err || { cat post.err; return 1; }; }

export_of() { curl -sf "$1/v1/export"; }
backup_of() { curl -sf "$1/v1/export?check=1"; }

# twins: both export the same bytes.
twins() {
	export_of "$A" >a.ndjson
	export_of "$B" >b.ndjson
	[ -s a.ndjson ] && cmp a.ndjson b.ndjson
}

# results: identifier status pairs of the last run, sorted.
results() { jq -r '[.identifier,.status]|join(" ")' <<<"$out" | sort | paste -sd,; }

# tree: a datasource with two patients, a study each, a volume and a mask.
tree() {
	printf '%s\n' '{"identifier":"datasource/t","shorthand":"TT"}' \
		'{"identifier":"patient/TT00001","parent_identifier":"datasource/t","external_uid":"a"}' \
		'{"identifier":"patient/TT00002","parent_identifier":"datasource/t","external_uid":"b"}' \
		'{"identifier":"study/1","parent_identifier":"patient/TT00001"}' \
		'{"identifier":"study/2","parent_identifier":"patient/TT00002"}' \
		'{"identifier":"volume/1","parent_identifier":"study/1","path_nii":"s3://b/1"}' \
		'{"identifier":"voxelmap/1","parent_identifier":"study/1","reference_mri":"volume/1","task":"prostate","path_nii":"s3://b/m"}'
}

@test "--clone: an empty deployment becomes the twin; again, nothing changes; numbers go on where A's do" {
	tree | post "$A"
	backup_of "$A" >backup
	run3 vx-post --api "$B" --clone backup
	expect 0
	has "$err" "7 records in, 7 out, 0 rejected, 7 created"
	twins
	run3 vx-post --api "$B" --clone --expect-unchanged <backup
	expect 0
	same "$(curl -s "$B/v1/patients/register" -H 'Content-Type: application/json' \
		-d '{"external_uid":"new","datasource_id":"datasource/t"}')" '{"identifier":"patient/TT00003"}'
}

@test "--clone: what differs is replaced exactly, a default_split too, in B alone is told and stays" {
	tree | post "$A"
	{
		tree | sed 's/"external_uid":"a"/&,"default_split":"train"/; s!s3://b/1!s3://c/1!'
		echo '{"identifier":"volume/extra","parent_identifier":"study/2","path_nii":"s3://b/x"}'
	} | post "$B"
	backup_of "$A" >backup
	run3 vx-post --api "$B" --clone --dry-run backup
	expect 0
	cp out plan
	run3 vx-post --api "$B" --clone backup
	expect 0
	cmp plan out
	same "$(jq -c 'select(.diff).diff' <<<"$out" | paste -sd' ')" \
		'{"default_split":{"old":"train","new":null}} {"path_nii":{"old":"s3://c/1","new":"s3://b/1"}}'
	has "$err" "vx-post: $B has 1 resource that the back-up has not: --delete-missing would delete them"
	export_of "$B" | grep -v volume/extra | cmp - <(export_of "$A")
}

@test "--clone: patients that change names, trees turned round, whatever the batch size" {
	local batch
	for batch in 1 2 250; do
		printf '%s\n' '{"identifier":"specimen/r1","parent_identifier":"patient/TT00001","type":"BIOPSY","is_summary":true,"is_event_root":true}' \
			'{"identifier":"specimen/r2","parent_identifier":"specimen/r1","type":"BIOPSY","is_summary":true,"is_event_root":false}' \
			'{"identifier":"specimen/r3","parent_identifier":"specimen/r2","type":"BIOPSY","is_summary":true,"is_event_root":false}' |
			cat <(tree) - | post "$B" --on-conflict update
		{
			tree | sed 's/"external_uid":"a"/"external_uid":"X"/; s/"external_uid":"b"/"external_uid":"a"/; s/"external_uid":"X"/"external_uid":"b"/'
			printf '%s\n' '{"identifier":"specimen/r3","parent_identifier":"patient/TT00001","type":"BIOPSY","is_summary":true,"is_event_root":true}' \
				'{"identifier":"specimen/r2","parent_identifier":"specimen/r3","type":"BIOPSY","is_summary":true,"is_event_root":false}' \
				'{"identifier":"specimen/r1","parent_identifier":"specimen/r2","type":"BIOPSY","is_summary":false,"is_event_root":false}'
		} | post "$A" --on-conflict update
		backup_of "$A" >backup
		run3 vx-post -q --api "$B" --clone --batch $batch backup
		expect 0
		same "$(wc -l <out)" 10
		twins
		stop_serve
		forget_db
		start_serve
		B=$API
	done
}

@test "--clone between random deployments: twins, whatever was there before; in order, shuffled, killed half-way" {
	local seed n before=$B
	for seed in 1 2 3 4 5 6; do
		python3 "$ROOT/tests/clone_worlds.py" $seed $((5 + seed * 3)) >world
		# A is made anew each time, B goes from world to world.
		forget_db "$C"
		vx-serve -q --db "$(serve_db "$C")" --restore world --restore-only
		kill "$FIRST_PID" && wait "$FIRST_PID" 2>/dev/null || true
		B_PID=$SERVE_PID DB=$C SERVE_PID=''
		start_serve
		FIRST_PID=$SERVE_PID A=$API SERVE_PID=$B_PID
		backup_of "$A" >backup
		[ $((seed % 3)) -ne 1 ] || { timeout -s KILL 0.02 vx-post -q --api "$before" --clone backup >/dev/null 2>&1 || true; }
		n=$(vx-post --api "$before" --clone --delete-missing --batch $((seed * 7)) backup 2>&1 >/dev/null |
			sed -n 's/.*--confirm //p')
		run3 vx-post -q --api "$before" --clone --delete-missing --confirm "${n:-0}" --batch $((seed * 7)) backup
		expect 0
		B=$before
		twins || { echo "seed $seed"; return 1; }
	done
}

@test "--clone: a back-up whose order was lost goes in all the same, with a small window" {
	python3 "$ROOT/tests/clone_worlds.py" 1 30 | post "$B"
	python3 "$ROOT/tests/clone_worlds.py" 2 30 | post "$A"
	local n
	export_of "$A" | shuf --random-source=<(yes) >backup
	n=$(vx-post --api "$B" --clone --delete-missing --window 4K backup 2>&1 >/dev/null | sed -n 's/.*--confirm //p')
	run3 vx-post -q --api "$B" --clone --delete-missing --confirm "${n:-0}" --window 4K --batch 10 backup
	expect 0
	twins
}

@test "--clone says what it refuses: a record twice, an identifier that is wrong, two that exchange what names patients" {
	tree | post "$B"
	tree | sed '2p' >twice
	run3 vx-post -q --api "$B" --clone twice
	expect 1
	has "$err" "identifier: stands twice in the back-up: patient/TT00001"
	sed 's!study/2!study/2 !' <(tree) >wrong
	run3 vx-post --api "$B" --clone --delete-missing --confirm 1 wrong
	expect 1
	has "$err" "--delete-missing: not all records of the input are in: nothing is deleted"
	# The shorthand stays while a patient is named after it; with the patient gone, it changes.
	printf '%s\n' '{"identifier":"datasource/t","shorthand":"NN"}' \
		'{"identifier":"patient/NN00001","parent_identifier":"datasource/t","external_uid":"a"}' >renamed
	run3 vx-post --api "$B" --clone renamed
	expect 1
	has "$err" "shorthand: invalid: cannot change: patient/TT00002 is named after the old one"
	run3 vx-post -q --api "$B" --clone --delete-missing --confirm 6 renamed
	expect 0
	same "$(results)" "datasource/t updated,patient/NN00001 created,patient/TT00001 deleted,patient/TT00002 deleted,study/1 deleted,study/2 deleted,volume/1 deleted,voxelmap/1 deleted"
}

@test "--clone: what is to be deleted holds a name that others below it wait for: datasource, patient, root" {
	tree | post "$B"
	printf '%s\n' '{"identifier":"specimen/old","parent_identifier":"patient/TT00001","type":"BIOPSY","is_summary":true,"is_event_root":true}' \
		'{"identifier":"specimen/a","parent_identifier":"specimen/old","type":"BIOPSY","is_summary":true,"is_event_root":false}' | post "$B"
	{
		tree | sed 's!datasource/t!datasource/renamed!; s!TT00002!TT00007!'
		printf '%s\n' '{"identifier":"specimen/new","parent_identifier":"patient/TT00001","type":"BIOPSY","is_summary":true,"is_event_root":true}' \
			'{"identifier":"specimen/a","parent_identifier":"specimen/new","type":"BIOPSY","is_summary":true,"is_event_root":false}'
	} | post "$A"
	backup_of "$A" >backup
	run3 vx-post --api "$B" --clone --delete-missing backup
	expect 1
	has "$err" "3 resources would be deleted: run it again with --confirm 3"
	run3 vx-post -q --api "$B" --clone --delete-missing --confirm 3 backup
	expect 0
	has "$(results)" "datasource/renamed created,datasource/t deleted,patient/TT00001 updated,patient/TT00002 deleted,patient/TT00007 created"
	twins
	# What was set aside names nobody any more.
	tree | post "$A" --on-conflict update || true
	curl -sf -X DELETE "$A/v1/resources/datasource/renamed?aside=1" >/dev/null
	same "$(curl -s "$A/v1/patients/register" -H 'Content-Type: application/json' \
		-d '{"external_uid":"new","datasource_id":"datasource/renamed"}' | jq -r .detail)" \
		"datasource/renamed is about to be deleted"
}

@test "--clone: a back-up that is not whole is seen, and deletes nothing" {
	tree | post "$A"
	{ tree; echo '{"identifier":"volume/extra","path_nii":"s3://b/x"}'; } | post "$B"
	backup_of "$A" >backup
	{ head -5 backup; tail -1 backup; } >cut
	run3 vx-post --api "$B" --clone --delete-missing --confirm 1 cut
	expect 65
	has "$err" "cut:6: the back-up is not whole: 5 lines came, its end record counts 7"
	has "$err" "--delete-missing: the input could not be read to its end: nothing is deleted"
	sed '2s/"a"/"z"/' backup >changed
	run3 vx-post --api "$B" --clone --delete-missing --confirm 1 changed
	expect 65
	has "$err" "the back-up was changed: its end record has another SHA-256"
	{ cat backup; head -1 backup; } >more
	run3 vx-post --api "$B" --clone more
	expect 65
	has "$err" "goes on behind its end record"
	head -7 backup >unknown
	run3 vx-post --api "$B" --clone --delete-missing unknown
	expect 1
	has "$err" "the back-up has no end record (/v1/export?check=1): whether it is whole is not known"
	same "$(curl -s "$B/v1/resources/volume/extra" | jq -r .identifier)" volume/extra
	# Without --clone an end record is passed over.
	run3 vx-post -q --api "$B" --on-conflict update backup
	expect 0
	same "$(wc -l <out)" 7
}

@test "--clone: a back-up of one datasource says so, and deletes nothing of the others" {
	local other='{"identifier":"datasource/u","shorthand":"UU"}' wrong before
	{ tree; echo "$other"; } | post "$A"
	{ tree; echo "$other"; echo '{"identifier":"volume/extra","parent_identifier":"study/2","path_nii":"s3://b/x"}'; } | post "$B"
	curl -sf "$A/v1/export?check=1&datasource=datasource/t" >part
	same "$(tail -1 part | jq -c '._end|[.count,.datasource]')" '[7,"datasource/t"]'
	same "$(backup_of "$A" | tail -1 | jq -c '._end|keys')" '["count","sha256"]'
	before=$(export_of "$B" | sha256sum)
	for wrong in "" "--confirm 2" "--dry-run" "--subset datasource/u --confirm 1"; do
		run3 vx-post --api "$B" --clone --delete-missing $wrong part
		expect 1
		has "$err" "--delete-missing: the back-up is of datasource/t alone: nothing is deleted without --subset datasource/t"
		[[ $out != *missing* ]]
		same "$(export_of "$B" | sha256sum)" "$before"
	done
	run3 vx-post --api "$B" --clone part
	expect 0
	[[ $err != *"--delete-missing"* ]]
	run3 vx-post -q --api "$B" --clone --delete-missing --subset datasource/t --confirm 1 part
	expect 0
	has "$(results)" "volume/extra deleted"
	twins
}

@test "--restore of one datasource's back-up: goes in, beside others and into production, and is told" {
	tree | post "$A"
	curl -sf "$A/v1/export?check=1&datasource=datasource/t" >part
	run3 vx-serve --db "$(serve_db "$C")" --restore part --restore-only --environment production
	expect 0
	has "$err" "vx-serve: part: is a back-up of datasource/t alone"
	run3 vx-serve --db "$(serve_db "$C")" --restore - --restore-only <<<'{"identifier":"datasource/u","shorthand":"UU"}'
	expect 0
	run3 vx-serve --db "$(serve_db "$C")" --restore part --restore-only
	expect 0
	has "$err" "0 created, 7 unchanged, 0 updated, 0 refused"
	[[ $err != *"that the back-up has not"* ]]
	run3 vx-serve --db "$(serve_db "$C")" --restore part --restore-only --subset datasource/t
	expect 0
	[[ $err != *"alone"* ]]
}

@test "--clone and --delete-missing are refused by production, by vx-post and by vx-serve" {
	stop_serve
	start_serve --environment production
	local options
	tree >in
	for options in "--clone" "--clone --production" "--delete-missing --within datasource/t --production"; do
		run3 vx-post --api "$API" $options in
		expect 69
		has "$err" "is a production deployment: it is never cloned into, and nothing is deleted there"
	done
	run3 curl -s -d '[]' -H 'Content-Type: application/json' "$API/v1/resources?on_conflict=replace"
	same "$(jq -r '.status,.detail' <<<"$out" | paste -sd' ')" "403 this deployment is production: it is no clone of another"
}

@test "production: a default_split belongs to the central script" {
	stop_serve
	forget_db
	vx-serve -q --db "$(serve_db "$DB")" --restore <(tree | sed 's/"external_uid":"a"/&,"default_split":"train"/') --restore-only
	start_serve --environment production
	printf '%s\n' '{"identifier":"patient/TT00001","parent_identifier":"datasource/t","external_uid":"a","default_split":"test"}' \
		'{"identifier":"patient/TT00002","parent_identifier":"datasource/t","external_uid":"b","default_split":"test"}' \
		'{"identifier":"patient/TT00003","parent_identifier":"datasource/t","external_uid":"c","default_split":"test"}' >in
	run3 vx-post -q --api "$API" --production --on-conflict update in
	expect 1
	same "$(results)" "patient/TT00001 invalid,patient/TT00002 invalid,patient/TT00003 invalid"
	has "$err" "default_split: invalid: is set by the central script alone: this deployment is production"
	run3 vx-post -q --api "$API" --production --on-conflict update <<<"$(head -1 in | sed 's/"test"/"train"/')"
	expect 0
	same "$(results)" "patient/TT00001 unchanged"
}

@test "options that do not go together are wrong usage" {
	local line
	while IFS='|' read -r options why; do
		run3 vx-post $options </dev/null
		expect 64
		has "$err" "$why"
	done <<'TABLE'
--delete-missing|--delete-missing: below what? say --within IDENTIFIER
--within study/1|--within goes with --delete-missing, and not with --clone
--clone --delete-missing --within study/1|--within goes with --delete-missing, and not with --clone
--confirm 3|--confirm goes with --delete-missing
--subset datasource/t|--subset names a datasource/..., and goes with --clone
--clone --subset patient/TT00001|--subset names a datasource/..., and goes with --clone
--clone --on-conflict update|--clone replaces what is there
--clone --fill b_value|--clone replaces what is there
--clone --journal j|--journal: --clone and --delete-missing look at all that is there, and go without it
--delete-missing --within study/1 --journal j|--journal: --clone and --delete-missing look at all
--clone a b|--clone reads one back-up, not 2 files
--delete-missing --within study/1/|--within: 'study/1/' is no identifier
--delete-missing --within study/1 --confirm -1|--confirm
TABLE
	run3 vx-serve --restore-only
	expect 64
	has "$err" "--subset and --restore-only go with --restore"
	run3 vx-serve --restore x --subset study/1
	expect 64
	has "$err" "--subset: 'study/1' is no datasource/..."
}

@test "--delete-missing: first the plan, then exactly that many, children first, and never patients" {
	tree | post "$A"
	echo '{"identifier":"volume/other","path_nii":"s3://b/o"}' | post "$A"
	tree | grep -v -e study/1 -e volume/1 >in
	run3 vx-post --api "$A" --delete-missing --within datasource/t in
	expect 1
	same "$(results)" "datasource/t unchanged,patient/TT00001 unchanged,patient/TT00002 unchanged,study/1 missing,study/2 unchanged,volume/1 missing,voxelmap/1 missing"
	has "$err" "3 resources would be deleted: run it again with --confirm 3"
	run3 vx-post --api "$A" --delete-missing --within datasource/t --confirm 2 in
	expect 1
	has "$err" "3 resources would be deleted, not the 2 that --confirm says: nothing was"
	run3 vx-post --api "$A" --delete-missing --within datasource/t --confirm 3 --dry-run=table in
	expect 0
	has "$out" "missing   voxelmap/1
missing   volume/1
missing   study/1"
	has "$out" "total                         -          4        -         -       -        -        3"
	same "$(export_of "$A" | wc -l)" 8
	run3 vx-post --api "$A" --delete-missing --within datasource/t --confirm 3 in
	expect 0
	same "$(tail -3 out | jq -r '[.identifier,.status]|join(" ")' | paste -sd,)" \
		"voxelmap/1 deleted,volume/1 deleted,study/1 deleted"
	has "$err" "4 records in, 4 out, 0 rejected, 4 unchanged, 3 deleted"
	run3 vx-post --api "$A" --delete-missing --within datasource/t --confirm 0 --expect-unchanged in
	expect 0
	# Patients and the datasource stay, named or not; so does what lies elsewhere.
	run3 vx-post --api "$A" --delete-missing --within datasource/t --confirm 0 <<<'{"identifier":"study/2","parent_identifier":"patient/TT00002"}'
	expect 0
	same "$(export_of "$A" | jq -r .identifier | paste -sd,)" "datasource/t,volume/other,patient/TT00001,patient/TT00002,study/2"
}

@test "--delete-missing --within a patient, a study, a specimen: what lies below it, at any depth" {
	tree | post "$A"
	printf '%s\n' '{"identifier":"specimen/r","parent_identifier":"patient/TT00001","type":"BIOPSY","is_summary":true,"is_event_root":true}' \
		'{"identifier":"specimen/a","parent_identifier":"specimen/r","type":"BIOPSY","is_summary":true,"is_event_root":false}' \
		'{"identifier":"specimen/0","parent_identifier":"specimen/a","type":"BIOPSY","is_summary":true,"is_event_root":false}' \
		'{"identifier":"assessment/0","parent_identifier":"specimen/0"}' | post "$A"
	run3 vx-post -q --api "$A" --delete-missing --within specimen/r --confirm 3 <<<'{"identifier":"study/2","parent_identifier":"patient/TT00002"}'
	expect 0
	same "$(tail -3 out | jq -r '[.identifier,.status]|join(" ")' | paste -sd,)" \
		"assessment/0 deleted,specimen/0 deleted,specimen/a deleted"
	# A child is kept although its parent is not named: the parent fails, and says why.
	tree | tail -1 >in
	run3 vx-post -q --api "$A" --delete-missing --within patient/TT00001 --confirm 3 in
	expect 1
	same "$(results)" "specimen/r deleted,study/1 failed,volume/1 failed,voxelmap/1 unchanged"
	has "$err" "volume/1: failed: volume/1 voxelmap/1 refers to it or to what is below it"
}

@test "--delete-missing deletes nothing after an input that is empty, wrong, cut short or about another place" {
	tree | post "$A"
	local before
	before=$(export_of "$A" | sha256sum)
	run3 vx-post --api "$A" --delete-missing --within datasource/t --confirm 4 </dev/null
	expect 1
	has "$err" "--delete-missing: the input is empty: nothing is deleted"
	tree | head -3 >in
	run3 vx-post --api "$A" --delete-missing --within datasource/none --confirm 4 in
	expect 1
	has "$err" "--within: datasource/none does not exist: nothing is deleted"
	local wrong
	for wrong in 'nonsense' '{"name":"no resource"}' '{"identifier":"study/9","parent_identifier":"patient/TT00009"}' \
		'{"identifier":"volume/9","path_nii":"s3://b/9","volume_type":"T9"}' \
		'{"identifier":"patient/TT00001","parent_identifier":"datasource/t","external_uid":"other"}'; do
		run3 vx-post --api "$A" --delete-missing --within datasource/t --confirm 4 in - <<<"$wrong"
		expect 1
		has "$err" "--delete-missing: not all records of the input are in: nothing is deleted"
	done
	run3 vx-post --api "$A" --delete-missing --within datasource/t --confirm 4 in none.ndjson
	expect 74
	has "$err" "--delete-missing: the input could not be read to its end: nothing is deleted"
	same "$(export_of "$A" | sha256sum)" "$before"
}

@test "--subset: one datasource of a whole export, as the server's own export of it; what leads outside is told" {
	tree | post "$A"
	printf '%s\n' '{"identifier":"datasource/u","shorthand":"UU"}' \
		'{"identifier":"patient/UU00001","parent_identifier":"datasource/u","external_uid":"a"}' \
		'{"identifier":"study/u","parent_identifier":"patient/UU00001"}' \
		'{"identifier":"volume/u","parent_identifier":"study/u","path_nii":"s3://b/u"}' \
		'{"identifier":"volume/none","path_nii":"s3://b/n"}' | post "$A"
	backup_of "$A" >backup
	run3 vx-post --api "$B" --clone --subset datasource/u backup
	expect 0
	has "$err" "4 records in, 4 out, 0 rejected, 4 created, 8 outside of datasource/u"
	export_of "$B" | cmp - <(curl -sf "$A/v1/export?datasource=datasource/u")
	echo '{"identifier":"volume/d","parent_identifier":"study/u","path_nii":"s3://b/d","derived_from":["volume/1"]}' | post "$A"
	echo '{"identifier":"volume/more","parent_identifier":"study/u","path_nii":"s3://b/d"}' | post "$B"
	backup_of "$A" >backup
	run3 vx-post --api "$B" --clone --subset datasource/u --delete-missing --confirm 1 backup
	expect 1
	has "$(results)" "volume/d orphan,volume/more deleted,volume/u unchanged"
	has "$err" "volume/d: derived_from: orphan: volume/1 does not exist"
	# A child in front of its parent: whether it belongs there cannot be told.
	tac backup | tail -n +2 >turned
	run3 vx-post -q --api "$B" --clone --subset datasource/u turned
	expect 1
	has "$err" "has not come before: only in an export, where parents come first, a part can be told"
	run3 vx-serve -q --db "$(serve_db "$C")" --restore backup --restore-only --subset datasource/t
	expect 0
	DB=$C SAVED=$SERVE_PID
	start_serve
	export_of "$API" | cmp - <(curl -sf "$A/v1/export?datasource=datasource/t")
	stop_serve
	SERVE_PID=$SAVED
	run3 curl -s "$A/v1/export?datasource=datasource/none"
	same "$(jq -r .detail <<<"$out")" "there is no datasource datasource/none"
}

@test "--restore: plain, gzip and stdin, then serve; again is unchanged; what differs in dev is replaced" {
	python3 "$ROOT/tests/clone_worlds.py" 1 40 | post "$A"
	backup_of "$A" >backup
	gzip -k backup
	run3 vx-serve --db "$(serve_db "$C")" --restore backup.gz --restore-only
	expect 0
	has "$err" "vx-serve: backup.gz: $(($(wc -l <backup) - 1)) resources in: $(($(wc -l <backup) - 1)) created, 0 unchanged, 0 updated, 0 refused, "
	run3 vx-serve --db "$(serve_db "$C")" --restore - --restore-only <backup
	expect 0
	has "$err" ": 0 created, $(($(wc -l <backup) - 1)) unchanged, 0 updated, 0 refused, "
	sed 's/"u1"/"u1-new"/; s/"study_uid":"s1"/"study_uid":"s7"/; $d' backup >world2
	echo '{"identifier":"volume/extra","path_nii":"s3://b/x"}' | cat backup - | sed '/_end/d' >more
	run3 vx-serve --db "$(serve_db "$C")" --restore more --restore-only
	expect 0
	run3 vx-serve --db "$(serve_db "$C")" --restore world2 --restore-only
	expect 0
	has "$err" "the database has 1 resource that the back-up has not: they stay"
	has "$err" "warning: world2 has no end record (/v1/export?check=1): whether it is whole is not known"
	run3 vx-serve --db "$(serve_db "$C")" --restore backup --restore-only
	expect 0
	has "$err" " 0 created, "
	stop_serve
	forget_db
	start_serve --restore backup.gz
	B=$API
	twins
}

@test "--restore: killed at any moment and run again it ends right, in production too" {
	python3 "$ROOT/tests/clone_worlds.py" 1 600 | post "$A"
	backup_of "$A" >backup
	local i
	for i in 1 2 3 4; do
		timeout -s KILL 0.0$((i * 2)) vx-serve -q --db "$(serve_db "$C")" --restore backup --restore-only --environment production || true
	done
	run3 vx-serve --db "$(serve_db "$C")" --restore backup --restore-only --environment production
	expect 0
	stop_serve
	DB=$C
	start_serve
	B=$API
	twins
}

@test "--restore says what is wrong, with its line, and does not serve" {
	{ tree; echo nonsense; printf 'a\0b\n'; echo '{"identifier":"study/x","parent_identifier":"patient/TT00009"}'; } >bad
	run3 timeout 20 vx-serve --db "$(serve_db "$C")" --restore bad
	expect 1
	has "$err" "vx-serve: bad:8: invalid: not JSON"
	has "$err" "vx-serve: bad:9: holds a NUL byte"
	has "$err" "vx-serve: bad:10: parent_identifier: orphan: study/x: patient/TT00009 does not exist"
	has "$err" "10 resources in: 7 created, 0 unchanged, 0 updated, 3 refused"
	tree | post "$A"
	backup_of "$A" >backup
	gzip -c backup | head -c 200 >cut.gz
	run3 timeout 20 vx-serve --db "$(serve_db "$C")" --restore cut.gz
	expect 65
	has "$err" "cut.gz:"
	has "$err" "the gzip is cut off"
	gzip -c backup | python3 -c 'import sys; b = bytearray(sys.stdin.buffer.read()); b[len(b) // 2] ^= 255; sys.stdout.buffer.write(b)' >damaged.gz
	run3 timeout 20 vx-serve --db "$(serve_db "$C")" --restore damaged.gz
	expect 65
	has "$err" "damaged.gz"
	{ head -3 backup; tail -1 backup; } >cut
	run3 timeout 20 vx-serve --db "$(serve_db "$C")" --restore cut
	expect 65
	has "$err" "vx-serve: cut:4: the back-up is not whole: 3 lines came, its end record counts 7"
	: >empty
	run3 timeout 20 vx-serve --db "$(serve_db "$C")" --restore empty
	expect 65
	has "$err" "vx-serve: empty: is empty"
	run3 timeout 20 vx-serve --db "$(serve_db "$C")" --restore none
	expect 74
	has "$err" "vx-serve: none: cannot open: No such file or directory"
}

@test "--restore in production: only into an empty database" {
	tree | post "$A"
	backup_of "$A" >backup
	run3 vx-serve -q --db "$(serve_db "$C")" --restore backup --restore-only --environment production
	expect 0
	run3 vx-serve -q --db "$(serve_db "$C")" --restore backup --restore-only --environment production
	expect 0
	run3 vx-serve -q --db "$(serve_db "$C")" --restore - --restore-only --environment production <backup
	expect 69
	has "$err" "this deployment is production, and holds 7 resources: it is restored into an empty database"
	head -5 backup >less
	run3 vx-serve -q --db "$(serve_db "$C")" --restore less --restore-only --environment production
	expect 69
	has "$err" "holds 7 resources, not all of them the back-up's: it is restored into an empty database"
}

@test "a clone and a restore of 40,000 resources take no more memory than those of 4,000" {
	plain_build
	sqlite_only
	python3 - >in <<'PY'
print('{"identifier":"datasource/t","shorthand":"TT"}')
for i in range(40000):
    print('{"identifier":"volume/v%05d","path_nii":"s3://b/%d"}' % (i, i))
PY
	local n few many what
	head -4001 in >few; head -37001 in >most
	for what in "vx-post -q --api $B --clone --delete-missing" "vx-serve -q --db $(serve_db $C) --restore-only --restore"; do
		few=$( { /usr/bin/time -f %M $what few >/dev/null; } 2>&1 | tail -1)
		many=$( { /usr/bin/time -f %M $what in >/dev/null; } 2>&1 | tail -1)
		[ "$many" -lt $((few + 24576)) ] || { echo "$what: $few KiB, $many KiB"; return 1; }
	done
	[ "$(vx-post -q --api "$B" --clone --delete-missing --confirm 3000 most 2>/dev/null | grep -c deleted)" -eq 3000 ]
}
