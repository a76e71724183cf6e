#!/usr/bin/env bats
# vx-nifti-meta --against: which volume of its study a mask lies on, by shape and affine.
load helper

setup_file() {
	export ODD="$BATS_FILE_TMPDIR/odd"
	load helper
	mkdir "$ODD" && nifti_oddities "$ODD"
}

setup() { cd "$ODD" || return; }

# The masks here have the shape 10 x 6 x 4 and this affine; volumes are records alone.
same_affine='[[-0.5,0,0,10],[0,-0.5,0,20],[0,0,3,-30],[0,0,0,1]]'
mirrored='[[-0.5,0,0,10],[0,0.5,0,17.5],[0,0,3,-30],[0,0,0,1]]'
swapped='[[0,-0.5,0,10],[-0.5,0,0,20],[0,0,3,-30],[0,0,0,1]]'
near='[[-0.5,0,0,10.09],[0,-0.5,0,20],[0,0,3,-30],[0,0,0,1]]'
far='[[-0.5,0,0,10.2],[0,-0.5,0,20],[0,0,3,-30],[0,0,0,1]]'

# volume NAME STUDY SHAPE AFFINE [TYPE]: a line of the volumes' file.
volume() {
	printf '{"identifier":"volume/%s","parent_identifier":"study/%s","shape":%s,"affine":%s,"volume_type":"%s"}\n' \
		"$1" "$2" "$3" "$4" "${5:-OTHER}" >>"$BATS_TEST_TMPDIR/volumes"
}

# against 'MEMBERS' [OPTION...]: run3 of one mask with these members in front.
against() {
	printf '{"identifier":"voxelmap/m","path_nii":"good/u8.nii.gz"%s}\n' "$1" >"$BATS_TEST_TMPDIR/in"
	shift
	run3 vx-nifti-meta -q --against "$BATS_TEST_TMPDIR/volumes" "$@" "$BATS_TEST_TMPDIR/in"
}

# told: reference_mri and _nifti.grid of the last run.
told() { jq -c '[.reference_mri, ._nifti.grid]' <<<"$out"; }

@test "against: the one volume of the study with the mask's grid becomes reference_mri" {
	volume other x '[10,6,4]' "$same_affine"
	volume t2 s '[10,6,4]' "$same_affine"
	volume sag s '[10,6,5]' "$same_affine"
	volume moved s '[10,6,4]' "$far"
	against ',"parent_identifier":"study/s"'
	expect 0
	same "$err" ''
	same "$(told)" '["volume/t2",{"reference_mri":"volume/t2","fits":["volume/t2"],"apart":0,"reoriented":false}]'
}

@test "against: a volume of four axes has the grid of its first three; header-only will do" {
	volume dwi s '[10,6,4,3]' "$same_affine"
	against ',"parent_identifier":"study/s"' --header-only
	expect 0
	same "$(jq -r .reference_mri <<<"$out")" volume/dwi
}

@test "against: mirrored and swapped axes hold the same voxels, and it is said" {
	for how in "[10,6,4] $mirrored" "[6,10,4] $swapped"; do
		rm -f "$BATS_TEST_TMPDIR/volumes"
		volume t2 s "${how% *}" "${how#* }"
		against ',"parent_identifier":"study/s"'
		expect 0
		same "$(told)" '["volume/t2",{"reference_mri":"volume/t2","fits":["volume/t2"],"apart":0,"reoriented":true}]'
		has "$err" 'warning: the mask has the voxels of its reference_mri in another order'
	done
	# One in the mask's own order is better.
	volume own s '[10,6,4]' "$same_affine"
	against ',"parent_identifier":"study/s"'
	same "$(jq -c '[.reference_mri, ._nifti.grid.fits]' <<<"$out")" '["volume/own",["volume/t2","volume/own"]]'
	same "$err" ''
}

