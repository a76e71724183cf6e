#!/usr/bin/env bash
# ucla: the biopsy cores of UCLA's Prostate-MRI-US-Biopsy: patients, specimens, assessments, PSA values. See ucla.md.
# usage: ucla.sh --api URL [--data DIR] [option...]
# DIR holds the table "TCIA Biopsy Data", saved as CSV. May be run again at any time with the same result.
# SPDX-License-Identifier: MIT
# shellcheck disable=SC2016,SC2119 # jq programs hold $names; post takes arguments or none
[ -n "${BASH_VERSION:-}" ] || exec bash "$0" "$@"
# shellcheck source=share/sh/vx.sh
. "$(dirname "$0")/../sh/vx.sh"

VX_DEFAULT_DATA=/mnt/storage/projects/vxdata/ucla
license=CC-BY-4.0

# All of it: a table is quick, and no shard has anything to do.
prepare() {
	local table
	table=$(tables 'Patient Number' 'Core Label' 'Primary Gleason')
	[ "$(wc -l <<<"$table")" -eq 1 ] || { say "which is the table of cores? $(paste -sd " " <<<"$table")" && exit 64; }
	datasource | post
	cores "$table" | post
}

datasource() {
	map 'datasource({identifier: "datasource/ucla", license: $license, shorthand: "UC",
		description: "TCIA Prostate-MRI-US-Biopsy (UCLA): biopsy cores with their places in MRI and ultrasound"})' \
		-n --arg license "$license"
}

cores() {
	run vx-csv "$1" |
		patients --datasource datasource/ucla --key 'Patient Number' |
		pathology ucla --psa
}

vx_begin "$@"
if vx_part prepare; then prepare; fi
vx_end
