#!/usr/bin/env bats
# vx-serve under its operator's eyes: metrics, the access log, tokens, TLS, production.
load helper
load serve

teardown() {
	for pid in ${PIDS:-}; do kill "$pid" 2>/dev/null || true; done
	stop_serve
}

@test "metrics: what Prometheus can read, counted right, and no identifier in it" {
	start_serve --max-body 1M
	volumes m 30 | vx-post -q --api "$API" >/dev/null 2>&1
	volumes m 30 | vx-post -q --api "$API" >/dev/null 2>&1
	curl -s -X POST -H 'Content-Type: application/json' -d '[{"identifier":"volume/dry","path_nii":"s3://b/x"}]' \
		"$API/v1/volumes?dry_run=1" >/dev/null
	for _ in 1 2 3; do curl -s "$API/v1/resources/volume/m/7" >/dev/null; done
	curl -s "$API/v1/resources/volume/secret-name" >/dev/null
	curl -s "$API/v1/nowhere/secret-name?x=secret-name" >/dev/null
	curl -s -X BREW "$API/v1/volumes" >/dev/null
	curl -s "$API/v1/export" >/dev/null
	same "$(metric 'vx_http_requests_total{route="/v1/resources/{identifier}",method="GET",status="200"}')" 3
	same "$(metric 'vx_http_requests_total{route="/v1/resources/{identifier}",method="GET",status="404"}')" 1
	same "$(metric 'vx_http_requests_total{route="none",method="GET",status="404"}')" 1
	same "$(metric 'vx_http_requests_total{route="none",method="other",status="405"}')" 1
	same "$(metric 'vx_resources_total{status="created"}')" 30
	same "$(metric 'vx_resources_total{status="unchanged"}')" 30
	same "$(metric 'vx_http_in_flight')" 1
	# Two posts, one dry run; the reads, health at the start among them, without what needed no worker.
	[ "$(metric 'vx_http_work_seconds_count{kind="write"}')" -ge 3 ]
	[ "$(metric 'vx_http_work_seconds_count{kind="read"}')" -ge 6 ]
	metric 'vx_http_work_seconds_sum{kind="write"}' | grep '[1-9]'
	same "$(metric vx_http_queue_seconds_count)" $(($(metric 'vx_http_work_seconds_count{kind="write"}') +
		$(metric 'vx_http_work_seconds_count{kind="read"}')))
	same "$(metric 'vx_build_info{version="'"$(vx-serve --version | cut -d' ' -f2)"'"}')" 1
	[ "$(metric process_resident_memory_bytes)" -gt 1000000 ]
	[ "$(metric process_start_time_seconds | cut -d. -f1)" -ge $(($(date +%s) - 60)) ]
	curl -s "$API/v1/metrics" >"$BATS_TEST_TMPDIR/metrics"
	! grep -E 'secret|volume/m' "$BATS_TEST_TMPDIR/metrics"
	run3 /usr/bin/python3 "$ROOT/tests/metrics.py" "$BATS_TEST_TMPDIR/metrics"
	expect 0
	if command -v promtool >/dev/null; then
		run3 promtool check metrics <"$BATS_TEST_TMPDIR/metrics"
		expect 0
	fi
}

