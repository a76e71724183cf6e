#!/usr/bin/env bats
# vx-post against a vx-serve of its own, and against a proxy that fails on order.
load helper

setup() {
	load helper
	start_serve
	export VX_API=$API
}

teardown() {
	[ -z "${PROXY_PID:-}" ] || { kill "$PROXY_PID" 2>/dev/null; wait "$PROXY_PID" 2>/dev/null || true; }
	stop_serve
}

# start_proxy FAULT...: VX_API is then the proxy; $BATS_TEST_TMPDIR/proxy.log what it saw.
start_proxy() {
	local port try
	[ -z "${PROXY_PID:-}" ] || { kill "$PROXY_PID" 2>/dev/null || true; wait "$PROXY_PID" 2>/dev/null || true; }
	port=$(free_port)
	python3 "$ROOT/tests/fault_proxy.py" "$port" "${API##*:}" "$BATS_TEST_TMPDIR/proxy.log" "$@" 3>&- &
	PROXY_PID=$!
	export VX_API=http://127.0.0.1:$port
	for try in $(seq 100); do
		curl -sf "$VX_API/v1/health" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "the proxy did not start"
	return 1
}

# tree N [SEED]: a datasource, N patients with a study, three volumes and a mask each: 1 + 6 N records, parents first; with
# SEED in an order of its own.
tree() {
	python3 - "$@" <<'PY'
import json, random, sys
n = int(sys.argv[1])
out = [{"identifier": "datasource/t", "shorthand": "TT"}]
for p in range(1, n + 1):
    name = "TT%05d" % p
    out.append({"identifier": "patient/" + name, "parent_identifier": "datasource/t", "external_uid": "p%d" % p})
    study = "study/%s/1" % name
    out.append({"identifier": study, "parent_identifier": "patient/" + name, "study_uid": "1",
                "_source": {"file": "t.csv", "row": p + 1}})
    volumes = ["volume/%s/1/%s" % (name, v) for v in ("t2", "adc", "dwi")]
    for v in volumes:
        out.append({"identifier": v, "parent_identifier": study, "path_nii": "s3://b/%s.nii.gz" % v,
                    "_match": {"patient": p}})
    out.append({"identifier": "voxelmap/%s/1/m" % name, "parent_identifier": study, "reference_mri": volumes[0],
                "derived_from": volumes, "task": "prostate", "labels": {"0": "background", "1": "prostate"},
                "path_nii": "s3://b/m.nii.gz"})
if len(sys.argv) > 2:
    random.Random(int(sys.argv[2])).shuffle(out)
for record in out:
    print(json.dumps(record))
PY
}

export_of() { curl -sf "$API/v1/export"; }

statuses() { jq -r .status <<<"$out" | sort | uniq -c | sed 's/^ *//' | paste -sd,; }

@test "a first run creates, a second one changes nothing, in input order, with _source" {
	tree 20 >"$BATS_TEST_TMPDIR/in"
	run3 vx-post "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -r .identifier <<<"$out")" "$(jq -r .identifier "$BATS_TEST_TMPDIR/in")"
	same "$(statuses)" "121 created"
	same "$(grep '"study/TT00001/1"' <<<"$out")" \
		'{"identifier":"study/TT00001/1","status":"created","_source":{"file": "t.csv", "row": 2}}'
	has "$err" "vx-post: 121 records in, 121 out, 0 rejected, 121 created, "
	export_of >"$BATS_TEST_TMPDIR/first"
	same "$(wc -l <"$BATS_TEST_TMPDIR/first")" 121
	run3 vx-post --expect-unchanged "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(statuses)" "121 unchanged"
	has "$err" "121 out, 0 rejected, 121 unchanged, "
	export_of | cmp - "$BATS_TEST_TMPDIR/first"
}

@test "any order, any split, any number of connections: the same export" {
	tree 150 >"$BATS_TEST_TMPDIR/in"
	vx-post -q "$BATS_TEST_TMPDIR/in" >/dev/null
	export_of >"$BATS_TEST_TMPDIR/wanted"
	local seed
	for seed in 1 2 3; do
		stop_serve
		forget_db
		start_serve
		tree 150 $seed | split -n r/7 - "$BATS_TEST_TMPDIR/part$seed."
		run3 vx-post -q --api "$API" -j $((seed * seed)) --batch 37 "$BATS_TEST_TMPDIR/part$seed".*
		expect 0
		same "$(statuses)" "901 created"
		export_of | cmp - "$BATS_TEST_TMPDIR/wanted"
	done
}

