#!/usr/bin/env bats
# vx-nifti-meta: what SPM, FreeSurfer and careless renaming make of the formats; pairs, offsets, extensions.
load nifti

# patch FILE OFFSET OCTAL...: overwrites bytes of a file.
patch() {
	# shellcheck disable=SC2059 # the bytes are the format
	printf "$(printf '\\%s' "${@:3}")" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>"$BATS_TEST_TMPDIR/dd"
}

# A fresh Analyze pair a.hdr, a.img: 240 voxels of uint8, big-endian.
analyze() {
	cp good/analyze.hdr "$BATS_TEST_TMPDIR/a.hdr"
	cp good/analyze.img "$BATS_TEST_TMPDIR/a.img"
}

# nibabel_agrees: with all that the last run found in an image.
nibabel_agrees() {
	python_with_nibabel
	same "$("$PYTHON" "$ROOT/tests/nifti_against_nibabel.py" --labels <"$BATS_TEST_TMPDIR/out")" "$(grep -c . "$BATS_TEST_TMPDIR/out") compared"
}

@test "formats: Analyze is scaled by SPM's slope and intercept" {
	analyze
	patch "$BATS_TEST_TMPDIR/a.hdr" 112 100 0 0 0 101 40 0 0 # 2, 10
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.img\"}" --labels --stats
	expect 0
	same "$err" ""
	same "$(jq -c ._nifti.scl <<<"$out")" '{"slope":2,"inter":10,"effective_slope":2,"effective_inter":10}'
	same "$(jq -c '[._nifti.label_counts, ._nifti.stats.max]' <<<"$out")" '[{"10":192,"12":24,"16":24},16]'
	nibabel_agrees
	patch "$BATS_TEST_TMPDIR/a.hdr" 116 177 300 0 0 # NaN is no intercept, but the slope holds
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}" --stats
	same "$err" ""
	same "$(jq -c '[._nifti.scl.effective_slope, ._nifti.stats.max]' <<<"$out")" '[2,6]'
	nibabel_agrees
}

@test "formats: Analyze without a slope is scaled by its two ranges, as SPM2 does, and it is said" {
	analyze
	patch "$BATS_TEST_TMPDIR/a.hdr" 124 101 40 0 0 100 0 0 0 # cal_max 10, cal_min 2
	patch "$BATS_TEST_TMPDIR/a.hdr" 140 0 0 0 5 0 0 0 1      # glmax 5, glmin 1
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}" --labels
	expect 0
	has "$err" "a.hdr: warning: no scale factor: scaled as SPM2 does, glmin and glmax being cal_min and cal_max"
	same "$(jq -c ._nifti.scl <<<"$out")" '{"slope":0,"inter":0,"effective_slope":2,"effective_inter":0}'
	same "$(jq -c ._nifti.label_counts <<<"$out")" '{"0":192,"2":24,"6":24}'
	nibabel_agrees
	patch "$BATS_TEST_TMPDIR/a.hdr" 140 0 0 0 1 # an empty range says nothing
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}" --labels
	same "$err" ""
	same "$(jq -c ._nifti.label_counts <<<"$out")" '{"0":192,"1":24,"3":24}'
	nibabel_agrees
}

@test "formats: a scaling that was computed has the digits to compute with" {
	analyze
	patch "$BATS_TEST_TMPDIR/a.hdr" 124 100 0 0 0 0 0 0 0 # cal_max 2, cal_min 0
	patch "$BATS_TEST_TMPDIR/a.hdr" 140 0 0 0 3 0 0 0 0   # glmax 3, glmin 0
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}" --stats
	expect 0
	same "$(jq -c '._nifti | [.scl.effective_slope == 2 / 3, .stats.max]' <<<"$out")" '[true,2]'
}

@test "formats: the .mat file of SPM beside an Analyze image is not passed over in silence" {
	analyze
	echo >"$BATS_TEST_TMPDIR/a.mat"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.img\"}"
	expect 0
	has "$err" "warning: SPM's .mat file beside it, which has an affine of its own, is not read"
	# NIfTI has its own affine.
	cp good/pair.hdr "$BATS_TEST_TMPDIR/a.hdr"
	cp good/pair.img "$BATS_TEST_TMPDIR/a.img"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}"
	same "$err" ""
}

# surface OCTAL...: the bytes of dim[1], dim[2], dim[3] and glmin -> b.nii, of 170,000 voxels of uint8.
surface() {
	gzip -dc good/u8.nii.gz | head -c 352 >"$BATS_TEST_TMPDIR/b.nii"
	patch "$BATS_TEST_TMPDIR/b.nii" 40 3 0 "${@:1:6}"
	patch "$BATS_TEST_TMPDIR/b.nii" 144 "${@:7:4}"
	head -c 170000 /dev/zero >>"$BATS_TEST_TMPDIR/b.nii"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/b.nii\"}" --labels
}