@test "the access log: a line of JSON a request, nothing in it that names somebody; a new file at SIGHUP" {
	local log=$BATS_TEST_TMPDIR/access.log
	vx-serve --hash-token read <<<a-token-for-reading | sed 's/$/ report-job/' >"$BATS_TEST_TMPDIR/tokens"
	vx-serve --hash-token write <<<a-token-for-writing >>"$BATS_TEST_TMPDIR/tokens"
	start_serve --access-log "$log" --token-file "$BATS_TEST_TMPDIR/tokens"
	ask '/v1/patients?external_uid=Jane%20Doe' -A 'Jane Doe' -H 'Authorization: Bearer a-token-for-reading' \
		-H 'X-Request-Id: 0A1b2c3d-4e5f' -H 'Referer: http://jane/doe'
	has "$head" 'X-Request-Id: 0A1b2c3d-4e5f'
	ask /v1/resources/volume/JaneDoe -H 'Authorization: Bearer a-token-for-writing' -H 'X-Request-Id: Jane Doe'
	[[ $head =~ X-Request-Id:\ [0-9a-f]{16}$'\n' ]]
	ask /v1/nowhere/JaneDoe -X JANE
	ask /v1/volumes -H 'Authorization: Bearer a-token-for-writing' -H 'Content-Type: application/json' -d '[]'
	until_true [ "$(grep -c . "$log")" -ge 5 ]
	! grep -i -E 'jane|doe|127\.0\.0|token-for|curl' "$log"
	same "$(jq -c 'select(.route != "/v1/health") | [.method, .route, .status, .token, .bytes_in]' "$log")" \
		'["GET","/v1/{collection}",200,"report-job",0]
["GET","/v1/resources/{identifier}",404,null,0]
["other","none",401,null,0]
["POST","/v1/{collection}",200,null,2]'
	same "$(jq -r 'select(.token) | .id' "$log")" 0A1b2c3d-4e5f
	same "$(jq -r .client "$log" | sort -u | wc -l)" 1
	[[ $(jq -r .time "$log" | head -1) =~ ^20[0-9-]{8}T[0-9:]{8}\.[0-9]{3}Z$ ]]
	same "$(jq -s 'all(.seconds > 0 and .seconds < 60)' "$log")" true
	mv "$log" "$log.1"
	kill -HUP "$SERVE_PID"
	until_true [ -e "$log" ]
	ask /v1/health
	until_true grep -q health "$log"
	same "$(grep -c . "$log")" 1
	stop_serve
	start_serve -v
	ask '/v1/resources/volume/JaneDoe?x=JaneDoe'
	until_true grep -q 'GET /v1/resources/{identifier} 400' "$BATS_TEST_TMPDIR/serve.log"
	! grep Jane "$BATS_TEST_TMPDIR/serve.log"
	run3 vx-serve --db "$DB" --listen 127.0.0.1:0 --access-log "$BATS_TEST_TMPDIR/no/such/folder/log"
	expect 74
	has "$err" '--access-log: cannot open'
}

@test "an access log on a full disk costs its lines, not the answers" {
	start_serve --access-log /dev/full
	for _ in 1 2 3; do ask /v1/health; same "$code" 200; done
	[ "$(metric vx_access_log_lost_total)" -ge 3 ]
	same "$(grep -c 'access log: .*No space left' "$BATS_TEST_TMPDIR/serve.log")" 1
}

