# The dataset scripts from end to end, share/sh/vx.sh, make demo.
load helper

teardown() { stop_serve; }

# ingest NAME OPTION...: runs a dataset script against $API with results and rejects kept.
ingest() {
	run3 "$ROOT/share/datasets/$1.sh" --api "$API" --store "file://$BATS_TEST_TMPDIR/store" -q \
		--rejects "$BATS_TEST_TMPDIR/rejects" --results "$BATS_TEST_TMPDIR/results" "${@:2}"
}

# counts: "type status number" a line, of the last results.
counts() {
	jq -r '(.identifier | split("/")[0]) + " " + .status' "$BATS_TEST_TMPDIR/results" | sort | uniq -c |
		awk '{ print $2, $3, $1 }'
}

# rejects: "file[:row] field" a line.
rejects() {
	jq -r --arg root "$1/" '(.record | ._source.file // ._file.rel // "-" | ltrimstr($root)) +
		(if .record._source.row then ":\(.record._source.row)" else "" end) + " \(.field // "-")"' "$BATS_TEST_TMPDIR/rejects"
}

@test "demo: what is whole goes in, what was planted is rejected, the second run changes nothing" {
	data=$BATS_TEST_TMPDIR/data
	vx-demo-dataset "$data"
	start_serve
	ingest demo --data "$data"
	expect 1
	rejects "$data" | sort >"$BATS_TEST_TMPDIR/rejected"
	run3 cat "$BATS_TEST_TMPDIR/rejected"
	same "$out" "$(
		cat <<-'END'
		END
	)"
	counts
	cp "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/rejects.1"
	curl -sf "$API/v1/export" >"$BATS_TEST_TMPDIR/export.1"
	ingest demo --data "$data" --expect-unchanged
	expect 1
	cmp "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/rejects.1"
	curl -sf "$API/v1/export" | cmp - "$BATS_TEST_TMPDIR/export.1"
}

# script BODY: makes a dataset script of BODY with tools that are made up: emit prints its arguments as lines, fail N
# passes its input on and ends with N.
script() {
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	cat >"$BATS_TEST_TMPDIR/bin/x.sh" <<-END
		#!/usr/bin/env bash
		# x: a script of this test.
		# usage: x.sh --api URL
		# SPDX-License-Identifier: MIT
		. "$ROOT/share/sh/vx.sh"
		VX_DEFAULT_DATA=$BATS_TEST_TMPDIR
		emit() { shift 2; printf '%s\\n' "\$@"; }
		fail() { shift 2; cat; return "\$1"; }
		vx_find_tools() { :; }
		vx_begin "\$@"
		$1
		vx_end
	END
	run3 env TMPDIR="$BATS_TEST_TMPDIR/bin" bash "$BATS_TEST_TMPDIR/bin/x.sh" "${@:2}"
}

@test "vx.sh: usage" {
	script ''
	expect 64
	same "$err" 'x: which deployment? --api URL; see --help'
	script '' --api http://x --data "$BATS_TEST_TMPDIR/none"
	expect 74
	same "$err" "x: $BATS_TEST_TMPDIR/none: no such folder"
	script '' --what
	expect 64
	same "$err" 'x: what is --what?; see --help'
	script '' --api
	expect 64
	same "$err" 'x: --api needs a value; see --help'
	script '' --help
	expect 0
	has "$out" 'x: a script of this test.'
	has "$out" '--expect-unchanged'
	case $out in *SPDX*) return 1 ;; esac
	script 'echo "$API $DATA $STORE"' --api=http://x --store=file:///s
	expect 0
	has "$out" "http://x $BATS_TEST_TMPDIR file:///s"
}

@test "vx.sh: the worst status of all stages wins, also from the middle of a pipe; nothing is left behind" {
	script 'run emit 1 2 | run fail 1 | cat >/dev/null; echo went on' --api x
	expect 1
	has "$out" 'went on'
	script 'run emit 1 2 | run fail 75 | run fail 1 | cat >/dev/null; echo went on' --api x
	expect 75
	case $out in *'went on'*) return 1 ;; esac
	has "$err" 'stopped with status 75 (fail 75'
	script 'run emit 1 | run fail 0 | cat >/dev/null' --api x
	expect 0
	script 'map "." -n --broken-option' --api x
	expect 65
	same "$(ls "$BATS_TEST_TMPDIR/bin")" x.sh
}

@test "vx.sh: map diverts what attempt refused, with file, row, field, value and reason" {
	script 'run emit "{\"v\":\"1\",\"_source\":{\"file\":\"t.csv\",\"row\":2}}" \
		"{\"v\":\"x\",\"_source\":{\"file\":\"t.csv\",\"row\":3}}" | map ".v |= number(\"v\")" >&2' \
		--api x --rejects "$BATS_TEST_TMPDIR/r"
	expect 1
	has "$err" '{"v":1,"_source":{"file":"t.csv","row":2}}'
	has "$err" 'x: t.csv:3: v: "x": no number'
	has "$out" 't.csv:3: v: "x": no number [x]'
	same "$(jq -c . "$BATS_TEST_TMPDIR/r")" \
		'{"tool":"x","field":"v","value":"x","reason":"no number","record":{"v":"x","_source":{"file":"t.csv","row":3}}}'
}