@test "a record waits for its parent while the input pauses, and its result comes in its place" {
	{
		echo '{"identifier":"patient/TT00001","parent_identifier":"datasource/t","external_uid":"1"}'
		sleep 0.4
		echo '{"identifier":"datasource/t","shorthand":"TT"}'
		sleep 0.4
	} | vx-post -q >"$BATS_TEST_TMPDIR/out"
	same "$(jq -r '[.identifier,.status]|join(" ")' "$BATS_TEST_TMPDIR/out" | paste -sd,)" \
		"patient/TT00001 created,datasource/t created"
}

@test "results come while the input is still open" {
	mkfifo "$BATS_TEST_TMPDIR/fifo"
	vx-post -q <"$BATS_TEST_TMPDIR/fifo" >"$BATS_TEST_TMPDIR/out" 3>&- &
	local pid=$! i
	exec 9>"$BATS_TEST_TMPDIR/fifo"
	echo '{"identifier":"datasource/t","shorthand":"TT"}' >&9
	for i in $(seq 60); do [ -s "$BATS_TEST_TMPDIR/out" ] && break; sleep 0.05; done
	same "$(cat "$BATS_TEST_TMPDIR/out")" '{"identifier":"datasource/t","status":"created"}'
	exec 9>&-
	wait $pid
}

@test "what is wrong with a record is said with file, row, field and reason; the others go in" {
	printf '%s\n' '{"identifier":"datasource/t","shorthand":"TT"}' \
		'{"name":"a table row","_source":{"file":"t.csv","row":7}}' \
		'{"identifier":"mask/x"}' '{"identifier":"volume/t2 axial"}' '{"identifier":7}' 'no json' \
		'{"identifier":"study/a","parent_identifier":"patient/TT00009"}' \
		'{"identifier":"volume/a","path_nii":"s3://b/a","volume_type":"T9","_source":{"file":"t.csv","row":9}}' \
		'{"identifier":"volume/b","path_nii":"s3://b/b"}' >"$BATS_TEST_TMPDIR/in"
	run3 vx-post --rejects "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/in"
	expect 1
	same "$(jq -r '[.identifier,.status]|join(" ")' <<<"$out" | paste -sd,)" \
		"datasource/t created,study/a orphan,volume/a invalid,volume/b created"
	has "$err" "vx-post: t.csv:7: identifier: missing: this is not a resource yet"
	has "$err" "identifier: there is no type 'mask'"
	has "$err" "identifier: is not a string"
	has "$err" "in:6: not JSON"
	has "$err" "vx-post: study/a: parent_identifier: orphan: patient/TT00009 does not exist"
	has "$err" "vx-post: t.csv:9: volume_type: invalid: "
	has "$err" "9 records in, 4 out, 5 rejected, 2 created, 1 invalid, 1 orphan, "
	same "$(jq -c '[.field,.record.identifier]' "$BATS_TEST_TMPDIR/rejects" | tail -2 | paste -sd,)" \
		'["parent_identifier","study/a"],["volume_type","volume/a"]'
	same "$(wc -l <"$BATS_TEST_TMPDIR/rejects")" 7
	same "$(jq -c 'select(.record.identifier=="volume/a").record._source' "$BATS_TEST_TMPDIR/rejects")" '{"file":"t.csv","row":9}'
}

@test "a conflict shows both values, changes nothing, and --on-conflict update does" {
	vx-post -q <<<'{"identifier":"datasource/t","shorthand":"TT","description":"old"}' >/dev/null
	run3 vx-post --rejects "$BATS_TEST_TMPDIR/rejects" <<<'{"identifier":"datasource/t","shorthand":"TT","description":"new"}'
	expect 1
	same "$(jq -c '[.status,.diff]' <<<"$out")" '["conflict",{"description":{"old":"old","new":"new"}}]'
	has "$err" 'description: conflict: "old" is there, "new" was sent'
	same "$(jq -r .record.description "$BATS_TEST_TMPDIR/rejects")" new
	has "$(export_of)" '"description":"old"'
	run3 vx-post --on-conflict update <<<'{"identifier":"datasource/t","shorthand":"TT","description":"new"}'
	expect 0
	same "$(jq -r .status <<<"$out")" updated
	has "$err" "1 updated"
	has "$(export_of)" '"description":"new"'
	run3 vx-post --expect-unchanged --on-conflict update <<<'{"identifier":"datasource/t","shorthand":"TT","description":"x"}'
	expect 1
	has "$err" "expected no change: 1 of 1 results are not unchanged"
}

