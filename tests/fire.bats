#!/usr/bin/env bats
# vx-post, vx-patient-map and a dataset script through a proxy that disturbs their requests (tests/fault_proxy.py): they end
# where an undisturbed run ends. The long form of the last test is tests/stress/fire.sh by itself.
load helper

EVERY='500 502 503:1 429:0 portal redirect nonsense stale cut reset hang:0.3 shut cutbody shortbody cutchunk dripbody:0.2
	twice again twins late:0.2 half-open lost after:500 after:502 half short endless chunked desync slow:0.2 pause:0.2 drip:0.2'

teardown() {
	[ -z "${PROXY_PID:-}" ] || { kill "$PROXY_PID" 2>/dev/null; wait "$PROXY_PID" 2>/dev/null || true; }
	stop_serve
}

# every_other: each fault once, a request that passes between two.
every_other() { sed 's/[^ \t]\{1,\}/ok &/g' <<<"$EVERY"; }

start_proxy() {
	local port
	port=$(free_port)
	python3 "$ROOT/tests/fault_proxy.py" "$port" "${API##*:}" "$BATS_TEST_TMPDIR/proxy.log" "$@" 3>&- &
	PROXY_PID=$!
	export VX_API=http://127.0.0.1:$port
	for _ in $(seq 100); do curl -sf "$VX_API/v1/health" >/dev/null 2>&1 && return 0; sleep 0.05; done
	return 1
}

# met FAULT...: each was met.
met() {
	same "$(cut -d' ' -f6 "$BATS_TEST_TMPDIR/proxy.log" | grep -v '^ok$' | sort -u)" "$(printf '%s\n' "$@" | sort -u)"
}

@test "every fault there is meets vx-post: all is there once, with one result each, in order" {
	start_serve
	{
		echo '{"identifier":"datasource/t","shorthand":"TT"}'
		seq -f '%05.0f' 700 | sed 's|.*|{"identifier":"patient/TT&","parent_identifier":"datasource/t","external_uid":"p&"}|'
	} >"$BATS_TEST_TMPDIR/in"
	# shellcheck disable=SC2046 # a word a fault
	start_proxy $(every_other)
	run3 vx-post -j 1 --batch 10 "$BATS_TEST_TMPDIR/in"
	expect 0
	# shellcheck disable=SC2086
	met $EVERY
	cmp <(jq -r .identifier <<<"$out") <(jq -r .identifier "$BATS_TEST_TMPDIR/in")
	same "$(jq -r .status <<<"$out" | grep -cvx -e created -e unchanged)" 0
	sleep 0.3 # what comes late
	curl -sf "$API/v1/export" | jq -r .identifier >"$BATS_TEST_TMPDIR/there"
	cmp "$BATS_TEST_TMPDIR/there" <(jq -r .identifier "$BATS_TEST_TMPDIR/in")
}

@test "every fault there is meets vx-patient-map: one number a name, in the order of the input" {
	start_serve
	vx-post -q --api "$API" <<<'{"identifier":"datasource/t","shorthand":"TT"}' >/dev/null
	seq 40000 | sed 's|.*|{"_match":{"patient":"q&"}}|' >"$BATS_TEST_TMPDIR/in"
	# shellcheck disable=SC2046
	start_proxy $(every_other)
	run3 vx-patient-map --datasource datasource/t "$BATS_TEST_TMPDIR/in"
	expect 0
	# shellcheck disable=SC2086
	met $EVERY
	cmp <(jq -r '"\(._match.patient) \(._patient)"' "$BATS_TEST_TMPDIR/out") <(seq 40000 | awk '{ printf "q%d patient/TT%05d\n", $1, $1 }')
	same "$(curl -sf "$API/v1/export" | wc -l)" 40001
}

@test "three runs of picai.sh under fire: the same export, no number twice, no hole, no result lost" {
	run3 bash "$ROOT/tests/stress/fire.sh" --runs 3 --first 8 --patients 12 --batch 15 --rate 0.2
	expect 0
	has "$out" "undisturbed: 228 resources, 216 results"
	# Whether the kill met a process that was running is chance.
	has "$out" "3 of 3 runs right on sqlite: 1 of the whole script, "
	# The proxy did disturb.
	[ "$(sed -n 's/.* \([0-9]*\) of [0-9]* requests hit, [0-9]* s$/\1/p' <<<"$out")" -ge 5 ]
}

@test "two runs of it on PostgreSQL, in one of which vx-serve is killed" {
	. "$ROOT/tests/pg.bash"
	[ -n "$(pg_bin)" ] || skip "PostgreSQL is not installed"
	run3 bash "$ROOT/tests/stress/fire.sh" --db postgresql --runs 2 --first 3 --patients 12 --batch 15 --rate 0.2
	expect 0
	has "$out" "2 of 2 runs right on postgresql: 0 of the whole script, "
}
