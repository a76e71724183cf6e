#!/usr/bin/env bats
# vx-scan: order, kinds, pairing, patterns, templates, selection, what goes wrong.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return 1
	mkdir d
}

rels() { jq -r ._file.rel; }
ids() { jq -r .identifier; }

@test "the record of an image: keys in order, paths absolute, sidecars folded in" {
	mkdir -p d/p1/s1
	touch d/p1/s1/dwi.{nii.gz,json,bval,bvec} d/p1/s1/other.json
	touch -d '2024-02-29T12:34:56.5Z' d/p1/s1/dwi.nii.gz
	run3 vx-scan d
	expect 0
	has "$err" "vx-scan: 1 files out, 0."
	local at=$PWD/d/p1/s1/dwi
	same "$out" "{\"identifier\":\"volume/p1/s1/dwi\",\"path_nii\":\"$at.nii.gz\",\"path_json\":\"$at.json\",\"_file\":{\"rel\":\"p1/s1/dwi.nii.gz\",\"root\":\"$PWD/d\",\"path\":\"$at.nii.gz\",\"size\":0,\"mtime\":\"2024-02-29T12:34:56.500000000Z\",\"kind\":\"nifti\",\"sidecars\":{\"json\":\"$at.json\",\"bval\":\"$at.bval\",\"bvec\":\"$at.bvec\"}}}"
}

@test "times before 1970, leap years and the ends of years" {
	local t
	for t in 1969-12-31T23:59:59Z 1904-02-29T00:00:00Z 2000-02-29T00:00:01Z 2023-12-31T23:59:59Z 2037-03-01T10:20:30Z; do
		touch -d "$t" d/x.nii
		same "$(vx-scan -q d | jq -r ._file.mtime)" "$t"
	done
}

@test "order is that of the bytes of the paths, the same for any number of threads" {
	mkdir -p d/a/b d/B "d/a b" d/a.d
	touch d/a.nii d/a-1.nii d/a0.nii d/a/z.nii d/a/b/c.nii d/B/x.nii "d/a b/y.nii" d/é.nii d/a.d/q.nii
	run3 vx-scan -q -j 1 d
	expect 0
	same "$(rels <"$BATS_TEST_TMPDIR/out")" "$(cd d && find . -type f | sed 's/^..//' | LC_ALL=C sort)"
	cp out first
	run3 vx-scan -q -j 8 d
	cmp out first
}

@test "a tree of 20,000 files: one record each, in order, sorted and unique" {
	make_tree big 20000
	run3 vx-scan -j 3 big
	expect 0
	has "$err" "20000 files out"
	rels <out >got
	same "$(wc -l <got)" 20000
	LC_ALL=C sort -cu got
}

@test "memory does not grow with the tree" {
	make_tree big 100000
	/usr/bin/time -f %M -o rss vx-scan -q big >/dev/null
	plain_build
	[ "$(tail -1 rss)" -lt 16384 ]
}

@test "kinds: by name where it settles, else by content" {
	printf '{"a":1}' >d/no-suffix
	printf 'a;b\n1;2\n' >d/table.txt
	{ head -c 128 /dev/zero; printf 'DICM....'; } >d/IM0001
	printf 'ObjectType = Image\nNDims = 3\n' >d/meta
	: >d/empty.nii.gz
	printf 'not dicom' >d/said.dcm
	printf 'hello' >d/readme.txt
	printf '{"a":1}' | gzip >d/z.gz
	: >d/s.xlsx
	run3 vx-scan -q --kind all d
	expect 0
	same "$(jq -r '._file.rel + " " + ._file.kind' <out)" "IM0001 dicom
empty.nii.gz nifti
meta mha
no-suffix json
readme.txt other
s.xlsx xlsx
said.dcm dicom
table.txt csv
z.gz json"
	run3 vx-scan -q --kind csv,dicom d
	same "$(rels <out)" "IM0001
said.dcm
table.txt"
	# Only images are resources; the others have no identifier to be posted under, but a path.
	run3 vx-scan -q --kind json d
	same "$(jq -c 'select(.identifier or .path_nii)' <out)" ""
	same "$(head -1 out | jq -r ._file.path)" "$PWD/d/no-suffix"
}

@test "the real NIfTI files: pairs, Analyze, NIfTI-2" {
	needs_data nifti
	run3 vx-scan -q "$DATA/nifti"
	expect 0
	same "$(jq -r '._file.rel + " " + ._file.kind' <out)" "analyze.hdr analyze
example4d.nii.gz nifti
example_nifti2.nii.gz nifti
nifti1.hdr nifti
standard.nii.gz nifti"
}

