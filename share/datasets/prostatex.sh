#!/usr/bin/env bash
# prostatex: the ProstateX challenge: patients, findings on MRI with the grade groups of their biopsies. See prostatex.md.
# usage: prostatex.sh --api URL [--data DIR] [option...]
# DIR holds ProstateX-Findings*.csv and PROSTATEx_Classes.csv. May be run again at any time with the same result.
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016 # jq programs hold $names
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
# shellcheck source=share/sh/vx.sh
. "$(dirname "$0")/../sh/vx.sh"

VX_DEFAULT_DATA=/mnt/storage/projects/vxdata/prostatex
license=CC-BY-3.0

main() {
	tables ProxID fid pos zone >"$VX_TMP/positions" # training and test set may have one each
	tables ID 'Gleason Grade Group' >"$VX_TMP/grades"
	datasource | post
	findings | pathology_of_findings | post
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

vx_begin "$@"
main
vx_end
