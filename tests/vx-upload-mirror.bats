# vx-upload --mirror: a folder into a store, and the map that comes of it; into a folder here, into Ceph below.
load helper
load s3

setup_file() {
	load helper
	load s3
	start_store ceph
	export CEPH_DIR=$S3_DIR
}

setup() {
	cd "$BATS_TEST_TMPDIR"
	unset VX_STORE
	store_env
	mkdir -p d/a/b d/b
	echo one >d/a/1.nii
	echo two >d/a/b/2.nii
	echo text >d/a-.txt
	echo hidden >d/.hidden
	printf '{"PatientName":"Mustermann","EchoTime":0.1}' >d/b/s.json
}

# keys: the objects in a folder, in byte order.
keys() {
	(cd "$1" && find . -type f -printf '%P\n' | LC_ALL=C sort | paste -sd' ')
}

@test "all files in order, a line each; a second time unchanged; sidecars are cleaned" {
	run3 vx-upload --mirror d --to "file://$PWD/s" --group g
	expect 0
	same "$(jq -r .path out | paste -sd' ')" "$PWD/d/.hidden $PWD/d/a-.txt $PWD/d/a/1.nii $PWD/d/a/b/2.nii $PWD/d/b/s.json"
	same "$(sed -n 3p out)" "{\"path\":\"$PWD/d/a/1.nii\",\"url\":\"file://$PWD/s/g/a/1.nii\",\"size\":4,\"sha256\":\"$(sha256sum d/a/1.nii | cut -c1-64)\",\"status\":\"created\"}"
	has "$err" "5 files in, 5 out, 0 rejected; files: 5 created"
	has "$err" "sidecars: 1 cleaned"
	same "$(keys s)" "g/.hidden g/a-.txt g/a/1.nii g/a/b/2.nii g/b/s.json"
	cmp d/a/b/2.nii s/g/a/b/2.nii
	same "$(jq -c . s/g/b/s.json)" '{"EchoTime":0.1}'
	same "$(sed -n 5p out | jq .size)" "$(stat -c %s s/g/b/s.json)"
	cp out first
	run3 vx-upload --mirror d/ --to "file://$PWD/s" --group g -j1
	expect 0
	cmp <(sed 's/created/unchanged/' first) out
	run3 vx-upload --mirror d --to "file://$PWD/t" --sidecars as-is --dry-run
	expect 0
	same "$(jq -r .status out | sort | uniq -c | tr -s ' ')" " 5 created"
	[ ! -e t ]
}

@test "--exclude and --include" {
	run3 vx-upload --mirror d --to "file://$PWD/s" -x '*.txt' --exclude a/b
	expect 0
	same "$(keys s)" ".hidden a/1.nii b/s.json"
	run3 vx-upload --mirror d --to "file://$PWD/t" --include '*.nii' --include b
	expect 0
	same "$(keys t)" "a/1.nii a/b/2.nii b/s.json"
	run3 vx-upload --mirror d --to "file://$PWD/u" --include 'a/**' -x '1.*'
	expect 0
	same "$(keys u)" "a/b/2.nii"
	run3 vx-upload --mirror d --to "file://$PWD/u" -x '{'
	expect 64
}

@test "other content is a conflict of its file alone; an update when asked" {
	vx-upload -q --mirror d --to "file://$PWD/s" >/dev/null
	echo other >d/a/1.nii
	run3 vx-upload --mirror d --to "file://$PWD/s" --rejects bad
	expect 1
	has "$err" "vx-upload: $PWD/d/a/1.nii: path: conflict: a/1.nii: the store has other content under this key"
	has "$err" "5 files in, 4 out, 1 rejected"
	same "$(jq -r .record.path bad)" "$PWD/d/a/1.nii"
	same "$(cat s/a/1.nii)" one
	run3 vx-upload --mirror d --to "file://$PWD/s" --on-conflict update
	expect 0
	same "$(jq -r 'select(.status == "updated").url' out)" "file://$PWD/s/a/1.nii"
	same "$(cat s/a/1.nii)" other
}