@test "a pair is one image, whatever the name of a .hdr that is none" {
	needs_data nifti
	cp "$DATA/nifti/nifti1.hdr" d/a.hdr
	touch d/a.img d/a.json d/envi.img
	echo 'ENVI' >d/envi.hdr
	run3 vx-scan -q d
	expect 0
	same "$(jq -c '[.identifier, ._file.rel, (._file.sidecars | keys)]' <out)" '["volume/a","a.hdr",["img","json"]]'
	same "$(jq -r ._file.sidecars.img <out)" "$PWD/d/a.img"
	run3 vx-scan -q --kind all d
	same "$(jq -r '._file.rel + " " + ._file.kind' <out)" "a.hdr nifti
a.img img
a.json json
envi.hdr other
envi.img img"
}

@test "an image without a suffix is found by what it holds" {
	needs_data nifti
	cp "$DATA/nifti/standard.nii.gz" d/scan.gz
	cp "$DATA/nifti/nifti1.hdr" d/plain
	run3 vx-scan -q d
	expect 0
	same "$(ids <out)" "volume/plain
volume/scan.gz"
}

@test "two images of one stem keep their suffixes, and it is said" {
	touch d/x.nii d/x.nii.gz d/x.json d/y.nii d/y.nii.nii
	run3 vx-scan d
	expect 0
	same "$(ids <out)" "volume/x.nii
volume/x.nii.gz
volume/y
volume/y.nii.nii"
	has "$err" "d/x.nii: warning: another image has the same name but for its suffix"
	same "$(jq -r .path_json <out | head -2 | sort -u)" "$PWD/d/x.json"
}

@test "upper-case suffixes are suffixes" {
	touch d/A.NII.GZ d/A.JSON
	run3 vx-scan -q d
	same "$(jq -c '[.identifier, (.path_json | sub(".*/"; ""))]' <out)" '["volume/A","A.JSON"]'
}

@test "names are encoded into identifiers, long ones are cut and stay apart" {
	mkdir "d/p 1"
	touch "d/p 1/t2+ax (1).nii" "d/.nii"
	run3 vx-scan -q d
	same "$(ids <out)" "volume/p+201/t2+2Bax+20+281+29"
	local long
	long=$(printf 'x%.0s' $(seq 240))
	mkdir "d/$long"
	touch "d/$long/aaaaaaaaaaaaaaaaaaaa.nii" "d/$long/aaaaaaaaaaaaaaaaaaab.nii"
	run3 vx-scan -q "d/$long/.." # the path is resolved
	same "$(ids <out | awk 'length > 255' | wc -l)" 0
	same "$(ids <out | sort -u | wc -l)" 3
}

@test "patterns: captures, the first that matches, what matches none is counted" {
	mkdir -p d/p1 d/p2
	touch d/p1/s1_t2.nii.gz d/p1/s1_t2.json d/p2/s2_adc.nii d/loose.nii
	run3 vx-scan -p '{patient}/{study:s[0-9]+}_t2.nii.gz' -p '{patient}/{name}.nii' d
	expect 0
	same "$(jq -c '[._file.rel, ._match]' <out)" '["p1/s1_t2.nii.gz",{"patient":"p1","study":"s1"}]
["p2/s2_adc.nii",{"patient":"p2","name":"s2_adc"}]'
	has "$err" "vx-scan: 2 files out, 1 matched no pattern, "
}

@test "--explain: the nearest pattern and why, for images only" {
	mkdir -p d/p1
	touch d/p1/10x.nii d/p1/10x.json
	run3 vx-scan --explain -p '{a}.nii' -p '{patient}/{study:[0-9]+}.nii' d
	expect 0
	same "$out" ""
	has "$err" "vx-scan: d/p1/10x.nii: matches no pattern; nearest is '{patient}/{study:[0-9]+}.nii': "
	has "$err" "'x.nii'"
	same "$(grep -c 'matches no pattern' err)" 1
}

