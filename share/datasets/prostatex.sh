#!/usr/bin/env bash
# prostatex: the ProstateX challenge: MRI studies, lesion masks, findings with the grade groups of their biopsies. See prostatex.md.
# usage: prostatex.sh --api URL [--data DIR] [--store URL] [--work DIR] [option...]
# DIR holds ProstateX-Findings*.csv and PROSTATEx_Classes.csv, and where there are any DICOM files and masks, at any depth.
# DICOM becomes NIfTI in the work folder (--work; default: vx/prostatex of the user's cache folder), where it stays: what
# was converted once is not converted again. May be run again at any time with the same result.
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # jq programs hold $names
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
# shellcheck source=share/sh/vx.sh
. "$(dirname "$0")/../sh/vx.sh"
# shellcheck source=share/sh/dicom.sh
. "$VX_SHARE_DIR/sh/dicom.sh"

VX_DEFAULT_DATA=/mnt/storage/projects/vxdata/prostatex
VX_OPTION=([work]=$VX_CACHE_DIR/prostatex)
license=CC-BY-3.0

# All of it, since only its header says whose a DICOM file is: no shard has anything to do.
prepare() {
	tables ProxID fid pos zone >"$VX_TMP/positions" # training and test set may have one each
	tables ID 'Gleason Grade Group' >"$VX_TMP/grades"
	datasource | post
	findings | pathology_of_findings | post
	dicom_convert
	touch "$VX_TMP/images" "$VX_TMP/studies" "$VX_TMP/volumes"
	[ ! -s "$VX_TMP/folders" ] || images
	masks | post --fill reference_mri
	in_picai
}

datasource() {
	map 'datasource({identifier: "datasource/prostatex", license: $license, shorthand: "PX",
		description: "ProstateX challenge: findings on prostate MRI and the grade groups of their biopsies"})' \
		-n --arg license "$license"
}

positions() {
	local files
	mapfile -t files <"$VX_TMP/positions"
	run vx-csv "${files[@]}" | map '{_table: "positions", _finding: [(.ProxID | trimmed), (.fid | trimmed)]} + .'
}

