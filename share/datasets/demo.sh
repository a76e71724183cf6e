#!/usr/bin/env bash
# demo: the messy little dataset that vx-demo-dataset makes: images, masks, a clinical table. See demo.md.
# usage: demo.sh --api URL --data DIR [--store URL] [option...]
# May be run again at any time with the same result.
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # jq programs hold $names
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
# shellcheck source=share/sh/vx.sh
. "$(dirname "$0")/../sh/vx.sh"

license=CC0-1.0

prepare() {
	datasource | post
	studies_and_psa | post
	numbers found_volumes found_masks
}

shard() {
	volumes | tee "$VX_TMP/volumes" | post
	masks | post --fill reference_mri
}

datasource() {
	map 'datasource({identifier: "datasource/demo", license: $license, shorthand: "DM",
		description: "twelve made-up patients"})' -n --arg license "$license"
}

# The patient's name has blanks around it in some rows: trimmed before anybody allocates a number for it.
studies_and_psa() {
	run vx-csv "$DATA/clinical.csv" |
		map '."Patient ID" |= trimmed' |
		patients --datasource datasource/demo --key 'Patient ID' |
		map '(."Study Date" | date("Study Date")) as $date
			| attempt(imaging_study({$license, study_uid: $date, study_date: $date, modality: "MR",
				patient_age: .Age | number("Age"),
				other_data: {prostate_volume_ml: ."Prostate volume (mL)" | number("Prostate volume (mL)"),
					comment: .Comment | blank} | without_nulls})),
			attempt(psa({$license, value: ."PSA (ng/mL)" | number("PSA (ng/mL)"), $date}))' \
			--arg license "$license"
}

found_volumes() {
	scan --pattern '{patient}/{study}/{name}.nii.gz' --pattern '{patient}/{study}/{name}.nii' "$DATA/images" |
		patients --datasource datasource/demo \
			--id 'volume/{patient}/{study}/{name}' --parent 'study/{patient}/{study}' --no-imply
}

# The sidecars name patient, birth date and hospital: their harmless keys become fields, and of the files a cleaned copy
# goes to the store (vx-upload --sidecars clean, its default).
volumes() {
	found_volumes |
		run vx-nifti-meta |
		map 'volume({$license, volume_uid: "\(._match.patient)_\(._match.study)_\(._match.name)",
			volume_type: (._match.name | if startswith("t2") then "T2" else ascii_upcase end)})' \
			--arg license "$license" |
		upload --group volumes
}

found_masks() {
	scan --pattern '{task}/{patient}_{study}.nii.gz' "$DATA/masks" |
		patients --datasource datasource/demo \
			--id 'voxelmap/{patient}/{study}/{task}' --parent 'study/{patient}/{study}' --no-imply
}

# A mask is drawn on the T2 image of its study; where that was rejected there is none to refer to.
masks() {
	found_masks |
		map '.parent_identifier as $study
			| (first($volumes[] | select(.parent_identifier == $study and .volume_type == "T2") | .identifier)
				// null) as $t2
			| voxel_map({$license, task: ._match.task, reference_mri: $t2,
				labels: ["background", ._match.task]})' \
			--arg license "$license" --slurpfile volumes "$VX_TMP/volumes" |
		run vx-nifti-meta --labels |
		upload --group voxelmaps
}

vx_begin "$@"
if vx_part prepare; then prepare; fi
if vx_part shard; then shard; fi
vx_end