@test "--id and --set: captures, rel, dir, name, root; JSON values" {
	mkdir -p "d/p 1/s1"
	touch "d/p 1/s1/t2.nii.gz"
	run3 vx-scan -q -p '{patient}/{study}/*.nii.gz' --id 'volume/{patient}/{name}' \
		--set 'parent_identifier=study/{patient}/{study}' --set 'volume_uid={dir}|{rel}|{root}' --set license=VIRDX \
		--set 'labels:={"0": "background"}' --set 'derived_from:=[]' d
	expect 0
	same "$(jq -c 'del(._file, .path_nii)' <out)" '{"identifier":"volume/p+201/t2","parent_identifier":"study/p+201/s1","volume_uid":"p 1/s1|p 1/s1/t2|d","license":"VIRDX","labels":{"0":"background"},"derived_from":[],"_match":{"patient":"p 1","study":"s1"}}'
	same "$(jq -r 'keys_unsorted | join(" ")' <out)" "identifier path_nii parent_identifier volume_uid license labels derived_from _file _match"
}

@test "a template without a value, an identifier that is none: rejected, the rest goes on" {
	mkdir d/s
	touch d/top.nii d/s/in.nii
	run3 vx-scan --rejects rej --id 'volume/{dir}/{name}' d
	expect 1
	same "$(ids <out)" volume/s/in
	has "$err" "vx-scan: d/top.nii: dir: {dir} has no value"
	same "$(jq -c '[.tool, .reason, .file, .record._file.rel]' <rej)" '["vx-scan","dir: {dir} has no value","d/top.nii","top.nii"]'
	run3 vx-scan --id '{name}' d
	expect 1
	same "$out" ""
	has "$err" "d/top.nii: identifier: 'top' "
}

@test "--exclude: by path and by name; an excluded folder is not entered" {
	mkdir -p d/keep d/deriv/x d/keep/.git
	touch d/keep/a.nii d/deriv/x/b.nii d/keep/.git/c.nii d/keep/._a.nii
	run3 vx-scan -q -x 'deriv/**' -x .git -x '._*' d
	expect 0
	same "$(rels <out)" keep/a.nii
	ln -s .. d/deriv/up # a loop that only a walk into the folder would meet
	run3 vx-scan -q -L -x deriv d
	expect 0
	same "$(vx-scan -q -x deriv -x .git -x '._*' d | rels)" keep/a.nii
}

@test "links: told when not followed; followed, loops and dead ends are told and the rest is listed" {
	mkdir d/real
	touch d/real/a.nii
	ln -s real d/link
	ln -s .. d/real/up
	ln -s nowhere d/dead.nii
	ln -s real/a.nii d/b.nii
	ln -s x d/self.png
	run3 vx-scan d
	expect 0
	same "$(rels <out)" real/a.nii
	has "$err" "a symbolic link, not followed (see --follow)"
	has "$err" "(and 3 more)"
	run3 vx-scan -L d
	expect 1
	same "$(rels <out)" "b.nii
link/a.nii
real/a.nii"
	has "$err" "vx-scan: d/real/up/: a symbolic link that leads back to a folder above it"
	has "$err" "vx-scan: d/dead.nii: vanished, or a link to nothing"
	has "$err" "3 files out, 3 rejected"
}

@test "a folder that cannot be read is told; the rest is listed" {
	local as=() place
	if [ "$(id -u)" -eq 0 ]; then
		command -v setpriv >/dev/null || skip "root reads every folder, and there is no setpriv"
		as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
	fi
	place=$(mktemp -d) # another user does not get into the folder of the tests
	mkdir "$place"/{locked,open}
	touch "$place"/{locked/a.nii,open/b.nii,secret}
	cp "$BUILD/vx-scan" "$place/vx-scan.py"
	chmod 0 "$place"/{locked,secret}
	chmod 755 "$place"
	cd "$place"
	run3 "${as[@]}" ./vx-scan.py .
	cd /
	chmod 755 "$place/locked"
	rm -rf "$place"
	expect 1
	same "$(rels <"$BATS_TEST_TMPDIR/out")" open/b.nii
	has "$err" "./locked/: cannot be looked at: Permission denied"
	has "$err" "./secret: cannot be read: Permission denied"
	has "$err" "2 rejected"
}

@test "names that are not UTF-8 are carried whole" {
	touch "$(printf 'd/p\xe9 1.nii')"
	run3 vx-scan -q d
	expect 0
	same "$(jq -r ._file.rel <out)" "$(printf 'p\xef\xbf\xbd 1.nii')"
	same "$(jq -r ._file.path_raw <out)" "$PWD/d/p%E9%201.nii"
	touch 'd/q"\.nii' "$(printf 'd/n\nl.nii')"
	same "$(vx-scan -q d | jq -c ._file.rel | head -2)" '"n\nl.nii"
"p� 1.nii"'
}

