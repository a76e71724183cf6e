# shellcheck shell=bash
# parts.sh: a dataset script in parts, on one machine or many; sourced by vx.sh.
#
#	prepare() { datasource | post; table | post; numbers found; }    (once, first; in order)
#	found() { scan --pattern '{patient}/...' "$DATA" | patients ...; }
#	shard() { found | run vx-nifti-meta | upload | post; }           (any number at once, in any order)
#	vx_begin "$@"
#	if vx_part prepare; then prepare; fi
#	if vx_part shard; then shard; fi
#	vx_end
#
# A plain run does prepare, then shard with all files. Numbers of patients are given in prepare alone, in the order of
# tables and paths: no shard registers anybody, so that the numbers do not depend on which of them was faster. All files
# of a patient are in one shard, so that a mask meets its image. Hence the same export, however many shards there were.
#
# A report is what a part leaves for --finish, as NDJSON: {"part"}, then {"stage"}, {"scan"}, {"patient"}, {"result"}, {"reject"}
# and {"finding"} lines, {"end"} at its end.
# SPDX-License-Identifier: MIT

# The options of parts, checked: VX_PART is all, prepare, I/N or finish.
vx_check_parts() {
	local parts=() file
	[ -z "$VX_PREPARE" ] || parts+=(prepare)
	[ -z "$VX_SHARD" ] || parts+=("$VX_SHARD")
	[ -z "$VX_FINISH" ] || parts+=(finish)
	[ ${#parts[@]} -le 1 ] || vx_usage 'one part at a time: --prepare, --shard I/N or --finish N'
	VX_PART=${parts[0]:-all}
	if [ -n "$VX_SHARD" ]; then
		[[ $VX_SHARD =~ ^([1-9][0-9]{0,5})/([1-9][0-9]{0,5})$ ]] || vx_usage "--shard: '$VX_SHARD' is not I/N"
		[ "${BASH_REMATCH[1]}" -le "${BASH_REMATCH[2]}" ] || vx_usage "--shard: there is no part $VX_SHARD"
	fi
	[[ -z $VX_FINISH || $VX_FINISH =~ ^[1-9][0-9]{0,5}$ ]] || vx_usage "--finish: '$VX_FINISH' is no number of shards"
	[ "$VX_PART" != finish ] || [ -n "$VX_REPORTS" ] || vx_usage '--finish: where are the reports? --reports DIR'
	[ "$VX_PART" != all ] || [ -z "$VX_REPORTS" ] || vx_usage '--reports is for --prepare, --shard and --finish'
	[ "$VX_REPORTS" != - ] || [ "$VX_PART" != finish ] || vx_usage '--finish: reports are read from a folder'
	[ "$VX_PART" = all ] || declare -F prepare >/dev/null || declare -F shard >/dev/null ||
		 vx_usage 'this script cannot be split'
	# The files that the user names are for the whole run.
	if [ "$VX_PART" != finish ] && [ -n "$VX_REPORTS" ]; then
		for file in REJECTS RESULTS FINDINGS; do printf -v "VX_$file" %s ''; done
	fi
	[ -z "$VX_REPORTS" ] || [ "$VX_REPORTS" = - ] || { [ -d "$VX_REPORTS" ] && [ -w "$VX_REPORTS" ]; } ||
		{ say "$VX_REPORTS: no folder to write to" && exit 74; }
}

# vx_part prepare|shard: whether that is what this process is for.
vx_part() {
	case $VX_PART in
	all) ;;
	*/*) [ "$1" = shard ] ;;
	*) [ "$1" = "$VX_PART" ] ;;
	esac
}

# scan ARGUMENT...: the beginning of a pipe: vx-scan, in a shard of its files only. What the pattern captures as patient
# decides; a script whose patterns call it something else sets VX_SHARD_BY.
scan() {
	local part=()
	[[ $VX_PART != */* ]] || part=(--shard "$VX_PART" --shard-by "${VX_SHARD_BY:-{patient\}}")
	run vx-scan ${part[@]+"${part[@]}"} "$@" | VX_SCAN="$*" awk -v counts="$(mktemp "$VX_TMP/scans/XXXXXXXX")" '
		{ print }
		END { print NR, ENVIRON["VX_SCAN"] >counts }'
}

# numbers FUNCTION...: gives the patients whom these pipes come across their numbers; to be called in prepare, in the order
# in which shard calls them. What is rejected on the way is told by the shard that the file belongs to.
numbers() {
	local pipe
	# shellcheck disable=SC2034 # run reads it
	for pipe; do
		VX_LOOKING=yes
		"$pipe" >/dev/null
		VX_LOOKING=''
	done
}

# vx_look TOOL ARGUMENT...: a stage of numbers: what it says counts only where it fails.
vx_look() {
	local status=0 said
	said=$(mktemp "$VX_TMP/look-XXXXXXXX") || return 74
	"$@" -q ${VX_JOBS:+-j "$VX_JOBS"} 2>"$said" || status=$?
	[ "$status" -gt 1 ] || return 0
	[ "$status" -eq 141 ] || cat "$said" >&2
	return "$status"
}

