# shellcheck shell=bash
# dicom.sh: DICOM series to NIfTI images by dcm2niix, for dataset scripts; sourced after vx.sh.
#
#	VX_OPTION=([work]=$HOME/.cache/vx/NAME)
#	dicom_convert                           (needs dcm2niix; what was converted before stays)
#	dicom_images | patients --key _match.patient ... | run vx-nifti-meta | ...
#
# Work goes folder by folder, side by side, since one folder of DICOM files may become several images and another none.
# A folder that fails is one reject; the next run tries it again. What is converted lies below the work folder, in
# <folder>/converted, which appears when it is whole: images, .bval, .bvec, cleaned sidecars, and series.ndjson with the
# patient and the UIDs. dcm2niix gives these away only together with names and dates of birth (-ba n): they are read from
# its sidecars, which then are replaced by copies without them.
# SPDX-License-Identifier: MIT

# dicom_folders: the folders below DATA that hold DICOM files, relative to it, sorted, a NUL behind each: any other character
# may be in a name.
dicom_folders() {
	run vx-scan --kind dicom "$DATA" | jq -j '._file.rel | (if contains("/") then sub("/[^/]*$"; ""; "m") else "." end) + "\u0000"' |
		LC_ALL=C sort -zu
}

# What a folder held when it was converted, and by what: while this stays, the images do.
dicom_stamp() {
	find "$DATA/$1" -maxdepth 1 -type f -printf '%f\t%s\t%T@\n' | LC_ALL=C sort
	printf '%s\n' "$VX_DCM2NIIX" 'vx 2' # the number goes up when more is kept of a folder
}

# dicom_headers PART FOLDER: what the files of each series agree on, in PART/.headers: age, and one hash of their
# SOPInstanceUIDs. dcm2niix takes the files of one series together whosever they are: 1, and the reason, where they are of
# several patients or studies.
dicom_headers() {
	local uids
	{ vx-scan -q --kind dicom --pattern '{file}' "$DATA/$2" | vx-dicom-meta -q -j 1; } 2>/dev/null |
		jq -c 'select(.series_instance_uid) | {series: .series_instance_uid, study: .study_instance_uid, uid: ._dicom.sop_instance_uid,
			patient: ._dicom.patient_id, age: ._dicom.patient_age}' | jq -c -s 'group_by(.series)[] | {series: .[0].series,
			patients: ([.[].patient] | unique | length), studies: ([.[].study] | unique | length),
			age: ([.[].age] | unique | if length == 1 then .[0] else null end), uids: ([.[].uid] | unique | join(" "))}' |
		while IFS= read -r line; do
			uids=$(jq -r .uids <<<"$line" | sha256sum)
			jq -c --arg files "${uids%% *}" 'del(.uids) + {$files}' <<<"$line"
		done >"$1/.headers"
	jq -r 'select(.patients > 1 or .studies > 1) | "series \(.series) has files of several " +
		if .patients > 1 then "patients" else "studies" end' "$1/.headers" | head -n 1 | { ! grep .; }
}

