# shellcheck shell=bash
# vx.sh: what dataset scripts share: options, the stages of a pipe, rejects, a summary, one exit status.
#
#	#!/usr/bin/env bash
#	# One line: what this script ingests.
#	# usage: ...                                  (the header up to the first blank line is --help)
#	. "$(dirname "$0")/../sh/vx.sh"
#	VX_DEFAULT_DATA=/mnt/storage/projects/vxdata/x
#	VX_OPTION=([work]=$VX_CACHE_DIR/x)          (options of its own, each with a value: --work DIR)
#	prepare() { datasource | post; run vx-csv "$DATA/t.csv" | patients ... | map ... | post; }    (once)
#	shard() { scan ... | patients ... | run vx-nifti-meta | map ... | upload | post; }            (the files)
#	vx_begin "$@"
#	if vx_part prepare; then prepare; fi
#	if vx_part shard; then shard; fi         (see parts.sh)
#	vx_end
#
# Dataset scripts are bash, not POSIX sh: a pipe's status must be that of its worst stage (pipefail), and bash is part
# of every Debian and Ubuntu. Sets API, DATA, STORE and VX_TMP, a folder that is gone at the end, however that comes.
# VX_GROUP may name a process group that ends with the script.
# SPDX-License-Identifier: MIT

set -euo pipefail
unset CDPATH # with it, cd may go elsewhere

declare -A VX_OPTION

VX_SHARE_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
VX_NAME=$(basename "$0")
VX_NAME=${VX_NAME%.sh}
# Without HOME, as under cron or in a container, ~ is the home folder that the system knows.
# shellcheck disable=SC2034 # dataset scripts use it
VX_CACHE_DIR=${XDG_CACHE_HOME:-${HOME:-$(unset HOME && echo ~)}/.cache}/vx

# shellcheck source=share/sh/parts.sh
. "$VX_SHARE_DIR/sh/parts.sh"

say() {
	printf '%s: %s\n' "$VX_NAME" "$*" >&2
}

