#!/usr/bin/env bash
# vx-nifti-meta against nibabel, libnifti and the floor (open, read, inflate) on the PI-CAI masks.
# Medians of 5 paired runs; the whole of nibabel's labels takes minutes, so every 10th mask stands for it.
set -eu
root=$(cd "$(dirname "$0")/../.." && pwd)
data=$root/../shared/data/picai
[ -d "$data" ] || { echo "nifti: skipped: the real data set picai is not here"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cc -O2 -o "$work/floor" "$root/tests/bench/nifti_floor.c" -lz
cc -O2 -I/usr/include/nifti -o "$work/libnifti" "$root/tests/bench/nifti_libnifti.c" -lnifti2 -lznz -lz -lm 2>"$work/log" || rm -f "$work/libnifti"
python=
for p in /usr/bin/python3 python3; do "$p" -c 'import nibabel' 2>/dev/null && { python=$p; break; }; done

# The masks ten times over: start-up counts for little.
find "$data" -name '*.nii.gz' | sort >"$work/once"
for _ in 1 2 3 4 5 6 7 8 9 10; do cat "$work/once"; done >"$work/paths"
awk 'NR % 10 == 1' "$work/once" >"$work/few"
for list in once paths few; do jq -R -c '{path_nii: .}' "$work/$list" >"$work/$list.ndjson"; done

# shellcheck source=tests/bench/clock.bash
. "$(dirname "$0")/clock.bash"

# pair WHAT GOAL RUNS VX-INPUT PEER-INPUT SCALE PEER... -- VX...: how many times faster than the peer vx is.
# SCALE: the peer's input is so many times smaller.
pair() {
	local what=$1 goal=$2 runs=$3 vx_in=$4 peer_in=$5 scale=$6 peer=() i
	shift 6
	while [ "$1" != -- ]; do peer+=("$1"); shift; done
	shift
	: >"$work/a"; : >"$work/b"
	for ((i = 0; i < runs; i++)); do
		seconds "$vx_in" "$@" >>"$work/a"
		seconds "$peer_in" "${peer[@]}" >>"$work/b"
	done
	awk -v what="$what" -v goal="$goal" -v a="$(median <"$work/a")" -v b="$(median <"$work/b")" -v s="$scale" \
		'BEGIN { printf "%s: vx %.3f s, peer %.3f s, %.2f times as fast (goal %s)\n", what, a, b * s, b * s / a, goal }'
}

pair "10,920 headers, floor" 0.5 5 "$work/paths.ndjson" "$work/paths" 1 "$work/floor" -- vx-nifti-meta -q
pair "10,920 headers, floor, one thread" - 5 "$work/paths.ndjson" "$work/paths" 1 "$work/floor" -- vx-nifti-meta -q -j 1
[ ! -x "$work/libnifti" ] ||
	pair "10,920 headers, libnifti" 5 5 "$work/paths.ndjson" "$work/paths" 1 "$work/libnifti" -- vx-nifti-meta -q
if [ -n "$python" ]; then
	pair "10,920 headers, nibabel" 20 3 "$work/paths.ndjson" "$work/paths" 1 \
		"$python" "$root/tests/bench/nifti_nibabel.py" -- vx-nifti-meta -q
	pair "values of 110 masks, nibabel and unique" 50 3 "$work/few.ndjson" "$work/few" 1 \
		"$python" "$root/tests/bench/nifti_nibabel.py" --labels -- vx-nifti-meta -q --labels
else
	echo "nifti: nibabel is not installed: not compared"
fi

# All facts in one reading: what they cost together against the slowest of them alone, one thread, warm files. Processor
# time, of which other work on the machine takes nothing away.
cpu() { # cpu OPTION...
	local TIMEFORMAT='%U %S'
	{ time vx-nifti-meta -q -j 1 "$@" <"$work/few.ndjson" >/dev/null 2>"$work/err"; } 2>&1 | awk '{ print $1 + $2 }'
}
cpu --voxel-hash >"$work/log"
for fact in --labels --sha256 --voxel-hash; do : >"$work/fact$fact"; done
: >"$work/together"
for _ in 1 2 3 4 5; do
	for fact in --labels --sha256 --voxel-hash; do cpu $fact >>"$work/fact$fact"; done
	cpu --labels --sha256 --voxel-hash >>"$work/together"
done
awk -v l="$(median <"$work/fact--labels")" -v s="$(median <"$work/fact--sha256")" \
	-v h="$(median <"$work/fact--voxel-hash")" -v all="$(median <"$work/together")" 'BEGIN {
	most = l > h ? l : h
	most = s > most ? s : most
	printf "labels %.3f s, sha256 %.3f s, voxel hash %.3f s of 110 masks; together: vx %.3f s, ratio %.2f (goal 1.3)\n",
		l, s, h, all, all / most }'
