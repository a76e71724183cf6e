# vx-upload --verify and --orphans: what is said of each object, in a folder and in a bucket of a real store.
load helper
load s3

setup_file() {
	load helper
	load s3
	start_store ceph
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	make_files
	store_env
}

make_files() {
	local i
	rm -rf in maps
	mkdir in
	for i in 1 2 3; do
		printf 'image %s' $i >in/$i.nii
		printf '{"PatientName":"Mustermann","EchoTime":0.%s}' $i >in/$i.json
		printf '{"identifier":"volume/P/%s","path_nii":"in/%s.nii","path_json":"in/%s.json"}\n' $i $i $i
	done >rec
}

# in_both FUNCTION: the test's body on a folder, then on a bucket; $TO is the store.
in_both() {
	TO=file://$BATS_TEST_TMPDIR/store $1
	needs_store
	make_files
	TO=s3://lab/v$BATS_TEST_NUMBER $1
}

# object KEY: the store's bytes; damage KEY TEXT: replaces them behind vx's back; drop KEY.
object() {
	case $TO in file:*) cat "${TO#file://}/$1" ;; *) s3 GET "/lab/${TO#s3://lab/}/$1" ;; esac
}
damage() {
	printf %s "$2" >damaged
	case $TO in file:*) cp damaged "${TO#file://}/$1" ;; *) s3 PUT "/lab/${TO#s3://lab/}/$1" damaged ;; esac
}
drop() {
	case $TO in file:*) rm "${TO#file://}/$1" ;; *) s3 DELETE "/lab/${TO#s3://lab/}/$1" ;; esac
}

signs() {
	run3 vx-upload --verify --to "$TO" "$@"
	cp out plain
	cp err plain.err
	local plain=$status
	run3 vx-upload --verify=full --to "$TO" "$@"
	same "$(cat out)" "$(cat plain)"
	expect "$plain"
}

verify_all_of_it() {
	signs rec
	expect 1
	same "$out" "+ volume/P/1.nii
+ volume/P/1.json
+ volume/P/2.nii
+ volume/P/2.json
+ volume/P/3.nii
+ volume/P/3.json"
	has "$err" "vx-upload: in/1.nii: path_nii: volume/P/1.nii: is not in the store (and 1 more)"
	has "$err" "3 records in, 6 out, 3 rejected; objects: = 0, + 6, - 0, * 0, ! 0"
	vx-upload -q --to "$TO" rec >stored
	signs rec
	expect 0
	same "$(cut -c1-2 out | sort | uniq -c | tr -s ' ')" " 6 = "
	has "$err" "objects: = 6, + 0, - 0, * 0, ! 0"
	signs stored
	expect 0
	same "$(cut -c1-2 out | sort | uniq -c | tr -s ' ')" " 6 = "

	damage volume/P/2.nii "image X"
	damage volume/P/3.json '{}'
	drop volume/P/1.json
	rm in/3.nii
	run3 vx-upload --verify --to "$TO" --rejects bad rec
	expect 1
	same "$out" "= volume/P/1.nii
+ volume/P/1.json
* volume/P/2.nii
= volume/P/2.json
! volume/P/3.nii
* volume/P/3.json"
	has "$err" "in/1.nii: path_json: volume/P/1.json: is not in the store"
	has "$err" "in/2.nii: path_nii: volume/P/2.nii: the store has other content"
	has "$err" "in/3.nii: path_nii: volume/P/3.nii: in/3.nii: cannot be opened: No such file or directory (and 1 more)"
	has "$err" "objects: = 2, + 1, - 0, * 2, ! 1"
	same "$(jq -r .record.identifier bad | tr '\n' ' ')" "volume/P/1 volume/P/2 volume/P/3 "
	same "$(object volume/P/2.nii)" "image X"
}

@test "verify: =, +, * and ! for each object, in order; nothing is stored; rejected are the records to upload again" {
	in_both verify_all_of_it
}

verify_the_urls() {
	vx-upload -q --to "$TO" rec >stored
	damage volume/P/2.nii "image X"
	drop volume/P/3.nii
	jq -c '{identifier, path_nii}' stored >urls
	printf '{"identifier":"volume/P/4","path_nii":"https://elsewhere/4.nii"}\n{"identifier":"study/P/5"}\n' >>urls
	run3 vx-upload --verify=full --to "$TO" urls
	expect 1
	same "$(sed -n 1,3p out)" "$(printf '%s\n' '= volume/P/1.nii' "$1 volume/P/2.nii" '+ volume/P/3.nii')"
	same "$(sed -n 4,9p out)" "! https://elsewhere/4.nii"
	has "$err" "path_nii: https://elsewhere/4.nii: is not below --to"
	jq -c 'select(.identifier < "volume/P/4" and .path_nii) | .sha256 = $s' --arg s "$(printf 'image X' | sha256sum | cut -c1-64)" \
		urls >hashes
	run3 vx-upload --verify=full --to "$TO" hashes
	expect 1
	same "$out" "$(printf '%s\n' '* volume/P/1.nii' '= volume/P/2.nii' '+ volume/P/3.nii')"
}