# What a reader of --help sees: the script's header comment, then the options that all dataset scripts take.
vx_help() {
	sed -n '2,/^[^#]\|^$/{s/^# \{0,1\}//p;}' "$0" | grep -v 'SPDX\|shellcheck'
	sed "s|the script's own|${VX_DEFAULT_DATA:-none: it must be given}|" <<'HELP'
options:
  --api URL              the vxData deployment (default: $VX_API); the one thing that is required
  --data DIR             where the source dataset lies (default: the script's own)
  --store URL            file://DIR or s3://BUCKET/PREFIX for the image files (default: $VX_STORE)
  --rejects FILE         write every record that could not be handled to FILE, with the reason (NDJSON)
  --results FILE         write the result of every resource to FILE (NDJSON)
  --findings FILE        write what pathology tables contradict themselves in to FILE (NDJSON)
  --on-conflict WHAT     what becomes of a resource that is there with other content, and of a file in the store:
                         reject (default) or update it
  --expect-unchanged     exit status 1 when anything is not unchanged
  --production           allow a production deployment
  -j, --jobs N           each stage works on N records at once (default: one a processor)
  -q, --quiet            no summary of each stage
  -h, --help             this text
parts, for several machines (see vx-scaling(7)); together they end as the plain run does:
  --prepare              what comes first, once: tables, and the numbers of all patients
  --shard I/N            only part I of N of the files; a patient's files are in one part
  --finish N             what the N shards and --prepare did, as one summary and one exit status
  --reports DIR          each part leaves its report in DIR (-: on stdout), where --finish reads them; a part that went
                         through then ends with 0, also where records were rejected; --rejects, --results and
                         --findings are left to --finish
HELP
}

vx_usage() {
	say "$*; see --help"
	exit 64
}

# The tools: those on PATH, else those of this tree or of this installation.
vx_find_tools() {
	local dir
	command -v jq >/dev/null || { say 'jq is not installed (make deps)' && exit 69; }
	command -v vx-post >/dev/null && return
	for dir in "$VX_SHARE_DIR/../build" "$VX_SHARE_DIR/../../bin"; do
		[ -x "$dir/vx-post" ] && PATH=$(cd "$dir" && pwd):$PATH && return
	done
	say 'the vx tools are not on PATH, nor in the build folder'
	exit 69
}

vx_options() {
	API=${VX_API:-} DATA=${VX_DEFAULT_DATA:-} STORE=${VX_STORE:-} VX_REJECTS='' VX_RESULTS='' VX_FINDINGS='' VX_QUIET=''
	VX_PREPARE='' VX_SHARD='' VX_FINISH='' VX_REPORTS='' VX_JOBS=''
	VX_POST_OPTIONS=() VX_API_OPTIONS=() VX_UPLOAD_OPTIONS=()
	unset VX_API VX_STORE # each stage is told; a tool that only works on files asks no deployment
	while [ $# -gt 0 ]; do
		case $1 in
		--api | --data | --store | --rejects | --results | --findings | --on-conflict | --shard | --finish | --reports | -j | --jobs)
			[ $# -ge 2 ] || vx_usage "$1 needs a value"
			;;
		esac
		if [[ $1 =~ ^--([a-z-]+)$ ]] && [ -n "${VX_OPTION[${BASH_REMATCH[1]}]+set}" ]; then
			[ $# -ge 2 ] || vx_usage "$1 needs a value"
			VX_OPTION[${BASH_REMATCH[1]}]=$2
			shift 2
			continue
		fi
		case $1 in
		--api) API=$2 && shift ;;
		--data) DATA=$2 && shift ;;
		--store) STORE=$2 && shift ;;
		--rejects) VX_REJECTS=$2 && shift ;;
		--results) VX_RESULTS=$2 && shift ;;
		--findings) VX_FINDINGS=$2 && shift ;;
		--on-conflict)
			case $2 in reject | update) ;; *) vx_usage "$1: '$2' is neither reject nor update" ;; esac
			VX_POST_OPTIONS+=("$1" "$2") VX_UPLOAD_OPTIONS+=("$1" "$2")
			shift
			;;
		--expect-unchanged) VX_POST_OPTIONS+=("$1") ;;
		--production) VX_API_OPTIONS+=("$1") ;;
		--prepare) VX_PREPARE=yes ;;
		--shard) VX_SHARD=$2 && shift ;;
		--finish) VX_FINISH=$2 && shift ;;
		--reports) VX_REPORTS=$2 && shift ;;
		-j | --jobs) VX_JOBS=$2 && shift ;;
		-q | --quiet) VX_QUIET=-q ;;
		-h | --help) vx_help && exit 0 ;;
		--*=*) set -- "${1%%=*}" "${1#*=}" "${@:2}" && continue ;;
		*) vx_usage "what is $1?" ;;
		esac
		shift
	done
	[ -n "$API" ] || vx_usage 'which deployment? --api URL'
	[[ -z $VX_JOBS || $VX_JOBS =~ ^[1-9][0-9]{0,3}$ ]] || vx_usage "--jobs: '$VX_JOBS' is no number from 1 to 9999"
	vx_check_parts
	[ -n "$DATA" ] || vx_usage 'where is the data? --data DIR'
	[ -d "$DATA" ] || { say "$DATA: no such folder" && exit 74; }
	{ [ -r "$DATA" ] && [ -x "$DATA" ]; } || { say "$DATA: cannot be read" && exit 74; }
	DATA=$(cd -- "$DATA" && pwd)
}

# What would otherwise come to light after hours: a file that cannot be written,
vx_check_files() {
	local file
	for file in "$VX_REJECTS" "$VX_RESULTS" "$VX_FINDINGS"; do
		[ -z "$file" ] || (: >>"$file") 2>/dev/null || { say "$file: cannot be written" && exit 74; }
	done
}

