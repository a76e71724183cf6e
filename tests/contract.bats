#!/usr/bin/env bats
# What holds for every binary alike: help, usage errors, streams, exit statuses. A tool that is not listed here fails.
load helper

FILTERS='vx-dicom-meta vx-mha2nii vx-nifti-meta vx-pathology vx-patient-map vx-upload vx-validate vx-post'
SOURCES='vx-scan vx-csv'
SERVERS='vx-serve'

setup_file() {
	load helper
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	start_serve
	export API SERVE_PID
	echo '{"identifier":"datasource/contract","shorthand":"CO"}' | vx-post -q --api "$API" >/dev/null
	echo '{"rows":"workup","workup":{"grade":{"gleason":"text"}}}' >"$BATS_FILE_TMPDIR/map.json"
}

teardown_file() {
	kill "$SERVE_PID" 2>/dev/null || true
}

tools() { for t in "$BUILD"/vx-*; do [ -x "$t" ] && [ -f "$t" ] && basename "$t"; done | grep -v -e '\.d$' -e demo-dataset; }

# args TOOL: what it needs beside its input.
args() {
	case $1 in
	vx-mha2nii) echo "--to $BATS_FILE_TMPDIR/nifti" ;;
	vx-pathology) echo "--map $BATS_FILE_TMPDIR/map.json" ;;
	vx-patient-map) echo "--api $API --datasource datasource/contract" ;;
	vx-post) echo "--api $API" ;;
	vx-upload) echo "--to file://$BATS_FILE_TMPDIR/store" ;;
	esac
}

# each TOOL: how many results a record has: vx-pathology makes a specimen and an assessment of it.
each() { [ "$1" = vx-pathology ] && echo 2 || echo 1; }

# good TOOL N: N records that the tool handles, each once.
good() {
	case $1 in
	vx-pathology) seq -f '{"text":"3+4","_patient":"patient/CO%05.0f","_source":{"file":"t.csv","row":2}}' "$2" ;;
	vx-post | vx-validate) seq -f '{"identifier":"volume/contract/%.0f","path_nii":"s3://b/x.nii.gz"}' "$2" ;;
	*) seq -f '{"n":%.0f,"text":"as it is","_match":{"patient":"p1"}}' "$2" ;;
	esac
}

filter() { # filter TOOL [ARG...]: runs it with its arguments
	local tool=$1
	shift
	# shellcheck disable=SC2046
	run3 "$tool" $(args "$tool") "$@"
}

@test "every binary is known to this file" {
	same "$(tools | sort | tr '\n' ' ')" "$(tr ' ' '\n' <<<"$FILTERS $SOURCES $SERVERS" | sort | tr '\n' ' ')"
}

@test "--help and -h: 0, on stdout, naming the common options; --version: 0" {
	local t
	for t in $(tools); do
		run3 "$t" -h
		expect 0
		has "$out" "usage: $t"
		same "$err" ""
		[ "$(head -1 <<<"$out" | wc -c)" -lt 140 ]
		run3 "$t" --help
		expect 0
		has "$out" "--version"
		run3 "$t" --version
		expect 0
		[[ $out =~ ^$t\ [0-9]+\.[0-9]+\.[0-9]+$ ]]
	done
}

@test "an unknown option is 64 and points to --help" {
	local t
	for t in $(tools); do
		run3 "$t" --no-such-option
		expect 64
		same "$out" ""
		has "$err" "try '$t --help'"
	done
}

@test "help to a full disk is 74" {
	local t
	for t in $(tools); do
		status=0
		"$t" --help >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
		[ $status -eq 74 ] || { echo "$t: $status"; false; }
	done
}

@test "empty input: 0 and no output" {
	local t
	for t in $FILTERS vx-csv; do
		filter "$t" </dev/null
		expect 0
		same "$out" ""
	done
}

@test "each record has its results, in order, with and without a final newline" {
	local t
	for t in $FILTERS; do
		good "$t" 300 >"$BATS_TEST_TMPDIR/in"
		filter "$t" -q "$BATS_TEST_TMPDIR/in"
		expect 0
		same "$(wc -l <<<"$out")" $((300 * $(each "$t")))
		cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/first"
		printf %s "$(cat "$BATS_TEST_TMPDIR/in")" >"$BATS_TEST_TMPDIR/cut"
		filter "$t" -q "$BATS_TEST_TMPDIR/cut"
		expect 0
		if [ "$t" = vx-post ]; then
			same "$(grep -c unchanged <<<"$out")" 300
		else
			cmp "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/out"
		fi
	done
}

