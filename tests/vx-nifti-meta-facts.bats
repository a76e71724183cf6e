#!/usr/bin/env bats
# vx-nifti-meta: what needs the voxels or the whole file: statistics, hashes, all facts in one reading.
load nifti

@test "nifti-meta facts: --stats of plain, scaled, float and NaN voxels" {
	meta '{"path_nii":"good/u8.nii.gz"}' --stats
	expect 0
	same "$(jq -c ._nifti.stats <<<"$out")" '{"min":0,"max":3,"mean":0.4,"nonzero":48,"nan":0}'
	meta '{"path_nii":"good/scaled.nii.gz"}' --stats
	same "$(jq -c ._nifti.stats <<<"$out")" '{"min":-1,"max":5,"mean":-0.2,"nonzero":240,"nan":0}'
	meta '{"path_nii":"good/f32.nii.gz"}' --stats
	same "$(jq -c ._nifti.stats <<<"$out")" '{"min":0,"max":3,"mean":0.4,"nonzero":48,"nan":0}'
	gzip -dc good/f32.nii.gz >"$BATS_TEST_TMPDIR/nan.nii"
	printf '\0\0\300\177' | dd of="$BATS_TEST_TMPDIR/nan.nii" bs=1 seek=352 conv=notrunc 2>"$BATS_TEST_TMPDIR/dd"
	printf '\0\0\200\377' | dd of="$BATS_TEST_TMPDIR/nan.nii" bs=1 seek=356 conv=notrunc 2>"$BATS_TEST_TMPDIR/dd"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/nan.nii\"}" --stats
	expect 0
	same "$(jq -c ._nifti.stats <<<"$out")" '{"min":null,"max":3,"mean":null,"nonzero":49,"nan":1}'
}

@test "nifti-meta facts: voxels that are no single numbers, and voxels that are missing, are said" {
	meta '{"path_nii":"odd/rgb.nii"}' --stats --voxel-hash
	expect 0
	same "$err" "vx-nifti-meta: odd/rgb.nii: warning: stats left out: rgb24 voxels are no single numbers of up to 64 bits"
	same "$(jq -c '._nifti | [has("stats"), has("voxel_hash")]' <<<"$out")" '[false,true]'
	meta '{"path_nii":"odd/unknown-datatype.nii.gz"}' --stats --voxel-hash
	expect 0
	has "$err" "stats left out: unknown voxels are no single numbers"
	has "$err" "voxel_hash left out: voxels of an unknown type have no fixed byte order"
	cp good/pair.hdr "$BATS_TEST_TMPDIR/alone.hdr"
	meta "{\"path_nii\":\"$BATS_TEST_TMPDIR/alone.hdr\"}" --stats --voxel-hash --sha256
	expect 0
	has "$err" "stats left out: the voxels' file (.img) cannot be opened: No such file or directory"
	has "$err" "voxel_hash left out: the voxels' file (.img) cannot be opened: No such file or directory"
	same "$(jq -r .sha256 <<<"$out")" "$(sha256sum <good/pair.hdr | cut -d' ' -f1)"
}

@test "nifti-meta facts: --sha256 is the file's own, of every file there is, inflated or not" {
	records good odd long >"$BATS_TEST_TMPDIR/in"
	for options in --sha256 '--sha256 --check' '--sha256 --labels --stats --voxel-hash --check'; do
		# shellcheck disable=SC2086
		run3 vx-nifti-meta -q $options "$BATS_TEST_TMPDIR/in"
		expect 0
		jq -r '.sha256 + "  " + .path_nii' "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/sums"
		same "$(grep -c . "$BATS_TEST_TMPDIR/sums")" "$(grep -c . "$BATS_TEST_TMPDIR/in")"
		sha256sum --quiet -c "$BATS_TEST_TMPDIR/sums"
	done
}

