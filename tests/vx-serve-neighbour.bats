#!/usr/bin/env bats
# vx-serve among others: slow clients, limits, a full queue, stopping.
load helper
load serve

teardown() {
	for pid in ${PIDS:-}; do kill "$pid" 2>/dev/null || true; done
	stop_serve
}

@test "500 slow or half-open clients do not disturb one that behaves" {
	start_serve --idle-timeout 2
	volumes many 20000 | vx-post -q --api "$API" >/dev/null 2>&1
	run3 /usr/bin/python3 "$ROOT/tests/stress/slow-clients.py" --seconds 5 "$API" "$SERVE_PID"
	expect 0
	has "$out" "500 slow clients"
	# Each kind is hung up on, and leaves nothing behind.
	! grep ': 0$' <<<"$out"
	until_true same_metric vx_http_in_flight 1
	until_true same_metric vx_http_streams 0
	[ "$(metric 'vx_http_dropped_total{reason="idle"}')" -ge 250 ]
	[ "$(metric 'vx_http_dropped_total{reason="slow_sender"}')" -ge 125 ]
	[ "$(metric 'vx_http_dropped_total{reason="slow_reader"}')" -ge 1 ]
}

@test "where connections are few, those that wait without a request make room" {
	start_serve --max-connections 16
	local fd
	for _ in $(seq 64); do
		exec {fd}<>"/dev/tcp/127.0.0.1/$(port)"
		printf 'GET /v1/hea' >&"$fd"
	done
	for _ in $(seq 20); do
		ask /v1/health -m 5
		same "$code" 200
	done
	[ "$(metric 'vx_http_dropped_total{reason="crowded"}')" -ge 48 ]
}

@test "the target, the headers, the body, the items, the depth: each limit has its status and a sentence" {
	start_serve --max-body 1M
	local json=(-H 'Content-Type: application/json') long
	long=$(head -c 9000 /dev/zero | tr '\0' x)
	ask "/v1/resources/volume/$long"
	problem 414 'longer than 8192 bytes'
	ask /v1/health $(for i in $(seq 70); do echo "-HX-$i:1"; done)
	problem 431 'more than 64 headers'
	ask /v1/health -H "X-Long: $long$long$long$long"
	problem 431 'longer than 32768 bytes'
	head -c 1100000 /dev/zero | tr '\0' ' ' >"$BATS_TEST_TMPDIR/blank"
	ask /v1/volumes "${json[@]}" --data-binary "@$BATS_TEST_TMPDIR/blank"
	problem 413 'larger than 1048576 bytes'
	gzip -k "$BATS_TEST_TMPDIR/blank"
	ask /v1/volumes "${json[@]}" -H 'Content-Encoding: gzip' --data-binary "@$BATS_TEST_TMPDIR/blank.gz"
	problem 413 'larger than 1048576 bytes'
	{ printf '['; yes '{},' | head -150000 | tr -d '\n'; printf '{}]'; } >"$BATS_TEST_TMPDIR/items"
	ask /v1/volumes "${json[@]}" --data-binary "@$BATS_TEST_TMPDIR/items"
	problem 413 ''
	head -c 500000 /dev/zero | tr '\0' '[' >"$BATS_TEST_TMPDIR/deep"
	ask /v1/volumes "${json[@]}" --data-binary "@$BATS_TEST_TMPDIR/deep"
	problem 400 ''
	ask /v1/health
	same "$code" 200
	same "$(metric 'vx_http_refused_total{reason="uri"}')" 1
	same "$(metric 'vx_http_refused_total{reason="headers"}')" 2
	same "$(metric 'vx_http_refused_total{reason="too_large"}')" 2
}

# holder: a shell that holds the database's writer until its stdin ends.
hold_writer() {
	coproc HOLD { sqlite3 "$DB" 2>&1; }
	printf 'BEGIN IMMEDIATE;\nSELECT 1;\n' >&"${HOLD[1]}"
	read -r -u "${HOLD[0]}" _
}

# writer ADDRESS: posts from there again and again, until the file stop is there.
writer() {
	while [ ! -e "$BATS_TEST_TMPDIR/stop" ]; do
		curl -s --interface "$1" -o /dev/null -H 'Content-Type: application/json' \
			-d '[{"identifier":"volume/x","path_nii":"s3://b/x"}]' "$API/v1/volumes" || true
	done 3>&-
}
refused() { # refused CODE [CURL-OPTION...]
	ask /v1/volumes "${@:2}"
	[ "$code" = "$1" ]
}

