#!/usr/bin/env bats
# vx-mha2nii: MetaImages of every kind to NIfTI, runs again, bad headers; against nibabel where it is installed.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir in
}

# mha NAME [LINE...]: a 2 x 2 x 2 image of uint8, with lines in place of those of the same key ("-Key" drops one).
mha() {
	local file=$1 line key
	declare -A has=()
	shift
	for line in "$@"; do
		key=${line%% =*}
		has[${key#-}]=$line
	done
	: >"$file"
	for line in 'ObjectType = Image' 'NDims = 3' 'BinaryData = True' 'BinaryDataByteOrderMSB = False' \
		'CompressedData = False' 'TransformMatrix = 1 0 0 0 1 0 0 0 1' 'Offset = 1 2 3' 'ElementSpacing = 0.5 0.5 3' \
		'DimSize = 2 2 2' 'ElementType = MET_UCHAR'; do
		key=${line%% =*}
		[ -n "${has[$key]:-}" ] && line=${has[$key]} && unset "has[$key]"
		[ "${line#-}" = "$line" ] && echo "$line" >>"$file"
	done
	for key in "${!has[@]}"; do [ "$key" = ElementDataFile ] || echo "${has[$key]}" >>"$file"; done
	echo "${has[ElementDataFile]:-ElementDataFile = LOCAL}" >>"$file"
}

# record NAME: one that names in/NAME, as vx-scan and people write them.
record() { printf '{"identifier":"volume/%s","path_nii":"in/%s"}\n' "${1%.*}" "$1"; }

# reason NAME: converts in/NAME, which must be rejected; its reason.
reason() {
	run3 vx-mha2nii -q --to nii --rejects bad <<<"$(record "$1")"
	[ "$status" -eq 1 ] && [ -z "$out" ] || { echo "status $status: $out"; return 1; }
	[ -z "$(find nii -type f)" ] || { echo "left behind: $(find nii -type f)"; return 1; }
	jq -r '[.field // empty, .reason] | join(": ")' bad
}

@test "mha2nii: an image as NIfTI, LPS made RAS+, the record's path set" {
	mha in/a.mha
	printf 12345678 >>in/a.mha
	run3 vx-mha2nii --to nii < <(vx-scan -q --kind mha --id 'volume/{name}' in)
	expect 0
	has "$err" "1 records in, 1 out, 0 rejected, 1 converted, 0 there already"
	same "$(jq -c '[.identifier, .path_nii, ._mha.path, ._mha.sha256, ._file.rel]' <<<"$out")" \
		"[\"volume/a\",\"$PWD/nii/a.nii.gz\",\"$PWD/in/a.mha\",\"$(sha256sum in/a.mha | cut -d ' ' -f 1)\",\"a.mha\"]"
	same "$(gzip -dc nii/a.nii.gz | tail -c 8)" 12345678
	same "$(gzip -dc nii/a.nii.gz | wc -c)" 360
	same "$(vx-nifti-meta -q --check <<<"$out" | jq -c '[.shape, .spacing, .affine, .orientation, .datatype]')" \
		'[[2,2,2],[0.5,0.5,3],[[-0.5,0,0,-1],[0,-0.5,0,-2],[0,0,3,3],[0,0,0,1]],"LPS","uint8"]'
}

@test "mha2nii: voxels and geometry as numpy wrote and nibabel reads them: types, orders, places, ranks" {
	local p python=
	for p in /usr/bin/python3 python3; do
		[ -n "$python" ] || ! "$p" -c 'import nibabel, numpy' 2>/dev/null || python=$p
	done
	[ -n "$python" ] || skip "no python3 with nibabel"
	"$python" "$ROOT/tests/mha_against_nibabel.py" make in >records
	run3 vx-mha2nii -q --to nii records
	expect 0
	same "$err" ""
	same "$("$python" "$ROOT/tests/mha_against_nibabel.py" check <"$BATS_TEST_TMPDIR/out")" "432 compared"

	# vx-nifti-meta says the same of the MetaImages themselves, to the hash of the voxels.
	local facts='[.identifier, .shape, .spacing, .affine, .orientation, .datatype, (._nifti | .scl, .stats, .voxel_hash, .label_counts)]'
	cp "$BATS_TEST_TMPDIR/out" made
	vx-nifti-meta -q --labels --stats --voxel-hash --check made 2>/dev/null | jq -c "$facts" >after
	vx-nifti-meta -q --labels --stats --voxel-hash --check records 2>/dev/null | jq -c "$facts" >before
	same "$(grep -c '[0-9a-f]\{64\}' before)" 432
	cmp before after
}

@test "nifti-meta: a MetaImage is read as an image, by path_nii or as vx-scan lists it, or rejected" {
	mha in/a.mha
	printf 12345678 >>in/a.mha
	run3 vx-nifti-meta -q --sha256 < <(vx-scan -q --kind mha --id 'volume/{name}' in)
	expect 0
	same "$(jq -c '[.shape, .spacing, .orientation, .sha256, ._nifti.format, ._nifti.version]' <<<"$out")" \
		"[[2,2,2],[0.5,0.5,3],\"LPS\",\"$(sha256sum in/a.mha | cut -d ' ' -f 1)\",\"metaimage\",null]"
	truncate -s -1 in/a.mha
	run3 vx-nifti-meta -q <<<"$(record a.mha)"
	expect 1
	has "$err" "in/a.mha: truncated: 7 of 8 bytes of voxels"
	# A mask as MetaImage has its labels held against the file like any other.
	mha in/m.mha
	printf '\0\0\0\0\1\1\1\2' >>in/m.mha
	run3 vx-nifti-meta -q --labels <<<'{"identifier":"voxelmap/m","path_nii":"in/m.mha","labels":{"0":"background","1":"x"}}'
	expect 1
	has "$err" "labels: no label for 2 (1 voxels), which the file holds"
}

@test "what is personal in a MetaImage: found by the lint and by vx-upload, named without its value, not in the NIfTI" {
	mha in/a.mha 'PatientName = Mustermann^Erika' '0010|0030 = 19460101' 'Comment = scan of Mrs Muster' 'ElementMin = 0'
	printf 12345678 >>in/a.mha
	run3 vx-nifti-meta -q --phi-lint <<<"$(record a.mha)"
	expect 1
	same "$(jq -r '.where + " " + .kind' <<<"$out" | sort | paste -sd ,)" \
		'header.00100030 birth,header.Comment text,header.PatientName name'
	run3 vx-nifti-meta -q <<<"$(record a.mha)"
	expect 0
	same "$(jq -c '[._nifti.phi[].where] | sort' <<<"$out")" '["header.00100030","header.Comment","header.PatientName"]'
	run3 grep -c -E 'Muster|1946' "$BATS_TEST_TMPDIR/out"
	same "$out" 0
	run3 vx-upload -q --phi=reject --to "file://$PWD/store" <<<"$(record a.mha)"
	expect 1
	has "$err" "path_nii"
	[ -z "$(find store -name '*a.mha')" ]
	# The image made of it has nothing to be found, the mark in its gzip header included.
	vx-mha2nii -q --to nii <<<"$(record a.mha)" >made
	run3 vx-nifti-meta -q --phi-lint made
	expect 0
	same "$out" ''
	run3 vx-upload -q --phi=reject --to "file://$PWD/store" made
	expect 0
	same "$err" ''
}

@test "mha2nii: run again: nothing is written, whatever the clocks say" {
	mha in/a.mha
	printf 12345678 >>in/a.mha
	record a.mha >r
	run3 vx-mha2nii -q --to nii r
	expect 0
	cp "nii/volume/a.nii.gz" first
	local before inode
	before=$out
	inode=$(stat -c %i nii/volume/a.nii.gz)
	touch in/a.mha
	run3 vx-mha2nii --to nii r
	expect 0
	same "$out" "$before"
	has "$err" "0 converted, 1 there already"
	same "$(stat -c %i nii/volume/a.nii.gz)" "$inode"
	# Elsewhere the bytes are the same.
	run3 vx-mha2nii -q --to other r
	cmp other/volume/a.nii.gz first
}

@test "mha2nii: an image made from something else is kept; --force replaces it" {
	mha in/a.mha
	printf 12345678 >>in/a.mha
	record a.mha >r
	run3 vx-mha2nii -q --to nii r
	expect 0
	mha in/a.mha
	printf 87654321 >>in/a.mha
	run3 vx-mha2nii -q --to nii r
	expect 1
	has "$err" "is there already, and was not made from this image: --force replaces it"
	same "$(gzip -dc nii/volume/a.nii.gz | tail -c 8)" 12345678
	run3 vx-mha2nii -q --force --to nii r
	expect 0
	same "$(gzip -dc nii/volume/a.nii.gz | tail -c 8)" 87654321
	# So is what somebody else put there.
	echo mine >nii/volume/a.nii.gz
	run3 vx-mha2nii -q --to nii r
	expect 1
	same "$(cat nii/volume/a.nii.gz)" mine
}

@test "mha2nii: two records that lead to one file: one converts, the other is rejected" {
	mha in/a.mha
	cp in/a.mha in/a.mhd
	printf 12345678 >>in/a.mha
	printf 87654321 >>in/a.mhd
	run3 vx-mha2nii --to nii -j 8 < <(vx-scan -q --kind mha in)
	expect 1
	has "$err" "2 records in, 1 out, 1 rejected, 1 converted"
}

@test "mha2nii: records without a MetaImage pass byte for byte" {
	printf '%s\n' '{"b":1, "a":2}' '{"identifier":"volume/x","path_nii":"x.nii.gz"}' '{"path_nii":7}' >r
	run3 vx-mha2nii --to nii r
	expect 0
	cmp r "$BATS_TEST_TMPDIR/out" || diff r <(printf '%s\n' "$out")
	has "$err" "3 passed on as they were"
}

@test "mha2nii: names lead nowhere else" {
	mha in/a.mha
	printf 12345678 >>in/a.mha
	run3 vx-mha2nii -q --to nii <<<'{"path_nii":"in/a.mha","_file":{"rel":"../../x.mha"}}'
	expect 1
	has "$err" "_file.rel: it leads out of the folder of --to"
	run3 vx-mha2nii -q --to nii <<<'{"path_nii":"s3://b/a.mha"}'
	expect 1
	has "$err" "path_nii: a path on this machine is wanted, not a URL"
	mha in/b.mhd 'ElementDataFile = ../secret.raw'
	same "$(reason b.mhd)" "ElementDataFile: it leads out of the header's folder"
	mha in/b.mhd 'ElementDataFile = /etc/passwd'
	same "$(reason b.mhd)" "ElementDataFile: it leads out of the header's folder"
	mha in/b.mhd "ElementDataFile = LIST
x.raw
a/../../y.raw"
	same "$(reason b.mhd)" "ElementDataFile: it leads out of the header's folder"
}

@test "mha2nii: files that are none, or cut off: a reason each, and nothing left behind" {
	: >in/x.mha
	same "$(reason x.mha)" "empty: 0 bytes"
	head -c 100 /dev/zero >in/x.mha
	same "$(reason x.mha)" "no MetaImage header: it is no text"
	echo 'hello world' >in/x.mha
	same "$(reason x.mha)" 'no MetaImage header: line 1 is no "key = value"'
	echo 'NDims = 3' >in/x.mha
	same "$(reason x.mha)" "ElementDataFile: missing: the header is cut off, or is none"
	mha in/x.mha
	printf 1234567 >>in/x.mha
	same "$(reason x.mha)" "truncated: 7 of 8 bytes of voxels"
	mha in/x.mhd 'ElementDataFile = x.raw'
	same "$(reason x.mhd)" "x.raw: cannot be opened: No such file or directory"
	printf 123 >in/x.raw
	same "$(reason x.mhd)" "x.raw: truncated: 3 of 8 bytes of voxels"
	rm in/x.raw
	mkfifo in/x.raw
	same "$(reason x.mhd)" "x.raw: no regular file"
	mha in/x.mha 'CompressedData = True'
	printf 'not zlib' >>in/x.mha
	same "$(reason x.mha)" "damaged: incorrect header check after 0 bytes of voxels"
	mha in/x.mha 'DimSize = 2000 2000 2000'
	same "$(reason x.mha)" "truncated: 0 of 8000000000 bytes of voxels"
}

@test "mha2nii, nifti-meta: cut off at any byte, or with any byte changed: a record or one reject, nothing else" {
	local n size i
	mha in/whole.mha 'ElementType = MET_SHORT' 'HeaderSize = 0' 'AnatomicalOrientation = RAI'
	printf 1234567812345678 >>in/whole.mha
	size=$(stat -c %s in/whole.mha)
	for ((n = 0; n < size; n++)); do
		head -c "$n" in/whole.mha >"in/cut$n.mha"
		{ head -c "$n" in/whole.mha; printf "\\x$(printf %02x $((n * 37 % 256)))"; tail -c +$((n + 2)) in/whole.mha; } >"in/mut$n.mha"
	done
	run3 vx-mha2nii -q --to nii --rejects bad < <(vx-scan -q --kind mha --id 'volume/{name}' in)
	expect 1
	same $(($(wc -l <"$BATS_TEST_TMPDIR/out") + $(wc -l <bad))) $((2 * size + 1))
	same "$(wc -l <"$BATS_TEST_TMPDIR/err")" "$(wc -l <bad)"
	same "$(jq -r ._file.rel "$BATS_TEST_TMPDIR/out" | grep -c cut)" 0
	[ "$(jq -r ._file.rel "$BATS_TEST_TMPDIR/out" | grep -c mut)" -gt 50 ]
	# Both tools are of one opinion, and what was written is an image.
	run3 vx-nifti-meta -q --check --rejects bad2 < <(vx-scan -q --kind mha --id 'volume/{name}' in)
	same "$(jq -r .record.identifier bad | sort | sha256sum)" "$(jq -r .record.identifier bad2 | sort | sha256sum)"
	run3 vx-nifti-meta -q --check < <(vx-scan -q nii)
	expect 0
}

@test "mha2nii: headers that make no image: a reason each" {
	local line wanted
	while IFS='|' read -r line wanted; do
		mha in/x.mha "$line"
		printf 12345678 >>in/x.mha
		same "$(reason x.mha)" "$wanted"
	done <<'LIST'
ObjectType = Tube|ObjectType: no Image
NDims = 5|NDims: 5: a whole number from 2 to 4 wanted
-NDims =|NDims: missing
-DimSize =|DimSize: missing
DimSize = 2 2|DimSize: "2 2": 3 numbers wanted
DimSize = 2 2 2 2|DimSize: "2 2 2 2": not more than 3 numbers wanted
DimSize = 2 0 2|DimSize: axis 2 of 0 voxels
DimSize = 2 2.5 2|DimSize: axis 2 of 2.5 voxels
DimSize = 2147483648 2147483648 2147483648|DimSize: more voxels than a file can hold
ElementSpacing = 0.5 0 3|ElementSpacing: 0: above 0 wanted
ElementSpacing = 0.5 nan 3|ElementSpacing: "0.5 nan 3": 3 numbers wanted
TransformMatrix = 1 0 0 1 0 0 0 0 1|TransformMatrix: singular: it places the voxels in no space
-ElementType =|ElementType: missing
ElementType = MET_STRING|ElementType: no such type of voxel that NIfTI has one for
ElementNumberOfChannels = 2|ElementNumberOfChannels: 2 values a voxel: one is read, or 3 or 4 of MET_UCHAR as a colour
BinaryData = False|BinaryData: voxels written as text are not read
HeaderSize = -2|HeaderSize: -2: a whole number from -1 to 4.5036e+15 wanted
ElementDataFile = LIST 9D|ElementDataFile: LIST or LIST 2D wanted
ElementDataFile = x_%03d.raw 1 5 1|ElementDataFile: 5 files for 2 slices
ElementDataFile = x_%03d.raw 5 1 1|ElementDataFile: a pattern that names no file
LIST
	mha in/x.mha
	sed -i 's/^NDims = 3/NDims = 3\nNDims = 2/' in/x.mha
	same "$(reason x.mha)" "NDims: said twice, with different values"
	# Without BinaryData the voxels may be text: only the exact size says that they are not.
	mha in/x.mha '-BinaryData ='
	printf '1 2 3 4 5 6 7 8' >>in/x.mha
	same "$(reason x.mha)" "BinaryData: missing, and the 15 bytes behind the header are not the 8 of binary voxels"
}

@test "mha2nii: colours, scaling, other spellings, an image larger than one gzip member" {
	mha in/c.mha 'ElementNumberOfChannels = 3' 'DimSize = 2 1 1'
	printf 123456 >>in/c.mha
	mha in/s.mha 'ElementToIntensityFunctionSlope = 2' 'ElementToIntensityFunctionOffset = -1' '-Offset =' \
		'Origin = 4 5 6' '-ElementSpacing =' 'ElementSize = 1 1 2'
	sed -i 's/$/\r/' in/s.mha
	printf 12345678 >>in/s.mha
	mha in/big.mha 'DimSize = 4096 4096 5' 'ElementType = MET_UCHAR'
	head -c 83886080 /dev/zero >>in/big.mha
	run3 vx-mha2nii -q --to nii < <(vx-scan -q --kind mha in)
	expect 0
	vx-nifti-meta -q --check "$BATS_TEST_TMPDIR/out" >m
	same "$(jq -c 'select(._file.rel == "c.mha") | [.datatype, .shape]' m)" '["rgb24",[2,1,1]]'
	same "$(jq -c 'select(._file.rel == "s.mha") | [._nifti.scl.slope, ._nifti.scl.inter, .spacing, .affine[0][3]]' m)" \
		'[2,-1,[1,1,2],-4]'
	same "$(gzip -dc nii/big.nii.gz | wc -c)" 83886432
}

@test "mha2nii: usage" {
	run3 vx-mha2nii </dev/null
	expect 64
	has "$err" "where do the images go? --to DIR"
	run3 vx-mha2nii --to nii --level 13 </dev/null
	expect 64
	has "$err" "--level"
	touch file
	run3 vx-mha2nii --to file/x </dev/null
	expect 74
	has "$err" "file/x"
}