# or in the middle: a store that is none, no keys for it.
vx_check_store() {
	local status=0
	[ -n "$STORE" ] && [ "$VX_PART" != finish ] || return 0
	# shellcheck disable=SC2119 # no arguments, and no records
	VX_QUIET=-q upload </dev/null || status=$?
	[ "$status" -eq 0 ] || exit "$status"
}

vx_begin() {
	vx_options "$@"
	vx_find_tools
	vx_check_files
	VX_TMP=$(mktemp -d) || exit 74
	trap vx_at_exit EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 141' PIPE
	trap 'exit 143' TERM
	mkdir "$VX_TMP/rejects" "$VX_TMP/patients" "$VX_TMP/findings" "$VX_TMP/scans" || exit 74
	: >"$VX_TMP/statuses"
	: >"$VX_TMP/results"
	VX_STARTED='' VX_ENDED='' VX_LOOKING=''
	vx_check_store
	VX_STARTED=yes
}

# vx_note STATUS TOOL: remembers how a stage ended. SIGPIPE is the other end's fault, which notes itself.
vx_note() {
	{ echo "$1 $2" >>"$VX_TMP/statuses"; } 2>/dev/null || { say "$VX_TMP: cannot be written" && return 74; }
}

# run TOOL ARGUMENT...: a stage of a pipe: a vx tool with its rejects collected and its exit status noted. Rejected
# records (1) do not stop the script; anything worse does.
run() {
	local tool=$1 status=0 rejects
	shift
	if [ -n "$VX_LOOKING" ]; then
		vx_look "$tool" "$@" || status=$?
	else
		rejects=$(mktemp "$VX_TMP/rejects/XXXXXXXX")
		"$tool" ${VX_QUIET:+"$VX_QUIET"} ${VX_JOBS:+-j "$VX_JOBS"} --rejects "$rejects" "$@" || status=$?
	fi
	vx_note "$status" "$tool" || return
	[ "$status" -le 1 ] || return "$status"
}

# map PROGRAM [JQ-OPTION...]: a stage of a pipe: jq with share/jq/vx.jq at hand, one record in, any number out. What
# attempt(...) refused goes to the rejects, with file and row; so does a record on which PROGRAM as a whole fails.
map() {
	local program=$1 status=0
	shift
	jq -c -L "$VX_SHARE_DIR/jq" "$@" "include \"vx\"; attempt($program)" | vx_divert || status=$?
	case $status in 0 | 1 | 74 | 141) ;; *) status=65 ;; esac
	vx_note "$status" jq || return
	[ "$status" -le 1 ] || return "$status"
}

# Takes the rejects out of a stream. Plain resources pass byte for byte, without another parse.
vx_divert() {
	local rejects status=0
	rejects=$(mktemp "$VX_TMP/rejects/XXXXXXXX") || return 74
	awk -v rejects="$rejects" 'index($0, "{\"_reject\":") == 1 { print >rejects; next } { print }' || status=$?
	case $status in 0) ;; 141) return 141 ;; *) return 74 ;; esac
	[ -s "$rejects" ] || return 0
	jq -c --arg tool "$VX_NAME" '{tool: $tool} + ._reject + {record}' "$rejects" >"$rejects.ndjson" || return 74
	rm "$rejects"
	jq -r -L "$VX_SHARE_DIR/jq" 'include "vx"; "\(.tool): \(reject_line)"' "$rejects.ndjson" >&2
	return 1
}

# upload ARGUMENT...: a stage of a pipe: vx-upload into the store, or nothing where there is no store.
# shellcheck disable=SC2120 # dataset scripts pass some
upload() {
	if [ -n "$STORE" ]; then
		run vx-upload --to "$STORE" --api "$API" ${VX_API_OPTIONS[@]+"${VX_API_OPTIONS[@]}"} \
			${VX_UPLOAD_OPTIONS[@]+"${VX_UPLOAD_OPTIONS[@]}"} "$@"
	else
		cat
	fi
}