# Sidecars in folder $1: a line of series.ndjson each, then cleaned copies in their place.
dicom_sidecars() {
	local side
	for side in "$1"/*.json; do
		jq -c --arg name "$(basename "$side" .json)" --arg folder "$2" --slurpfile headers "$1/.headers" 'def text: if type == "string" and . != "" then . else null end;
			{path_nii: "\($folder)/converted/\($name).nii.gz", path_json: "\($folder)/converted/\($name).json",
				_match: ({patient: (.PatientID | text), study: (.StudyInstanceUID | text), name: $name,
					series: (.SeriesInstanceUID | text),
					date: (.AcquisitionDateTime | text | if . then .[:10] else null end)} +
					(.SeriesInstanceUID as $series | [$headers[] | select(.series == $series) | {age, files}][0] // {age: null, files: null})),
				_source: {file: $folder}}' "$side" || return
		printf '{"identifier":"volume/%s","path_json":"%s"}\n' "$(basename "$side" .json)" "$side" >>"$1/.clean"
	done >"$1/series.ndjson"
	vx-upload -q --to "file://$1" --group cleaned "$1/.clean" >/dev/null && mv "$1"/cleaned/*.json "$1" &&
		rm -rf "$1/cleaned" "$1/.clean" "$1/.vx-upload"
}

# What dcm2niix copies from the DICOM files' ImageComments into aux_file (24 bytes at 228) is free text about a person as
# often as not, and says nothing about the image. gzip -n: the same bytes each time.
dicom_without_comment() {
	local size
	size=$(od -A n -t u4 -N 4 "$1") || return
	[ "$((size))" -eq 348 ] || { echo "dcm2niix made no NIfTI-1 of $(basename "$1")" && return 1; }
	head -c 24 /dev/zero | dd of="$1" bs=1 seek=228 conv=notrunc status=none && gzip -n "$1"
}

# dicom_all_slices PART FOLDER: whether the images are whole, by what dcm2niix said. Where slices lack in the middle it
# makes a second image whose slices it made up (_Eq_), and the first has a wrong place for each slice behind the gap.
dicom_all_slices() {
	local found used
	if [ -n "$(find "$1" -name '*_Eq_*.nii')" ]; then
		echo "slices are missing or unevenly spaced: $(grep -a -e '^Warning: Missing images' -e '^Warning: Interslice' "$1/.log" |
			tail -n 1 | sed 's/^Warning: //')"
		return 1
	fi
	found=$(sed -n 's/^Found \([0-9]*\) DICOM file.*/\1/p' "$1/.log")
	used=$(awk '/^Convert [0-9]+ DICOM/ { n += $2 } END { print n + 0 }' "$1/.log")
	[ "${found:-0}" -le "$used" ] ||
		printf '%s: %s: warning: %d of %d DICOM files became no image\n' "$VX_NAME" "$2" $((found - used)) "$found" >&2
}

# What dcm2niix said last, apart from who it is.
dicom_last_words() {
	grep -a -v "^Chris Rorden's dcm2nii" "$1" | grep -a . | tail -n 1 | grep . || echo 'it gives no reason'
}