@test "nifti-meta facts: --sha256 of a pair is of the half that is named, in whatever spelling the other is" {
	cp good/pair.hdr good/pair.img "$BATS_TEST_TMPDIR" && cd "$BATS_TEST_TMPDIR"
	meta '{"path_nii":"pair.img"}' --sha256 --stats
	expect 0
	same "$(jq -r .sha256 <<<"$out")" "$(sha256sum <pair.img | cut -d' ' -f1)"
	gzip pair.img
	meta '{"path_nii":"pair.img.gz"}' --sha256 --stats
	expect 0
	same "$(jq -r .sha256 <<<"$out")" "$(sha256sum <pair.img.gz | cut -d' ' -f1)"
	same "$(jq -c ._nifti.stats.nonzero <<<"$out")" 48
	meta '{"path_nii":"pair.img"}' --sha256
	expect 0
	has "$err" "sha256 left out: the file that path_nii names is not there, its other spelling is"
}

@test "nifti-meta facts: a sha256 that the record has is held against the file" {
	meta '{"path_nii":"good/u8.nii.gz","sha256":"00"}' --sha256
	expect 0
	same "$err" "vx-nifti-meta: good/u8.nii.gz: warning: sha256: the file says otherwise; the record's value stays"
	meta "{\"path_nii\":\"good/u8.nii.gz\",\"sha256\":\"$(sha256sum <good/u8.nii.gz | cut -d' ' -f1)\"}" --sha256
	expect 0
	same "$err" ""
}

@test "nifti-meta facts: the voxel hash is that of the voxels, as the manual defines it" {
	meta '{"path_nii":"good/u8.nii.gz"}' --voxel-hash
	expect 0
	same "$(jq -r ._nifti.voxel_hash <<<"$out")" \
		"$({ printf 'uint8 10x6x4\n'; gzip -dc good/u8.nii.gz | tail -c 240; } | sha256sum | cut -d' ' -f1)"
	gzip -dc good/big-u16.nii.gz | tail -c 480 | od -v -An -tx1 -w2 | while read -r a b; do
		printf '%b' "\\x$b\\x$a"
	done >"$BATS_TEST_TMPDIR/little"
	meta '{"path_nii":"good/big-u16.nii.gz"}' --voxel-hash
	same "$(jq -r ._nifti.voxel_hash <<<"$out")" \
		"$({ printf 'uint16 10x6x4\n'; cat "$BATS_TEST_TMPDIR/little"; } | sha256sum | cut -d' ' -f1)"
}

@test "nifti-meta facts: the same scan has one voxel hash, another has another" {
	for f in good/u8 good/nifti2 good/members good/padded good/extension good/free-text odd/q-far-from-s; do
		printf '{"path_nii":"%s.nii.gz"}\n' $f
	done >"$BATS_TEST_TMPDIR/in"
	echo '{"path_nii":"good/plain.nii"}' >>"$BATS_TEST_TMPDIR/in"
	gzip -dc good/u8.nii.gz | gzip -1 >"$BATS_TEST_TMPDIR/fast.nii.gz"
	printf '{"path_nii":"%s/fast.nii.gz"}\n' "$BATS_TEST_TMPDIR" >>"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --voxel-hash "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -r ._nifti.voxel_hash <<<"$out" | sort | uniq -c | awk '{ print $1 }')" 9
	printf '{"path_nii":"good/%s"}\n' u16.nii.gz big-u16.nii.gz >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --voxel-hash "$BATS_TEST_TMPDIR/in"
	same "$(jq -r ._nifti.voxel_hash <<<"$out" | sort -u | grep -c .)" 1
	# One voxel, one axis, the type: each changes it.
	gzip -dc good/u8.nii.gz >"$BATS_TEST_TMPDIR/a.nii"
	for change in 400:7 70:0 40:2; do
		cp "$BATS_TEST_TMPDIR/a.nii" "$BATS_TEST_TMPDIR/b$change.nii"
	done
	printf '\7' | dd of="$BATS_TEST_TMPDIR/b400:7.nii" bs=1 seek=400 conv=notrunc 2>"$BATS_TEST_TMPDIR/dd"
	printf '\0\1' | dd of="$BATS_TEST_TMPDIR/b70:0.nii" bs=1 seek=70 conv=notrunc 2>"$BATS_TEST_TMPDIR/dd"
	printf '\4' | dd of="$BATS_TEST_TMPDIR/b40:2.nii" bs=1 seek=40 conv=notrunc 2>"$BATS_TEST_TMPDIR/dd"
	records "$BATS_TEST_TMPDIR" | grep -v fast >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --voxel-hash "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -r ._nifti.voxel_hash <<<"$out" | sort -u | grep -c .)" 4
}