@test "formats: FreeSurfer's surfaces have the shape that they stand for" {
	surface 253 152 1 0 6 0 0 0 0 0 # 27307 1 6 are the 10 * 4^7 + 2 vertices of the finest icosahedron
	expect 0
	same "$(jq -c .shape <<<"$out")" '[163842,1,1]'
	nibabel_agrees
	surface 377 377 1 0 1 0 100 234 0 0 # -1 1 1, and 40000 in glmin
	expect 0
	same "$(jq -c .shape <<<"$out")" '[40000,1,1]'
	nibabel_agrees
}

@test "formats: an axis of -1 is none but in a surface" {
	surface 377 377 5 0 1 0 50 0 0 0
	expect 1
	has "$err" "dim[1] is -1: there is no voxel"
	surface 377 377 1 0 1 0 0 0 0 0
	expect 1
	has "$err" "dim[1] is 0: there is no voxel"
	analyze
	patch "$BATS_TEST_TMPDIR/a.hdr" 42 377 377 0 1 0 1
	patch "$BATS_TEST_TMPDIR/a.hdr" 144 0 0 0 12
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}"
	expect 1
	has "$err" "dim[1] is -1: there is no voxel"
}

@test "formats: the magic of a pair in a file of another name: its header is not read as voxels" {
	gzip -dc good/u8.nii.gz >"$BATS_TEST_TMPDIR/b.nii"
	patch "$BATS_TEST_TMPDIR/b.nii" 108 0 0 0 0
	patch "$BATS_TEST_TMPDIR/b.nii" 345 151
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/b.nii\"}" --labels
	expect 0
	same "$err" "vx-nifti-meta: $BATS_TEST_TMPDIR/b.nii: warning: the magic is that of a header file, the name is not: read as a single file"
	same "$(jq -c '._nifti | [.files, .vox_offset, .label_counts]' <<<"$out")" '["single",352,{"0":192,"1":24,"3":24}]'
	truncate -s 348 "$BATS_TEST_TMPDIR/b.nii"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/b.nii\"}"
	expect 1
	has "$err" "truncated: 348 of 592 bytes"
}

@test "formats: an offset that no file reaches is none" {
	gzip -dc good/u8.nii.gz >"$BATS_TEST_TMPDIR/b.nii"
	for offset in '0 0 200 177' '0 0 200 136'; do # infinity, 2^62
		# shellcheck disable=SC2086 # four bytes
		patch "$BATS_TEST_TMPDIR/b.nii" 108 $offset
		meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/b.nii\"}"
		expect 1
		same "$err" "vx-nifti-meta: $BATS_TEST_TMPDIR/b.nii: vox_offset: beyond what a file can hold"
	done
	patch "$BATS_TEST_TMPDIR/b.nii" 108 0 0 300 177 # NaN
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/b.nii\"}"
	expect 0
	has "$err" "warning: vox_offset is no number or points into the header: read as the first byte behind it"
}

@test "formats: the header file of a pair is checked to its end" {
	gzip -n <good/pair.img >"$BATS_TEST_TMPDIR/a.img.gz"
	gzip -n <good/pair.hdr >"$BATS_TEST_TMPDIR/whole.gz"
	head -c -6 "$BATS_TEST_TMPDIR/whole.gz" >"$BATS_TEST_TMPDIR/a.hdr.gz"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr.gz\"}"
	expect 0
	for option in --check --labels; do
		meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.img.gz\"}" $option
		expect 1
		has "$err" "truncated: the gzip stream ends before its end mark"
	done
	cp "$BATS_TEST_TMPDIR/whole.gz" "$BATS_TEST_TMPDIR/a.hdr.gz"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr.gz\"}" --check --sha256
	expect 0
	same "$(jq -r .sha256 <<<"$out")" "$(sha256sum <"$BATS_TEST_TMPDIR/a.hdr.gz" | cut -d' ' -f1)"
}

@test "formats: voxels without their header file: the message names what is missing" {
	cp good/analyze.img "$BATS_TEST_TMPDIR/a.img"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.img\"}"
	expect 1
	same "$err" "vx-nifti-meta: $BATS_TEST_TMPDIR/a.img: its header file a.hdr: cannot be opened: No such file or directory"
}