# may RIGHT CODE METHOD PATH [BODY]
may() {
	local data=()
	[ $# -lt 5 ] || data=(-H 'Content-Type: application/json' -d "$5")
	ask "$4" -X "$3" -H "Authorization: Bearer a-token-for-$1" "${data[@]}"
	same "$code" "$2" || { echo "$*"; return 1; }
}

@test "rights: a token reads, or reads and writes" {
	local v='[{"identifier":"volume/x","path_nii":"s3://b/x"}]' d='[{"identifier":"datasource/a","shorthand":"AA"}]'
	local p='[{"external_uid":"u","datasource_id":"datasource/a"}]' method path row
	vx-serve --hash-token read <<<a-token-for-reading >"$BATS_TEST_TMPDIR/tokens"
	vx-serve --hash-token write <<<a-token-for-writing >>"$BATS_TEST_TMPDIR/tokens"
	start_serve --token-file "$BATS_TEST_TMPDIR/tokens"
	may reading 403 POST /v1/datasources "$d"
	problem 403 'this token may read, not write'
	may writing 200 POST /v1/datasources "$d"
	for row in "POST /v1/resources $v" "POST /v1/volumes $v" "POST /v1/patients/map $p" \
		"POST /v1/patients/register ${p:1:-1}" "DELETE /v1/resources/volume/x"; do
		read -r method path row <<<"$row"
		may nobody 401 "$method" "$path" "$row"
		problem 401 'a token is needed'
		has "$head" 'WWW-Authenticate: Bearer'
		may reading 403 "$method" "$path" "$row"
		may writing "$([ "$path" = /v1/patients/register ] && echo 409 || echo 200)" "$method" "$path" "$row"
	done
	# A question in the form of a change.
	may reading 200 POST '/v1/volumes?dry_run=1' "$v"
	may reading 403 POST '/v1/volumes?dry_run=0' "$v"
	may reading 200 POST '/v1/patients/map?register=0' "$p"
	may reading 403 POST '/v1/patients/map?register=1' "$p"
	may reading 200 POST /v1/patients/resolve "${p:1:-1}"
	for path in /v1/stats /v1/export /v1/volumes /v1/metrics /v1/resources/datasource/a; do
		may reading 200 GET "$path"
		may writing 200 GET "$path"
		may nobody 401 GET "$path"
	done
	may nobody 200 GET /v1/health
	VX_TOKEN=a-token-for-reading run3 vx-post -q --api "$API" <<<"${v:1:-1}"
	expect 69
	has "$err" 'may read, not write'
}

@test "token files: hashes, tokens as they are, comments; what is none is told with its line, never shown" {
	local f=$BATS_TEST_TMPDIR/tokens
	run3 vx-serve --hash-token write <<<short
	expect 64
	has "$err" 'fewer than 16 characters'
	run3 vx-serve --hash-token write <<<'a token that holds blanks'
	expect 64
	run3 vx-serve --hash-token own <<<0123456789abcdef
	expect 64
	run3 vx-serve --hash-token read </dev/null
	expect 64
	run3 vx-serve --hash-token write <<<0123456789abcdef
	expect 0
	same "$out" 'write sha256:9f9f5111f7b27a781f1f1ddde5ebc2dd2b796bfc7365c9c28b548e564176929f'
	printf '# who may what\n\n  %s  ci.job-1 \r\nplain-secret-of-old\n' "$out" >"$f"
	chmod 644 "$f"
	start_serve --token-file "$f"
	grep -q 'warning: .*tokens: others may read it, and it holds tokens as they are' "$BATS_TEST_TMPDIR/serve.log"
	same "$(curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: bearer 0123456789abcdef' "$API/v1/stats")" 200
	same "$(curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer plain-secret-of-old' "$API/v1/stats")" 200
	same "$(curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: Basic 0123456789abcdef' "$API/v1/stats")" 401
	# Read again at SIGHUP; what makes no sense changes nothing.
	echo 'write sha256:12' >"$f"
	kill -HUP "$SERVE_PID"
	until_true grep -q 'what was read before stays in use' "$BATS_TEST_TMPDIR/serve.log"
	same "$(curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer plain-secret-of-old' "$API/v1/stats")" 200
	vx-serve --hash-token read <<<another-token-than-that >"$f"
	kill -HUP "$SERVE_PID"
	until_true grep -q 'SIGHUP: read again' "$BATS_TEST_TMPDIR/serve.log"
	same "$(curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer plain-secret-of-old' "$API/v1/stats")" 401
	same "$(curl -s -o /dev/null -w '%{http_code}' -H 'Authorization: Bearer another-token-than-that' "$API/v1/stats")" 200
	stop_serve
	local line
	for line in 'write hunter2-hunter2' 'read' 'write sha256:hunter2' 'hunter2 hunter2' \
		"write sha256:$(printf '%064d' 7) hunter2! x" "write sha256:$(printf '%064d' 7) name hunter2" \
		"write sha256:$(printf '%065d' 7)"; do
		printf '# a comment\n%s\n' "$line" >"$f"
		run3 vx-serve --db "$BATS_TEST_TMPDIR/t.db" --listen 127.0.0.1:0 --token-file "$f"
		expect 64
		has "$err" 'tokens:2: '
		[[ $err != *hunter2* ]]
	done
	echo '# nobody' >"$f"
	run3 vx-serve --listen 127.0.0.1:0 --token-file "$f"
	expect 64
	has "$err" 'holds no token'
}

# certificate NAME: NAME.crt and NAME.key for 127.0.0.1, signed by the authority ca.
certificate() {
	openssl req -newkey rsa:2048 -nodes -subj "/CN=$1" -keyout "$1.key" -out "$1.csr" 2>/dev/null
	echo 'subjectAltName = IP:127.0.0.1' >"$1.ext"
	openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -days 2 -extfile "$1.ext" -out "$1.crt" 2>/dev/null
}

@test "TLS: the tools trust the authority that VX_CA_FILE names, and no other; a new certificate at SIGHUP" {
	cd "$BATS_TEST_TMPDIR"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=authority -keyout ca.key -out ca.crt 2>/dev/null
	certificate one
	certificate two
	unset SSL_CERT_FILE SSL_CERT_DIR CURL_CA_BUNDLE
	cp one.crt server.crt && cp one.key server.key && chmod 644 server.key
	vx-serve --db "$BATS_TEST_TMPDIR/tls.db" --listen 127.0.0.1:0 --tls-cert server.crt --tls-key server.key 2>log 3>&- &
	SERVE_PID=$!
	until_true grep -q 'listening on https' log
	API=$(sed -n 's/^vx-serve: listening on //p' log)
	grep -q 'warning: server.key: others may read the key' log
	same "$(curl -s --cacert ca.crt "$API/v1/health" | jq -r .status)" ok
	! curl -s "$API/v1/health"
	# Not in clear, and nothing older than TLS 1.2.
	! curl -s -m 5 "http://${API#https://}/v1/health"
	same "$(curl -s --cacert ca.crt --tls-max 1.2 "$API/v1/health" | jq -r .status)" ok
	! curl -s --cacert ca.crt --tlsv1.0 --tls-max 1.1 --ciphers DEFAULT@SECLEVEL=0 "$API/v1/health"
	volumes tls 3000 >in
	VX_CA_FILE=ca.crt run3 vx-post -q --api "$API" in
	expect 0
	same "$(grep -c '"created"' <<<"$out")" 3000
	echo '{"identifier":"datasource/a","shorthand":"AA"}' | VX_CA_FILE=ca.crt vx-post -q --api "$API" >/dev/null
	VX_CA_FILE=ca.crt run3 vx-patient-map --api "$API" --datasource datasource/a <<<'{"_match":{"patient":"p"}}'
	expect 0
	has "$out" '"_patient":"patient/AA00001"'
	run3 vx-post -q --api "$API" --retry-for 0 in
	[ "$status" -ne 0 ]
	has "$err" 'certificate'
	VX_CA_FILE=none.crt run3 vx-post -q --api "$API" --retry-for 0 in
	[ "$status" -ne 0 ]
	curl -s --cacert ca.crt "$API/v1/export" >one.ndjson
	same "$(wc -l <one.ndjson)" 3002
	cp two.crt server.crt
	kill -HUP "$SERVE_PID" # the key of another: refused
	until_true grep -q 'what was read before stays in use' log
	same "$(curl -s --cacert ca.crt "$API/v1/health" | jq -r .status)" ok
	cp two.key server.key
	kill -HUP "$SERVE_PID"
	until_true grep -q 'SIGHUP: read again' log
	has "$(openssl s_client -connect "${API#https://}" </dev/null 2>/dev/null | openssl x509 -noout -subject)" two
	run3 vx-serve --db x.db --listen 127.0.0.1:0 --tls-cert one.crt
	expect 64
	run3 vx-serve --db x.db --listen 127.0.0.1:0 --tls-cert one.crt --tls-key two.key
	expect 64
	run3 vx-serve --db x.db --listen 127.0.0.1:0 --tls-cert none.crt --tls-key two.key
	expect 74
}

@test "TLS: clients that begin a handshake and stop are let go" {
	cd "$BATS_TEST_TMPDIR"
	openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=x -addext subjectAltName=IP:127.0.0.1 -keyout k -out c 2>/dev/null
	vx-serve --db x.db --listen 127.0.0.1:0 --idle-timeout 1 --tls-cert c --tls-key k 2>log 3>&- &
	SERVE_PID=$!
	until_true grep -q 'listening on https' log
	API=$(sed -n 's/^vx-serve: listening on //p' log)
	local fd before=$SECONDS
	exec {fd}<>"/dev/tcp/127.0.0.1/$(port)"
	printf '\x16\x03\x01' >&"$fd"
	same "$(curl -s --cacert c "$API/v1/health" | jq -r .status)" ok
	cat <&"$fd" >/dev/null
	[ $((SECONDS - before)) -le 4 ]
}

@test "production: no deletion, no open door, no token in clear without a word" {
	run3 vx-serve --db "$BATS_TEST_TMPDIR/p.db" --environment production --listen 0.0.0.0:0
	expect 64
	has "$err" 'wants --token-file'
	vx-serve --hash-token write <<<a-token-for-writing >"$BATS_TEST_TMPDIR/tokens"
	vx-serve --db "$BATS_TEST_TMPDIR/p.db" --environment production --listen 0.0.0.0:0 \
		--token-file "$BATS_TEST_TMPDIR/tokens" 2>"$BATS_TEST_TMPDIR/log" 3>&- &
	SERVE_PID=$!
	until_true grep -q 'listening on' "$BATS_TEST_TMPDIR/log"
	grep -q 'warning: tokens travel in plain HTTP' "$BATS_TEST_TMPDIR/log"
	stop_serve
	start_serve --environment production
	ask /v1/volumes -H 'Content-Type: application/json' -d '[{"identifier":"volume/x","path_nii":"s3://b/x"}]'
	same "$code" 200
	ask /v1/resources/volume/x -X DELETE
	problem 403 'nothing is deleted here'
	ask /v1/resources/volume/x
	same "$code" 200
	# On a loopback address: a word, but it runs.
	vx-serve --db "$BATS_TEST_TMPDIR/q.db" --listen 0.0.0.0:0 2>"$BATS_TEST_TMPDIR/log" 3>&- &
	PIDS=$!
	until_true grep -q 'whoever reaches this address may write' "$BATS_TEST_TMPDIR/log"
}