# ---- reports ----

vx_title() {
	case $VX_PART in all | finish) printf '%s:\n' "$VX_NAME" ;; *) printf '%s, part %s:\n' "$VX_NAME" "$VX_PART" ;; esac
}

vx_part_name() {
	case $VX_PART in */*) echo "${VX_PART%/*}-of-${VX_PART#*/}" ;; *) echo "$VX_PART" ;; esac
}

# wrap KEY FILE: its lines as {"KEY":line}.
vx_wrap() {
	sed "s/^/{\"$1\":/; s/\$/}/" "$2"
}

vx_unwrap() {
	sed -n "s/^{\"$1\":\(.*\)}\$/\1/p" "$2"
}

vx_patients_seen() {
	find "$VX_TMP/patients" -type f -exec awk '/[^:]"$/' {} + | LC_ALL=C sort -u
}

# The report of this part, whole or not at all.
vx_report() {
	jq -nc --arg script "$VX_NAME" --arg part "$VX_PART" --arg host "${HOSTNAME:-}" --argjson seconds "$SECONDS" \
		'{part: {$script, $part, $host, $seconds}}' &&
		awk '{ printf "{\"stage\":[%d,\"%s\"]}\n", $1, $2 }' "$VX_TMP/statuses" &&
		find "$VX_TMP/scans" -type f -exec cat {} + | jq -Rc 'index(" ") as $i | {scan: [(.[:$i] | tonumber), .[$i + 1:]]}' &&
		vx_patients_seen | sed 's/.*:\(".*"\)$/{"patient":\1}/' &&
		vx_wrap result "$VX_TMP/results" && vx_wrap reject "$VX_TMP/all-rejects" && vx_wrap finding "$VX_TMP/all-findings" &&
		printf '{"end":{"status":%d}}\n' "$1"
}

# A bare return would give what the script's last command gave before the trap in which this runs.
vx_write_report() {
	local part
	if [ "$VX_REPORTS" = - ]; then
		vx_report "$1" || return 1
		return 0
	fi
	part=$(mktemp "$VX_REPORTS/.part-XXXXXXXX") || return 1
	if vx_report "$1" >"$part" && mv "$part" "$VX_REPORTS/$(vx_part_name).ndjson"; then return 0; fi
	rm -f "$part"
	return 1
}

# vx_read_report PART FILE: what a part did becomes part of this run; a part without a whole report is one to run again.
vx_read_report() {
	local status=''
	[ ! -f "$2" ] || status=$(tail -n 1 "$2" | sed -n 's/^{"end":{"status":\([0-9]*\)}}$/\1/p')
	if [ -z "$status" ]; then
		VX_LACKS=yes
		say "part $1 has not ended: run it again"
		vx_note 75 "part-$1"
		return
	fi
	[ "$status" -le 1 ] || { VX_LACKS=yes && say "part $1 ended with status $status"; }
	vx_note "$status" "part-$1"
	vx_unwrap result "$2" >>"$VX_TMP/results"
	vx_unwrap patient "$2" | sed 's/^/"_patient":/' >"$(mktemp "$VX_TMP/patients/XXXXXXXX")"
	vx_unwrap scan "$2" | jq -c --arg part "$1" '{part: $part, files: .[0], scan: .[1]}' >>"$VX_TMP/scanned"
	vx_unwrap reject "$2" >"$VX_TMP/reports/${1//\//-}"
	if grep -q '^{"finding":' "$2"; then vx_unwrap finding "$2" >"$(mktemp "$VX_TMP/findings/XXXXXXXX")"; fi
}

# All reports. A folder that cannot be read is told by every shard, since it may be so on one machine only: a reject of
# several parts counts as often as in the part that has it most often.
vx_read_reports() {
	local i
	mkdir "$VX_TMP/reports"
	VX_LACKS=''
	: >"$VX_TMP/scanned"
	vx_read_report prepare "$VX_REPORTS/prepare.ndjson"
	for ((i = 1; i <= VX_FINISH; i++)); do
		vx_read_report "$i/$VX_FINISH" "$VX_REPORTS/$i-of-$VX_FINISH.ndjson"
	done
	find "$VX_TMP/reports" -type f -exec awk '
		{ n = ++count[FILENAME, $0]; if (n > most[$0]) { most[$0] = n; print } }' {} + >"$VX_TMP/rejects/all"
	[ -n "$VX_LACKS" ] || vx_all_seen
}

# Where a host has not mounted what the others see, its shards find nothing, and nothing fails: so the files that the shards
# found are held against those that prepare found by the same scan.
vx_all_seen() {
	local fewer
	fewer=$(jq -rs 'group_by(.scan)[] | ([.[] | select(.part == "prepare") | .files] | max // 0) as $all
		| ([.[] | select(.part != "prepare") | .files] | add // 0) as $found | select($found < $all)
		| "the shards found \($found) of the \($all) files that prepare found: does every host see \(.[0].scan | split(" ") | last)?"' \
		"$VX_TMP/scanned")
	[ -n "$fewer" ] || return 0
	say "$fewer"
	vx_note 74 shards
}