@test "verify: URLs, with the record's sha256, or with what the object says of itself" {
	TO=file://$BATS_TEST_TMPDIR/store verify_the_urls =
	needs_store
	# Another program put it there, and did not say what it is.
	TO=s3://lab/v$BATS_TEST_NUMBER verify_the_urls !
	run3 vx-upload --verify --to "s3://lab/v$BATS_TEST_NUMBER" urls
	has "$err" "volume/P/2.nii: neither the record nor x-amz-meta-sha256 says what its SHA-256 should be"
}

@test "verify: bytes of the same size under a hash that is not theirs: only =full reads them" {
	needs_store
	vx-upload -q --to s3://lab/lie rec >stored
	printf 'image X' >lie
	aws_cli s3api put-object --bucket lab --key lie/volume/P/1.nii --body lie \
		--metadata "sha256=$(printf 'image 1' | sha256sum | cut -c1-64)" >/dev/null
	for records in rec stored; do
		run3 vx-upload --verify --to s3://lab/lie $records
		expect 0
		run3 vx-upload --verify=full --to s3://lab/lie $records
		expect 1
		same "$(grep -v = out)" "* volume/P/1.nii"
	done
}

@test "verify: a large object is read back with several requests at once, and stays in 32 MiB" {
	needs_store
	plain_build
	head -c 150000000 /dev/urandom >in/1.nii
	vx-upload -q --to s3://lab/large rec >/dev/null
	run3 vx-upload --verify=full --to s3://lab/large rec
	expect 0
	same "$(grep -c = out)" 6
	run3 command time -f %M vx-upload -q --verify=full --to s3://lab/large rec
	expect 0
	[ "$err" -lt 32768 ] || same "$err KiB" "at most 32 MiB"
	printf X | dd of=in/1.nii bs=1 seek=149999999 conv=notrunc status=none
	run3 vx-upload --verify=full --to s3://lab/large rec
	expect 1
	has "$out" "* volume/P/1.nii"
}

verify_shapes() {
	mkdir -p maps/deep
	printf a >maps/a
	printf b >maps/deep/b
	printf '{"identifier":"case/1","files":{"t2":"in/1.nii","all":["in/2.nii","in/2.json"]}}\n' >shapes
	printf '{"identifier":"case/2","maps":"maps"}\n' >>shapes
	vx-upload -q --to "$TO" --group g --field files --field maps shapes >stored
	signs --group g --field files --field maps shapes
	expect 0
	same "$out" "$(printf '= g/1/files/%s\n' t2.nii all/0.nii all/1.json)
= g/2/a
= g/2/deep/b"
	cp out first
	signs --field files --field maps stored
	expect 0
	cmp out first
	drop g/2/deep/b
	signs --group g --field files --field maps shapes
	expect 1
	same "$(tail -n 2 out)" "= g/2/a
+ g/2/deep/b"
	mkfifo maps/fifo
	run3 vx-upload --verify --to "$TO" --group g --field maps shapes
	expect 1
	has "$out" "! g/2"
}

@test "verify: objects, lists and folders, as paths and as URLs" {
	in_both verify_shapes
}

@test "verify: a journal is not believed, nor a store of nobody: 69, 75" {
	needs_store
	vx-upload -q --to s3://lab/j --journal j rec >/dev/null
	s3 DELETE /lab/j/volume/P/2.nii
	run3 vx-upload --verify --to s3://lab/j --journal j rec
	expect 1
	same "$(grep -v = out)" "+ volume/P/2.nii"
	run3 vx-upload --verify --to s3://no-such-bucket rec
	expect 69
	has "$err" NoSuchBucket
	AWS_SECRET_ACCESS_KEY=wrong run3 vx-upload --verify --to s3://lab/j rec
	expect 69
	run3 vx-upload --verify --retry-for 0 --endpoint "http://127.0.0.1:$(free_port)" --to s3://lab/j rec
	expect 75
	same "$out" ""
	run3 vx-upload --verify=all --to s3://lab/j rec
	expect 64
	run3 vx-upload --verify --orphans --to s3://lab/j rec
	expect 64
	has "$err" "--verify and --orphans: one of the two at a time"
}

