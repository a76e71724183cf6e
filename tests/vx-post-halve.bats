#!/usr/bin/env bats
# vx-post finds the record for which a batch is refused, or not answered: it alone is to blame, in few steps.
load helper

setup() {
	load helper
	start_serve
	in=$BATS_TEST_TMPDIR/in
	echo '{"identifier":"datasource/t","shorthand":"TT"}' >"$in"
	seq -f %03g 255 | sed 's|.*|{"identifier":"volume/&","path_nii":"s3://b/&.nii.gz","series_description":"fine"}|' >>"$in"
}

teardown() {
	[ -z "${GUARD_PID:-}" ] || { kill "$GUARD_PID" 2>/dev/null; wait "$GUARD_PID" 2>/dev/null || true; }
	stop_serve
}

# guard WHAT: VX_API is then a proxy that meets every POST that says "guilty" with WHAT: a status, cut, or after (cut once the
# server has answered). A line a POST in $BATS_TEST_TMPDIR/guard.log: its number of records.
guard() {
	local port try
	port=$(free_port)
	python3 - "$port" "${API##*:}" "$1" "$BATS_TEST_TMPDIR/guard.log" 3>&- <<'PY' &
import http.client, http.server, json, sys
port, upstream, what, log = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], open(sys.argv[4], "w", buffering=1)
class Guard(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def upstream(self, body):
        c = http.client.HTTPConnection("127.0.0.1", upstream)
        c.request(self.command, self.path, body, {k: v for k, v in self.headers.items() if k.lower() not in ("host", "connection")})
        a = c.getresponse()
        data = a.read()
        c.close()
        return a, data
    def answer(self, status, data, headers=()):
        self.send_response(status)
        for k, v in headers:
            if k.lower() not in ("content-length", "connection", "transfer-encoding", "date", "server"):
                self.send_header(k, v)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self):
        a, data = self.upstream(None)
        self.answer(a.status, data, a.getheaders())
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        log.write("%d\n" % len(json.loads(body)))
        if b"guilty" not in body or what == "after":
            a, data = self.upstream(body)
        if b"guilty" not in body:
            return self.answer(a.status, data, a.getheaders())
        if what.isdigit():
            return self.answer(int(what), json.dumps({"title": "no", "detail": "not this one"}).encode())
        self.close_connection = True
http.server.ThreadingHTTPServer(("127.0.0.1", port), Guard).serve_forever()
PY
	GUARD_PID=$!
	export VX_API=http://127.0.0.1:$port
	for try in $(seq 100); do
		curl -sf "$VX_API/v1/health" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

@test "400, 409, 413, 422, 500 and 501 for one record of 256: it alone fails, the others are in, in 2 log2 n steps" {
	local status_sent steps
	sed -i '101s/fine/guilty/' "$in"
	for status_sent in 400 409 413 422 500 501; do
		[ -z "${GUARD_PID:-}" ] || { kill "$GUARD_PID"; wait "$GUARD_PID" || true; }
		stop_serve
		rm -f "$DB"*
		start_serve
		guard "$status_sent"
		run3 vx-post -q -j 1 --batch 256 --linger 5s --rejects "$BATS_TEST_TMPDIR/rejects" "$in"
		expect 1
		same "$status_sent $(jq -r .status <<<"$out" | sort | uniq -c | sed 's/^ *//' | paste -sd,)" "$status_sent 255 created,1 failed"
		same "$(jq -r .identifier <<<"$out")" "$(jq -r .identifier "$in")"
		same "$(jq -r .record.identifier "$BATS_TEST_TMPDIR/rejects")" volume/100
		has "$(jq -r .reason "$BATS_TEST_TMPDIR/rejects")" "not this one"
		# 256, and two halves at each of 8 levels; a 500 is tried three times, and so is a 400 of a single record.
		case $status_sent in 400) steps=19 ;; 500) steps=35 ;; *) steps=17 ;; esac
		same "$status_sent $(wc -l <"$BATS_TEST_TMPDIR/guard.log")" "$status_sent $steps"
		same "$(curl -s "$API/v1/export" | wc -l)" 255
	done
}

@test "several guilty records, and what refers to them" {
	sed -i '7s/fine/guilty/; 8s/fine/guilty/; 200s/fine/guilty/' "$in"
	echo '{"identifier":"voxelmap/m","path_nii":"s3://b/m","task":"prostate","reference_mri":"volume/006","labels":{"1":"x"}}' >>"$in"
	guard 422
	run3 vx-post -q "$in"
	expect 1
	same "$(jq -r .status <<<"$out" | sort | uniq -c | sed 's/^ *//' | paste -sd,)" "253 created,3 failed,1 orphan"
}

@test "a record that takes the server down with it: it alone fails, though nothing ever answered" {
	sed -i '101s/fine/guilty/' "$in"
	guard cut
	run3 vx-post -j 2 --batch 64 --retry-for 0.5 --rejects "$BATS_TEST_TMPDIR/rejects" "$in"
	expect 1
	same "$(jq -r .status <<<"$out" | sort | uniq -c | sed 's/^ *//' | paste -sd,)" "255 created,1 failed"
	same "$(jq -r .record.identifier "$BATS_TEST_TMPDIR/rejects")" volume/100
	has "$(jq -r .reason "$BATS_TEST_TMPDIR/rejects")" "$VX_API: "
	same "$(curl -s "$API/v1/export" | wc -l)" 255
	sed -i 's/guilty/mended/' "$in"
	run3 vx-post -q "$in"
	expect 0
	same "$(grep -c '"created"' <<<"$out")" 1
}

@test "every answer about a record is lost: it is there once, and the next run sees it" {
	sed -i '101s/fine/guilty/' "$in"
	guard after
	run3 vx-post -q --retry-for 0.3 "$in"
	expect 1
	same "$(grep -c '"failed"' <<<"$out")" 1
	same "$(curl -s "$API/v1/export" | wc -l)" 256
	run3 vx-post -q --api "$API" --expect-unchanged "$in"
	expect 0
}

@test "an API that answers its health and nothing else ends the run: 75, after a few records" {
	sed -i 's/fine/guilty/' "$in"
	guard cut
	run3 vx-post --retry-for 0.2 --batch 64 "$in"
	expect 75
	has "$err" "to 5 records in a row"
	same "$(wc -l <<<"$out")" 256
	same "$(grep -c '"created"' <<<"$out")" 1
}