# tables COLUMN...: the tables (*.csv) below DATA that have all these columns, one a line; which file it is is told by its
# header, since one table is published under several names. No such table ends the script.
tables() {
	local file column header wanted found=''
	while IFS= read -r -d '' file; do
		header=$(head -n 1 "$file" | tr -d '\0')
		for column in "$@"; do
			case $header in *"$column"*) ;; *) continue 2 ;; esac
		done
		printf '%s\n' "$file"
		found=yes
	done < <(find "$DATA" -type f -iname '*.csv' -print0 | LC_ALL=C sort -z)
	printf -v wanted '%s, ' "$@"
	[ -n "$found" ] || { say "$DATA: no *.csv with the columns ${wanted%, }" && return 74; }
}

# pathology MAPPING ARGUMENT...: a stage of a pipe: rows to specimens and assessments by share/pathology/MAPPING.json;
# the contradictions that it finds are collected.
pathology() {
	run vx-pathology --map "$VX_SHARE_DIR/pathology/$1.json" --findings "$(mktemp "$VX_TMP/findings/XXXXXXXX")" "${@:2}"
}

# patients ARGUMENT...: a stage of a pipe: vx-patient-map against the deployment; who went by is counted. A shard registers
# nobody.
patients() {
	local known=()
	[[ $VX_PART != */* ]] || known=(--no-register)
	run vx-patient-map --api "$API" ${VX_API_OPTIONS[@]+"${VX_API_OPTIONS[@]}"} ${known[@]+"${known[@]}"} "$@" |
		awk -v patients="$(mktemp "$VX_TMP/patients/XXXXXXXX")" '
			match($0, /"_patient":"[^"]*"/) && !(substr($0, RSTART, RLENGTH) in seen) {
				seen[substr($0, RSTART, RLENGTH)]
				print substr($0, RSTART, RLENGTH) >patients
			}
			{ print }'
}

# post ARGUMENT...: the end of a pipe: vx-post to the deployment; the results are counted for the summary. What a later run
# may know more of is named here: post --fill reference_mri.
post() {
	run vx-post --api "$API" ${VX_API_OPTIONS[@]+"${VX_API_OPTIONS[@]}"} \
		${VX_POST_OPTIONS[@]+"${VX_POST_OPTIONS[@]}"} "$@" >>"$VX_TMP/results"
}

# vx_worst STATUS: the worst of it and of all stages, in the order that vx(7) gives, others behind 1. Where vx-post ended,
# vx-upload in front of it has nobody to write to: its 74 says no more than a SIGPIPE does.
vx_worst() {
	echo "$1 script" | awk 'BEGIN { n = split("0 1 75 69 65 74 71 64", order, " "); for (i = 1; i <= n; i++) badness[order[i]] = i }
		function take(s, b) { b = s in badness ? badness[s] : 2.5; if (b > most) { most = b; worst = s } }
		$2 == "vx-post" && $1 > 1 { gone = 1 }
		$1 == 74 && $2 == "vx-upload" { late = 1; next }
		$1 != 141 { take($1) }
		END { if (late && !gone) take(74); print worst + 0 }' "$VX_TMP/statuses" -
}

# One line a type: how many were created, unchanged ...; then the fields that were updated, and the rejects. On stdout: it is what the script is for.
vx_summary() {
	local rejects
	jq -r '[(.identifier // "-" | split("/")[0]), .status] | @tsv' "$VX_TMP/results" |
		awk -F '\t' -v order='datasource patient study session volume voxelmap psa specimen assessment' '
		{ count[$1, $2]++; types[$1] }
		END {
			n = split("created unchanged updated conflict invalid orphan failed", statuses, " ")
			split(order, listed, " ")
			for (i = 1; i in listed; i++) {
				if (!(listed[i] in types)) continue
				line = ""
				for (s = 1; s <= n; s++)
					if (s <= 2 || s == 4 || count[listed[i], statuses[s]])
						line = line (line ? ", " : "") (count[listed[i], statuses[s]] + 0) " " statuses[s]
				printf "  %-11s %s\n", listed[i], line
			}
		}'
	jq -r 'select(.status == "updated") | "\(.identifier | split("/")[0]).\(.diff // {} | keys[])"' "$VX_TMP/results" |
		LC_ALL=C sort | uniq -c | awk '{ printf "  %-11s %d %s\n", "updated", $1, $2 }'
	printf '  %-11s %d\n' patients "$(vx_patients_seen | wc -l)"
	if [ -n "$(ls "$VX_TMP/findings")" ]; then
		printf '  %-11s %s\n' findings "$(jq -r .severity "$VX_TMP/all-findings" | awk '
			{ count[$1]++ }
			END { printf "%d error, %d warning, %d info", count["error"], count["warning"], count["info"] }')"
	fi
	rejects=$(wc -l <"$VX_TMP/all-rejects")
	printf '  %-11s %d\n' rejects "$rejects"
	head -n 50 "$VX_TMP/said" | sed 's/^/    /'
	[ "$rejects" -le 50 ] || echo '    ... all of them: --rejects FILE'
}

# The rejects and findings of all stages, each kind in one file; and the rejects as people read them.
vx_collect() {
	find "$VX_TMP/rejects" -type f -size +0 -exec cat {} + | LC_ALL=C sort >"$VX_TMP/all-rejects" &&
		jq -r -L "$VX_SHARE_DIR/jq" --arg data "$DATA/" 'include "vx"; "\(reject_line | ltrimstr($data)
			| split(" \($data)") | join(" ")) [\(.tool)]"' "$VX_TMP/all-rejects" | LC_ALL=C sort >"$VX_TMP/said" &&
		find "$VX_TMP/findings" -type f -exec cat {} + | LC_ALL=C sort >"$VX_TMP/all-findings"
}

# Runs at the end, however it comes: the summary, the rejects in one file, the folder gone, the worst status. What ends the
# script on its way, with no more than a 1, is its own failure: a 1 says that it went through.
vx_at_exit() {
	local status=$? stages
	set +e
	trap - EXIT
	trap '' PIPE
	trap 'rm -rf "$VX_TMP"; exit 130' HUP INT TERM
	if [ -n "${VX_GROUP:-}" ]; then
		kill -- "-$VX_GROUP" 2>/dev/null || :
		wait "$VX_GROUP" 2>/dev/null || :
	fi
	status=$(vx_worst "$status")
	[ "$status" -gt 1 ] || [ -n "$VX_ENDED" ] || status=74
	vx_collect || status=74
	if [ -n "$VX_STARTED" ] && [ "$VX_REPORTS" != - ]; then
		{ vx_title && vx_summary; } || status=74
	fi
	if [ -n "$VX_REJECTS" ]; then cp "$VX_TMP/all-rejects" "$VX_REJECTS" || status=74; fi
	if [ -n "$VX_FINDINGS" ]; then cp "$VX_TMP/all-findings" "$VX_FINDINGS" || status=74; fi
	if [ -n "$VX_RESULTS" ]; then cp "$VX_TMP/results" "$VX_RESULTS" || status=74; fi
	if [ "$status" -gt 1 ]; then
		stages=$(awk '$1 > 1 && $1 != 141 { print $2, $1 }' "$VX_TMP/statuses" | paste -sd ,)
		say "stopped with status $status${stages:+ (${stages//,/, })}"
	fi
	if [ -n "$VX_STARTED" ] && [ -n "$VX_REPORTS" ] && [ "$VX_PART" != finish ]; then
		if vx_write_report "$status"; then [ "$status" -ne 1 ] || status=0; else status=74; fi
	fi
	rm -rf "$VX_TMP"
	exit "$status"
}

# vx_end: marks that the script went through; the rest happens at exit.
vx_end() {
	[ "$VX_PART" != finish ] || vx_read_reports
	VX_ENDED=yes
	exit 0
}