find_orphans() {
	vx-upload -q --to "$TO" rec >stored
	mkdir -p maps/deep
	printf abc >maps/deep/b
	printf '{"identifier":"case/1","maps":"maps"}\n' | vx-upload -q --to "$TO" --field maps >>stored
	run3 vx-upload --orphans --to "$TO" stored
	expect 0
	same "$out" ""
	has "$err" "4 records in, 0 out, 0 rejected; 7 URLs below --to; objects: 7 (0.0 MB), orphans: 0 (0.0 MB)"
	sed 1d stored | sed '$d' >fewer
	run3 vx-upload --orphans --to "$TO" fewer
	expect 0
	same "$(jq -c '[.url, .size]' out)" "[\"$TO/case/1/deep/b\",3]
[\"$TO/volume/P/1.json\",$(object volume/P/1.json | wc -c)]
[\"$TO/volume/P/1.nii\",7]"
	same "$(object volume/P/1.nii)" "image 1"
	run3 vx-upload --orphans --to "$TO" --group case fewer
	expect 0
	same "$(jq -r .url out)" "$TO/case/1/deep/b"

	# What cannot be read may name any of them.
	(cat fewer; echo '{"path_nii":') >torn
	run3 vx-upload --orphans --to "$TO" torn
	expect 1
	same "$out" ""
	has "$err" "no orphans are told: what could not be read may name them"
	run3 vx-upload --orphans --to "$TO" fewer no-such-file
	expect 74
	same "$out" ""
	run3 vx-upload --orphans --to "$TO" /dev/null
	expect 65
	same "$out" ""
	has "$err" "no record names anything below $TO"
}

@test "orphans: objects that no record names, by file or folder; none where the records are not all there" {
	in_both find_orphans
}

@test "orphans: an empty store has none; a folder that is not there is not made" {
	run3 vx-upload --orphans --to "file://$PWD/nothing" /dev/null
	expect 0
	same "$out" ""
	[ ! -e nothing ]
	run3 vx-upload --verify --to "file://$PWD/nothing" rec
	expect 1
	[ ! -e nothing ]
}

@test "orphans: among 200,000 names each one is known; memory grows by 8 bytes a name" {
	plain_build
	mkdir store
	touch store/{1,2,77777,100000,150001,199999,200000,200001,x}
	seq 200000 | sed 's|.*|{"a":["file://'"$PWD"'/store/&"]}|' >names
	run3 command time -o rss -f %M vx-upload -q --orphans --to "file://$PWD/store" names
	expect 0
	same "$(jq -r .url out)" "file://$PWD/store/200001
file://$PWD/store/x"
	[ "$(cat rss)" -lt 18432 ] || same "$(cat rss) KiB" "less than 18 MiB"
}

verify_mirror() {
	mkdir -p d/a/b d/a-
	echo 1 >d/a/1
	echo 2 >d/a/b/2
	echo 3 >d/a-/3
	echo 4 >d/a.txt
	printf '{"PatientName":"Mustermann","EchoTime":0.1}' >d/s.json
	signs --mirror d
	expect 1
	same "$out" "$(printf '+ %s\n' a-/3 a.txt a/1 a/b/2 s.json)"
	vx-upload -q --mirror d --to "$TO" >/dev/null
	signs --mirror d
	expect 0
	same "$out" "$(printf '= %s\n' a-/3 a.txt a/1 a/b/2 s.json)"
	has "$err" "5 objects in, 5 out, 0 rejected; objects: = 5, + 0, - 0, * 0, ! 0"

	damage a.txt 5
	rm d/a/b/2
	echo 6 >d/a/6
	damage a/0 more
	damage z more
	signs --mirror d
	expect 1
	same "$out" "= a-/3
* a.txt
- a/0
= a/1
+ a/6
- a/b/2
= s.json
- z"
	has "$err" "vx-upload: $TO/z: is in the store only"
	has "$err" "vx-upload: $PWD/d/a.txt: path: a.txt: the store has other content"
	has "$err" "objects: = 3, + 1, - 3, * 1, ! 0"
	same "$(object z)" more
	signs --mirror d --exclude z --exclude 'a/**'
	expect 1
	same "$out" "= a-/3
* a.txt
= s.json"
	signs --mirror d/a --group a
	expect 1
	same "$out" "- a/0
= a/1
+ a/6
- a/b/2"

	# What is below a link that is not followed cannot be told, be it in the store or not.
	rm -r d/a/b
	ln -s /etc d/a/b
	signs --mirror d/a --group a
	expect 1
	same "$(sort out)" "! a/b
! a/b/2
+ a/6
- a/0
= a/1"
	run3 vx-upload --mirror d --to "$TO" --verify --delete-extra --max-delete 9
	expect 64
	rm -r d
}

@test "verify: a mirrored folder, with what only the store has" {
	in_both verify_mirror
}