@test "--fill: what was not known when a resource came in is filled in; what this run does not know stays; nothing is replaced" {
	tree 1 | vx-post -q >/dev/null
	mask() { jq -nc '{identifier: "voxelmap/TT00001/1/f", parent_identifier: "study/TT00001/1", path_nii: "s3://b/m", task: "pca"} + '"$1"; }
	vx-post -q <<<"$(mask '{}')" >/dev/null 2>&1
	run3 vx-post -q --fill reference_mri <<<"$(mask '{task: "isup", reference_mri: "volume/TT00001/1/t2"}')"
	expect 1
	same "$(jq -c '[.status, (.diff | keys)]' <<<"$out")" '["conflict",["reference_mri","task"]]'
	export_of >"$BATS_TEST_TMPDIR/before"
	run3 vx-post -q --dry-run --fill reference_mri <<<"$(mask '{reference_mri: "volume/TT00001/1/t2"}')"
	expect 0
	same "$(jq -r .status <<<"$out")" updated
	export_of | cmp - "$BATS_TEST_TMPDIR/before"
	run3 vx-post -q --fill reference_mri --expect-unchanged <<<"$(mask '{reference_mri: "volume/TT00001/1/t2"}')"
	expect 1
	same "$out" '{"identifier":"voxelmap/TT00001/1/f","status":"updated","diff":{"reference_mri":{"old":null,"new":"volume/TT00001/1/t2"}}}'
	export_of >"$BATS_TEST_TMPDIR/filled"
	# A run that knows less, be it by null.
	for less in '{}' '{reference_mri: null}'; do
		run3 vx-post -q --fill reference_mri --expect-unchanged <<<"$(mask "$less")"
		expect 0
		same "$out" '{"identifier":"voxelmap/TT00001/1/f","status":"unchanged"}'
	done
	run3 vx-post -q --fill reference_mri <<<"$(mask '{reference_mri: "volume/TT00001/1/adc"}')"
	expect 1
	same "$(jq -r .status <<<"$out")" conflict
	export_of | cmp - "$BATS_TEST_TMPDIR/filled"
	# One field to fill and one to keep, in one record.
	run3 vx-post -q --fill reference_mri,sha256 <<<"$(mask "{sha256: \"$(printf '%064d' 0)\"}")"
	expect 0
	same "$(jq -c '[.status, (.diff | keys)]' <<<"$out")" '["updated",["sha256"]]'
	same "$(curl -sf "$API/v1/resources/voxelmap/TT00001/1/f" | jq -c '[.reference_mri, (.sha256 | length)]')" \
		'["volume/TT00001/1/t2",64]'
}

@test "--update: the named fields only; what they refer to must be there; twins do not take turns" {
	tree 30 >"$BATS_TEST_TMPDIR/in"
	vx-post -q "$BATS_TEST_TMPDIR/in" >/dev/null
	jq -c 'if .task then .reference_mri |= sub("t2$"; "adc") else . end
		| if .identifier == "voxelmap/TT00007/1/m" then .task = "pz" else . end
		| if .identifier == "voxelmap/TT00009/1/m" then .reference_mri = "volume/none" else . end' \
		"$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/changed"
	run3 vx-post -q --batch 7 -j 3 --update reference_mri "$BATS_TEST_TMPDIR/changed"
	expect 1
	same "$(statuses)" '1 conflict,1 orphan,151 unchanged,28 updated'
	same "$(jq -r .identifier <<<"$out")" "$(jq -r .identifier "$BATS_TEST_TMPDIR/in")"
	has "$err" 'voxelmap/TT00009/1/m: reference_mri: orphan: '
	run3 vx-post -q --update task,reference_mri <<<"$(grep TT00007/1/m "$BATS_TEST_TMPDIR/changed")"
	expect 0
	same "$(jq -c '[.status, (.diff | keys)]' <<<"$out")" '["updated",["reference_mri","task"]]'
	run3 vx-post -q --update task < <(for t in tz pz tz; do grep TT00007/1/m "$BATS_TEST_TMPDIR/changed" | sed "s/\"pz\"/\"$t\"/"; done)
	expect 1
	same "$(statuses)" '1 conflict,1 unchanged,1 updated'
}

