# vx-upload to file:// stores: what is stored, what is left alone, what is refused. The S3 part is in vx-upload-s3.bats.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR"
	mkdir in
	printf 'image one' >in/t2.nii.gz
	printf '{\n\t"EchoTime": 0.1\n}\n' >in/t2.json # as a cleaned copy is written
	STORE=file://$PWD/store
}

# record IDENTIFIER PATH [MEMBERS]: one line of NDJSON.
record() {
	printf '{"identifier":"%s","path_nii":"%s"%s}\n' "$1" "$2" "${3:+,$3}"
}

sha() {
	sha256sum "$1" | cut -c1-64
}

# tree DIR: names and contents of all that is in it.
tree() {
	(cd "$1" && find . -print0 | sort -z | xargs -0 ls -d && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

@test "paths become URLs, files are in the store, the hash is filled in, all else stays" {
	printf '%s\n' "{\"identifier\":\"volume/P1/t2\",\"path_nii\":\"in/t2.nii.gz\",\"path_json\":\"in/t2.json\",\"n\":1.50,\"_x\":{\"b\":[]}}" >rec
	run3 vx-upload --to "$STORE" --group volumes rec
	expect 0
	same "$out" "{\"identifier\":\"volume/P1/t2\",\"path_nii\":\"$STORE/volumes/P1/t2.nii.gz\",\"path_json\":\"$STORE/volumes/P1/t2.json\",\"n\":1.50,\"_x\":{\"b\":[]},\"sha256\":\"$(sha in/t2.nii.gz)\"}"
	cmp in/t2.nii.gz store/volumes/P1/t2.nii.gz
	cmp in/t2.json store/volumes/P1/t2.json
	same "$(find store -mindepth 1 | sort | tr '\n' ' ')" \
		"store/volumes store/volumes/P1 store/volumes/P1/t2.json store/volumes/P1/t2.nii.gz "
	has "$err" "vx-upload: 1 records in, 1 out, 0 rejected; files: 2 created, 0 unchanged, 0 updated"
}

@test "again: unchanged, nothing is written, the same output; and its own output passes" {
	record volume/P1/t2 in/t2.nii.gz '"path_json":"in/t2.json"' >rec
	vx-upload -q --to "$STORE" rec >first
	find store -printf '%p %i %T@ %C@\n' | sort >before
	run3 vx-upload --to "$STORE" rec
	expect 0
	same "$out" "$(cat first)"
	has "$err" "0 created, 2 unchanged, 0 updated"
	find store -printf '%p %i %T@ %C@\n' | sort | cmp - before
	run3 vx-upload --to "$STORE" first
	expect 0
	same "$out" "$(cat first)"
	has "$err" "0 created, 0 unchanged, 0 updated"
}

@test "a changed modification time alone changes nothing; the same size with other bytes does" {
	record volume/a in/t2.nii.gz >rec
	vx-upload -q --to "$STORE" rec >/dev/null
	touch -d 2001-01-01 in/t2.nii.gz
	run3 vx-upload --to "$STORE" rec
	expect 0
	has "$err" "1 unchanged"
	printf 'image two' >in/t2.nii.gz
	touch -d 2001-01-01 in/t2.nii.gz
	run3 vx-upload --to "$STORE" rec
	expect 1
	has "$err" "vx-upload: in/t2.nii.gz: path_nii: conflict: volume/a.nii.gz: the store has other content under this key"
	same "$(cat store/volume/a.nii.gz)" "image one"
	run3 vx-upload --to "$STORE" --on-conflict update rec
	expect 0
	has "$err" "0 created, 0 unchanged, 1 updated"
	same "$(cat store/volume/a.nii.gz)" "image two"
}

@test "without a group two types of one name do not meet; with one, different content does" {
	printf 'mask' >in/mask.nii.gz
	{ record volume/P1/t2 in/t2.nii.gz; record voxelmap/P1/t2 in/mask.nii.gz; } >rec
	run3 vx-upload --to "$STORE" rec
	expect 0
	same "$(cd store && find . -type f | sort | tr '\n' ' ')" "./volume/P1/t2.nii.gz ./voxelmap/P1/t2.nii.gz "
	run3 vx-upload -j 1 --to "$STORE" --group g rec
	expect 1
	same "$(cat store/g/P1/t2.nii.gz)" "image one"
	has "$err" "in/mask.nii.gz: path_nii: conflict: g/P1/t2.nii.gz"
}

@test "two records, one key, different content in one run: the second is a conflict, also with update" {
	printf 'other' >in/b.nii.gz
	{ record volume/a in/t2.nii.gz; record volume/a in/b.nii.gz; record volume/a in/t2.nii.gz; } >rec
	for mode in reject update; do
		rm -rf store
		run3 vx-upload -j 1 --to "$STORE" --on-conflict $mode --rejects rejects rec
		expect 1
		has "$err" "3 records in, 2 out, 1 rejected"
		has "$err" "in/b.nii.gz: path_nii: conflict: volume/a.nii.gz"
		same "$(cat store/volume/a.nii.gz)" "image one"
		same "$(jq -r '.tool + " " + .field + " " + .record.path_nii' rejects)" "vx-upload path_nii in/b.nii.gz"
	done
	# The store holds what the first says; the second must not take it over.
	run3 vx-upload -j 1 --to "$STORE" --on-conflict update rec
	expect 1
	same "$(cat store/volume/a.nii.gz)" "image one"
}

@test "the key's template: captures, own names, dotted paths, suffixes" {
	record volume/P1/t2 in/t2.nii.gz '"_match":{"study":"s 1"},"n":7,"path_json":"in/t2.json"' >rec
	run3 vx-upload -q --to "$STORE" --group g --key '{type}/{study}/{_match.study}-{n}-{field}{suffix}' rec
	expect 0
	same "$(cd store && find . -type f | sort)" "./g/volume/s 1/s 1-7-path_json.json
./g/volume/s 1/s 1-7-path_nii.nii.gz"
	has "$out" "store/g/volume/s%201/s%201-7-path_nii.nii.gz"
	run3 vx-upload --to "$STORE" --key '{nothing}{suffix}' rec
	expect 1
	has "$err" "{nothing} has no value"
	run3 vx-upload --to "$STORE" --key '{open' rec
	expect 64
	has "$err" "--key: "
	for name in plain a.NII.GZ 1.2.840.113 v1.tar.xz .hidden a.gz x.toolongforasuffix; do
		cp in/t2.nii.gz "in/$name"
		record "volume/$name" "in/$name"
	done >rec
	run3 vx-upload -q --to "$STORE" --group s --key '{_i}{suffix}' <<<"$(jq -c '._i = (.identifier | gsub("[^a-z0-9]"; "_"))' rec)"
	expect 0
	same "$(cd store/s && find . -type f | sort | tr '\n' ' ')" \
		"./volume_1_2_840_113 ./volume__hidden ./volume_a_______.NII.GZ ./volume_a_gz.gz ./volume_plain ./volume_v1_tar_xz.tar.xz ./volume_x_toolongforasuffix "
}

@test "no key leaves the store" {
	for bad in '../x' 'a/../../x' '/etc/x' 'a//b' './a' 'a/.' '' '.vx-upload/1'; do
		jq -cn --arg k "$bad" '{identifier:"volume/a",path_nii:"in/t2.nii.gz",k:$k}'
	done >rec
	jq -cn '{identifier:"volume/a",path_nii:"in/t2.nii.gz",k:"a\u0000b"},{identifier:"volume/a",path_nii:"in/t2.nii.gz",k:"a\nb"}' >>rec
	run3 vx-upload --to "$STORE" --key 'd/{k}' rec
	expect 1
	has "$err" "10 records in, 2 out, 8 rejected"
	run3 vx-upload --to "$STORE" --key '{k}' rec
	expect 1
	has "$err" "the key '../x' has a segment '.' or '..'"
	has "$err" "holds a control character"
	has "$err" "begins with .vx-upload"
	[ ! -e x ] && [ ! -e /etc/x ]
	same "$(find . -newer rec -type f ! -path './store/*' ! -name out ! -name err)" ""
}

@test "symbolic links inside the store are not followed" {
	mkdir -p store elsewhere
	ln -s "$PWD/elsewhere" store/volume
	record volume/a in/t2.nii.gz >rec
	run3 vx-upload --to "$STORE" rec
	expect 1
	has "$err" "cannot open its folder"
	mkdir store/g
	ln -s "$PWD/in/t2.nii.gz" store/g/a.nii.gz
	run3 vx-upload --to "$STORE" --group g rec
	expect 1
	has "$err" "g/a.nii.gz: cannot be opened in the store: Too many levels of symbolic links"
	same "$(ls -A elsewhere)" ""
	mkdir store/g/b.nii.gz
	run3 vx-upload --to "$STORE" --group g <<<"$(record volume/b in/t2.nii.gz)"
	expect 1
	has "$err" "is no regular file in the store"
}

@test "sha256 of the record: kept when right, a reject when wrong, and nothing is stored then" {
	right=$(sha in/t2.nii.gz)
	record volume/a in/t2.nii.gz "\"sha256\":\"$right\"" >rec
	run3 vx-upload -q --to "$STORE" rec
	expect 0
	same "$(jq -r .sha256 out)" "$right"
	record volume/b in/t2.nii.gz "\"sha256\":\"${right//[0-9]/0}\"" >rec
	run3 vx-upload --to "$STORE" --rejects rejects rec
	expect 1
	has "$err" "sha256: the record says ${right//[0-9]/0}, the file is $right"
	[ ! -e store/volume/b.nii.gz ]
	same "$(jq -r .field rejects)" sha256
	# Other types have no such field.
	run3 vx-upload -q --to "$STORE" <<<"$(record session/a in/t2.nii.gz)"
	expect 0
	same "$(jq 'has("sha256")' out)" false
	run3 vx-upload -q --to "$STORE" <<<"$(record volume/c in/t2.nii.gz '"sha256":7')"
	expect 1
	has "$err" "sha256: is no string"
}

@test "a file that cannot be stored costs only its record, and a record leaves with all of its files or not at all" {
	mkfifo in/pipe
	{
		record volume/1 in/t2.nii.gz
		record volume/2 in/missing.nii.gz
		record volume/3 in/pipe
		record volume/4 in
		record volume/5 in/t2.nii.gz '"path_json":"in/missing.json"'
		printf '%s\n' '{"identifier":"volume/6","path_nii":7}' '{"identifier":"volume/7","path_nii":""}'
		printf '%s\n' '{"identifier":"volume/9","path_nii":"in/t2.nii.gz\u0000x"}'
		printf '%s\n' '{"path_nii":"in/t2.nii.gz"}' '{"identifier":"bare","path_nii":"in/t2.nii.gz"}'
		record volume/8 in/t2.nii.gz
	} >rec
	run3 vx-upload --to "$STORE" --rejects rejects rec
	expect 1
	same "$(jq -r .identifier out | tr '\n' ' ')" "volume/1 volume/8 "
	has "$err" "11 records in, 2 out, 9 rejected"
	has "$err" "path_nii: holds a NUL character"
	has "$err" "path_nii: in/missing.nii.gz: cannot be opened: No such file or directory"
	has "$err" "in/pipe: is no regular file"
	has "$err" "path_json: in/missing.json: cannot be opened"
	has "$err" "path_nii: is no string but integer"
	has "$err" "identifier: 'bare' is no <type>/<name>"
	same "$(jq -r '.field' rejects | sort | uniq -c | tr -s ' ' | tr '\n' ';')" " 2 identifier; 1 path_json; 6 path_nii;"
}

@test "records that name no file, and URLs, pass as they are" {
	printf '%s\n' '{"identifier":"psa/P/1",  "value": 4.50}' '{"identifier":"volume/a","path_nii":null}' \
		'{"identifier":"volume/b","path_nii":"s3://b/k","path_json":"https://h/x"}' >rec
	run3 vx-upload --to "$STORE" rec
	expect 0
	same "$out" "$(cat rec)"
	record volume/c "file://$PWD/in/t2.nii.gz" >rec
	run3 vx-upload -q --to "$STORE" rec
	expect 0
	same "$(jq -r .path_nii out)" "$STORE/volume/c.nii.gz"
	run3 vx-upload --to "$STORE" <<<"$(record volume/d file://server/x)"
	expect 1
	has "$err" "file://server/x: is no file of this machine"
}

@test "--field: other fields, dotted ones, several; an item of a list is no field" {
	printf '%s\n' '{"identifier":"volume/a","path_nii":"in/t2.nii.gz","other_data":{"raw":{"mask":"in/t2.json"}},"l":["in/t2.json"]}' >rec
	run3 vx-upload -q --to "$STORE" --field other_data.raw.mask rec
	expect 0
	same "$out" "{\"identifier\":\"volume/a\",\"path_nii\":\"in/t2.nii.gz\",\"other_data\":{\"raw\":{\"mask\":\"$STORE/volume/a.json\"}},\"l\":[\"in/t2.json\"]}"
	run3 vx-upload --to "$STORE" --field path_nii --field l.0 rec
	expect 1
	has "$err" "l.0: is an item of a list"
}

@test "--dry-run: a line a file with what would become of it, and nothing is written" {
	record volume/a in/t2.nii.gz '"path_json":"in/t2.json"' >rec
	run3 vx-upload --dry-run --to "$STORE" rec
	expect 0
	[ ! -e store ]
	same "$(jq -r '[.identifier, .field, .path, .url, .size, .sha256, .status] | join(" ")' out)" \
		"volume/a path_nii in/t2.nii.gz $STORE/volume/a.nii.gz 9 $(sha in/t2.nii.gz) created
volume/a path_json in/t2.json $STORE/volume/a.json 21 $(sha in/t2.json) created"
	vx-upload -q --to "$STORE" rec >/dev/null
	printf '{"EchoTime":0.2}' >in/t2.json
	run3 vx-upload --dry-run --on-conflict update --to "$STORE" rec
	expect 0
	same "$(jq -r .status out | tr '\n' ' ')" "unchanged updated "
	same "$(jq -c . store/volume/a.json)" '{"EchoTime":0.1}'
	run3 vx-upload --dry-run --to "$STORE" rec
	expect 1
}

@test "order is kept and -j 1 = -j 8" {
	for i in $(seq 150); do
		printf '%s' "$i" >"in/$i.nii"
		record "volume/$i" "in/$i.nii"
	done >rec
	vx-upload -q -j 1 --to "file://$PWD/one" rec | sed "s,$PWD/one,STORE," >a
	vx-upload -q -j 8 --to "file://$PWD/eight" rec | sed "s,$PWD/eight,STORE," >b
	cmp a b
	same "$(jq -r .identifier a | md5sum)" "$(jq -r .identifier rec | md5sum)"
	same "$(tree one)" "$(tree eight)"
}

@test "killed at random moments and run again: as if never killed" {
	for i in $(seq 60); do
		head -c $((i * 3110 % 200000)) /dev/zero | tr '\0' "$((i % 10))" >"in/$i.nii"
		record "volume/d$((i % 7))/$i" "in/$i.nii"
	done >rec
	vx-upload -q --to "file://$PWD/calm" rec | sed "s,$PWD/calm,STORE," >calm.out
	for try in $(seq 8); do
		vx-upload -q --to "$STORE" rec >/dev/null 2>&1 3>&- &
		pid=$!
		sleep "0.0$((RANDOM % 9))"
		kill -9 $pid 2>/dev/null || true
		wait $pid 2>/dev/null || true
		# Whatever is there is whole.
		[ ! -d store/volume ] || (cd store/volume && find . -type f -print0 | xargs -0r sha256sum) >there
		[ ! -s there ] || (cd calm/volume && sha256sum --quiet -c ../../there)
	done
	mkdir -p store/.vx-upload && touch store/.vx-upload/999999.1
	rm -f store/volume/d1/*
	vx-upload -q --to "$STORE" rec | sed "s,$PWD/store,STORE," >out2
	cmp out2 calm.out
	same "$(tree store)" "$(tree calm)"
}

@test "another run's temporary files stay while it lives" {
	mkdir -p store/.vx-upload
	touch store/.vx-upload/1.live store/.vx-upload/2.dead
	exec 5<store/.vx-upload/1.live
	flock 5
	record volume/a in/t2.nii.gz >rec
	run3 vx-upload -q --to "$STORE" rec
	expect 0
	same "$(ls store/.vx-upload)" 1.live
	exec 5<&-
	record volume/b in/t2.nii.gz >rec
	run3 vx-upload -q --to "$STORE" rec
	expect 0
	[ ! -e store/.vx-upload ]
}

@test "a file that changes while it is read is rejected" {
	head -c 30000000 /dev/zero >in/big.nii
	record volume/a in/big.nii >rec
	(while :; do printf x; done >>in/big.nii) 3>&- &
	pid=$!
	run3 vx-upload --to "$STORE" rec
	kill $pid
	expect 1
	has "$err" "path_nii: changed while it was read"
	same "$(find store -type f)" ""
}

@test "a full disk ends the run with 74 and leaves nothing half-done" {
	mkdir store
	mount -t tmpfs -o size=1m tmpfs store 2>/dev/null || skip "mounting is not allowed here"
	head -c 2000000 /dev/urandom >in/big.nii
	{ record volume/a in/t2.nii.gz; record volume/b in/big.nii; } >rec
	run3 vx-upload -j 1 --to "$STORE" rec
	found=$(cd store && find . -type f)
	umount store
	expect 74
	has "$err" "volume/b.nii: cannot be written: No space left on device"
	same "$(jq -r .identifier out)" volume/a
	same "$found" "./volume/a.nii.gz"
}

@test "folders with blanks and percent signs; trailing slashes; VX_STORE" {
	record volume/a in/t2.nii.gz >rec
	VX_STORE="file://$PWD/my%20store%25/" run3 vx-upload -q rec
	expect 0
	same "$(jq -r .path_nii out)" "file://$PWD/my%20store%25/volume/a.nii.gz"
	cmp in/t2.nii.gz "my store%/volume/a.nii.gz"
}

@test "wrong usage: 64 and the reason" {
	record volume/a in/t2.nii.gz >rec
	run3 vx-upload rec
	expect 64
	has "$err" "no store: give --to URL, or set VX_STORE"
	for bad in ftp://x /tmp/x file://host/x file:x 'file:///a%zz' s3:// 's3://b/../c' 's3://b!'; do
		AWS_ACCESS_KEY_ID=k AWS_SECRET_ACCESS_KEY=s run3 vx-upload --to "$bad" rec
		expect 64
		has "$err" "vx-upload: "
	done
	run3 vx-upload --to "$STORE" --group ../x rec
	expect 64
	run3 vx-upload --to "$STORE" --on-conflict maybe rec
	expect 64
	run3 vx-upload --to "$STORE" --retry-for soon rec
	expect 64
	touch blocked
	run3 vx-upload --to "file://$PWD/blocked" rec
	expect 74
	run3 vx-upload --to "$STORE" </dev/null
	expect 0
	same "$out" ""
}

@test "a production API is refused unless --production" {
	record volume/a in/t2.nii.gz >rec
	command -v vx-serve >/dev/null || skip "vx-serve is not built"
	start_serve --environment production
	run3 vx-upload --to "$STORE" --api "$API" rec
	expect 69
	has "$err" "vx-upload: $API is a production deployment: give --production"
	[ ! -e store ]
	VX_API=$API run3 vx-upload --to "$STORE" rec
	expect 69
	run3 vx-upload -q --to "$STORE" --api "$API" --production rec
	stop_serve
	expect 0
}

teardown() {
	stop_serve
}

@test "names that are no UTF-8 are found by _file.path_raw, sidecars too" {
	mkdir odd
	printf 'raw' >"$(printf 'odd/\xff.nii.gz')"
	printf '{}' >"$(printf 'odd/\xff.json')"
	vx-scan -q odd >rec
	run3 vx-upload -q --to "$STORE" rec
	expect 0
	same "$(cat store/volume/+FF.nii.gz) $(cat store/volume/+FF.json)" "raw {}"
	# Where path_nii was given another value since, that is what counts.
	jq -c '.path_nii = "in/t2.nii.gz"' rec | vx-upload -q --field path_nii --to "file://$PWD/other" >out
	same "$(cat other/volume/+FF.nii.gz)" "image one"
}

# personal PATH NAME: a sidecar of a named patient.
personal() {
	printf '{"PatientName":"%s","InstitutionName":"Klinikum Musterstadt","RepetitionTime":5.660,"EchoTime":0.101}' "$2" >"$1"
}

@test "a sidecar leaves as a copy without what names a person; the file itself stays as it was" {
	personal in/t2.json Mustermann
	cp in/t2.json before
	record volume/a in/t2.nii.gz '"path_json":"in/t2.json"' >rec
	run3 vx-upload -v --to "$STORE" rec
	expect 0
	same "$(cat store/volume/a.json)" "$(printf '{\n\t"RepetitionTime": 5.660,\n\t"EchoTime": 0.101\n}')"
	has "$err" "; sidecars: 1 cleaned, 2 kinds of keys left out"
	has "$err" "vx-upload: left out of sidecars: InstitutionName, PatientName"
	same "$(grep -c Muster err)" 0
	cmp in/t2.json before
	same "$(find . -newer before -type f -exec grep -l Muster {} +)" ""
	# One more name, no more content: nothing to do. Another echo time is another sidecar.
	personal in/t2.json Musterfrau
	run3 vx-upload --to "$STORE" rec
	expect 0
	has "$err" "0 created, 2 unchanged, 0 updated"
	same "$(grep -c 'left out of' err)" 0
	run3 vx-upload -q --dry-run --to "$STORE" rec
	same "$(jq -r 'select(.field == "path_json") | .sha256 + " \(.size) " + .status' out)" \
		"$(sha store/volume/a.json) $(wc -c <store/volume/a.json) unchanged"
	sed -i s/0.101/0.102/ in/t2.json
	run3 vx-upload --to "$STORE" rec
	expect 1
	has "$err" "path_json: conflict: volume/a.json"
	run3 vx-upload --on-conflict update --to "$STORE" rec
	expect 0
	same "$(jq .EchoTime store/volume/a.json)" 0.102
}

@test "any field whose file is a .json is cleaned; .bval is not touched; two names are one content" {
	personal in/a.JSON Mustermann
	personal in/b.json Musterfrau
	printf '0 50 400\n' >in/t2.bval
	record volume/a in/t2.nii.gz '"x":{"side":"in/a.JSON"},"bval":"in/t2.bval"' >rec
	record volume/a in/t2.nii.gz '"x":{"side":"in/b.json"},"bval":"in/t2.bval"' >>rec
	for mode in reject update; do
		run3 vx-upload --on-conflict $mode --field x.side --field bval --to "$STORE" --key '{name}-{field}' rec
		expect 0
		has "$err" "2 cleaned, 2 kinds"
	done
	same "$(jq -c . store/a-x.side)" '{"RepetitionTime":5.66,"EchoTime":0.101}'
	cmp in/t2.bval store/a-bval
}

@test "a sidecar that cannot be parsed does not leave, unless asked for as it is" {
	printf '{"PatientName":"Mustermann",' >in/cut.json
	printf '["Mustermann"]' >in/list.json
	printf '{"EchoTime":1,"EchoTime":"Mustermann"}' >in/twice.json
	: >in/empty.json
	mkfifo in/pipe.json
	truncate -s 20M in/large.json
	printf 'no JSON' >in/side.txt
	for name in cut.json list.json twice.json empty.json pipe.json large.json missing.json side.txt; do
		record "volume/${name%.*}" in/t2.nii.gz "\"path_json\":\"in/$name\""
	done >rec
	run3 timeout 20 vx-upload -j 1 --to "$STORE" --rejects rejects rec
	expect 1
	same "$(jq -r '.field + " " + .reason' rejects)" "path_json not JSON: ends too early at byte 28
path_json a JSON array, not an object
path_json not JSON: duplicate key \"EchoTime\" at byte 14
path_json empty: 0 bytes
path_json in/pipe.json: is no regular file
path_json larger than 16777216 bytes
path_json in/missing.json: cannot be opened: No such file or directory
path_json not JSON: unexpected 'n' at byte 0"
	has "$err" "8 records in, 0 out, 8 rejected"
	same "$(find store -name '*.json' -o -name '*.txt')" ""
	run3 vx-upload --to "$STORE" --sidecars=as-is <<<"$(sed -n 1p rec)"
	expect 0
	cmp in/cut.json store/volume/cut.json
	same "$(grep -c cleaned err)" 0
	run3 vx-upload --to "$STORE" --sidecars=maybe rec
	expect 64
	has "$err" "--sidecars: 'maybe' is neither clean nor as-is"
}

@test "--allow: another list of keys; one that is wrong ends the run before anything leaves" {
	personal in/t2.json Mustermann
	record volume/a in/t2.nii.gz '"path_json":"in/t2.json"' >rec
	jq '.keep = {text: ["InstitutionName"]}' "$ROOT/share/sidecar.json" >list
	run3 vx-upload -v --allow list --to "$STORE" rec
	expect 0
	same "$(jq -c . store/volume/a.json)" '{"InstitutionName":"Klinikum Musterstadt","RepetitionTime":5.66,"EchoTime":0.101}'
	has "$err" "left out of sidecars: PatientName"
	rm -r store
	jq '.keep = {words: []}' "$ROOT/share/sidecar.json" >list
	run3 vx-upload --allow list --to "$STORE" rec
	expect 65
	has "$err" 'list: keep: unknown kind "words"'
	run3 vx-upload --allow missing --to "$STORE" rec
	expect 74
	[ ! -e store ]
	# Who sends files as they are needs no list.
	run3 vx-upload -q --allow missing --sidecars as-is --to "$STORE" rec
	expect 0
	cmp in/t2.json store/volume/a.json
}

@test "a sidecar in Latin-1 becomes UTF-8, with a warning" {
	printf '\357\273\277{"Manufacturer":"G\344","PatientName":"M\374ller"}' >in/t2.json
	record volume/a in/t2.nii.gz '"path_json":"in/t2.json"' >rec
	run3 vx-upload --to "$STORE" rec
	expect 0
	has "$err" "the sidecar is not UTF-8: read as Latin-1"
	same "$(jq -c . store/volume/a.json)" '{"Manufacturer":"Gä"}'
}

@test "a reader that goes away does not cut what is in flight: 74, and every file begun is whole" {
	mkdir "$BATS_TEST_TMPDIR/src"
	local i
	for i in $(seq 200); do head -c 20000 /dev/urandom >"$BATS_TEST_TMPDIR/src/$i.nii"; done
	for i in $(seq 200); do
		echo '{"identifier":"volume/p/'$i'","path_nii":"'"$BATS_TEST_TMPDIR"'/src/'$i'.nii","other_data":{"pad":"'"$(head -c 9000 /dev/zero | tr '\0' x)"'"}}'
	done >"$BATS_TEST_TMPDIR/pipe-in"
	{ vx-upload --to "file://$BATS_TEST_TMPDIR/store" "$BATS_TEST_TMPDIR/pipe-in" 2>"$BATS_TEST_TMPDIR/err" || echo $? >"$BATS_TEST_TMPDIR/status"; } | head -1 >/dev/null
	same "$(cat "$BATS_TEST_TMPDIR/status")" 74
	grep -q 'stdout: cannot write: Broken pipe' "$BATS_TEST_TMPDIR/err"
	[ "$(find "$BATS_TEST_TMPDIR/store" -name '*.nii' ! -size 20000c | wc -l)" -eq 0 ]
	[ ! -e "$BATS_TEST_TMPDIR/store/.vx-upload" ]
}
