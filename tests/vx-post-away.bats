#!/usr/bin/env bats
# vx-post and vx-patient-map when the API is not there yet, goes away, or stays away.
load helper

setup() {
	load helper
	port=$(free_port)
	export VX_API=http://127.0.0.1:$port
	DB=$BATS_TEST_TMPDIR/vx.db
	printf '%s\n' '{"identifier":"datasource/t","shorthand":"TT"}' \
		'{"identifier":"patient/TT00001","parent_identifier":"datasource/t","external_uid":"1"}' >"$BATS_TEST_TMPDIR/in"
}

teardown() {
	for pid in ${PIDS:-}; do kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true; done
}

# serve_at_port: vx-serve where VX_API says.
serve_at_port() {
	vx-serve --db "$DB" --listen "127.0.0.1:$port" >>"$BATS_TEST_TMPDIR/serve.log" 2>&1 3>&- &
	PIDS="${PIDS:-} $!"
}

@test "--wait-for-api: an API that is being started is waited for, however short --retry-for is" {
	vx-post --wait-for-api 30s --retry-for 0 "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	local pid=$!
	sleep 2.6
	serve_at_port
	wait "$pid"
	same "$(jq -r .status "$BATS_TEST_TMPDIR/out" | paste -sd,)" created,created
	# One line when it lasts, one when it is over.
	same "$(grep -c "is away (connection refused): it is tried again for 30 s" "$BATS_TEST_TMPDIR/err")" 1
	same "$(grep -c "answers again, after" "$BATS_TEST_TMPDIR/err")" 1
	same "$(wc -l <"$BATS_TEST_TMPDIR/err")" 3
}

@test "--wait-for-api: vx-patient-map waits as well" {
	echo '{"_match":{"patient":"a"}}' |
		vx-patient-map --datasource datasource/t --wait-for-api 30s --retry-for 0 \
			>"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	local pid=$!
	sleep 2.6
	serve_at_port
	vx-post -q --wait-for-api 30s "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/posted"
	# The datasource may come too late for it: what matters is that the API was waited for.
	wait "$pid" || true
	same "$(grep -c "the API is away (connection refused): it is tried again for 30 s" "$BATS_TEST_TMPDIR/err")" 1
	same "$(grep -c "the API answers again" "$BATS_TEST_TMPDIR/err")" 1
	same "$(grep -c "connect to server" "$BATS_TEST_TMPDIR/err")" 0
}

@test "--wait-for-api: one that never comes is 75, after that time and not much more" {
	local before=$SECONDS
	run3 vx-post --wait-for-api 1 --retry-for 60 "$BATS_TEST_TMPDIR/in"
	expect 75
	[ $((SECONDS - before)) -le 5 ]
	has "$err" "no answer for 1 of the 1 records that were read: run it again, what is there stays"
	run3 vx-post --wait-for-api soon "$BATS_TEST_TMPDIR/in"
	expect 64
}

@test "an API that goes away in the middle: a line, not one a record; all that was read is told of; a rerun completes it" {
	serve_at_port
	{ head -1 "$BATS_TEST_TMPDIR/in"; seq 20000 | sed 's|.*|{"identifier":"volume/&","path_nii":"s3://b/&.nii.gz"}|'; } >"$BATS_TEST_TMPDIR/many"
	vx-post -q --wait-for-api 20s "$BATS_TEST_TMPDIR/in" >/dev/null
	{ head -5000 "$BATS_TEST_TMPDIR/many"; sleep 0.5; kill "${PIDS##* }"; wait "${PIDS##* }" || true; tail -n +5001 "$BATS_TEST_TMPDIR/many"; } 2>/dev/null |
		run3 vx-post --retry-for 0.5 --rejects "$BATS_TEST_TMPDIR/rejects" >"$BATS_TEST_TMPDIR/said" || true
	err=$(cat "$BATS_TEST_TMPDIR/err")
	[ "$(wc -l <"$BATS_TEST_TMPDIR/err")" -le 5 ]
	has "$err" "records that were read: run it again, what is there stays"
	# Everything read has a result; what has none in the database is in the rejects file.
	same "$(jq -r .record.identifier "$BATS_TEST_TMPDIR/rejects" | sort)" \
		"$(jq -r 'select(.status=="failed").identifier' "$BATS_TEST_TMPDIR/out" | sort)"
	serve_at_port
	run3 vx-post -q --wait-for-api 20s "$BATS_TEST_TMPDIR/many"
	expect 0
	same "$(curl -s "$VX_API/v1/export" | wc -l)" 20002
}

@test "an API that comes back within --retry-for: nothing is lost, nothing is said twice" {
	serve_at_port
	seq 3000 | sed 's|.*|{"identifier":"volume/&","path_nii":"s3://b/&.nii.gz"}|' >"$BATS_TEST_TMPDIR/many"
	vx-post -q --wait-for-api 20s "$BATS_TEST_TMPDIR/in" >/dev/null
	(
		sleep 0.3
		kill "${PIDS##* }"
		sleep 4
		exec vx-serve --db "$DB" --listen "127.0.0.1:$port" >>"$BATS_TEST_TMPDIR/serve.log" 2>&1
	) 3>&- &
	PIDS="$PIDS $!"
	{ head -1000 "$BATS_TEST_TMPDIR/many"; sleep 1; tail -n +1001 "$BATS_TEST_TMPDIR/many"; } |
		vx-post -j 4 --batch 100 >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err"
	same "$(jq -r .status "$BATS_TEST_TMPDIR/out" | sort | uniq -c | sed 's/^ *//')" "3000 created"
	same "$(grep -c "is away" "$BATS_TEST_TMPDIR/err")" 1
	same "$(grep -c "answers again" "$BATS_TEST_TMPDIR/err")" 1
}