@test "an implied study never changes one that is there, whichever comes first" {
	tree 1 >"$BATS_TEST_TMPDIR/in"
	vx-post -q "$BATS_TEST_TMPDIR/in" >/dev/null
	export_of >"$BATS_TEST_TMPDIR/before"
	run3 vx-post --on-conflict update \
		<<<'{"identifier":"study/TT00001/1","parent_identifier":"patient/TT00001","_implied":true}'
	expect 0
	same "$out" '{"identifier":"study/TT00001/1","status":"unchanged"}'
	export_of | cmp - "$BATS_TEST_TMPDIR/before"
	printf '%s\n' '{"identifier":"study/TT00001/2","parent_identifier":"patient/TT00001","_implied":true}' \
		'{"identifier":"volume/TT00001/2/t2","parent_identifier":"study/TT00001/2","path_nii":"s3://b/x"}' \
		'{"identifier":"study/TT00001/2","parent_identifier":"patient/TT00001","study_uid":"2"}' >"$BATS_TEST_TMPDIR/in"
	run3 vx-post "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -r .status <<<"$out" | paste -sd,)" "unchanged,created,created"
	has "$(curl -s "$API/v1/resources/study/TT00001/2")" '"study_uid":"2"'
}

@test "--dry-run plans all of it and writes nothing, over many batches" {
	tree 40 7 >"$BATS_TEST_TMPDIR/in"
	run3 vx-post --dry-run --batch 10 -j 3 "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(statuses)" "241 created"
	has "$err" "dry run: nothing was written"
	same "$(export_of)" ""
	echo '{"identifier":"study/lost","parent_identifier":"patient/TT99999"}' >>"$BATS_TEST_TMPDIR/in"
	run3 vx-post --dry-run -q "$BATS_TEST_TMPDIR/in"
	expect 1
	same "$(statuses)" "241 created,1 orphan"
	head -120 "$BATS_TEST_TMPDIR/in" | vx-post -q >/dev/null 2>&1 || true
	run3 vx-post --dry-run -q "$BATS_TEST_TMPDIR/in"
	[ "$(grep -c '"unchanged"' <<<"$out")" -gt 0 ]
}

@test "a circle of references is refused, what waits for it too, and the run ends" {
	tree 1 | vx-post -q >/dev/null
	printf '%s\n' '{"identifier":"volume/a","parent_identifier":"study/TT00001/1","path_nii":"s3://b/a","derived_from":["volume/b"]}' \
		'{"identifier":"volume/b","parent_identifier":"study/TT00001/1","path_nii":"s3://b/b","derived_from":["volume/a"]}' \
		'{"identifier":"volume/c","parent_identifier":"study/TT00001/1","path_nii":"s3://b/c","derived_from":["volume/b"]}' \
		'{"identifier":"volume/d","parent_identifier":"study/TT00001/1","path_nii":"s3://b/d"}' >"$BATS_TEST_TMPDIR/in"
	run3 timeout 20 vx-post -q "$BATS_TEST_TMPDIR/in"
	expect 1
	same "$(wc -l <<<"$out")" 4
	same "$(grep -c '"created"' <<<"$out")" 1
	has "$out" '"identifier":"volume/d","status":"created"'
}

@test "twins in one run: the first counts, the second is held against it" {
	printf '%s\n' '{"identifier":"datasource/t","shorthand":"TT"}' '{"identifier":"datasource/t","shorthand":"TT"}' \
		'{"identifier":"datasource/t","shorthand":"TT","description":"x"}' >"$BATS_TEST_TMPDIR/in"
	run3 vx-post -q -j 4 --batch 1 "$BATS_TEST_TMPDIR/in"
	expect 1
	same "$(jq -r .status <<<"$out" | paste -sd,)" "created,unchanged,conflict"
}

@test "twins in one run with --on-conflict update: the first updates, the second is a conflict, and a rerun settles" {
	echo '{"identifier":"volume/tw","path_nii":"s3://b/0.nii"}' | vx-post -q --api "$API" >/dev/null
	printf '%s\n' '{"identifier":"volume/tw","path_nii":"s3://b/1.nii"}' '{"identifier":"volume/tw","path_nii":"s3://b/2.nii"}' \
		'{"identifier":"volume/tw","path_nii":"s3://b/1.nii"}' >"$BATS_TEST_TMPDIR/in"
	for batch in 1 250; do
		run3 vx-post -q --api "$API" --on-conflict update --batch $batch "$BATS_TEST_TMPDIR/in"
		expect 1
		same "$(jq -r .status <<<"$out" | tr '\n' ' ')" "$([ $batch = 1 ] && echo updated || echo unchanged) conflict unchanged "
	done
	same "$(curl -s "$API/v1/resources/volume/tw" | jq -r .path_nii)" s3://b/1.nii
}