# Patient and number stand in one cell here: ProstateX-0005_Finding0.
grades() {
	local files
	mapfile -t files <"$VX_TMP/grades"
	run vx-csv "${files[@]}" | map '
		((.ID | trimmed | capture("^(?<patient>.+)_Finding(?<number>[0-9]+)$"))
			// refuse("ID"; .ID; "not of the form PATIENT_FindingNUMBER")) as $id
		| {_table: "grades", _finding: [$id.patient, $id.number]} + .'
}

findings() {
	{ positions && grades; } | map "$(cat "$VX_SHARE_DIR/datasets/prostatex-findings.jq")" -s
}

pathology_of_findings() {
	patients --datasource datasource/prostatex --key ProxID | pathology prostatex
}

images() {
	dicom_images | patients --datasource datasource/prostatex --key _match.patient >"$VX_TMP/images"
	studies | tee "$VX_TMP/studies" | post
	volumes | tee "$VX_TMP/volumes" | post
}

# One a StudyInstanceUID, on the day of its first image; with the name of the same study in PI-CAI, where the map has it.
studies() {
	picai_map >"$VX_TMP/picai"
	one_patient_each <"$VX_TMP/images"
	map 'group_by([._patient, ._match.study])[] | .[0]
		+ {_day: ([.[]._match.date | values] | min), _ages: ([.[]._match.age | values] | unique)}
		| attempt(imaging_study({$license, study_uid: (._match.study | required("StudyInstanceUID")),
			study_date: (._day | date("AcquisitionDateTime")), modality: "MR",
			patient_age: (if ._ages | length == 1 then ._ages[0] else null end),
			other_data: ({picai_study: $picai[0][._match.patient + " " + (._day // "")]} | without_nulls)}))' \
		-s --arg license "$license" --slurpfile picai "$VX_TMP/picai" <"$VX_TMP/images"
}

# A StudyInstanceUID belongs to one patient: where several have it, a PatientID is wrong. Told, with a finding each.
one_patient_each() {
	jq -c -s 'group_by(._match.study)[] | .[0]._match.study as $study | ([.[]._patient] | unique) as $patients
		| select($study and ($patients | length) > 1)
		| {file: "DICOM", rule: "study_of_several_patients", severity: "error", patient: $patients[0],
			columns: ["StudyInstanceUID"], values: [$study],
			message: "one StudyInstanceUID, several patients: \($patients | join(", "))"}' >"$VX_TMP/findings/studies"
	[ ! -s "$VX_TMP/findings/studies" ] || say "warning: $(jq -r .message "$VX_TMP/findings/studies" | head -n 1)" \
		"($(wc -l <"$VX_TMP/findings/studies") such studies; all of them: --findings FILE)"
}

# Named after series number and description; the end of the series UID keeps two of one name apart, and what dcm2niix put
# behind the UID the images of one series.
volumes() {
	run vx-nifti-meta "$VX_TMP/images" |
		map '(._match.series | required("SeriesInstanceUID")) as $series
			| (._match.name | ltrimstr($series) | ascii_downcase) as $part
			| ([(patient | short), (._match.study | required("StudyInstanceUID"))]) as $study
			| volume({$license, volume_uid: ._match.name, parent_identifier: identifier("study"; $study),
				identifier: identifier("volume"; $study + ["\(.series_number // 0)_\(.series_description
					// .protocol_name // "series")-\($series[-5:])\($part)"])})' \
			--arg license "$license" |
		upload --group volumes
}

# A mask is named after patient and day, and belongs to the study of that day; its grid tells the volume. Its values tell
# whether it grades lesions, as those of PI-CAI do, or only outlines them.
masks() {
	local name='{patient:ProstateX-[0-9]+}_{month:[0-9][0-9]}-{day:[0-9][0-9]}-{year:[0-9][0-9][0-9][0-9]}.nii.gz'
	run vx-scan --pattern "$name" --pattern "**/$name" "$DATA" |
		patients --no-register --datasource datasource/prostatex --key _match.patient |
		map '"\(._match.year)-\(._match.month)-\(._match.day)" as $day | patient as $patient
			| [$studies[] | select(.parent_identifier == $patient and .study_date == $day) | .identifier] as $of_day
			| if $of_day | length == 1 then .
				elif $of_day == [] then refuse("study"; $day; "no study of this patient on that day is here")
				else refuse("study"; $day; "several studies of this patient on that day: \($of_day | join(", "))") end
			| . + {identifier: identifier("voxelmap"; ($of_day[0] | split("/")[1:]) + ["lesion"]),
				parent_identifier: $of_day[0]}' \
			--slurpfile studies "$VX_TMP/studies" |
		run vx-nifti-meta --labels --against "$VX_TMP/volumes" --prefer T2,ADC,DWI |
		map '(.label_counts | keys) as $values
			| (if $values - ["0", "1"] == [] then {task: "lesion", labels: ["background", "lesion"]}
				elif $values - ["0", "2", "3", "4", "5"] == [] then {task: "isup", labels: {"0": "background or ISUP <= 1",
					"2": "ISUP 2", "3": "ISUP 3", "4": "ISUP 4", "5": "ISUP 5"}}
				else refuse("labels"; $values; "neither 0 and 1 nor 0 and ISUP 2 to 5") end) as $meaning
			| voxel_map({$license} + $meaning)' --arg license "$license" |
		upload --group voxelmaps
}

# picai_map: {"ProstateX-0000 2011-07-07": "11373_1001396"} from ProstateX-mapping.json; {} where there is none.
picai_map() {
	find "$DATA" -type f -name 'ProstateX-mapping.json' -print0 | LC_ALL=C sort -z | head -z -n 1 | xargs -0 -r cat |
		jq -s '(.[0] // {}) | with_entries(.key |= sub("_(?<m>[0-9]{2})-(?<d>[0-9]{2})-(?<y>[0-9]{4})$"; " \(.y)-\(.m)-\(.d)"))'
}

# Patients of this dataset that the deployment has from PI-CAI too: told, and a finding each, since whoever adds the two
# up counts them twice, and a split may part them.
in_picai() {
	local resolve=(vx-patient-map -q --api "$API" ${VX_API_OPTIONS[@]+"${VX_API_OPTIONS[@]}"} --no-register)
	picai_map | jq -c 'to_entries | map({ProxID: (.key | split(" ")[0]), picai: (.value | split("_")[0])}) | unique[]' |
		{ "${resolve[@]}" --datasource datasource/prostatex --key ProxID || :; } 2>/dev/null |
		jq -c '{ProxID, picai, ours: ._patient}' |
		{ "${resolve[@]}" --datasource datasource/picai --key picai || :; } 2>/dev/null |
		jq -c '{file: "ProstateX-mapping.json", rule: "patient_in_two_datasources", severity: "warning", patient: .ours,
			columns: ["ProstateX", "PI-CAI"], values: [.ProxID, .picai],
			message: "the same person is in datasource/picai as \(._patient)"}' >"$VX_TMP/findings/picai"
	[ -s "$VX_TMP/findings/picai" ] || return 0
	say "warning: $(wc -l <"$VX_TMP/findings/picai") of these patients are in datasource/picai too: $(head -n 3 "$VX_TMP/findings/picai" |
		jq -r '"\(.patient) is \(.message | split(" ") | last)"' | paste -sd , | sed 's/,/, /g') (all of them: --findings FILE)"
}

vx_begin "$@"
if vx_part prepare; then prepare; fi
vx_end