# dicom_images_of PART FOLDER: dcm2niix into PART; says why where it fails.
dicom_images_of() {
	local status=0 image
	dicom_headers "$1" "$2" || return
	timeout --foreground 3600 dcm2niix -b y -ba n -z n -f %j -d 0 -o "$1" "$DATA/$2" >"$1/.log" 2>&1 </dev/null || status=$?
	[ "$status" -ne 124 ] || { echo 'dcm2niix did not end within an hour' && return 1; }
	[ "$status" -eq 0 ] || { echo "dcm2niix failed with status $status: $(dicom_last_words "$1/.log")" && return 1; }
	dicom_all_slices "$1" "$2" || return
	for image in "$1"/*.nii; do
		[ -e "$image" ] || { echo 'dcm2niix made no image of it' && return 1; }
		[ -e "${image%.nii}.json" ] || { echo "dcm2niix made no sidecar for $(basename "$image")" && return 1; }
		dicom_without_comment "$image" || return
	done
	dicom_sidecars "$1" "$2" 2>"$1/.log" || { echo "its sidecars cannot be read: $(head -n 1 "$1/.log")" && return 1; }
	rm "$1/.log" "$1/.headers"
}

# dicom_folder FOLDER: one folder, in a process of its own; a line "converted", "kept" or "failed" goes to done.
dicom_folder() {
	local folder=$1 to=$WORK/$1/converted part='' reason
	# Names and dates of birth lie in part until it is done: no end but a kill -9 leaves it there.
	trap '[ -z "$part" ] || rm -rf "$part"' EXIT
	trap 'exit 143' HUP INT TERM
	dicom_stamp "$folder" >"$VX_TMP/stamp.$$"
	if cmp -s "$VX_TMP/stamp.$$" "$to/.stamp"; then
		echo kept >>"$VX_TMP/done"
		return
	fi
	mkdir -p "$WORK/$folder" && part=$(mktemp -d "$WORK/.part-XXXXXXXX") || return
	if reason=$(dicom_images_of "$part" "$folder"); then
		mv "$VX_TMP/stamp.$$" "$part/.stamp" && rm -rf "$to" && mv -T "$part" "$to" && echo converted >>"$VX_TMP/done"
		return
	fi
	rm -rf "$part" "$to"
	reason=${reason//"$DATA/"/}
	echo failed >>"$VX_TMP/done"
	jq -nc --arg tool "$VX_NAME" --arg folder "$folder" --arg reason "$reason" \
		'{$tool, $reason, record: {_source: {file: $folder}}}' >"$(mktemp "$VX_TMP/rejects/XXXXXXXX")"
	printf '%s: %s: %s\n' "$VX_NAME" "$folder" "$reason" >&2
}

# dicom_convert: all folders, as many at once as there are processors. One run at a time works on a work folder.
dicom_convert() {
	local lock
	dicom_folders >"$VX_TMP/folders"
	[ -s "$VX_TMP/folders" ] || return 0
	command -v dcm2niix >/dev/null ||
		{ say 'dcm2niix, which converts the DICOM files, is not installed (make deps)' && vx_note 69 dcm2niix && return 69; }
	(umask 077 && mkdir -p "${VX_OPTION[work]}") || return 74
	WORK=$(cd "${VX_OPTION[work]}" && pwd)
	VX_DCM2NIIX=$(dcm2niix --version 2>/dev/null | tail -n 1) || :
	exec {lock}>"$WORK/.lock"
	flock "$lock"
	rm -rf "$WORK"/.part-*
	: >"$VX_TMP/done"
	export WORK DATA VX_TMP VX_NAME VX_DCM2NIIX
	export -f dicom_folder dicom_stamp dicom_images_of dicom_all_slices dicom_without_comment dicom_sidecars dicom_headers dicom_last_words
	# shellcheck disable=SC2016 # expands in the other shell
	setsid xargs -0 -n 1 -P "${VX_JOBS:-$(nproc)}" bash -c 'dicom_folder "$1"' dicom <"$VX_TMP/folders" &
	VX_GROUP=$!
	wait "$VX_GROUP" || vx_note 74 dicom
	VX_GROUP=''
	exec {lock}>&-
	if grep -q failed "$VX_TMP/done"; then vx_note 1 dcm2niix; fi
	[ -n "$VX_QUIET" ] || say "DICOM folders: $(LC_ALL=C sort "$VX_TMP/done" | uniq -c | awk '{ printf "%s%d %s", (NR > 1 ? ", " : ""), $1, $2 }')"
}

# dicom_images: a record an image that this dataset has become: path_nii, path_json, and in _match patient, study (UID),
# series (UID), date (YYYY-MM-DD), age (years) and name (series UID and what dcm2niix put behind it, unique). A series of
# which each of several folders has a part has become no whole image: refused; the same files in several folders are one.
dicom_images() {
	local folder
	# shellcheck disable=SC2016 # jq
	while IFS= read -r -d '' folder; do
		[ ! -e "$WORK/$folder/converted/series.ndjson" ] || cat "$WORK/$folder/converted/series.ndjson"
	done <"$VX_TMP/folders" | map '[group_by(._match.series)[] | ([.[]._match.files] | unique | length) as $parts | .[] | {$parts, image: .}]
		| sort_by(.image._source.file, .image.path_nii)[]
		| .parts as $parts | .image | attempt(if $parts == 1 then . else refuse("series"; ._match.series;
			"its files are spread over several folders") end
			| .path_nii |= $work + . | .path_json |= $work + .)' -s --arg work "$WORK/"
}