@test "a full queue is 503, more than half of it from one address 429, both at once and with Retry-After" {
	sqlite_only
	start_serve --max-queue 4 --workers 2
	hold_writer # a write waits a second for it: places stay taken
	writer 127.0.0.1 &
	writer 127.0.0.1 &
	until_true refused 429
	problem 429 'send fewer at once'
	has "$head" 'Retry-After: 1'
	# From another address the other half is free, and then no place is left.
	until_true refused 200 --interface 127.0.0.2
	writer 127.0.0.2 &
	writer 127.0.0.2 &
	until_true refused 503 --interface 127.0.0.3
	problem 503 'too many requests are waiting'
	has "$head" 'Retry-After: 1'
	# It did not wait for the second that the others do.
	local seconds
	seconds=$(curl -s -o /dev/null -w '%{http_code} %{time_total}' --interface 127.0.0.3 "$API/v1/volumes")
	[[ $seconds == "200 "* || $seconds == "503 0.0"* || $seconds == "503 0.1"* ]] || { echo "$seconds"; false; }
	touch "$BATS_TEST_TMPDIR/stop"
	echo 'ROLLBACK;' >&"${HOLD[1]}"
	until_true same_metric vx_http_in_flight 1
	[ "$(metric 'vx_http_refused_total{reason="share"}')" -ge 1 ]
	[ "$(metric 'vx_http_refused_total{reason="queue"}')" -ge 1 ]
	ask /v1/volumes
	same "$code" 200
}

@test "writes that wait for one another leave reads alone" {
	sqlite_only
	start_serve --workers 2
	hold_writer
	for _ in 1 2 3 4 5 6; do
		curl -s -o /dev/null -H 'Content-Type: application/json' \
			-d '[{"identifier":"volume/x","path_nii":"s3://b/x"}]' "$API/v1/volumes" 3>&- &
	done
	until_true same_metric vx_http_in_flight 7
	ask /v1/health -m 0.5
	same "$code" 200
	ask /v1/volumes -m 0.5
	same "$code" 200
	echo 'ROLLBACK;' >&"${HOLD[1]}"
}

@test "a reader that stops in the middle of an export is let go, one that goes on gets all of it" {
	start_serve --idle-timeout 2
	volumes long 20000 | vx-post -q --api "$API" >/dev/null 2>&1
	curl -s "$API/v1/export" >"$BATS_TEST_TMPDIR/whole"
	same "$(wc -l <"$BATS_TEST_TMPDIR/whole")" 20000
	# 4 MB/s: it takes longer than the idle time, but is never idle.
	curl -s --limit-rate 4M "$API/v1/export" | cmp - "$BATS_TEST_TMPDIR/whole"
	local fd
	exec {fd}<>"/dev/tcp/127.0.0.1/$(port)"
	printf 'GET /v1/export HTTP/1.1\r\nHost: x\r\n\r\n' >&"$fd"
	until_true same_metric vx_http_streams 1
	until_true same_metric vx_http_streams 0
	same "$(metric 'vx_http_dropped_total{reason="slow_reader"}')" 1
	exec {fd}>&-
	# Nothing is held: the log can be folded into the file.
	[ "${VX_TEST_DB:-sqlite}" != sqlite ] || same "$(sqlite3 "$DB" 'PRAGMA wal_checkpoint(TRUNCATE)')" '0|0|0'
}

@test "SIGTERM: what is in flight is finished, a kept connection hears 503, another client is not let in" {
	start_serve
	local fd line answer=
	volumes slow 500 >"$BATS_TEST_TMPDIR/batch"
	exec {fd}<>"/dev/tcp/127.0.0.1/$(port)"
	printf 'GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n' >&"$fd"
	read -r -u "$fd" line
	has "$line" ' 200 '
	curl -s --limit-rate 100K -H 'Content-Type: application/x-ndjson' --data-binary "@$BATS_TEST_TMPDIR/batch" \
		"$API/v1/volumes" >"$BATS_TEST_TMPDIR/answer" 3>&- &
	local client=$!
	until_true same_metric vx_http_in_flight 2
	kill -TERM "$SERVE_PID"
	sleep 0.3
	printf 'GET /v1/health HTTP/1.1\r\nHost: x\r\n\r\n' >&"$fd"
	while read -r -t 5 -u "$fd" line || [ -n "$line" ]; do answer+=$line; done
	has "$answer" 'HTTP/1.1 503 '
	has "$answer" 'Connection: close'
	has "$answer" 'Retry-After: 1'
	has "$answer" 'this server is stopping'
	exec {fd}>&-
	! curl -s "$API/v1/health"
	run3 wait "$SERVE_PID"
	SERVE_PID=
	expect 0
	wait "$client"
	same "$(jq '.results | length' "$BATS_TEST_TMPDIR/answer")" 500
}

@test "SIGTERM: a client that stalls is given up after seconds, a second signal ends all at once" {
	start_serve
	local fd before=$SECONDS
	exec {fd}<>"/dev/tcp/127.0.0.1/$(port)"
	printf 'POST /v1/volumes HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n' >&"$fd"
	until_true same_metric vx_http_in_flight 2
	kill -TERM "$SERVE_PID"
	run3 wait "$SERVE_PID"
	expect 0
	[ $((SECONDS - before)) -le 9 ]
	exec {fd}>&-
	start_serve
	exec {fd}<>"/dev/tcp/127.0.0.1/$(port)"
	printf 'POST /v1/volumes HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n' >&"$fd"
	until_true same_metric vx_http_in_flight 2
	before=$SECONDS
	kill -TERM "$SERVE_PID"
	sleep 0.3
	kill -TERM "$SERVE_PID"
	run3 wait "$SERVE_PID"
	SERVE_PID=
	expect 143
	[ $((SECONDS - before)) -le 2 ]
	exec {fd}>&-
}
