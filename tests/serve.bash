# What the bats files of vx-serve share, beside helper. Load with: load serve

port() { echo "${API##*:}"; }

# ask PATH [CURL-OPTION...]: sets code, head and body.
ask() {
	local path=$1
	shift
	code=$(curl -s -o "$BATS_TEST_TMPDIR/body" -D "$BATS_TEST_TMPDIR/head" -w '%{http_code}' "$@" "$API$path" || true)
	body=$(cat "$BATS_TEST_TMPDIR/body")
	head=$(tr -d '\r' <"$BATS_TEST_TMPDIR/head")
}

# problem CODE TEXT: the last answer is this one, as RFC 9457 wants it.
problem() {
	same "$code" "$1" || return 1
	has "$head" 'Content-Type: application/problem+json' || return 1
	same "$(jq -r .status <<<"$body")" "$1" || return 1
	has "$(jq -r .detail <<<"$body")" "$2"
}

# metric NAME{LABELS}: its value.
metric() {
	curl -s "$API/v1/metrics" | awk -v name="$1" 'substr($0, 1, length(name) + 1) == name " " { print $NF }'
}

# until_true COMMAND...: waits at most 5 s for it.
until_true() {
	local try
	for try in $(seq 100); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	echo "never true: $*"
	return 1
}

# volumes NAME N: N of them, about 700 bytes each.
volumes() {
	seq -f '{"identifier":"volume/'"$1"'/%.0f","path_nii":"s3://b/'"$(printf '%0600d' 0)"'"}' "$2"
}

# same_metric NAME{LABELS} VALUE
same_metric() { [ "$(metric "$1")" = "$2" ]; }