@test "links that are followed or not, and names that are no UTF-8" {
	ln -s 1.nii d/a/link
	ln -s b d/to-b
	printf x >$'d/n\xff'
	run3 vx-upload --mirror d --to "file://$PWD/s" --rejects bad
	expect 1
	has "$err" "$PWD/d/a/link: a symbolic link, not followed (see --follow)"
	has "$err" "8 files in, 6 out, 2 rejected"
	same "$(jq -r 'select(.path_raw) | [.path, .path_raw, .url] | @tsv' out)" "$PWD/d/n�	$PWD/d/n%FF	file://$PWD/s/n%FF"
	cmp $'d/n\xff' $'s/n\xff'
	same "$(jq -r .record.path bad | sort | paste -sd' ')" "$PWD/d/a/link $PWD/d/to-b"
	run3 vx-upload --mirror d --to "file://$PWD/t" -L
	expect 0
	same "$(keys t | tr '\377' '?')" ".hidden a-.txt a/1.nii a/b/2.nii a/link b/s.json n? to-b/s.json"
	# The map leads from vx-scan's records to the objects, whatever the names.
	printf x >$'d/b/\xfe.nii'
	run3 vx-upload --mirror d --to "file://$PWD/t" -L
	cp out map
	vx-scan -q d >rec
	run3 vx-upload --rewrite map rec
	expect 0
	same "$(jq -r .path_nii out | paste -sd' ')" "file://$PWD/t/a/1.nii file://$PWD/t/a/b/2.nii file://$PWD/t/b/%FE.nii"
}

@test "wrong usage: a store in the folder, no such folder, what does not go together" {
	run3 vx-upload --mirror d --to "file://$PWD/d/store"
	expect 64
	has "$err" "is inside of --mirror d"
	run3 vx-upload --mirror d --to "file://$PWD/d"
	expect 64
	run3 vx-upload --mirror nowhere --to "file://$PWD/s"
	expect 74
	has "$err" "nowhere: cannot be opened: No such file or directory"
	run3 vx-upload --mirror d/a-.txt --to "file://$PWD/s"
	expect 74
	for wrong in "--delete-extra" "--max-delete 3" "--field x" "--key x" "rec" "--rewrite map"; do
		# shellcheck disable=SC2086
		run3 vx-upload --mirror d --to "file://$PWD/s" $wrong
		expect 64
	done
	run3 vx-upload --to "file://$PWD/s" --include x rec
	expect 64
	has "$err" "--include: needs --mirror DIR"
}

@test "--delete-extra: not more than --max-delete, not what is excluded, nothing after a gap" {
	vx-upload -q --mirror d --to "file://$PWD/s" --group g >/dev/null
	mkdir -p s/g/x s/g/old s/h
	for f in x/1 x/2 a/1.nii.gz old/k zz; do echo extra >"s/g/$f"; done
	echo foreign >s/h/1
	run3 vx-upload --mirror d --to "file://$PWD/s" --group g --delete-extra --max-delete 3 -x old
	expect 1
	has "$err" "file://$PWD/s: has 4 objects that the folder has not, more than --max-delete 3: none is deleted"
	same "$(grep -c deleted out)" 0
	same "$(keys s | wc -w)" 11
	run3 vx-upload --mirror d --to "file://$PWD/s" --group g --delete-extra --max-delete 4 -x old --dry-run
	expect 0
	same "$(grep -c deleted out)" 4
	has "$err" "; 4 objects to delete"
	same "$(keys s | wc -w)" 11
	# A link may stand for what the store has.
	ln -s 1.nii d/a/1.nii.gz
	run3 vx-upload --mirror d --to "file://$PWD/s" --group g --delete-extra --max-delete 4 -x old
	expect 1
	has "$err" "not all of the folder could be read: nothing is deleted"
	same "$(keys s | wc -w)" 11
	rm d/a/1.nii.gz
	mkdir empty
	run3 vx-upload --mirror empty --to "file://$PWD/s" --group g --delete-extra --max-delete 100
	has "$err" "the folder holds no file: nothing is deleted"
	same "$(keys s | wc -w)" 11
	run3 vx-upload --mirror d --to "file://$PWD/s" --group g --delete-extra --max-delete 4 -x old --journal j
	expect 0
	same "$(grep deleted out)" "$(printf "{\"url\":\"file://$PWD/s/g/%s\",\"status\":\"deleted\"}\n" a/1.nii.gz x/1 x/2 zz)"
	has "$err" "5 files in, 9 out, 0 rejected; files: 0 created, 5 unchanged"
	has "$err" "; 4 objects deleted"
	same "$(keys s)" "g/.hidden g/a-.txt g/a/1.nii g/a/b/2.nii g/b/s.json g/old/k h/1"
	# What was deleted is not in the journal any more; the map with its lines about it is still one.
	mv d/a/1.nii away
	run3 vx-upload --mirror d --to "file://$PWD/s" --group g --delete-extra --max-delete 1 -x old --journal j
	mv away d/a/1.nii
	run3 vx-upload --mirror d --to "file://$PWD/s" --group g --delete-extra --max-delete 1 -x old --journal j
	expect 0
	same "$(jq -r 'select(.status == "created").url' out)" "file://$PWD/s/g/a/1.nii"
	[ -f s/g/a/1.nii ]
}