@test "several folders in the order given; a file as an argument brings its sidecars" {
	mkdir e
	touch d/a.nii e/a.nii e/a.json e/b.nii
	run3 vx-scan -q e d --id 'volume/{root}/{rel}'
	expect 0
	same "$(ids <out)" "volume/e/a
volume/e/b
volume/d/a"
	run3 vx-scan -q e/a.nii
	expect 0
	same "$(jq -c '[.identifier, (.path_json | sub(".*/"; "")), ._file.rel]' <out)" '["volume/a","a.json","a.nii"]'
}

@test "what cannot be opened is 74, the other arguments are scanned" {
	touch d/a.nii
	run3 vx-scan none d
	expect 74
	same "$(ids <out)" volume/a
	has "$err" "vx-scan: none: cannot be opened: No such file or directory"
}

@test "--newer: a date, a date and time, a file; a new sidecar makes an image new" {
	touch -d 2024-01-01T00:00:00Z d/old.nii d/old2.nii mark
	touch -d 2024-01-02T00:00:00Z d/new.nii d/old2.json
	run3 vx-scan --newer 2024-01-01 d
	same "$(ids <out)" "volume/new
volume/old2"
	has "$err" "2 files out, 1 not newer"
	same "$(vx-scan -q --newer mark d | ids)" "volume/new
volume/old2"
	same "$(vx-scan -q --newer 2024-01-01T23:30:00-01:00 d | ids)" ""
	same "$(vx-scan -q --newer 2024-01-01T23:59:59Z d | wc -l)" 2
	run3 vx-scan --newer yesterday d
	expect 64
}

@test "--quiet-for leaves what changed just now for the next run, and counts it" {
	touch -d '1 hour ago' d/done.nii
	touch d/writing.nii
	run3 vx-scan --quiet-for 10m d
	expect 0
	same "$(ids <out)" volume/done
	has "$err" "1 changed just now, left for the next run"
}

@test "--shard: the parts are disjoint, their union is the whole, and stay the same" {
	make_tree big 3000
	vx-scan -q big | rels | sort >all
	for i in 1 2 3 4 5 6 7; do vx-scan -q --shard $i/7 big | rels; done >parts
	sort parts | cmp - all
	same "$(vx-scan -q --shard 1/7 big | head -1 | rels)" "$(head -1 parts)"
	[ "$(vx-scan -q --shard 2/7 big | wc -l)" -gt 300 ]
}

@test "--shard-by: what shares a name stays together, over several scans; nothing is told by two parts" {
	for p in $(seq 40); do
		mkdir -p images/P$p/2020 masks
		touch images/P$p/2020/{t2,adc,dwi}.nii.gz masks/P${p}_2020.nii masks/odd$p.nii
	done
	for i in 1 2 3; do
		vx-scan -p '{patient}/{date}/{name}.nii.gz' --shard $i/3 --shard-by '{patient}' images 2>>said | jq -r ._match.patient >images.$i
		vx-scan -p '{patient}_{date}.nii' --shard $i/3 --shard-by '{patient}' masks 2>>said | jq -r ._match.patient >masks.$i
		same "$(uniq -c images.$i | awk '$1 != 3')" ""
		same "$(sort -u images.$i)" "$(sort masks.$i)"
		[ -s masks.$i ]
	done
	same "$(cat images.? | wc -l) $(cat masks.? | sort -u | wc -l)" "120 40"
	same "$(sed -n 's/.*, \([0-9]*\) matched no pattern.*/\1/p' said | awk '{ n += $1 } END { print n }')" 40
	# By a name that every file has, encoded for nobody: {dir} is empty at the top, where the path counts.
	touch images/top1.nii images/top2.nii images/top3.nii
	for i in 1 2 3; do vx-scan -q --shard $i/3 --shard-by '{dir}' images; done | rels | sort | cmp - <(vx-scan -q images | rels | sort)
	run3 vx-scan --shard-by '{patient}' --shard 1/3 images
	expect 64
	same "$err" "vx-scan: --shard-by: {patient} is captured by no pattern"
	run3 vx-scan --shard-by '{dir}' images
	expect 64
	same "$err" "vx-scan: --shard-by: there is no --shard"
}

@test "--hash: the SHA-256 of the bytes" {
	printf abc >d/a.nii
	same "$(vx-scan -q --hash d | jq -r ._file.sha256)" "$(sha256sum <d/a.nii | cut -d' ' -f1)"
}