@test "local paths become file:// URLs, percent-encoded, and are counted" {
	mkdir "$BATS_TEST_TMPDIR/a b"
	cd "$BATS_TEST_TMPDIR/a b"
	printf '%s\n' '{"identifier":"volume/1","path_nii":"/data/50% off/ä.nii.gz","path_json":"s3://b/k.json"}' \
		'{"identifier":"volume/2","path_nii":"./x.nii"}' '{"identifier":"volume/3","path_nii":"file:///d/x.nii"}' \
		'{"identifier":"volume/4","path_nii":"/d/?.nii","_file":{"path_raw":"/d/%FF.nii"}}' >in
	run3 vx-post in
	expect 0
	has "$err" "4 file:// URLs of this machine only"
	same "$(curl -s "$API/v1/resources/volume/1" | jq -r .path_nii)" "file:///data/50%25%20off/%C3%A4.nii.gz"
	same "$(curl -s "$API/v1/resources/volume/1" | jq -r .path_json)" "s3://b/k.json"
	same "$(curl -s "$API/v1/resources/volume/2" | jq -r .path_nii)" "file://${BATS_TEST_TMPDIR// /%20}/a%20b/x.nii"
	same "$(curl -s "$API/v1/resources/volume/4" | jq -r .path_nii)" "file:///d/%FF.nii"
}

@test "keys and identifiers written with escapes are the same keys and identifiers" {
	run3 vx-post <<<'{"\u0069dentifier":"volume\/\u0061","path_nii":"s3:\/\/b\/x","\u005fprivate":1,"other_data":{"a\"b":"\u00e4"}}'
	expect 0
	same "$(jq -c '[.identifier,.status]' <<<"$out")" '["volume/a","created"]'
	same "$(curl -s "$API/v1/resources/volume/a" | jq -c '[.path_nii,.other_data,has("_private")]')" \
		'["s3://b/x",{"a\"b":"ä"},false]'
}

@test "routes, batches, gzip and connections" {
	tree 30 >"$BATS_TEST_TMPDIR/in"
	start_proxy
	head -1 "$BATS_TEST_TMPDIR/in" | vx-post -q >/dev/null
	grep '"identifier": "patient/' "$BATS_TEST_TMPDIR/in" | vx-post -q --gzip >/dev/null
	vx-post -q --gzip --batch 50 -j 1 "$BATS_TEST_TMPDIR/in" >/dev/null
	same "$(sed -n 1p "$BATS_TEST_TMPDIR/proxy.log" | cut -d' ' -f2)" "/v1/datasources"
	same "$(sed -n 2p "$BATS_TEST_TMPDIR/proxy.log" | cut -d' ' -f2,3,5)" "/v1/patients gzip 30"
	same "$(sed -n 3p "$BATS_TEST_TMPDIR/proxy.log" | cut -d' ' -f2,3,5)" "/v1/resources gzip 50"
	# One connection served all batches of the last run.
	same "$(sed '1,2d' "$BATS_TEST_TMPDIR/proxy.log" | cut -d' ' -f1 | sort -u | wc -l)" 1
	same "$(sed '1,2d' "$BATS_TEST_TMPDIR/proxy.log" | wc -l)" 4
	vx-post -q --no-gzip --batch-bytes 2000 "$BATS_TEST_TMPDIR/in" >/dev/null
	same "$(tail -1 "$BATS_TEST_TMPDIR/proxy.log" | cut -d' ' -f3)" identity
	# An API on this machine is sent plain bodies unless told otherwise; a name for it is not looked up.
	vx-post -q "$BATS_TEST_TMPDIR/in" >/dev/null
	same "$(tail -1 "$BATS_TEST_TMPDIR/proxy.log" | cut -d' ' -f3)" identity
	VX_API=${VX_API/127.0.0.1/0.0.0.0} vx-post -q "$BATS_TEST_TMPDIR/in" >/dev/null
	same "$(tail -1 "$BATS_TEST_TMPDIR/proxy.log" | cut -d' ' -f3)" gzip
	vx-post -q --no-gzip --batch-bytes 2000 "$BATS_TEST_TMPDIR/in" >/dev/null
	[ "$(tail -3 "$BATS_TEST_TMPDIR/proxy.log" | cut -d' ' -f4 | sort -n | tail -1)" -lt 2400 ]
}

@test "429 and 503 are waited out as Retry-After says; cut connections and lost answers are tried again" {
	tree 10 >"$BATS_TEST_TMPDIR/in"
	start_proxy 503:1 429 cut lost half slow:0.2 502
	local before=$SECONDS
	run3 vx-post --batch 7 "$BATS_TEST_TMPDIR/in"
	expect 0
	[ $((SECONDS - before)) -ge 1 ]
	same "$(wc -l <<<"$out")" 61
	# What was committed although its answer was lost comes back as unchanged: nothing is there twice.
	same "$(jq -r .status <<<"$out" | grep -cv -e created -e unchanged)" 0
	same "$(export_of | wc -l)" 61
	run3 vx-post -q --expect-unchanged --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 0
}