@test "against: the tolerance, in mm at the corners" {
	volume near s '[10,6,4]' "$near"
	against ',"parent_identifier":"study/s"'
	same "$(told)" '["volume/near",{"reference_mri":"volume/near","fits":["volume/near"],"apart":0.09,"reoriented":false}]'
	against ',"parent_identifier":"study/s"' --tolerance 0.05
	expect 0
	same "$(told)" '[null,{"reference_mri":null,"fits":[],"nearest":{"identifier":"volume/near","differs":"position","shape":[10,6,4],"apart":0.09},"reason":"no volume of its study has the mask'"'"'s grid"}]'
	has "$err" "warning: no volume of its study has the mask's grid: see _nifti.grid"
	for wrong in -1 nan x '' 1e9 1mm; do
		against '' --tolerance "$wrong"
		expect 64
		same "$err" "vx-nifti-meta: --tolerance $wrong: not a number of mm from 0 to 1000"
	done
}

@test "against: of several, --prefer says which; else none is chosen" {
	volume adc s '[10,6,4]' "$same_affine" ADC
	volume dwi s '[10,6,4,3]' "$same_affine" DWI
	volume dwi2 s '[10,6,4,3]' "$same_affine" DWI
	against ',"parent_identifier":"study/s"'
	expect 0
	same "$(told)" '[null,{"reference_mri":null,"fits":["volume/adc","volume/dwi","volume/dwi2"],"reason":"several volumes of its study have the mask'"'"'s grid: none is chosen"}]'
	against ',"parent_identifier":"study/s"' --prefer T2,ADC,DWI
	same "$(jq -r .reference_mri <<<"$out")" volume/adc
	against ',"parent_identifier":"study/s"' --prefer T2,DWI
	same "$(jq -r .reference_mri <<<"$out")" null
	volume t2 s '[10,6,4]' "$mirrored" T2
	against ',"parent_identifier":"study/s"' --prefer T2,ADC,DWI
	same "$(jq -r .reference_mri <<<"$out")" volume/t2
}

@test "against: a reference_mri that is there is checked, and stays" {
	volume t2 s '[10,6,4]' "$same_affine"
	volume sag s '[10,6,5]' "$same_affine"
	volume bare s null null
	against ',"parent_identifier":"study/s","reference_mri":"volume/t2"'
	expect 0
	same "$err" ''
	same "$(told)" '["volume/t2",{"reference_mri":"volume/t2","fits":["volume/t2"],"apart":0,"reoriented":false}]'
	against ',"parent_identifier":"study/s","reference_mri":"volume/sag"'
	expect 0
	same "$(told)" '["volume/sag",{"reference_mri":null,"fits":["volume/t2"],"nearest":{"identifier":"volume/sag","differs":"shape","shape":[10,6,5],"apart":3},"reason":"the mask does not lie on the grid of its reference_mri"}]'
	has "$err" 'good/u8.nii.gz: warning: the mask does not lie on the grid of its reference_mri: see _nifti.grid'
	against ',"reference_mri":"volume/none"'
	same "$(told)" '["volume/none",{"reference_mri":null,"fits":[],"reason":"reference_mri is none of the volumes of --against"}]'
	against ',"reference_mri":"volume/bare"'
	same "$(jq -r ._nifti.grid.reason <<<"$out")" 'reference_mri has no usable shape and affine'
}

@test "against: a mask below a volume is held against that; without a parent, or a study unknown, nothing is guessed" {
	volume t2 s '[10,6,4]' "$same_affine"
	against ',"parent_identifier":"volume/t2"'
	same "$(jq -r .reference_mri <<<"$out")" volume/t2
	against ''
	expect 0
	same "$(told)" '[null,{"reference_mri":null,"fits":[],"reason":"no parent_identifier: nothing says which volumes to look at"}]'
	against ',"parent_identifier":"study/unknown"'
	same "$(told)" '[null,{"reference_mri":null,"fits":[],"reason":"no volume of its study is known"}]'
	printf '{"identifier":"voxelmap/m","parent_identifier":"study/s","path_nii":"odd/sform-nan.nii.gz"}' >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --against "$BATS_TEST_TMPDIR/volumes" "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(told)" '[null,{"reference_mri":null,"fits":[],"reason":"the mask has no usable affine"}]'
}

