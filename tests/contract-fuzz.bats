#!/usr/bin/env bats
# The contract in share/openapi.yaml, walked by chance: tests/contract_fuzz.py says what holds for every answer.
# VX_FUZZ_SECONDS=600 VX_FUZZ_SEED=7 bats tests/contract-fuzz.bats walks longer, or the same way again.
load helper

setup() {
	PYTHON=/usr/bin/python3
	"$PYTHON" -c 'import yaml, jsonschema' 2>/dev/null || PYTHON=python3
	start_serve --max-body 1M
}

teardown() { stop_serve; }

@test "no request, right or wrong, gets an answer that is not declared, and what is stored stays whole" {
	local seed=()
	[ -z "${VX_FUZZ_SEED:-}" ] || seed=(--seed "$VX_FUZZ_SEED")
	run3 "$PYTHON" "$ROOT/tests/contract_fuzz.py" "$ROOT/share" "$API" --seconds "${VX_FUZZ_SECONDS:-8}" "${seed[@]}"
	[ -z "${VX_FUZZ_SECONDS:-}" ] || echo "# $out" >&3
	expect 0
	has "$out" 'no failure'
	# It ends as it should: no time-out, no leak where a sanitizer looks.
	kill -TERM "$SERVE_PID"
	run3 wait "$SERVE_PID"
	SERVE_PID=
	expect 0
}

@test "the walk finds an answer that is not declared, and one that the server got wrong" {
	cp -R "$ROOT/share" "$BATS_TEST_TMPDIR/share"
	sed -i '/summary: Allocates the next patient/,/summary: Finds a patient/ {/"409":/d}' "$BATS_TEST_TMPDIR/share/openapi.yaml"
	run3 "$PYTHON" "$ROOT/tests/contract_fuzz.py" "$BATS_TEST_TMPDIR/share" "$API" --seconds 2 --seed 1
	expect 1
	has "$out" '409 application/problem+json is not declared'
	cp "$ROOT/share/openapi.yaml" "$BATS_TEST_TMPDIR/share"
	# A schema that allows what the server's does not.
	jq '.properties.cancer_type.enum = ["x"]' "$ROOT/share/schema/assessment.json" >"$BATS_TEST_TMPDIR/share/schema/assessment.json"
	run3 "$PYTHON" "$ROOT/tests/contract_fuzz.py" "$BATS_TEST_TMPDIR/share" "$API" --seconds 20 --seed 2
	expect 1
	has "$out" 'where the schema says nothing'
}
