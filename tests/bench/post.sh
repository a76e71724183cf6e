#!/usr/bin/env bash
# vx-post as it is called, into vx-serve: resources a second, what compression and a second connection cost or bring, the
# client's own time, its memory. tests/bench/serve.sh holds the same pair against bare SQLite.
# usage: BUILD=build tests/bench/post.sh [RESOURCES]
set -euo pipefail
n=${1:-60000}
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT

# A datasource, patients with a study and 18 volumes each, with the private keys that a pipe leaves on them.
awk -v n="$n" 'BEGIN {
	print "{\"identifier\":\"datasource/bench\",\"shorthand\":\"BE\"}"
	for (i = 0; i < n; i++) {
		p = sprintf("BE%05d", int(i / 18) + 1)
		if (i % 18 == 0) {
			printf "{\"identifier\":\"patient/%s\",\"parent_identifier\":\"datasource/bench\",\"external_uid\":\"%s\"}\n", p, p
			printf "{\"identifier\":\"study/%s/1\",\"parent_identifier\":\"patient/%s\",\"modality\":\"MR\"}\n", p, p
		}
		printf "{\"identifier\":\"volume/%s/1/v%02d\",\"path_nii\":\"s3://bucket/bench/%s/v%02d.nii.gz\",", p, i % 18, p, i % 18
		printf "\"_file\":{\"rel\":\"%s/1/v%02d.nii.gz\",\"root\":\"/data\",\"size\":1234567,\"kind\":\"nifti\"},", p, i % 18
		printf "\"_match\":{\"patient\":\"%s\",\"study\":\"1\",\"name\":\"v%02d\"},\"_patient\":\"patient/%s\",", p, i % 18, p
		printf "\"parent_identifier\":\"study/%s/1\",\"shape\":[384,384,24],\"spacing\":[0.5,0.5,3],\"orientation\":\"LPS\",", p
		printf "\"affine\":[[-0.5,0,0,96.2],[0,-0.5,0,83.1],[0,0,3,-40.25],[0,0,0,1]],\"datatype\":\"int16\","
		printf "\"volume_type\":\"T2\",\"series_description\":\"t2_tse_tra\",\"manufacturer\":\"Siemens\",\"echo_time\":0.101,"
		printf "\"repetition_time\":5.2,\"flip_angle\":160,\"slice_thickness\":3,\"license\":\"CC-BY-NC-4.0\",\"sha256\":\"%064d\",", i
		printf "\"_nifti\":{\"version\":1,\"qform_code\":1,\"sform_code\":1,\"descrip\":\"TE=101\"}}\n"
	}
}' >"$work/in.ndjson"
total=$(wc -l <"$work/in.ndjson")

fresh() { # fresh: vx-serve on an empty file
	[ -z "$server" ] || { kill "$server"; wait "$server" || true; }
	rm -f "$work"/vx.db* "$work/log"
	vx-serve --db "$work/vx.db" --listen 127.0.0.1:0 2>"$work/log" &
	server=$!
	until grep -qs "listening on" "$work/log"; do sleep 0.05; done
	VX_API=$(sed -n 's/.*listening on //p' "$work/log")
	export VX_API
}

# post FILE ARGUMENT...: wall and user seconds and peak KiB appended to FILE.
post() {
	local to=$1
	shift
	/usr/bin/time -a -o "$to" -f '%e %U %M' vx-post -q "$@" "$work/in.ndjson" >/dev/null
}

median() { awk -v c="$2" '{ print $c }' "$1" | sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

for _ in 1 2 3 4 5; do
	fresh
	post "$work/created"
	post "$work/unchanged" --expect-unchanged
	fresh
	post "$work/packed" --gzip
	fresh
	post "$work/single" -j 1
done
awk -v n="$total" -v c="$(median "$work/created" 1)" -v u="$(median "$work/unchanged" 1)" -v own="$(median "$work/created" 2)" \
	-v p="$(median "$work/packed" 1)" -v s="$(median "$work/single" 1)" -v m="$(median "$work/created" 3)" 'BEGIN {
	printf "vx-post into vx-serve, %d new resources: %.2f s, %.0f/s (goal 40000/s)\n", n, c, n / c
	printf "the same again, all unchanged: %.2f s, %.0f/s\n", u, n / u
	printf "vx-post itself: %.1f microseconds of processor time a resource\n", own / n * 1e6
	printf "with gzip: %.2f s, ratio %.2f; with one connection: %.2f s, ratio %.2f\n", p, p / c, s, s / c
	printf "vx-post at its peak: %.1f MiB (goal 16)\n", m / 1024
}'
# Memory does not grow with the number of records.
fresh
seq 1000000 | sed 's|.*|{"identifier":"volume/m/&","path_nii":"s3://b/&.nii.gz"}|' >"$work/in.ndjson"
post "$work/million"
awk '{ printf "1,000,000 records: %.1f s, %.0f/s, peak %.1f MiB (goal 16)\n", $1, 1e6 / $1, $3 / 1024 }' "$work/million"
