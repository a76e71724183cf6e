# What the bats files of vx-nifti-meta share: odd images, records, one run. Load with: load nifti
load helper

setup_file() {
	export ODD="$BATS_FILE_TMPDIR/odd"
	load helper
	mkdir "$ODD" && nifti_oddities "$ODD"
}

setup() { cd "$ODD" || return; }

# records DIR...: a record an image below, sorted.
records() { find "$@" -name '*.nii' -o -name '*.nii.gz' -o -name '*.hdr' | LC_ALL=C sort | jq -R -c '{path_nii: .}'; }

# meta 'RECORD' [OPTION...]: run3 of one record.
meta() {
	printf '%s\n' "$1" >"$BATS_TEST_TMPDIR/in"
	shift
	run3 vx-nifti-meta -q "$@" "$BATS_TEST_TMPDIR/in"
}

# python_with_nibabel: the name of one, or a skipped test.
python_with_nibabel() {
	for p in /usr/bin/python3 python3; do
		"$p" -c 'import nibabel, numpy' 2>/dev/null && { PYTHON=$p; return; }
	done
	skip "no python3 with nibabel"
}
