#!/usr/bin/env bash
# vx-post into vx-serve against a bare C loop that inserts the same rows into a SQLite file of the same layout.
# usage: BUILD=build tests/bench/serve.sh [RESOURCES]
# Medians of five paired runs; a line "what: vx ..., floor ..., ratio ... (goal ...)" a measurement.
set -euo pipefail
n=${1:-100000}
here=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
${CC:-cc} -O2 -o "$work/floor" "$here/tests/bench/sqlite_floor.c" -D_GNU_SOURCE -lsqlite3

# A datasource, 200 volumes a patient, two studies each, all that a converted series has to say.
awk -v n="$n" 'BEGIN {
	print "{\"identifier\":\"datasource/bench\",\"shorthand\":\"BE\"}"
	for (i = 0; i < n; i++) {
		p = sprintf("BE%05d", int(i / 200) + 1); s = p "/" (i % 2 + 1); v = sprintf("%s/t2-%06d", s, i)
		if (i % 200 == 0)
			printf "{\"identifier\":\"patient/%s\",\"parent_identifier\":\"datasource/bench\",\"external_uid\":\"%s\"}\n", p, p
		if (i % 200 < 2)
			printf "{\"identifier\":\"study/%s\",\"parent_identifier\":\"patient/%s\",\"modality\":\"MR\"}\n", s, p
		printf "{\"identifier\":\"volume/%s\",\"parent_identifier\":\"study/%s\",\"volume_uid\":\"sub-%s\",", v, s, v
		printf "\"path_nii\":\"s3://bucket/bench/%s.nii.gz\",\"path_json\":\"s3://bucket/bench/%s.json\",", v, v
		printf "\"volume_type\":\"T2\",\"shape\":[384,384,24],\"spacing\":[0.5,0.5,3.0],\"orientation\":\"LPS\","
		printf "\"affine\":[[-0.5,0,0,96.2],[0,-0.5,0,83.1],[0,0,3.0,-40.25],[0,0,0,1]],\"datatype\":\"int16\","
		printf "\"series_description\":\"t2_tse_tra\",\"manufacturer\":\"Siemens\",\"model_name\":\"Skyra\","
		printf "\"magnetic_field_strength\":3,\"echo_time\":0.101,\"repetition_time\":5.2,\"flip_angle\":160,"
		printf "\"slice_thickness\":3,\"license\":\"CC-BY-NC-4.0\",\"sha256\":\"%064d\"}\n", i
	}
}' >"$work/in.ndjson"
total=$(wc -l <"$work/in.ndjson")

seconds() { # seconds COMMAND...: its wall time
	local a b
	a=$(date +%s%N)
	"$@" >/dev/null
	b=$(date +%s%N)
	echo $(((b - a) / 1000000)) | awk '{printf "%.3f\n", $1 / 1000}'
}

median() { sort -n "$1" | sed -n 3p; }

: >"$work/created" && : >"$work/unchanged" && : >"$work/floors"
for _ in 1 2 3 4 5; do
	rm -f "$work"/vx.db* "$work"/floor.db* "$work/log"
	vx-serve --db "$work/vx.db" --listen 127.0.0.1:0 2>"$work/log" &
	server=$!
	until grep -qs 'listening on' "$work/log"; do sleep 0.05; done
	api=$(sed -n 's/.*listening on //p' "$work/log")
	seconds vx-post -q --api "$api" "$work/in.ndjson" >>"$work/created"
	seconds vx-post -q --expect-unchanged --api "$api" "$work/in.ndjson" >>"$work/unchanged"
	kill "$server"
	wait "$server"
	server=
	"$work/floor" "$work/vx.db" "$work/floor.db" >>"$work/floors"
done
awk -v n="$total" -v c="$(median "$work/created")" -v u="$(median "$work/unchanged")" -v f="$(median "$work/floors")" 'BEGIN {
	printf "vx-post into vx-serve, %d new resources: %.2f s, %d/s (goal 40000/s)\n", n, c, n / c
	printf "the same again, all unchanged: %.2f s, %d/s\n", u, n / u
	printf "vx-post into vx-serve: vx %.2f s, bare SQLite insert %.2f s, ratio %.2f (goal 0.40)\n", c, f, f / c
}'
