#!/usr/bin/env bash
# vx-dicom-meta against dcmdump (ten tags) and pydicom (the same tags) on ProstateX. Medians of 5 paired runs.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
data=$root/../shared/data/prostatex
[ -d "$data" ] || { echo "dicom: skipped: the real data set prostatex is not here"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python=
for p in /usr/bin/python3 python3; do "$p" -c 'import pydicom' 2>/dev/null && { python=$p; break; }; done

# The files ten times over: start-up counts for little.
vx-scan -q --kind dicom "$data" >"$work/once"
for _ in 1 2 3 4 5 6 7 8 9 10; do cat "$work/once"; done >"$work/ndjson"
jq -r ._file.path "$work/ndjson" >"$work/paths"
tr '\n' '\0' <"$work/paths" >"$work/paths0"

# shellcheck source=tests/bench/clock.bash
. "$(dirname "$0")/clock.bash"

# pair WHAT GOAL PEER-INPUT PEER... -- VX...
pair() {
	local what=$1 goal=$2 peer_in=$3 peer=()
	shift 3
	while [ "$1" != -- ]; do peer+=("$1"); shift; done
	shift
	: >"$work/a"; : >"$work/b"
	for _ in 1 2 3 4 5; do
		seconds "$work/ndjson" "$@" >>"$work/a"
		seconds "$peer_in" "${peer[@]}" >>"$work/b"
	done
	awk -v what="$what" -v goal="$goal" -v a="$(median <"$work/a")" -v b="$(median <"$work/b")" \
		'BEGIN { printf "%s: vx %.3f s, peer %.3f s, %.2f times as fast (goal %s)\n", what, a, b, b / a, goal }'
}

if command -v dcmdump >/dev/null; then
	tags=()
	for tag in 0008,0008 0008,0070 0008,103e 0018,0050 0018,0080 0018,0081 0018,0087 0020,000d 0020,000e 0020,0032; do
		tags+=(+P "$tag")
	done
	pair "1,640 DICOM headers, dcmdump of ten tags" 2 "$work/paths0" xargs -0 dcmdump "${tags[@]}" -- vx-dicom-meta -q
	pair "1,640 DICOM headers, dcmdump, one thread" - "$work/paths0" xargs -0 dcmdump "${tags[@]}" -- vx-dicom-meta -q -j 1
else
	echo "dicom: dcmdump is not installed: not compared"
fi
if [ -n "$python" ]; then
	pair "1,640 DICOM headers, pydicom" 10 "$work/paths" "$python" "$root/tests/bench/dicom_pydicom.py" "$root/share/dicom.json" \
		-- vx-dicom-meta -q
else
	echo "dicom: pydicom is not installed: not compared"
fi