@test "stdin, files and their concatenation are one; -j 1 equals -j 8" {
	local t
	for t in $FILTERS; do
		good "$t" 1000 >"$BATS_TEST_TMPDIR/in"
		filter "$t" -q "$BATS_TEST_TMPDIR/in" # a first run, so that vx-post says unchanged in all that follow
		head -400 "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/a"
		tail -600 "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/b"
		filter "$t" -q -j 1 <"$BATS_TEST_TMPDIR/in"
		expect 0
		cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/first"
		filter "$t" -q -j 8 "$BATS_TEST_TMPDIR/a" "$BATS_TEST_TMPDIR/b"
		expect 0
		cmp "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/out"
		filter "$t" -q "$BATS_TEST_TMPDIR/a" - <"$BATS_TEST_TMPDIR/b"
		cmp "$BATS_TEST_TMPDIR/first" "$BATS_TEST_TMPDIR/out"
	done
}

@test "a full disk is 74" {
	local t
	echo 'a,b
1,2' >"$BATS_TEST_TMPDIR/t.csv"
	touch "$BATS_TEST_TMPDIR/x.nii"
	for t in $FILTERS; do
		status=0
		# shellcheck disable=SC2046
		good "$t" 3 | "$t" $(args "$t") >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
		[ $status -eq 74 ] || { echo "$t: $status $(cat "$BATS_TEST_TMPDIR/err")"; false; }
		grep -q 'No space left on device' "$BATS_TEST_TMPDIR/err"
	done
	for t in "vx-csv $BATS_TEST_TMPDIR/t.csv" "vx-scan $BATS_TEST_TMPDIR"; do
		status=0
		$t >/dev/full 2>"$BATS_TEST_TMPDIR/err" || status=$?
		[ $status -eq 74 ] || { echo "$t: $status $(cat "$BATS_TEST_TMPDIR/err")"; false; }
	done
}

@test "a stdout that is closed is 74" {
	local t
	for t in $FILTERS; do
		status=0
		# shellcheck disable=SC2046
		good "$t" 3 | "$t" $(args "$t") >&- 2>"$BATS_TEST_TMPDIR/err" || status=$?
		[ $status -eq 74 ] || { echo "$t: $status $(cat "$BATS_TEST_TMPDIR/err")"; false; }
	done
}

@test "a missing file is 74, a folder too" {
	local t
	for t in $FILTERS vx-csv; do
		filter "$t" "$BATS_TEST_TMPDIR/none"
		expect 74
		has "$err" "none: cannot open: No such file or directory"
		filter "$t" "$BATS_TEST_TMPDIR"
		expect 74
	done
	run3 vx-scan "$BATS_TEST_TMPDIR/none"
	expect 74
}

@test "a rejects file that cannot be written is 74 before anything happens" {
	local t
	for t in $FILTERS vx-csv; do
		filter "$t" --rejects "$BATS_TEST_TMPDIR/no/such/folder" </dev/null
		expect 74
		has "$err" "no/such/folder"
	done
}

@test "a rejects file that is the input is 64, and the input stays" {
	local t
	for t in $FILTERS vx-csv; do
		good "$t" 3 >"$BATS_TEST_TMPDIR/in"
		cp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/kept"
		filter "$t" --rejects "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/in"
		expect 64
		has "$err" "--rejects: $BATS_TEST_TMPDIR/in is an input"
		filter "$t" --rejects "$BATS_TEST_TMPDIR/in" <"$BATS_TEST_TMPDIR/in"
		expect 64
		cmp "$BATS_TEST_TMPDIR/in" "$BATS_TEST_TMPDIR/kept"
	done
}