@test "killed at any moment, then run again: all there, and nothing left over" {
	mkdir big
	for i in $(seq 400); do echo "$i" >"big/$i"; done
	for ms in 10 20 40 80 120; do
		vx-upload -q --mirror big --to "file://$PWD/s" --journal j >/dev/null 2>&1 3>&- &
		sleep "0.$(printf %03d $ms)"
		kill -9 $! 2>/dev/null || true
		wait $! || true
	done
	run3 vx-upload --mirror big --to "file://$PWD/s" --journal j
	expect 0
	same "$(wc -l <out)" 400
	diff -r big s
}

@test "interrupted: what is under way is finished, nothing is deleted, and the next run goes on" {
	mkdir big
	for i in $(seq 2000); do echo "$i" >"big/$i"; done
	mkdir s
	echo extra >s/extra
	set -m
	vx-upload --mirror big --to "file://$PWD/s" -j2 --delete-extra --max-delete 9 >out 2>err 3>&- &
	local upload=$! status=0
	set +m
	while [ ! -s out ]; do sleep 0.01; done
	kill -INT $upload
	wait $upload || status=$?
	same "$status" 130
	[ -e s/extra ]
	same "$(wc -l <out)" "$(($(keys s | wc -w) - 1))"
	run3 vx-upload --mirror big --to "file://$PWD/s" --delete-extra --max-delete 9
	expect 0
	diff -r big s
}

@test "Ceph: mirrored, unchanged by its list alone, and then rewritten records, as the guide's appendix has it" {
	needs_store
	vx-demo-dataset data >/dev/null
	rm data/images/DEMO-008/2019-10-23/t2.json # cut off, as the demo has it
	run3 vx-upload --mirror data/images --to s3://lab/whole --group images
	expect 0
	cp out map
	same "$(wc -l <map)" "$(find data/images -type f | wc -l)"
	same "$(jq -r .status map | sort -u)" created
	while IFS=$'\t' read -r path url; do
		case $path in *.json) continue ;; esac
		s3 GET "/${url#s3://}" | cmp - "$path"
	done < <(jq -r '[.path, .url] | @tsv' map)
	run3 vx-upload --mirror data/images --to s3://lab/whole --group images
	expect 0
	cmp <(sed 's/created/unchanged/' map) out
	vx-scan -q data/images | vx-nifti-meta -q >rec 2>/dev/null || true # some of the demo's images are broken
	[ "$(wc -l <rec)" -gt 30 ]
	run3 vx-upload --rewrite map rec
	expect 0
	same "$(wc -l <out)" "$(wc -l <rec)"
	same "$(jq -r '.path_nii, .path_json // empty' out | LC_ALL=C sort | comm -23 - <(jq -r .url map))" ""
	same "$(jq -r --arg d "$PWD/data/" '.path_nii | ltrimstr($d)' rec)" \
		"$(jq -r '.path_nii | ltrimstr("s3://lab/whole/")' out)"
}