@test "nifti-meta facts: all at once say what each says alone" {
	records good odd >"$BATS_TEST_TMPDIR/in"
	run3 vx-nifti-meta -q --labels --stats --sha256 --voxel-hash --check "$BATS_TEST_TMPDIR/in"
	expect 0
	cp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/all"
	for fact in labels:._nifti.label_counts stats:._nifti.stats sha256:.sha256 voxel-hash:._nifti.voxel_hash; do
		run3 vx-nifti-meta -q "--${fact%%:*}" "$BATS_TEST_TMPDIR/in"
		expect 0
		same "$(jq -c "${fact#*:}" <<<"$out")" "$(jq -c "${fact#*:}" "$BATS_TEST_TMPDIR/all")"
	done
	run3 vx-nifti-meta -q --labels --stats --sha256 --voxel-hash --check "$BATS_TEST_TMPDIR/all"
	expect 0
	cmp "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/all"
}

@test "nifti-meta facts: an image is read once whatever is asked for" {
	plain_build
	command -v strace >/dev/null || skip "no strace"
	strace -f -e trace=pread64,read -o "$BATS_TEST_TMPDIR/calls" true || skip "strace may not trace here"
	# 2 MB that gzip cannot make smaller.
	{ gzip -dc good/u16.nii.gz | head -c 40; printf '\3\0\350\3\350\3\1\0\1\0\1\0\1\0\1\0'
		gzip -dc good/u16.nii.gz | head -c 352 | tail -c 296; head -c 2000000 /dev/urandom; } >"$BATS_TEST_TMPDIR/a.nii"
	gzip -c "$BATS_TEST_TMPDIR/a.nii" >"$BATS_TEST_TMPDIR/b.nii.gz"
	for path in "$BATS_TEST_TMPDIR/a.nii" "$BATS_TEST_TMPDIR/b.nii.gz"; do
		echo "{\"path_nii\":\"$path\"}" >"$BATS_TEST_TMPDIR/in"
		strace -f -y -e trace=pread64,read -o "$BATS_TEST_TMPDIR/calls" vx-nifti-meta -q --labels --stats --sha256 \
			--voxel-hash --check "$BATS_TEST_TMPDIR/in" >"$BATS_TEST_TMPDIR/out"
		bytes=$(grep "$path" "$BATS_TEST_TMPDIR/calls" | sed 's/.*= //' | awk '{ s += $1 } END { print s }')
		[ "$bytes" -ge "$(stat -c %s "$path")" ]
		[ "$bytes" -le $(($(stat -c %s "$path") + 140000)) ] # the beginning twice
	done
}

@test "nifti-meta facts: a volume larger than what is held in memory goes through in pieces" {
	plain_build
	# 400 MB of int16 beyond VX_GZ_WHOLE_MAX, 0 but for the last voxel.
	{ gzip -dc good/u16.nii.gz | head -c 40; printf '\3\0\350\3\350\3\310\0\1\0\1\0\1\0\1\0'
		gzip -dc good/u16.nii.gz | head -c 352 | tail -c 296
		head -c 399999998 /dev/zero; printf '\7\0'; } >"$BATS_TEST_TMPDIR/large.nii"
	gzip -1 -c "$BATS_TEST_TMPDIR/large.nii" >"$BATS_TEST_TMPDIR/large.nii.gz"
	records "$BATS_TEST_TMPDIR" >"$BATS_TEST_TMPDIR/in"
	run3 sh -c 'ulimit -v 150000 && vx-nifti-meta -q -j 1 --labels --stats --sha256 --voxel-hash "$1"' sh "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -c '._nifti | [.stats == {min: 0, max: 7, mean: 3.5e-8, nonzero: 1, nan: 0}, .label_counts]' <<<"$out" | sort -u)" \
		'[true,{"0":199999999,"7":1}]'
	same "$(jq -r ._nifti.voxel_hash <<<"$out" | sort -u)" \
		"$({ printf 'uint16 1000x1000x200\n'; tail -c +353 "$BATS_TEST_TMPDIR/large.nii"; } | sha256sum | cut -d' ' -f1)"
	jq -r '.sha256 + "  " + .path_nii' "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/sums"
	sha256sum --quiet -c "$BATS_TEST_TMPDIR/sums"
}

@test "nifti-meta facts: --header-only goes with none of them" {
	for option in --labels --stats --sha256 --voxel-hash --check; do
		meta '{"path_nii":"good/u8.nii.gz"}' --header-only $option
		expect 64
		has "$err" "--header-only does not go with"
	done
}

@test "nifti-meta: every data type in both orders and versions, of one to seven axes, as nibabel reads it" {
	python_with_nibabel
	records types >"$BATS_TEST_TMPDIR/in"
	same "$(grep -c . "$BATS_TEST_TMPDIR/in")" 64
	run3 vx-nifti-meta -q --stats --voxel-hash "$BATS_TEST_TMPDIR/in"
	expect 0
	same "$(jq -r ._nifti.datatype <<<"$out" | sort | uniq -c | awk '$1 == 4' | grep -c .)" 16
	# nibabel reads no 128-bit floats where the machine has none.
	jq -c 'select(._nifti.datatype | test("float128|complex256") | not)' <<<"$out" >"$BATS_TEST_TMPDIR/some"
	same "$("$PYTHON" "$ROOT/tests/nifti_against_nibabel.py" --facts <"$BATS_TEST_TMPDIR/some")" "56 compared"
	# Their hash does not know the byte order either.
	same "$(jq -r 'select(._nifti.datatype == "float128") | ._nifti.voxel_hash | length' <<<"$out" | sort -u)" 64
}

@test "nifti-meta: ten thousand broken images: each comes out or is rejected, none is lost, nothing crashes" {
	mkdir "$BATS_TEST_TMPDIR/mutants"
	made=$(nifti_mutants "$ODD" "$BATS_TEST_TMPDIR/mutants")
	[ "$made" -ge 10000 ]
	records "$BATS_TEST_TMPDIR/mutants" >"$BATS_TEST_TMPDIR/in"
	same "$(grep -c . "$BATS_TEST_TMPDIR/in")" "$made"
	run3 vx-nifti-meta --labels --stats --sha256 --voxel-hash --check --text --rejects "$BATS_TEST_TMPDIR/rejects" "$BATS_TEST_TMPDIR/in"
	expect 1
	jq -c '{path_nii}' "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/seen"
	jq -c '.record | {path_nii}' "$BATS_TEST_TMPDIR/rejects" >>"$BATS_TEST_TMPDIR/seen"
	LC_ALL=C sort "$BATS_TEST_TMPDIR/seen" | cmp - <(LC_ALL=C sort "$BATS_TEST_TMPDIR/in")
	# One line a reject, each with a reason.
	rejected=$(grep -c . "$BATS_TEST_TMPDIR/rejects")
	same "$(jq -r '.reason | select(length > 0)' "$BATS_TEST_TMPDIR/rejects" | grep -c .)" "$rejected"
	same "$(grep '^vx-nifti-meta: /' "$BATS_TEST_TMPDIR/err" | grep -vc ': warning: ')" "$rejected"
	has "$err" "vx-nifti-meta: $made records in, $((made - rejected)) out, $rejected rejected"
	# What comes out fits the schema: no null in an affine, no axis of 0.
	jq -c '{identifier: "volume/a", parent_identifier: "study/b", path_nii: "s3://b/a.nii.gz", license: null, shape, spacing,
		orientation, affine, datatype}' "$BATS_TEST_TMPDIR/out" >"$BATS_TEST_TMPDIR/volumes"
	mv "$BATS_TEST_TMPDIR/out" "$BATS_TEST_TMPDIR/read"
	run3 vx-validate -q "$BATS_TEST_TMPDIR/volumes"
	expect 0
	python_with_nibabel
	# nibabel takes a while: one in four here, all with VX_TEST_ALL=1.
	for f in read rejects; do
		awk -v all="${VX_TEST_ALL:-0}" 'all || NR % 4 == 1' "$BATS_TEST_TMPDIR/$f" >"$BATS_TEST_TMPDIR/$f.some"
	done
	same "$("$PYTHON" "$ROOT/tests/nifti_against_nibabel.py" --mutants "$BATS_TEST_TMPDIR/rejects.some" <"$BATS_TEST_TMPDIR/read.some" |
		tail -5)" "$(cat "$BATS_TEST_TMPDIR/rejects.some" "$BATS_TEST_TMPDIR/read.some" | grep -c .) compared"
}
