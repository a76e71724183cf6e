#!/usr/bin/env bats
# vx-post --journal: what is known to be there costs no request, and never is anything believed that is no longer so.
load helper

setup() {
	load helper
	start_serve
	export VX_API=$API
	J=$BATS_TEST_TMPDIR/post.journal
	in=$BATS_TEST_TMPDIR/in
}

teardown() {
	[ -z "${PROXY_PID:-}" ] || { kill "$PROXY_PID" 2>/dev/null; wait "$PROXY_PID" 2>/dev/null || true; }
	stop_serve
}

# behind_proxy: VX_API is then a proxy that writes a line a POST to $BATS_TEST_TMPDIR/proxy.log.
behind_proxy() {
	local port try
	port=$(free_port)
	python3 "$ROOT/tests/fault_proxy.py" "$port" "${API##*:}" "$BATS_TEST_TMPDIR/proxy.log" 3>&- &
	PROXY_PID=$!
	export VX_API=http://127.0.0.1:$port
	for try in $(seq 100); do
		curl -sf "$VX_API/v1/health" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

# posted: how many records the proxy saw since the last call.
posted() {
	awk '{ n += $5 } END { print n + 0 }' "$BATS_TEST_TMPDIR/proxy.log"
	: >"$BATS_TEST_TMPDIR/proxy.log"
}

# again_on_port: another vx-serve where the one before was.
again_on_port() {
	local port=${API##*:} try
	vx-serve --db "$(serve_db "$DB")" --listen "127.0.0.1:$port" >>"$BATS_TEST_TMPDIR/serve.log" 2>&1 3>&- &
	SERVE_PID=$!
	for try in $(seq 100); do
		curl -sf "$API/v1/health" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

# save_db, put_back_db: a copy of the file, a dump of the database.
save_db() {
	if [ "${VX_TEST_DB:-sqlite}" = sqlite ]; then
		cp "$DB" "$BATS_TEST_TMPDIR/backup"
	else
		"$(pg_bin)/pg_dump" -h 127.0.0.1 -p "$PG_PORT" -U vx -f "$BATS_TEST_TMPDIR/backup" "$(pg_name "$DB")"
	fi
}

put_back_db() {
	if [ "${VX_TEST_DB:-sqlite}" = sqlite ]; then
		cp "$BATS_TEST_TMPDIR/backup" "$DB"
	else
		forget_db
		pg_database "$DB" >/dev/null
		psql_in "$(pg_name "$DB")" -f "$BATS_TEST_TMPDIR/backup" >/dev/null
	fi
}

tree() { # tree N: a datasource, N patients with a study and two volumes each, with provenance
	echo '{"identifier":"datasource/t","shorthand":"TT"}'
	seq -f %05g "$1" | sed 's|.*|{"identifier":"patient/TT&","parent_identifier":"datasource/t","external_uid":"&"}\
{"parent_identifier":"patient/TT&","study_uid":"1","identifier":"study/TT&/1","_source":{"file":"t.csv","row":&}}\
{"identifier":"volume/TT&/1/t2","parent_identifier":"study/TT&/1","path_nii":"s3://b/&.nii.gz","_file":{"size":1}}\
{"identifier":"volume/TT&/1/adc","parent_identifier":"study/TT&/1","path_nii":"s3://b/&.nii.gz","_source":{"file":"t.csv","row":&}}|' |
		sed -E 's/"row":0+/"row":/'
}

@test "a second run asks for health and nothing else, and its results are those of a run without a journal" {
	behind_proxy
	tree 300 >"$in"
	run3 vx-post --journal "$J" "$in"
	expect 0
	same "$(posted)" 1201
	vx-post -q "$in" >"$BATS_TEST_TMPDIR/wanted"
	posted >/dev/null
	run3 vx-post --journal "$J" --expect-unchanged "$in"
	expect 0
	same "$(posted)" 0
	cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/wanted"
	has "$err" "1201 records in, 1201 out, 0 rejected, 1201 unchanged, 1201 known from the journal, "
	# The identifier need not come first, and blanks are nothing.
	jq -c '{_a:1} + .' "$in" | sed 's/,/ , /g' >"$BATS_TEST_TMPDIR/spaced"
	run3 vx-post --journal "$J" -q "$BATS_TEST_TMPDIR/spaced"
	expect 0
	same "$(jq -r .identifier <<<"$out")" "$(jq -r .identifier "$in")"
}

@test "only what has changed is sent; what is new finds its parents; private members do not count" {
	behind_proxy
	tree 50 >"$in"
	vx-post -q --journal "$J" "$in" >/dev/null
	posted >/dev/null
	sed 's/"size":1/"size":2/; s/"row":/"row":1/' "$in" >"$BATS_TEST_TMPDIR/moved"
	run3 vx-post -q --journal "$J" "$BATS_TEST_TMPDIR/moved"
	expect 0
	same "$(posted)" 0
	same "$(grep -c '"row":1' <<<"$out")" 100
	{
		cat "$in"
		echo '{"identifier":"volume/TT00003/1/dwi","parent_identifier":"study/TT00003/1","path_nii":"s3://b/d.nii.gz"}'
		echo '{"identifier":"volume/TT00004/1/t2","parent_identifier":"study/TT00004/1","path_nii":"s3://b/other.nii.gz"}'
		echo '{"identifier":"volume/TT00005/1/t2","parent_identifier":"study/TT00005/1","path_nii":"s3://b/00005.nii.gz"}'
	} >"$BATS_TEST_TMPDIR/more"
	run3 vx-post --journal "$J" "$BATS_TEST_TMPDIR/more"
	expect 1
	same "$(posted)" 2
	same "$(tail -3 <<<"$out" | jq -r .status | paste -sd,)" created,conflict,unchanged
	# A conflict is no fact: it is asked for again.
	run3 vx-post -q --journal "$J" "$BATS_TEST_TMPDIR/more"
	expect 1
	same "$(posted)" 1
}

@test "a line that is no JSON any more is rejected, however well it begins" {
	tree 2 >"$in"
	vx-post -q --journal "$J" "$in" >/dev/null
	sed 's/"_file":{"size":1}/"_file":{"size":}/; s/"_source":{"file":"t.csv","row":2}}$/"_source":{"file":"t.csv","row":2}/' "$in" >"$BATS_TEST_TMPDIR/broken"
	run3 vx-post --journal "$J" "$BATS_TEST_TMPDIR/broken"
	expect 1
	has "$err" "9 records in, 5 out, 4 rejected, 5 unchanged, 5 known from the journal"
}

@test "something was deleted, or the database is a fresh one: everything is asked for again" {
	behind_proxy
	tree 20 >"$in"
	vx-post -q --journal "$J" "$in" >/dev/null
	curl -sf -X DELETE "$API/v1/resources/study/TT00007/1?recursive=1" >/dev/null
	posted >/dev/null
	run3 vx-post --journal "$J" "$in"
	expect 0
	same "$(posted)" 81
	same "$(grep -c '"created"' <<<"$out")" 3
	has "$err" "post.journal: begun anew: since then something was changed, deleted or put back in the database, or it is another"
	run3 vx-post --journal "$J" "$in"
	same "$(posted)" 0
	stop_serve
	DB=$BATS_TEST_TMPDIR/fresh.db
	again_on_port
	run3 vx-post -q --journal "$J" "$in"
	expect 0
	same "$(jq -r .status <<<"$out" | sort | uniq -c | sed 's/^ *//')" "81 created"
}

@test "the database was put back to an earlier state" {
	[ "${VX_TEST_DB:-sqlite}" = sqlite ] || skip "this database is no file that could be copied"
	tree 20 >"$in"
	head -41 "$in" | vx-post -q --journal "$J" >/dev/null
	stop_serve
	cp "$DB" "$BATS_TEST_TMPDIR/backup"
	again_on_port
	vx-post -q --journal "$J" "$in" >/dev/null
	stop_serve
	cp "$BATS_TEST_TMPDIR/backup" "$DB"
	again_on_port
	run3 vx-post -q --journal "$J" "$in"
	expect 0
	same "$(jq -r .status <<<"$out" | sort | uniq -c | sed 's/^ *//' | paste -sd,)" "40 created,41 unchanged"
}

@test "the database was put back to an earlier state, and has grown since by as much with other things" {
	local id='"identifier":"volume/x' path='"path_nii":"s3://b/x"'
	echo "{$id/1\",$path}" >"$in"
	vx-post -q --journal "$J" "$in" >/dev/null 2>&1
	stop_serve
	save_db
	again_on_port
	echo "{$id/2\",$path}" >>"$in"
	vx-post -q --journal "$J" "$in" >/dev/null 2>&1
	stop_serve
	put_back_db
	again_on_port
	printf "{$id/%s\",$path}\n" 3 4 | vx-post -q >/dev/null 2>&1
	run3 vx-post -q --journal "$J" "$in"
	expect 0
	same "$(jq -r .status <<<"$out" | paste -sd,)" unchanged,created
}

@test "somebody else changed a resource: it is found out" {
	tree 20 >"$in"
	vx-post -q --journal "$J" "$in" >/dev/null
	sed -n 4p "$in" | sed 's/00001.nii/other.nii/' | vx-post -q --on-conflict update >/dev/null
	run3 vx-post -q --journal "$J" "$in"
	expect 1
	same "$(jq -r .status <<<"$out" | sort | uniq -c | sed 's/^ *//' | paste -sd,)" "1 conflict,80 unchanged"
	run3 vx-post -q --journal "$J" --on-conflict update "$in"
	expect 0
	run3 vx-post -q --journal "$J" --expect-unchanged "$in"
	expect 0
}

@test "own updates are followed, over several connections; and back again" {
	behind_proxy
	tree 100 >"$in"
	sed 's|s3://b/|s3://c/|' "$in" >"$BATS_TEST_TMPDIR/new"
	vx-post -q --journal "$J" "$in" >/dev/null
	posted >/dev/null
	run3 vx-post -q --journal "$J" --on-conflict update -j 4 --batch 7 "$BATS_TEST_TMPDIR/new"
	expect 0
	same "$(grep -c '"updated"' <<<"$out")" 200
	same "$(posted)" 400 # asked, then told to
	run3 vx-post --journal "$J" --on-conflict update "$BATS_TEST_TMPDIR/new"
	expect 0
	same "$(posted)" 0
	has "$err" "401 known from the journal"
	run3 vx-post -q --journal "$J" --update path_nii "$in"
	expect 0
	same "$(grep -c '"updated"' <<<"$out")" 200
	posted >/dev/null
	run3 vx-post -q --journal "$J" --expect-unchanged "$in"
	expect 0
	same "$(posted)" 0
	# Twins in one run: the first counts, as without a journal.
	cat "$in" "$BATS_TEST_TMPDIR/new" >"$BATS_TEST_TMPDIR/twins"
	run3 vx-post -q --journal "$J" --on-conflict update "$BATS_TEST_TMPDIR/twins"
	expect 1
	same "$(jq -r .status <<<"$out" | sort | uniq -c | sed 's/^ *//' | paste -sd,)" "200 conflict,602 unchanged"
	curl -sf "$API/v1/export" | grep -c s3://c/ && return 1
	return 0
}

@test "--fill: a record that says less than is there is no fact" {
	echo '{"identifier":"voxelmap/m","path_nii":"s3://b/m","task":"prostate","labels":{"1":"prostate"}}' >"$in"
	vx-post -q --journal "$J" "$in" >/dev/null 2>&1
	echo '{"identifier":"volume/a","path_nii":"s3://b/a"}' >"$BATS_TEST_TMPDIR/v"
	sed 's/}}/},"reference_mri":"volume\/a"}/' "$in" >"$BATS_TEST_TMPDIR/full"
	vx-post -q --journal "$J" --fill reference_mri "$BATS_TEST_TMPDIR/v" "$BATS_TEST_TMPDIR/full" >/dev/null 2>&1
	run3 vx-post -q --journal "$J" --fill reference_mri "$in"
	same "$(jq -r .status <<<"$out")" unchanged
	run3 vx-post -q --journal "$J" "$in"
	expect 1
	same "$(jq -r .status <<<"$out")" conflict
}

@test "warnings are told again without a request; implied studies and local paths are remembered, too" {
	behind_proxy
	cd "$BATS_TEST_TMPDIR"
	{
		tree 3
		echo '{"identifier":"volume/alone","path_nii":"a.nii.gz"}'
		echo '{"identifier":"study/TT00001/1","parent_identifier":"patient/TT00001","_implied":true}'
		echo '{"identifier":"study/TT00003/9","parent_identifier":"patient/TT00003","_implied":true}'
	} >"$in"
	vx-post -q --journal "$J" "$in" >/dev/null 2>&1
	run3 vx-post "$in"
	expect 0
	cp out wanted
	grep -v records err >wanted.err
	has "$err" "2 warnings, 1 file:// URL of this machine only"
	posted >/dev/null
	run3 vx-post --journal "$J" "$in"
	expect 0
	same "$(posted)" 0
	cmp out wanted
	grep -v records err | cmp - wanted.err
	has "$err" "2 warnings, 1 file:// URL of this machine only"
	# In another folder a relative path is another file.
	mkdir -p elsewhere
	cd elsewhere
	run3 vx-post -q --journal "$J" "$in"
	expect 1
	same "$(posted)" 1
}

@test "--dry-run believes the journal, and writes nothing to it" {
	behind_proxy
	tree 5 >"$in"
	run3 vx-post -q --journal "$J" --dry-run "$in"
	expect 0
	run3 vx-post -q --journal "$J" "$in"
	same "$(grep -c '"created"' <<<"$out")" 21
	posted >/dev/null
	run3 vx-post -q --journal "$J" --dry-run "$in"
	same "$(grep -c '"unchanged"' <<<"$out")" 21
	same "$(posted)" 0
	run3 vx-post -q --journal "$J" --dry-run=table "$in"
	expect 0
	has "$out" 21
	# Nor when it holds no more.
	curl -sf -X DELETE "$API/v1/resources/volume/TT00003/1/t2" >/dev/null
	cp "$J" "$BATS_TEST_TMPDIR/before"
	run3 vx-post -q --journal "$J" --dry-run "$in"
	same "$(jq -r .status <<<"$out" | sort | uniq -c | xargs)" "1 created 20 unchanged"
	cmp "$J" "$BATS_TEST_TMPDIR/before"
}

@test "killed in the middle: the next run sends the rest" {
	tree 400 >"$in"
	run3 env VX_FAIL_AT=700 vx-post -q --journal "$J" --batch 50 "$in"
	same "$status" 137
	run3 vx-post --journal "$J" "$in"
	expect 0
	same "$(wc -l <<<"$out")" 1601
	[ "$(grep -o '[0-9]* known from the journal' <<<"$err" | cut -d' ' -f1)" -ge 600 ]
	same "$(curl -sf "$API/v1/export" | wc -l)" 1601
	run3 vx-post -q --journal "$J" --expect-unchanged "$in"
	expect 0
}

@test "results of what is known come while the input is still open; SIGTERM ends a run that waits, and the journal is whole" {
	local i pid
	tree 5 >"$in"
	vx-post -q --journal "$J" "$in" >/dev/null
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	vx-post -q --journal "$J" <"$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/out" 3>&- &
	pid=$!
	exec 9>"$BATS_TEST_TMPDIR/fifo"
	head -3 "$in" >&9
	for i in $(seq 100); do [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -lt 3 ] || break; sleep 0.05; done
	same "$(grep -c '"unchanged"' "$BATS_TEST_TMPDIR/out")" 3
	echo '{"identifier":"volume/TT00001/1/dwi","parent_identifier":"study/TT00001/1","path_nii":"s3://b/d.nii.gz"}' >&9
	sed -n 5p "$in" >&9
	for i in $(seq 100); do [ "$(wc -l <"$BATS_TEST_TMPDIR/out")" -lt 5 ] || break; sleep 0.05; done
	same "$(tail -2 "$BATS_TEST_TMPDIR/out" | jq -r .status | paste -sd,)" created,unchanged
	kill -TERM "$pid"
	wait "$pid" && return 1
	exec 9>&-
	run3 vx-post --journal "$J" --expect-unchanged "$in"
	expect 0
	has "$err" "21 known from the journal"
	stop_serve
	vx-post -q --journal "$J" "$in" >/dev/null 2>&1 3>&- &
	pid=$!
	sleep 1
	kill -TERM "$pid"
	i=$SECONDS
	wait "$pid" && return 1
	[ $((SECONDS - i)) -le 2 ]
}

@test "a file that is no journal, or another's, is refused and left alone; one in use is passed over; damage costs requests" {
	tree 5 >"$in"
	echo "my thesis" >"$J"
	run3 vx-post --journal "$J" "$in"
	expect 64
	has "$err" "post.journal: is no journal of vx-post, or a damaged one"
	same "$(cat "$J")" "my thesis"
	rm "$J"
	run3 vx-post --journal "$J" --clone "$in"
	expect 64
	run3 vx-post --journal "$BATS_TEST_TMPDIR" "$in"
	expect 74
	vx-post -q --journal "$J" "$in" >/dev/null
	run3 vx-post --api "http://localhost:${API##*:}" --journal "$J" "$in"
	expect 64
	has "$err" "is the journal of another place: http%3A//127.0.0.1"
	run3 flock "$J" vx-post --journal "$J" "$in"
	expect 0
	has "$err" "post.journal: not used: it is another run's journal at the moment"
	same "$(grep -c '"unchanged"' <<<"$out")" 21
	dd if=/dev/urandom of="$J" bs=1024 seek=1 count=100 conv=notrunc 2>/dev/null
	run3 vx-post -q --journal "$J" "$in"
	expect 0
	same "$(grep -c '"unchanged"' <<<"$out")" 21
}

@test "an API that does not tell its instance: everything is asked for" {
	local port
	port=$(free_port)
	python3 - "$port" "${API##*:}" 3>&- <<'PY' &
import http.server, json, sys, urllib.request
class Old(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def log_message(self, *a): pass
    def pass_on(self, body):
        path = self.path.split("?")[0]
        r = urllib.request.Request("http://127.0.0.1:%s%s" % (sys.argv[2], path), body, {"Content-Type": "application/json"})
        answer = json.loads(urllib.request.urlopen(r).read())
        answer.pop("instance", None)
        data = json.dumps(answer).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)
    def do_GET(self): self.pass_on(None)
    def do_POST(self): self.pass_on(self.rfile.read(int(self.headers["Content-Length"])))
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Old).serve_forever()
PY
	PROXY_PID=$!
	tree 5 >"$in"
	for _ in 1 2; do
		run3 vx-post --api "http://127.0.0.1:$port" --journal "$J" "$in"
		expect 0
		has "$err" "post.journal: not used: the API does not tell one state of its database from another"
		same "$(grep -c journal <<<"$err")" 1
	done
	same "$(grep -c '"unchanged"' <<<"$out")" 21
}

@test "memory: 300,000 records and their journal below 16 MiB, and no request" {
	plain_build
	seq 300000 | sed 's|.*|{"identifier":"volume/m/&","path_nii":"s3://b/&.nii.gz","parent_identifier":"study/TT00001/1"}|' |
		cat <(tree 1) - >"$in"
	vx-post -q --journal "$J" "$in" >/dev/null
	run3 /usr/bin/time -f 'peak %M KiB' vx-post --journal "$J" "$in"
	expect 0
	has "$err" "300005 known from the journal"
	[ "$(grep -o 'peak [0-9]*' <<<"$err" | cut -d' ' -f2)" -lt 16384 ]
}
