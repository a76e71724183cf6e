# vx-upload: fields that hold objects, lists and folders come back in the same shape.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	mkdir -p pat01 masks/deep
	for i in t2 adc; do
		printf 'image %s' "$i" >"pat01/$i.nii.gz"
		printf '{"EchoTime":0.1,"PatientName":"Mustermann^Erika"}' >"pat01/$i.json"
	done
	for i in 1 2 deep/3; do printf 'mask %s' "$i" >"masks/$i.nii.gz"; done
	STORE=file://$PWD/store
}

files() {
	(cd "$1" && find . -type f | LC_ALL=C sort | tr '\n' ' ')
}

@test "an object of paths comes back as an object of URLs; a bare one is a record too" {
	printf '{"t2":{"nii":"pat01/t2.nii.gz","json":"pat01/t2.json"},"adc":{"nii":"pat01/adc.nii.gz","json":"pat01/adc.json"}}\n' >rec
	run3 vx-upload --to "$STORE" --group volumes --field . rec
	expect 0
	same "$out" "{\"t2\":{\"nii\":\"$STORE/volumes/t2.nii.gz\",\"json\":\"$STORE/volumes/t2.json\"},\"adc\":{\"nii\":\"$STORE/volumes/adc.nii.gz\",\"json\":\"$STORE/volumes/adc.json\"}}"
	has "$err" "files: 4 created"
	cmp pat01/t2.nii.gz store/volumes/t2.nii.gz
	! grep -r Mustermann store
}

@test "nested fields beside others: lists, nulls and URLs keep their places; the identifier names the objects" {
	printf '%s\n' '{"identifier":"case/P1","n":1.50,"files":{"t2.nii.gz":"pat01/t2.nii.gz","more":["pat01/adc.nii.gz",null,"s3://b/k"],"none":null},"_x":1}' >rec
	run3 vx-upload --to "$STORE" --field files rec
	expect 0
	same "$out" "{\"identifier\":\"case/P1\",\"n\":1.50,\"files\":{\"t2.nii.gz\":\"$STORE/case/P1/files/t2.nii.gz\",\"more\":[\"$STORE/case/P1/files/more/0.nii.gz\",null,\"s3://b/k\"],\"none\":null},\"_x\":1}"
	run3 vx-upload --to "$STORE" --group g --key '{name}_{field}{suffix}' --field files rec
	expect 0
	same "$(jq -r '.files.more[0]' out)" "$STORE/g/P1_files/more/0.nii.gz"
	run3 vx-upload --to "$STORE" --field files --dry-run rec
	expect 0
	same "$(jq -r '[.field,.status]|join(" ")' out | tr '\n' ',')" "files.t2.nii.gz unchanged,files.more.0 unchanged,"
}

@test "one bad path rejects its record with the way to it, and nothing else" {
	printf '%s\n' '{"identifier":"case/P1","files":{"a":["pat01/t2.nii.gz",7]}}' \
		'{"identifier":"case/P2","files":{"a":["pat01/t2.nii.gz","gone.nii"]}}' \
		'{"identifier":"case/P3","files":{"a":["pat01/t2.nii.gz"]}}' >rec
	run3 vx-upload --to "$STORE" --field files rec
	expect 1
	has "$err" "files.a.1: is no string but integer"
	has "$err" "files.a.1: "
	has "$err" "No such file"
	same "$(jq -r .identifier out)" case/P3
}

@test "a folder becomes a prefix, with all that is below it" {
	printf '{"path":"masks/"}\n' >rec
	run3 vx-upload --to "$STORE" --group voxelmaps --field path rec
	expect 0
	same "$out" "{\"path\":\"$STORE/voxelmaps/masks\"}"
	has "$err" "files: 3 created"
	same "$(files store/voxelmaps/masks)" "./1.nii.gz ./2.nii.gz ./deep/3.nii.gz "
	printf '{"identifier":"set/S1","path":"masks"}\n' >rec
	run3 vx-upload --to "$STORE" --group voxelmaps --field path rec
	expect 0
	same "$out" "{\"identifier\":\"set/S1\",\"path\":\"$STORE/voxelmaps/S1\"}"
	run3 vx-upload --to "$STORE" --group voxelmaps --field path rec
	has "$err" "0 created, 3 unchanged"
	run3 vx-upload --to "$STORE" --group voxelmaps --field path --dry-run rec
	same "$(jq -r '[.path,.url,.status]|join(" ")' out | head -1)" \
		"$PWD/masks/1.nii.gz $STORE/voxelmaps/S1/1.nii.gz unchanged"
	same "$(wc -l <out)" 3
}

@test "a folder counts as a whole: a link in it, an unlike object in the store, no file at all reject the record" {
	printf '{"path":"masks"}\n' >rec
	ln -s 1.nii.gz masks/link
	run3 vx-upload --to "$STORE" --field path rec
	expect 1
	has "$err" "path: link: "
	same "$(wc -c <out)" 0
	rm masks/link
	mkdir -p store/masks empty
	printf other >store/masks/2.nii.gz
	run3 vx-upload --to "$STORE" --field path rec
	expect 1
	has "$err" "masks/2.nii.gz: path: conflict: masks/2.nii.gz: the store has other content"
	printf '{"path":"empty"}\n' >rec
	run3 vx-upload --to "$STORE" --field path rec
	expect 1
	has "$err" "path: is a folder that holds no file"
}

@test "--phi=reject looks at every file before the first one leaves" {
	mkdir dicom
	cp masks/1.nii.gz dicom/1
	cp masks/1.nii.gz dicom/2
	head -c 128 /dev/zero >dicom/3
	printf 'DICM\002\000\000\000UL\004\000\000\000\000\000' >>dicom/3
	printf '{"path":"dicom"}\n' >rec
	run3 vx-upload --to "$STORE" --phi reject --field path rec
	expect 1
	has "$err" "dicom/3: path: "
	same "$(find store -type f | wc -l)" 0
	printf '{"a":["masks/1.nii.gz","dicom/3"]}\n' >rec
	run3 vx-upload --to "$STORE" --phi reject --field . rec
	expect 1
	same "$(find store -type f | wc -l)" 0
}