@test "what went astray or was cut where no length tells, and a portal's page: asked again, on a new connection" {
	tree 10 >"$BATS_TEST_TMPDIR/in"
	local fault
	for fault in portal stale short endless desync redirect nonsense shortbody; do
		stop_serve
		forget_db
		start_serve
		start_proxy ok "$fault"
		run3 vx-post --batch $([ $fault = shortbody ] && echo 1 || echo 10) -j 1 "$BATS_TEST_TMPDIR/in"
		expect 0
		same "$(jq -r .identifier <<<"$out")" "$(jq -r .identifier "$BATS_TEST_TMPDIR/in")"
		same "$(export_of | wc -l)" 61
		kill "$PROXY_PID"
	done
}

@test "an answer to another request about the same resource is not believed" {
	printf '%s\n' '{"identifier":"datasource/t","shorthand":"TT"}' '{"identifier":"datasource/t","shorthand":"TU"}' >"$BATS_TEST_TMPDIR/in"
	start_proxy desync
	run3 vx-post -q -j 1 --batch 1 "$BATS_TEST_TMPDIR/in"
	expect 1
	same "$(statuses)" "1 conflict,1 created"
	# Nor is another run's.
	kill "$PROXY_PID"
	start_proxy ok stale
	vx-post -q <<<'{"identifier":"volume/a","path_nii":"s3://b/1"}' >/dev/null
	run3 vx-post -q <<<'{"identifier":"volume/a","path_nii":"s3://b/2"}'
	expect 1
	same "$(statuses)" "1 conflict"
}

@test "a request to update that comes a second time, after a later update, changes nothing" {
	put() { run3 vx-post -q --on-conflict update <<<'{"identifier":"datasource/t","shorthand":"TT","description":"'"$1"'"}'; }
	put A
	expect 0
	start_proxy ok late:0.5
	put B
	expect 0
	same "$(jq -r .status <<<"$out")" updated
	VX_API=$API put C
	expect 0
	same "$(jq -r .status <<<"$out")" updated
	sleep 0.8
	has "$(export_of)" '"description":"C"'
	# Also when C is by chance what was there before: the same content, another version.
	sleep 0.3
	start_proxy ok late:1.5
	put B
	sleep 1
	VX_API=$API put C
	sleep 1
	has "$(export_of)" '"description":"C"'
}

@test "who updates what somebody else has changed in the meantime is told, and changes nothing" {
	local one='{"identifier":"datasource/t","shorthand":"TT","description":"A"}'
	vx-post -q <<<"$one" >/dev/null
	start_proxy ok slow:0.6
	vx-post -q --on-conflict update <<<"${one/A/B}" >"$BATS_TEST_TMPDIR/slow" 2>/dev/null 3>&- &
	local pid=$!
	sleep 0.3
	vx-post -q --api "$API" --on-conflict update <<<"${one/A/C}" >/dev/null
	wait $pid || true
	same "$(jq -c '[.status,.diff,.version]' "$BATS_TEST_TMPDIR/slow")" \
		'["conflict",{"description":{"old":"C","new":"B"}},null]'
	has "$(export_of)" '"description":"C"'
}

@test "an API that stays away is 75, with a result for every record that was read" {
	tree 3 >"$BATS_TEST_TMPDIR/in"
	start_proxy $(yes 503 | head -60)
	run3 vx-post --retry-for 0.3 --rejects "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/in"
	expect 75
	has "$err" "HTTP status 503 to the end of --retry-for"
	[ "$(wc -l <"$BATS_TEST_TMPDIR/rejects")" -ge 1 ]
	same "$(jq -r .record.identifier "$BATS_TEST_TMPDIR/rejects" | sort)" "$(jq -r .identifier <<<"$out" | sort)"
	same "$(jq -r .status <<<"$out" | sort -u)" failed
	run3 vx-post --api "http://127.0.0.1:$(free_port)" --retry-for 0.2 "$BATS_TEST_TMPDIR/in"
	expect 75
	has "$err" "Connection refused"
}

@test "a batch that is refused as a whole is halved until the guilty record stands alone" {
	tree 5 >"$BATS_TEST_TMPDIR/in"
	start_proxy 413 413 ok 413 413 413
	run3 vx-post -j 1 --batch 8 --linger 5s --rejects "$BATS_TEST_TMPDIR/rejects" < <(head -8 "$BATS_TEST_TMPDIR/in")
	# 8 refused, 4 refused, 2 pass, 2 refused, 1 refused, 1 refused, then 4 pass or wait for what was refused.
	expect 1
	same "$(cut -d' ' -f5 "$BATS_TEST_TMPDIR/proxy.log" | head -7 | paste -sd' ')" "8 4 2 2 1 1 4"
	same "$(grep -c '"failed"' <<<"$out")" 2
	has "$err" "failed: fault 413 on order"
	same "$(jq -r .status <<<"$out" | wc -l)" 8
	run3 vx-post -q --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(export_of | wc -l)" 31
}

