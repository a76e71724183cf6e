#!/usr/bin/env bash
# picai: the public annotations of the PI-CAI challenge: patients, studies, PSA values, pathology, masks; its images. See picai.md.
# usage: picai.sh --api URL [--data DIR] [--images DIR] [--store URL] [--work DIR] [option...]
# DIR is a clone of DIAGNijmegen/picai_labels or a part of one; --images: where the images (.mha) were unpacked, or some
# of them. They become NIfTI in the work folder (--work; default: vx/picai of the user's cache folder), where they stay:
# what was converted once is not converted again. May be run again at any time with the same result.
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # jq programs hold $names
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
# shellcheck source=share/sh/vx.sh
. "$(dirname "$0")/../sh/vx.sh"

VX_DEFAULT_DATA=/mnt/storage/projects/vxdata/picai
VX_OPTION=([images]='' [work]=$VX_CACHE_DIR/picai)
license=CC-BY-NC-4.0
folders=$VX_SHARE_DIR/datasets/picai-folders.json

prepare() {
	datasource | post
	studies | post
	pathology_and_psa | post
	sessions | post
	numbers found_masks
}

shard() {
	: >"$VX_TMP/volumes"
	[ -z "${VX_OPTION[images]}" ] || images | tee "$VX_TMP/volumes" | post
	masks | post --fill reference_mri
}

datasource() {
	map 'datasource({identifier: "datasource/picai", license: $license, shorthand: "PC",
		description: "PI-CAI challenge, public training and development set: annotations and clinical data"})' \
		-n --arg license "$license"
}

# One row a study. A density without a value (11211_1001234) has no PSA resource to stand in, and stays with the study.
studies() {
	run vx-csv "$DATA/clinical_information/marksheet.csv" |
		patients --datasource datasource/picai --key patient_id |
		map 'imaging_study({$license, study_uid: .study_id, study_date: .mri_date | date("mri_date"),
			modality: "MR", patient_age: .patient_age | number("patient_age"),
			other_data: {prostate_volume_ml: .prostate_volume | number("prostate_volume"),
				center: .center | blank, lesion_PIRADS: .lesion_PIRADS | blank,
				psa_density: (if .psa | blank then null else .psad | number("psad") end)} | without_nulls})' \
			--arg license "$license"
}

# Specimens and assessments of the rows that have tissue; a PSA value of each that has one, also without tissue.
pathology_and_psa() {
	run vx-csv "$DATA/clinical_information/marksheet.csv" |
		patients --datasource datasource/picai --key patient_id |
		pathology picai --psa
}

sessions() {
	map '$folders[0][] | annotation_session({$license, identifier: identifier("session"; ["picai", .session]),
			parent_identifier: "datasource/picai", annotator, tool, description, other_data: {folder}})' \
		-n --arg license "$license" --slurpfile folders "$folders"
}

# Every image of the patients that the table has, converted. What kind it is, its name says: the headers do not.
images() {
	local name='{patient:[0-9]+}_{study:[0-9]+}_{sequence:[^_/]+}.mha'
	[ -d "${VX_OPTION[images]}" ] || { say "${VX_OPTION[images]}: no such folder" && return 74; }
	(umask 077 && mkdir -p "${VX_OPTION[work]}") || { say "no work folder; where may it be? --work DIR" && return 74; }
	scan --kind mha --pattern "$name" --pattern "**/$name" "${VX_OPTION[images]}" |
		patients --no-register --datasource datasource/picai --key _match.patient |
		run vx-mha2nii --to "${VX_OPTION[work]}" |
		map '._match as $match | ({t2w: "T2", sag: "T2", cor: "T2", adc: "ADC", hbv: "DWI"}[$match.sequence]
				// refuse("sequence"; $match.sequence; "not t2w, sag, cor, adc or hbv")) as $type
			| ([(patient | short), $match.study]) as $study
			| volume({$license, volume_type: $type, other_data: {sequence: $match.sequence},
				identifier: identifier("volume"; $study + [$match.sequence]),
				parent_identifier: identifier("study"; $study)})' --arg license "$license" |
		run vx-nifti-meta |
		upload --group volumes
}

found_masks() {
	scan --pattern '{folder:.+}/{patient:[0-9]+}_{study:[0-9]+}.nii.gz' "$DATA" |
		patients --datasource datasource/picai --key _match.patient
}

# Every mask, in one stream. Its grid tells the volume that it was drawn on, where that is at hand: an ADC map and the
# DWI that it was computed from share one, and the map is taken. A folder that picai-folders.json does not know is a
# reject: its values mean nothing yet.
masks() {
	local against=()
	[ ! -s "$VX_TMP/volumes" ] || against=(--against "$VX_TMP/volumes" --prefer 'T2,ADC,DWI')
	found_masks |
		map '._match as $match | (first($folders[0][] | select(.folder == $match.folder))
				// refuse("folder"; ._match.folder; "not in picai-folders.json")) as $folder
			| voxel_map({$license, task: $folder.task, labels: $folder.labels,
				identifier: identifier("voxelmap"; [(patient | short), $match.study, $folder.session]),
				parent_identifier: identifier("study"; [(patient | short), $match.study]),
				derived_from: [identifier("session"; ["picai", $folder.session])]})' \
			--arg license "$license" --slurpfile folders "$folders" |
		run vx-nifti-meta --labels ${against[@]+"${against[@]}"} |
		upload --group voxelmaps
}

vx_begin "$@"
if vx_part prepare; then prepare; fi
if vx_part shard; then shard; fi
vx_end