@test "formats: the halves of a pair are found in each other's case" {
	cp good/pair.hdr "$BATS_TEST_TMPDIR/A.Hdr"
	cp good/pair.img "$BATS_TEST_TMPDIR/A.Img"
	for half in Hdr Img; do
		meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/A.$half\"}" --labels
		expect 0
		same "$err" ""
	done
}

@test "formats: a name far behind the header, in front of the voxels, is found" {
	gzip -dc good/u8.nii.gz >"$BATS_TEST_TMPDIR/u8.nii"
	for at in 200000 1100000; do # the second is farther than anybody looks: that is said
		head -c 352 "$BATS_TEST_TMPDIR/u8.nii" >"$BATS_TEST_TMPDIR/b.nii"
		truncate -s $at "$BATS_TEST_TMPDIR/b.nii"
		printf 'Mustermann^Erika' >>"$BATS_TEST_TMPDIR/b.nii"
		truncate -s 1200000 "$BATS_TEST_TMPDIR/b.nii"
		tail -c +353 "$BATS_TEST_TMPDIR/u8.nii" >>"$BATS_TEST_TMPDIR/b.nii"
		patch "$BATS_TEST_TMPDIR/b.nii" 108 0 174 222 111
		meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/b.nii\"}" --phi-lint
		expect 1
		same "$(jq -r .where <<<"$out")" gap
	done
}

# extended N SIZE: the pair a.hdr, a.img with N extensions that say to have 16, the last SIZE bytes.
extended() {
	head -c 348 good/pair.hdr >"$BATS_TEST_TMPDIR/a.hdr"
	cp good/pair.img "$BATS_TEST_TMPDIR/a.img"
	{ printf '\1\0\0\0'; yes | head -n "$1" | sed 's/.*/XXXX____abcdefgh/' | tr -d '\n' | sed 's/XXXX/\x10\x00\x00\x00/g; s/____/\x06\x00\x00\x00/g'; } >>"$BATS_TEST_TMPDIR/a.hdr"
	patch "$BATS_TEST_TMPDIR/a.hdr" $((352 + 16 * ($1 - 1))) "$2"
}

@test "formats: extensions that are cut off, or too many, are told" {
	extended 3 20
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}"
	expect 0
	same "$err" ""
	same "$(jq -c ._nifti.extensions[2] <<<"$out")" '{"code":6,"name":"comment","size":16}'
	extended 3 60
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}"
	expect 0
	has "$err" "warning: the last header extension is longer than its file"
	extended 1001 20
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}"
	expect 0
	has "$err" "warning: more than 1000 header extensions: the rest is left out"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}" --phi-lint
	same "$(jq -r '[.where, .kind] | join(" ")' <<<"$out" | grep -F '.*')" "extension.* unknown"
}

@test "formats: a wrong sizeof_hdr does not move a pair's extensions" {
	extended 2 20
	patch "$BATS_TEST_TMPDIR/a.hdr" 0 0 0 0 0
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/a.hdr\"}"
	expect 0
	same "$err" "vx-nifti-meta: $BATS_TEST_TMPDIR/a.hdr: warning: sizeof_hdr is wrong: the magic counts"
	same "$(jq -c '._nifti.extensions | length' <<<"$out")" 2
}

@test "formats: a path that is no text is rejected, identifier or not" {
	meta '{"path_nii":5}'
	expect 1
	same "$out" ""
	has "$err" "path_nii: not a path"
}

@test "many images of one folder: sidecars are found beside each that has one, also one that comes while the run waits" {
	local i image
	image=$(find good -name '*.nii' | LC_ALL=C sort | head -1)
	mkdir "$BATS_TEST_TMPDIR/many"
	cd "$BATS_TEST_TMPDIR/many"
	for i in $(seq 100 199); do
		cp "$ODD/$image" "$i.nii"
		[ $((i % 3)) -ne 0 ] || printf '{"EchoTime":0.%s}' "$i" >"$i.json"
		printf '{"identifier":"volume/%s","path_nii":"%s.nii"}\n' "$i" "$i"
	done >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q -j 1 "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -r 'select(.echo_time) | "\(.identifier) \(.echo_time)"' "$BATS_TEST_TMPDIR/out")" \
		"$(for i in $(seq 100 199); do [ $((i % 3)) -ne 0 ] || echo "volume/$i 0.$i"; done | sed -E 's/0+$//')"
	# A listing counts for a second.
	{
		head -60 "$BATS_TEST_TMPDIR/in"
		sleep 1.3
		printf '{"EchoTime":0.5}' >199.json
		tail -1 "$BATS_TEST_TMPDIR/in"
	} | vx-nifti-meta -q -j 1 >later
	same "$(tail -1 later | jq .echo_time)" 0.5
}