@test "500 is tried three times, then halved; a server that fails on everything ends the run" {
	tree 5 >"$BATS_TEST_TMPDIR/in"
	start_proxy 500 500
	run3 vx-post -q "$BATS_TEST_TMPDIR/in"
	expect 0
	kill "$PROXY_PID"
	start_proxy $(yes 500 | head -2000)
	run3 timeout 60 vx-post -j 1 "$BATS_TEST_TMPDIR/in"
	expect 75
	has "$err" "HTTP status 500 to 20 records in a row"
	same "$(wc -l <<<"$out")" 31
}

@test "401 and a wrong token are 69 and the token is never shown" {
	tree 1 >"$BATS_TEST_TMPDIR/in"
	stop_serve
	rm -f "$DB"*
	echo sesame-42 >"$BATS_TEST_TMPDIR/token"
	start_serve --token-file "$BATS_TEST_TMPDIR/token"
	run3 vx-post --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 69
	has "$err" "a token is needed (VX_TOKEN or VX_TOKEN_FILE)"
	VX_TOKEN=sesame-43 run3 vx-post -v --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 69
	has "$err" "the token is not accepted"
	[[ $err$out != *sesame* ]]
	VX_TOKEN_FILE=$BATS_TEST_TMPDIR/token run3 vx-post --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 0
	VX_TOKEN_FILE=$BATS_TEST_TMPDIR/none run3 vx-post --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 74
	: >"$BATS_TEST_TMPDIR/none"
	VX_TOKEN_FILE=$BATS_TEST_TMPDIR/none run3 vx-post --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 74
	has "$err" "vx-post: $BATS_TEST_TMPDIR/none: VX_TOKEN_FILE: nothing in the first line of the file"
	VX_TOKEN=$'a\nX: y' run3 vx-post --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 64
	has "$err" "vx-post: VX_TOKEN: holds a control character"
}