@test "the first record comes before the last file is looked at" {
	make_tree big 50000
	# head closes the pipe after one line: a scan that streams dies of it long before its end.
	status=0
	vx-scan -q big 2>err | head -1 >out || status=$?
	same "$(ids <out)" volume/PAT00000/0000000/series_000
	same "$(cat err)" ""
}

@test "wrong usage is 64, with the reason" {
	local a
	for a in "" "--kind tiff d" "--shard 0/3 d" "--shard 4/3 d" "--shard 3 d" "-p {a d" "-p {a:[} d" "--set x d" \
		"--set a:={ d" "--set identifier=a d" "--set a=1 --set a=2 d" "--id volume/{nobody} d" "--set a={b} d" "--explain d"; do
		# shellcheck disable=SC2086
		run3 vx-scan $a
		expect 64
		has "$err" "vx-scan: "
		same "$out" ""
	done
}

@test "the pi-cai masks: every file a record, patterns and all" {
	needs_data picai
	run3 vx-scan -q -p '**/{patient:[0-9]+}_{study:[0-9]+}.nii.gz' --id 'voxelmap/{patient}/{study}/{dir}' "$DATA/picai"
	expect 0
	same "$(wc -l <out)" "$(find "$DATA/picai" -name '*_*.nii.gz' | wc -l)"
	same "$(ids <out | sort -u | wc -l)" "$(wc -l <out)"
	same "$(jq -r ._match.patient <out | sort -u | grep -vc '^[0-9]*$')" 0
}

@test "a file whose content was not fetched is rejected by every tool with one sentence" {
	printf 'version https://git-lfs.github.com/spec/v1\noid sha256:984d42\nsize 5693\n' |
		tee d/lfs.nii.gz d/lfs.dcm d/lfs.mha d/lfs.csv >/dev/null
	printf '/annex/objects/SHA256E-s5--abc.nii.gz\n' | tee d/annex.nii.gz d/annex.dcm d/annex.mha >/dev/null
	for f in d/link.nii.gz d/link.dcm d/link.mha; do ln -s ../../.git/annex/objects/Xq/SHA256E-s5--abc "$f"; done
	ln -s nowhere d/dangling.nii.gz
	printf 'version https://example.com/ of something else, of some length\n' >d/other.nii.gz
	local lfs='a Git LFS pointer: its content was not fetched (git lfs pull)' why
	local annex='a git-annex pointer: its content was not fetched (git annex get)'
	local link='a git-annex link: its content was not fetched (git annex get)'
	run3 vx-scan -q --kind nifti,dicom,mha,csv d
	expect 1
	same "$(rels <<<"$out")" other.nii.gz
	same "$(sort <<<"$err")" "$(
		for f in annex.dcm annex.mha annex.nii.gz; do echo "vx-scan: d/$f: $annex"; done
		echo "vx-scan: d/dangling.nii.gz: warning: a symbolic link, not followed (see --follow)"
		for f in lfs.csv lfs.dcm lfs.mha lfs.nii.gz; do echo "vx-scan: d/$f: $lfs"; done
		for f in link.dcm link.mha link.nii.gz; do echo "vx-scan: d/$f: $link"; done
	)"
	run3 vx-scan -q --follow d
	expect 1
	has "$err" "vx-scan: d/link.nii.gz: $link"
	has "$err" 'vx-scan: d/dangling.nii.gz: vanished, or a link to nothing'
	for f in lfs annex link; do
		why=${!f}
		run3 vx-nifti-meta -q <(printf '{"path_nii":"d/%s.nii.gz"}\n{"path_nii":"d/%s.mha"}\n' $f $f)
		expect 1
		same "$err" "$(printf 'vx-nifti-meta: d/%s: %s\n' $f.nii.gz "$why" $f.mha "$why")"
		run3 vx-dicom-meta -q <(printf '{"path_dcm":"d/%s.dcm"}\n' $f)
		expect 1
		same "$err" "vx-dicom-meta: d/$f.dcm: $why"
		run3 vx-mha2nii -q --to made <(printf '{"path_nii":"d/%s.mha"}\n' $f)
		expect 1
		same "$err" "vx-mha2nii: d/$f.mha: $why"
		run3 vx-upload -q --to "file://$PWD/store" <(printf '{"identifier":"volume/a","path_nii":"d/%s.nii.gz"}\n' $f)
		expect 1
		same "$err" "vx-upload: d/$f.nii.gz: path_nii: d/$f.nii.gz: $why"
	done
	run3 vx-csv -q d/lfs.csv
	expect 65
	same "$err" "vx-csv: d/lfs.csv: $lfs"
	[ ! -d store/volume ]
}
