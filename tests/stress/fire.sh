#!/bin/bash
# Runs a dataset script through a proxy that disturbs a tenth of all requests in every way that tests/fault_proxy.py knows, in
# every fourth run with kill -9 of a client or of the server, on PostgreSQL in every fourth with its sessions cut or a crash of
# the database itself, again and again until it says that all went well; then what is in the database, and what the
# script said of it, must be what an undisturbed run left and said.
# usage: tests/stress/fire.sh [--runs N] [--first N] [--seed N] [--db sqlite|postgresql] [--data DIR] [--rate R] [--faults LIST]
#                             [--batch N] [--patients N]
# Default: 200 runs of share/datasets/picai.sh on ../shared/data/picai; where that is missing, or with --patients, on a made-up
# dataset of its shape. --first begins with another run than the first. Every tenth run is the script as it stands; in the
# others vx-scan and vx-nifti-meta take what they said last time to the same question. Every third run has a journal, the same
# one for all databases.
# BUILD names the build folder. A line a run, a summary; exit status 0 when every run was right.
set -u
cd "$(dirname "$0")/../.." || exit 74
root=$PWD
BUILD=${BUILD:-build}
case $BUILD in /*) ;; *) BUILD=$PWD/$BUILD ;; esac
export PATH="$BUILD:$PATH" LC_ALL=C.UTF-8 BUILD
unset VX_TOKEN VX_TOKEN_FILE VX_API VX_STORE VX_SHARE
runs=200 first=1 seed=1 db=sqlite data='' rate=0.1 faults=all batch=40 patients=
while [ $# -gt 0 ]; do
	case $1 in
	--runs) runs=$2; shift 2 ;;
	--first) first=$2; shift 2 ;;
	--seed) seed=$2; shift 2 ;;
	--db) db=$2; shift 2 ;;
	--data) data=$2; shift 2 ;;
	--rate) rate=$2; shift 2 ;;
	--faults) faults=$2; shift 2 ;;
	--batch) batch=$2; shift 2 ;;
	--patients) patients=$2; shift 2 ;;
	*) sed -n '2,/^set/{s/^# \{0,1\}//p;}' "$0" >&2; exit 64 ;;
	esac
done
attempts_most=15
work=$(mktemp -d) || exit 74
# shellcheck source=tests/stress/serve.bash
. tests/stress/serve.bash
run_pid=''
trap 'kill $run_pid 2>/dev/null; stop_all; no_database; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# made_up FOLDER PATIENTS: a table, and masks of 4 x 4 x 2 voxels in three of the folders.
made_up() {
	python3 - "$@" <<'PY'
import gzip, os, random, struct, sys
root, patients = sys.argv[1], int(sys.argv[2])
chance = random.Random(5)
folders = {"csPCa_lesion_delineations/AI/Bosma22a": 1, "csPCa_lesion_delineations/human_expert/resampled": 3,
           "anatomical_delineations/whole_gland/AI/Bosma22b": 1}
for folder in ["clinical_information", *folders]:
    os.makedirs(os.path.join(root, folder))
header = struct.pack("<i10s18sihsB8h", 348, b"", b"", 0, 0, b"r", 0, 3, 4, 4, 2, 1, 1, 1, 1)
header += struct.pack("<3fhhhh8ff", 0, 0, 0, 0, 2, 8, 0, 1, 0.5, 0.5, 3, 1, 1, 1, 1, 352)
header += struct.pack("<2fhBB4f2i", 1, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0) + bytes(104)
header += struct.pack("<2h6f12f16s4sI", 0, 1, 0, 0, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 3, 0, b"", b"n+1", 0)
with open(os.path.join(root, "clinical_information/marksheet.csv"), "w", encoding="utf-8") as table:
    table.write("patient_id,study_id,mri_date,patient_age,psa,psad,prostate_volume,histopath_type,lesion_PIRADS,lesion_GS,"
                "lesion_ISUP,case_ISUP,case_csPCa,center\n")
    study = 1000000
    for patient in range(10000, 10000 + patients):
        for _ in range(chance.choice((1, 1, 2))):
            grade = chance.choice((1, 2, 3))
            table.write(f"{patient},{study},2020-0{1 + study % 9}-02,{chance.randint(45, 85)},{chance.randint(3, 20)},,"
                        f"{chance.randint(20, 120)},MRBx,4,{('', '3+3', '3+4', '4+3')[grade]},{grade},{grade},"
                        f"{'YES' if grade > 1 else 'NO'},RUMC\n")
            for folder, most in folders.items():
                voxels = bytes(most if chance.random() < 0.3 else 0 for _ in range(32))
                with open(os.path.join(root, folder, f"{patient}_{study}.nii.gz"), "wb") as file:
                    file.write(gzip.compress(header + voxels, mtime=0))
            study += 1
PY
}


[ -n "$data" ] || data=$root/../shared/data/picai
if [ ! -d "$data" ] || [ -n "$patients" ]; then
	data=$work/data
	made_up "$data" "${patients:-150}" || exit 74
fi

# The tools as the runs see them: small batches and little patience; and those that only look at files, with a memory.
tools() {
	mkdir "$work/tools" "$work/memory" "$work/memo"
	# shellcheck disable=SC2016 # expanded there
	printf '#!/bin/sh\nexec "%s/vx-post" --batch %d --retry-for 8 ${FIRE_JOURNAL:+--journal "$FIRE_JOURNAL"} "$@"\n' \
		"$BUILD" "$batch" >"$work/tools/vx-post"
	printf '#!/bin/sh\nexec "%s/vx-patient-map" --retry-for 8 "$@"\n' "$BUILD" >"$work/tools/vx-patient-map"
	cat >"$work/memo/vx-scan" <<'SH'
#!/bin/bash
# What the tool says, as it said it last time to the same arguments and the same input; a reject is not remembered.
tool=$(basename "$0") arguments=() rejects=/dev/null
while [ $# -gt 0 ]; do
	[ "$1" = --rejects ] && { rejects=$2; shift 2; continue; }
	arguments+=("$1")
	shift
done
new=$(mktemp "$VX_MEMORY/new.XXXXXX") || exit 74
if [ "$tool" = vx-nifti-meta ]; then cat >"$new"; fi
key=$VX_MEMORY/$tool.$({ printf '%s\0' "${arguments[@]}"; cat "$new"; } | sha256sum | cut -c1-32)
if [ ! -e "$key" ]; then
	"$BUILD/$tool" --rejects "$rejects" "${arguments[@]}" <"$new" >"$new.out" || exit
	mv "$new.out" "$key"
fi
rm -f "$new"
exec cat "$key"
SH
	cp "$work/memo/vx-scan" "$work/memo/vx-nifti-meta"
	chmod +x "$work"/tools/* "$work"/memo/*
	export VX_MEMORY=$work/memory
}

ingest() { # ingest PORT PATH
	PATH=$2:$PATH exec bash "share/datasets/picai.sh" -q --api "http://127.0.0.1:$1" --data "$data" \
		--results "$work/results" --rejects "$work/rejects" >"$work/said" 2>"$work/errors"
}

# strike NAME RUN: kill -9 of the server, which comes back, or of a process of that name below RUN, once there is one.
strike() {
	local pid
	if [ "$1" = vx-serve ]; then
		kill -9 "$serve_pid"
		wait "$serve_pid" 2>/dev/null
		serve "$port"
		struck=1
		return
	fi
	while kill -0 "$2" 2>/dev/null; do
		for pid in $(descendants "$2"); do
			[ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ] || continue
			kill -9 "$pid" 2>/dev/null && struck=1
			return
		done
		sleep 0.01
	done
}

# cut_sessions RUN: a third of what vx-serve has open to PostgreSQL is cut, again and again, also in the midst of a commit.
cut_sessions() {
	while kill -0 "$1" 2>/dev/null; do
		cut=$((cut + $(psql_in postgres -c "SELECT count(pg_terminate_backend(pid)) FROM (
			SELECT pid FROM pg_stat_activity WHERE datname = 'fire' AND random() < 0.33 OFFSET 0) AS chosen")))
		sleep 0.1
	done
}

# disturb NUMBER RUN DURATION: what befalls the first attempt besides the proxy; sets victim.
disturb() {
	local moment=$((RANDOM % $3)) victims=(vx-post vx-serve vx-patient-map vx-serve)
	case $(($1 % 4))$db in
	0*) victim=${victims[$1 / 4 % 4]} ;;
	2postgresql) victim=PostgreSQL ;;
	*) return ;;
	esac
	if [ $(($1 % 8)) -eq 2 ]; then
		victim=''
		cut_sessions "$2"
		return
	fi
	sleep "$(printf '%d.%03d' $((moment / 1000)) $((moment % 1000)))"
	if [ "$victim" = PostgreSQL ]; then
		pg_down QUIT
		pg_up || exit 74
		struck=1
	else
		strike "$victim" "$2"
	fi
}

# attempts NUMBER PATH DURATION: the script, until it says that all went well; sets attempts, struck, cut.
attempts() {
	local status
	attempts=0 struck=0 cut=0 victim=''
	while :; do
		attempts=$((attempts + 1))
		ingest "$fire" "$2" &
		run_pid=$!
		[ $attempts -gt 1 ] || disturb "$1" $run_pid "$3"
		wait "$run_pid"
		status=$?
		run_pid=''
		[ $status -ne 0 ] || return 0
		statuses+=" $status"
		[ $attempts -lt $attempts_most ] || return 1
	done
}

# What every export must be by itself: no name twice, no patient twice, the numbers of a datasource's patients 1 to N.
sound() {
	jq -r .identifier "$1" | sort | uniq -d | sed 's/^/twice: /'
	jq -r 'select(.external_uid) | [.parent_identifier, .external_uid] | @json' "$1" | sort | uniq -d | sed 's/^/two numbers: /'
	jq -r 'select(.external_uid) | .identifier' "$1" | sort |
		awk '{ p = substr($0, 1, length - 5); n = substr($0, length - 4) + 0; if (n != ++last[p]) { print "hole before " $0; last[p] = n } }'
}

# judge NUMBER: nothing, or what is wrong with the run.
judge() {
	curl -sf "http://127.0.0.1:$port/v1/export" >"$work/after" || echo "no export"
	cmp -s "$work/calm" "$work/after" || { echo "the export differs:"; diff "$work/calm" "$work/after" | head -4 | cut -c1-300; }
	sound "$work/after" | head -5
	jq -r .identifier "$work/results" | sort | cmp -s "$work/calm.results" - || echo "results are missing, or there are too many"
	jq -r 'select(.status | IN("created", "unchanged") | not) | "\(.identifier): \(.status)"' "$work/results" | head -3
	[ ! -s "$work/rejects" ] || echo "rejects, and yet the script says 0"
}

tools
port=$(free_port) fire=$(free_port)
fresh_database
serve "$port"
started=$(now)
(ingest "$port" "$work/tools") || { echo "the undisturbed run failed: $(tail -3 "$work/errors")" >&2; exit 1; }
took=$(($(now) - started))
curl -sf "http://127.0.0.1:$port/v1/export" >"$work/calm"
jq -r .identifier "$work/results" | sort >"$work/calm.results"
wrong=$(sound "$work/calm")
[ -z "$wrong" ] || { echo "the undisturbed run is not sound: $wrong" >&2; exit 1; }
(ingest "$port" "$work/memo:$work/tools") || exit 1 # so that there is something to remember
started=$(now)
(ingest "$port" "$work/memo:$work/tools") || exit 1
lightly=$(($(now) - started))
stop_all
echo "undisturbed: $(wc -l <"$work/calm") resources, $(wc -l <"$work/calm.results") results in $took ms ($lightly ms" \
	"where files were looked at before), on $db"

right=0 kills=0 all_attempts=0 all_faults=0 all_requests=0 whole=0 begun=$(now)
: >"$work/faults"
for ((k = first; k < first + runs; k++)); do
	RANDOM=$((seed * 1000 + k))
	port=$(free_port) # the proxy stays where it is: to a journal all databases are one API
	fresh_database
	serve "$port"
	start_proxy "$fire" "$port" --rate "$rate" --seed $((seed * 1000 + k)) --faults "$faults"
	path=$work/memo:$work/tools kind='' statuses='' lasts=$lightly
	unset FIRE_JOURNAL
	[ $((k % 3)) -ne 0 ] || { export FIRE_JOURNAL=$work/journal && kind=', a journal'; }
	[ $((k % 10)) -ne 0 ] || { path=$work/tools kind+=', the whole script' lasts=$took whole=$((whole + 1)); }
	started=$(now)
	if attempts $k "$path" "$lasts"; then wrong=$(judge); else wrong="gave up after $attempts attempts: $(tail -2 "$work/errors")"; fi
	requests=$(wc -l <"$work/proxy.log")
	awk '$6 != "ok" { sub(/:.*/, "", $6); print $6 }' "$work/proxy.log" >"$work/hit"
	cat "$work/hit" >>"$work/faults"
	hit=$(wc -l <"$work/hit")
	[ $cut -eq 0 ] || kind+=", $cut sessions cut"
	[ -z "$victim" ] || { [ $struck -eq 1 ] && kind+=", $victim killed" || kind+=", no $victim to kill"; }
	[ -s "$work/proxy.err" ] && wrong+=" the proxy: $(tail -1 "$work/proxy.err")"
	kills=$((kills + struck)) all_attempts=$((all_attempts + attempts))
	all_faults=$((all_faults + hit)) all_requests=$((all_requests + requests))
	[ -n "$wrong" ] || right=$((right + 1))
	echo "run $k: ${wrong:-right}: $attempts attempts${statuses:+ (after status${statuses})}, $hit of $requests requests hit$kind," \
		"$(($(now) - started)) ms"
	stop_all
done
echo "faults: $(sort "$work/faults" | uniq -c | awk '{ printf "%s%s %d", sep, $2, $1; sep = ", " }')"
echo "$right of $runs runs right on $db: $whole of the whole script, $kills kills met a running process, $all_attempts attempts," \
	"$all_faults of $all_requests requests hit, $((($(now) - begun) / 1000)) s"
[ "$right" -eq "$runs" ]