@test "against: a file of volumes that is none ends the run" {
	printf '{"identifier":"volume/a"}\nnonsense\n' >"$BATS_TEST_TMPDIR/volumes"
	against ''
	expect 65
	has "$err" "/volumes:2: "
	run3 vx-nifti-meta --against "$BATS_TEST_TMPDIR/none" /dev/null
	expect 74
	has "$err" "none: cannot open"
}

@test "against: volumes are none of its business, one thread or many give the same, again changes nothing" {
	volume t2 s '[10,6,4]' "$same_affine" T2
	find good -name '*.nii*' | LC_ALL=C sort | jq -Rc '{identifier: "voxelmap/\(.)", parent_identifier: "study/s", path_nii: .},
		{identifier: "volume/\(.)", parent_identifier: "study/s", path_nii: .}' >"$BATS_TEST_TMPDIR/in"
	vx-nifti-meta -q -j1 --against "$BATS_TEST_TMPDIR/volumes" "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/one" 2>/dev/null
	vx-nifti-meta -q -j4 --against "$BATS_TEST_TMPDIR/volumes" "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/four" 2>/dev/null
	cmp "$BATS_TEST_TMPDIR/one" "$BATS_TEST_TMPDIR/four"
	vx-nifti-meta -q --against "$BATS_TEST_TMPDIR/volumes" "$BATS_TEST_TMPDIR/one" 2>/dev/null | cmp - "$BATS_TEST_TMPDIR/one"
	same "$(jq -r 'select(.identifier | startswith("volume/")) | (._nifti.grid, .reference_mri)' "$BATS_TEST_TMPDIR/one" | sort -u)" null
	[ "$(jq -r 'select(.reference_mri == "volume/t2") | .identifier' "$BATS_TEST_TMPDIR/one" | wc -l)" -gt 10 ]
}

@test "against: whatever float32 made of a mask's header, its own volume is 0 mm apart" {
	# 0.3 mm and an odd origin: no float32 is exactly so.
	gzip -dc good/u8.nii.gz >"$BATS_TEST_TMPDIR/m.nii"
	for at in 280 300 320; do # the diagonal of the sform
		printf '\232\231\231\076' | dd of="$BATS_TEST_TMPDIR/m.nii" bs=1 seek=$at conv=notrunc 2>"$BATS_TEST_TMPDIR/dd"
	done
	echo "{\"identifier\":\"volume/t2\",\"parent_identifier\":\"study/s\",\"path_nii\":\"$BATS_TEST_TMPDIR/m.nii\"}" |
		vx-nifti-meta -q >"$BATS_TEST_TMPDIR/volumes"
	same "$(jq -c .affine[0][0] "$BATS_TEST_TMPDIR/volumes")" 0.3
	echo "{\"identifier\":\"voxelmap/m\",\"parent_identifier\":\"study/s\",\"path_nii\":\"$BATS_TEST_TMPDIR/m.nii\"}" >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --against "$BATS_TEST_TMPDIR/volumes" --tolerance 0 "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(told)" '["volume/t2",{"reference_mri":"volume/t2","fits":["volume/t2"],"apart":0,"reoriented":false}]'
}

@test "against: standard input is records or volumes, not both; what --against needs is not ignored without it" {
	volume t2 s '[10,6,4]' "$same_affine"
	for records in '' -; do
		# shellcheck disable=SC2086 # no argument, or one
		run3 vx-nifti-meta --against - $records <"$BATS_TEST_TMPDIR/volumes"
		expect 64
		has "$err" "--against -: the records cannot come from standard input too: name their file"
	done
	echo '{"identifier":"voxelmap/m","parent_identifier":"study/s","path_nii":"good/u8.nii.gz"}' >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --against - "$BATS_TEST_TMPDIR/in" <"$BATS_TEST_TMPDIR/volumes"
	expect 0
	same "$(jq -r .reference_mri <<<"$out")" volume/t2
	for option in --tolerance=1 --prefer=T2; do
		run3 vx-nifti-meta "$option" "$BATS_TEST_TMPDIR/in"
		expect 64
		has "$err" "${option%=*} goes with --against"
	done
}