@test "an answer that shows the token, and one that is no HTTP" {
	local port
	port=$(free_port)
	python3 - "$port" >"$BATS_TEST_TMPDIR/ready" 3>&- <<'PY' &
import socket, sys
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
connection = server.accept()[0]
token = [line for line in connection.recv(65536).split(b"\r\n") if line.startswith(b"Authorization")][0]
body = b'{"detail":"' + b"x" * 760 + b"you sent " + token + b'"}'
connection.sendall(b"HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
connection.close()
for _ in range(3):
    connection = server.accept()[0]
    connection.recv(65536)
    connection.sendall(b"220 mail.example ESMTP\r\n")
    connection.close()
PY
	PROXY_PID=$!
	until [ -s "$BATS_TEST_TMPDIR/ready" ]; do sleep 0.05; done
	tree 1 >"$BATS_TEST_TMPDIR/in"
	VX_TOKEN=sesame-43-sesame-43 run3 vx-post --api "http://127.0.0.1:$port" "$BATS_TEST_TMPDIR/in"
	expect 69
	has "$err" "you sent Authorization: Bearer **"
	[[ $err$out != *sesame* ]]
	run3 vx-post --retry-for 1s --api "http://127.0.0.1:$port" "$BATS_TEST_TMPDIR/in"
	expect 69
	has "$err" "http://127.0.0.1:$port: what answers there speaks no HTTP"
}

@test "a production deployment is refused without --production, and nothing is written" {
	stop_serve
	rm -f "$DB"*
	start_serve --environment production
	tree 1 >"$BATS_TEST_TMPDIR/in"
	run3 vx-post --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 69
	has "$err" "is a production deployment: give --production"
	same "$(export_of)" ""
	run3 vx-post --production --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(export_of | wc -l)" 7
}

@test "what is no vxData API is 69, whatever it answers" {
	tree 1 >"$BATS_TEST_TMPDIR/in"
	local body
	for body in 'body:<html>login</html>' 'body:{"results":[]}' 'body:[]' 'body:{"results":{}}' 302 404 '405'; do
		start_proxy "$body" "$body" "$body"
		run3 vx-post -j 1 "$BATS_TEST_TMPDIR/in"
		expect 69
		kill "$PROXY_PID"
	done
	body='body:{"results":[{"identifier":"datasource/other","status":"created"}]}'
	start_proxy "$body" "$body" "$body"
	run3 vx-post < <(head -1 "$BATS_TEST_TMPDIR/in")
	expect 69
	has "$out" '"status":"failed"'
	has "$err" "the answer is about other resources than were sent"
	same "$(export_of)" ""
}

@test "wrong usage is 64" {
	local args
	for args in "--on-conflict maybe" "--batch 0" "--batch x" "--window 1X" "--retry-for soon" \
		"--retry-for 1e12h" "--linger inf" "--api ftp://x" "--api localhost" \
		"--api http://h/?q=1" "--fill ," "--fill a,,b" "--fill a-b" "--update identifier" "--fill referenze_mri"; do
		# shellcheck disable=SC2086
		run3 vx-post $args </dev/null
		expect 64
	done
	run3 vx-post --api http://user:secret@127.0.0.1:1 --retry-for 0 <<<'{"identifier":"volume/a"}'
	expect 75
	[[ $err != *secret* ]]
}

@test "SIGINT: what is under way is finished and reported, the rest is counted, and a second run completes it" {
	tree 40 >"$BATS_TEST_TMPDIR/in"
	start_proxy slow:0.6 slow:0.6 slow:0.6 slow:0.6
	vx-post -j 1 --batch 20 "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>"$BATS_TEST_TMPDIR/err" 3>&- &
	local pid=$! status=0
	for _ in $(seq 60); do [ -s "$BATS_TEST_TMPDIR/proxy.log" ] && break; sleep 0.05; done
	kill -INT $pid
	wait $pid || status=$?
	same $status 130
	same "$(wc -l <"$BATS_TEST_TMPDIR/out")" 20
	same "$(jq -r .status "$BATS_TEST_TMPDIR/out" | sort -u)" created
	has "$(cat "$BATS_TEST_TMPDIR/err")" " not sent, "
	run3 vx-post -q --api "$API" "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(statuses)" "221 created,20 unchanged"
}

@test "a reader that goes away does not keep what is under way from being finished" {
	tree 60 >"$BATS_TEST_TMPDIR/in"
	local status
	set +o pipefail
	vx-post -q --batch 20 "$BATS_TEST_TMPDIR/in" 2>"$BATS_TEST_TMPDIR/err" | head -1 >/dev/null
	status=${PIPESTATUS[0]}
	same $status 74
	has "$(cat "$BATS_TEST_TMPDIR/err")" "stdout: cannot write: Broken pipe"
	run3 vx-post -q "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(export_of | wc -l)" 361
}

@test "memory: 200,000 records below 16 MiB, also when all of them wait" {
	plain_build
	seq -f '{"identifier":"volume/m/%.0f","path_nii":"s3://b/x.nii.gz"}' 200000 >"$BATS_TEST_TMPDIR/in"
	/usr/bin/time -f %M -o "$BATS_TEST_TMPDIR/rss" vx-post -q "$BATS_TEST_TMPDIR/in" >/dev/null 2>&1
	[ "$(cat "$BATS_TEST_TMPDIR/rss")" -lt 16384 ] || { cat "$BATS_TEST_TMPDIR/rss"; false; }
	same "$(curl -s "$API/v1/stats" | jq '[.. | numbers] | max')" 200000
	seq 20000 | sed 's|.*|{"identifier":"volume/o/&","parent_identifier":"study/none/&","path_nii":"s3://b/x.nii.gz"}|' >"$BATS_TEST_TMPDIR/in"
	/usr/bin/time -f %M -o "$BATS_TEST_TMPDIR/rss" vx-post -q "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out" 2>/dev/null || true
	[ "$(tail -1 "$BATS_TEST_TMPDIR/rss")" -lt 16384 ] || { cat "$BATS_TEST_TMPDIR/rss"; false; }
	same "$(grep -c '"orphan"' "$BATS_TEST_TMPDIR/out")" 20000
}

@test "--on-conflict update: a second record of a name is held against what the first one made of it" {
	local x='{"identifier":"volume/x","path_nii":"s3://b/' n
	for n in 250 1; do
		echo "${x}B\"}" | vx-post -q --api "$API" --on-conflict update >/dev/null 2>&1
		run3 vx-post -q --api "$API" --on-conflict update --batch "$n" < <(printf '%s"}\n' "${x}A" "${x}B" "${x}A")
		expect 1
		same "$(jq -r .status <<<"$out" | paste -sd,)" updated,conflict,unchanged
		same "$(curl -sf "$API/v1/export" | jq -r .path_nii)" s3://b/A
	done
}