@test "Ceph: keys of all kinds, what is there already, what is extra, names that no key can have" {
	needs_store
	mkdir -p "d/sp ace" d/ü
	for f in "sp ace/a+b%~.bin" ü/ä.bin "q?x=1&y"; do echo "$f" >"d/$f"; done
	printf x >$'d/n\xff'
	printf x >$'d/tab\there'
	: >d/empty
	run3 vx-upload --mirror d --to s3://lab/keys
	expect 1
	has "$err" "its name is not UTF-8, as S3 keys are"
	has "$err" "holds a control character"
	has "$err" "11 files in, 9 out, 2 rejected; files: 9 created"
	same "$(s3 GET "/lab/keys/sp ace/a+b%~.bin")" "sp ace/a+b%~.bin"
	same "$(s3 GET /lab/keys/ü/ä.bin)" ü/ä.bin
	rm $'d/n\xff' $'d/tab\there'
	# Removed and changed behind the journal's back: the list knows.
	run3 vx-upload --mirror d --to s3://lab/keys --journal j
	expect 0
	has "$err" "0 created, 9 unchanged"
	s3 -i PUT /lab/keys/a-.txt d/a/1.nii >/dev/null
	for k in x1 a/x2 z//y; do s3 -i PUT "/lab/keys/$k" d/a/1.nii >/dev/null; done
	s3 -i DELETE /lab/keys/empty >/dev/null
	s3 -i PUT /lab/keysx d/a/1.nii >/dev/null
	run3 vx-upload --mirror d --to s3://lab/keys --journal j --on-conflict update --delete-extra --max-delete 3
	expect 0
	has "$err" "files: 1 created, 7 unchanged, 1 updated"
	same "$(jq -r 'select(.status == "deleted").url' out | paste -sd' ')" "s3://lab/keys/a/x2 s3://lab/keys/x1 s3://lab/keys/z//y"
	same "$(s3 GET /lab/keys/a-.txt)" text
	run3 s3 GET /lab/keys/x1
	expect 1
	same "$(s3 GET /lab/keysx)" one
}

@test "Ceph: killed at any moment, then run again, with a journal and without" {
	needs_store
	mkdir big
	for i in $(seq 300); do echo "$i" >"big/$i"; done
	head -c 12000000 /dev/urandom >big/large
	for ms in 30 60 120 200 300 400; do
		vx-upload -q --mirror big --to s3://lab/killed --part-size 5M $( ((ms % 40)) || echo --journal j) >/dev/null 2>&1 3>&- &
		sleep "0.$(printf %03d $ms)"
		kill -9 $! 2>/dev/null || true
		wait $! || true
	done
	run3 vx-upload --mirror big --to s3://lab/killed --part-size 5M --journal j
	expect 0
	has "$err" "301 files in, 301 out, 0 rejected"
	cp out map
	run3 vx-upload --mirror big --to s3://lab/killed --part-size 5M
	has "$err" "files: 0 created, 301 unchanged"
	s3 GET /lab/killed/large | cmp - big/large
	same "$(s3 GET /lab/killed/123)" 123
	same "$(s3 GET "/lab?uploads=&prefix=killed/" | grep -c "<UploadId>")" 0
	same "$(jq -r '.sha256 + "  " + .path' map | sha256sum -c --quiet 2>&1)" ""
}

@test "Ceph: no list, no deletion: a wrong bucket ends the run" {
	needs_store
	run3 vx-upload --mirror d --to s3://nobucket --delete-extra --max-delete 10
	expect 69
	has "$err" NoSuchBucket
	same "$out" ""
	run3 vx-upload --mirror d --to s3://nobucket
	expect 69
	same "$out" ""
}