@test "a malformed middle line costs only itself: 1" {
	local t bad
	for t in $FILTERS; do
		for bad in '{"a":' '\xff\xfe' 'a\0b' '[1,2]' 'null' '{"a":1,"a":2}' "{'a':1}" '{"a":NaN}'; do
			{ good "$t" 2 | head -1; printf "$bad"; echo; good "$t" 2 | tail -1; } >"$BATS_TEST_TMPDIR/in"
			filter "$t" --rejects "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/in"
			expect 1
			same "$(wc -l <<<"$out")" $((2 * $(each "$t")))
			has "$err" "$t: $BATS_TEST_TMPDIR/in:2: "
			same "$(jq -c '[.tool,.row,has("reason"),(has("record") or has("record_latin1"))]' "$BATS_TEST_TMPDIR/rejects")" \
				"[\"$t\",2,true,true]"
		done
	done
}

@test "a depth bomb and a line of 1 MB are records like others" {
	local t
	head -c 1000000 /dev/zero | tr '\0' x >"$BATS_TEST_TMPDIR/x"
	for t in $FILTERS; do
		{
			good "$t" 1
			printf '{"a":'
			head -c 100000 /dev/zero | tr '\0' '['
			echo
			case $t in
			vx-post | vx-validate) printf '{"identifier":"volume/contract/big","path_nii":"s3://b/x","other_data":{"x":"%s"}}\n' "$(cat "$BATS_TEST_TMPDIR/x")" ;;
			*) printf '{"text":"3+4","n":"%s","_match":{"patient":"p1"},"_patient":"patient/CO00002"}\n' "$(cat "$BATS_TEST_TMPDIR/x")" ;;
			esac
		} >"$BATS_TEST_TMPDIR/in"
		filter "$t" -q "$BATS_TEST_TMPDIR/in"
		expect 1
		same "$(wc -l <<<"$out")" $((2 * $(each "$t")))
		has "$err" "nested deeper than 64 levels"
	done
}

@test "a stream that is no NDJSON is 65" {
	local t
	for t in $FILTERS; do
		filter "$t" < <(yes 'a,b,c' | head -5000)
		expect 65
		has "$err" "no NDJSON"
	done
}

@test "a pure filter dies quietly when its reader goes" {
	local t
	for t in vx-nifti-meta vx-validate vx-pathology; do
		good "$t" 100000 >"$BATS_TEST_TMPDIR/in"
		# shellcheck disable=SC2046
		"$t" $(args "$t") "$BATS_TEST_TMPDIR/in" 2>"$BATS_TEST_TMPDIR/err" | head -1 >/dev/null || true
		same "$(grep -v warning "$BATS_TEST_TMPDIR/err")" ""
	done
}

@test "the summary can be silenced, rejects cannot" {
	local t
	for t in $FILTERS; do
		filter "$t" < <(good "$t" 1)
		[[ $err =~ $t:\ 1\ [a-z]+\ in,\ $(each "$t")\ out,\ 0\ rejected ]]
		filter "$t" -q < <(good "$t" 1; echo '[]')
		expect 1
		has "$err" "not a JSON object but array"
		[[ $err != *" in, "* ]]
	done
}

@test "no escape sequences where stderr is no terminal" {
	local t
	for t in $FILTERS; do
		filter "$t" --progress < <(good "$t" 50)
		filter "$t" < <(good "$t" 50)
		[[ $err != *$'\033'* ]]
	done
}

@test "a file name with control characters cannot drive the terminal" {
	run3 vx-nifti-meta <<<'{"identifier":"volume/x","path_nii":"/no/\u001b[31mred\u0007"}'
	expect 1
	has "$err" '\x1B[31mred\x07'
}

@test "a quick look at memory: 200,000 records below 16 MiB" {
	local t
	plain_build
	for t in vx-dicom-meta vx-mha2nii vx-nifti-meta vx-validate vx-upload vx-patient-map 'vx-pathology --sorted'; do
		good "${t% *}" 200000 >"$BATS_TEST_TMPDIR/in"
		# shellcheck disable=SC2046,SC2086
		/usr/bin/time -f %M -o "$BATS_TEST_TMPDIR/rss" $t -q $(args "${t% *}") "$BATS_TEST_TMPDIR/in" >/dev/null
		[ "$(cat "$BATS_TEST_TMPDIR/rss")" -lt 16384 ] || { echo "$t: $(cat "$BATS_TEST_TMPDIR/rss") KiB"; false; }
	done
}

@test "a stdin that is closed is 74" {
	local t
	for t in $FILTERS vx-csv; do
		filter "$t" <&-
		expect 74
		has "$err" "cannot read"
	done
}
