#!/usr/bin/env bash
# What each stage of an ingestion costs: CPU microseconds a record, and records a second alone; the server's share apart.
# The table of vx-scaling(7) is from here.
# usage: BUILD=build tests/bench/stages.sh [RECORDS]     VX_DB: the database of vx-serve (default: a fresh SQLite file;
# postgresql://...: an empty database)
set -euo pipefail
n=${1:-50000}
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null; rm -rf "$work"' EXIT
masks=$root/../shared/data/picai

vx-serve --db "${VX_DB:-$work/vx.db}" --listen 127.0.0.1:0 2>"$work/log" &
server=$!
until grep -qs 'listening on' "$work/log"; do kill -0 "$server" && sleep 0.05; done
VX_API=$(sed -n 's/^vx-serve: listening on //p' "$work/log")
export VX_API

# server_cpu: seconds that vx-serve has worked so far.
server_cpu() {
	awk -v hz="$(getconf CLK_TCK)" '{ sub(/.*\) /, ""); print ($12 + $13) / hz }' "/proc/$server/stat"
}

# stage NAME RECORDS BYTES COMMAND...: stdin and stdout are the caller's.
stage() {
	local name=$1 records=$2 bytes=$3 before after
	shift 3
	before=$(server_cpu)
	/usr/bin/time -o "$work/time" -f '%e %U %S' "$@" 2>>"$work/err"
	after=$(server_cpu)
	awk -v name="$name" -v n="$records" -v bytes="$bytes" -v serve="$(awk -v a="$before" -v b="$after" 'BEGIN { print b - a }')" '{
		printf "%s: %d records, %.1f us CPU a record, %d/s alone", name, n, ($2 + $3) / n * 1e6, n / $1
		if (bytes > 0) printf ", %d MB/s", bytes / 1e6 / $1
		if (serve > 0.02) printf ", vx-serve %.1f us a record", serve / n * 1e6
		print "" }' "$work/time" >&3
}
exec 3>&1

"$BUILD/fixtures/make_tree" "$work/tree" "$n"
vx-scan -q "$work/tree" >/dev/null # warms the cache
stage vx-scan "$n" 0 vx-scan -q -p '{patient}/{study}/{name}.nii' -p '{patient}/{study}/{name}.nii.gz' "$work/tree" >"$work/scanned"
[ "$(wc -l <"$work/scanned")" -eq "$n" ]
stage 'vx-scan --shard 1/10 (per file of the whole tree)' "$n" 0 \
	vx-scan -q -p '{patient}/{study}/{name}.nii' -p '{patient}/{study}/{name}.nii.gz' --shard 1/10 --shard-by '{patient}' "$work/tree" >/dev/null

echo '{"identifier":"datasource/bench","shorthand":"BE"}' | vx-post -q >/dev/null
map=(vx-patient-map -q --datasource datasource/bench --id 'volume/{patient}/{study}/{name}' --parent 'study/{patient}/{study}')
stage 'vx-patient-map, new patients' "$n" 0 "${map[@]}" "$work/scanned" >"$work/mapped"
stage 'vx-patient-map, known ones' "$n" 0 "${map[@]}" "$work/scanned" >/dev/null

# Images: the masks of PI-CAI, else those of the demo, over and over.
[ -d "$masks" ] || { vx-demo-dataset "$work/demo" && masks=$work/demo; }
vx-scan -q "$masks" >"$work/once"
files=$(wc -l <"$work/once")
times=$((n / files > 20 ? 20 : n / files))
for ((i = 0; i < times; i++)); do cat "$work/once"; done >"$work/images"
images=$((files * times))
vx-nifti-meta -q "$work/once" >/dev/null 2>&1 || true
stage 'vx-nifti-meta (headers)' "$images" 0 vx-nifti-meta -q "$work/images" >"$work/meta" || true
labels=$((files * (times > 3 ? 3 : times)))
head -n "$labels" "$work/images" | jq -c '.labels = ([range(10)] | map({(tostring): "x"}) | add) | .identifier |= "voxelmap/" + ltrimstr("volume/")' >"$work/masks"
stage 'vx-nifti-meta --labels (all voxels)' "$labels" 0 vx-nifti-meta -q --labels "$work/masks" >/dev/null || true
stage 'vx-upload to file://, new' "$files" 0 vx-upload -q --to "file://$work/store" "$work/once" >/dev/null || true
stage 'vx-upload to file://, there' "$files" 0 vx-upload -q --to "file://$work/store" "$work/once" >/dev/null || true
head -c 256M /dev/urandom >"$work/large.nii"
echo "{\"identifier\":\"volume/large\",\"path_nii\":\"$work/large.nii\"}" >"$work/large"
stage 'vx-upload to file://, 256 MiB' 1 $((256 << 20)) vx-upload -q --to "file://$work/store" "$work/large" >/dev/null

# Resources as they arrive at the end of a pipe.
jq -c 'if ._implied then . else . + {path_nii: ("s3://b/" + .identifier), shape: [384, 384, 24], spacing: [0.5, 0.5, 3],
	affine: [[-0.5, 0, 0, 96.2], [0, -0.5, 0, 83.1], [0, 0, 3, -40.25], [0, 0, 0, 1]], datatype: "int16", orientation: "LPS"} end' \
	"$work/mapped" >"$work/resources"
resources=$(wc -l <"$work/resources")
stage 'vx-post, new' "$resources" 0 vx-post -q "$work/resources" >/dev/null
stage 'vx-post, unchanged' "$resources" 0 vx-post -q --expect-unchanged "$work/resources" >/dev/null
stage 'GET /v1/export' "$resources" 0 curl -sf "$VX_API/v1/export" >/dev/null
kill "$server"
wait "$server" || true
server=
