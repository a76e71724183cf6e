# vx-upload --rewrite and --map-root: paths become URLs, and nothing is sent.
load helper

setup() {
	cd "$BATS_TEST_TMPDIR" || return
	unset VX_STORE
	export HOME=$PWD
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	printf '%s\n' '{"path":"/data/p1/t2.nii.gz","url":"s3://lab/p1/t2.nii.gz","size":3,"sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"}' '' \
		'{"path":"/data/p1/adc.nii.gz","url":"s3://lab/p1/adc.nii.gz"}' >map
}

@test "a map's URLs, its hashes, and paths however they are spelled" {
	printf '%s\n' '{"identifier":"volume/P1/t2","path_nii":"/data//p1/./t2.nii.gz","n":1.0}' \
		'{"identifier":"volume/P1/adc","path_nii":"file:///data/p1/../p1/adc.nii.gz","path_json":"https://x.org/a.json"}' >rec
	run3 vx-upload --rewrite map rec
	expect 0
	same "$(sed -n 1p out)" '{"identifier":"volume/P1/t2","path_nii":"s3://lab/p1/t2.nii.gz","n":1.0,"sha256":"5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"}'
	same "$(sed -n 2p out)" '{"identifier":"volume/P1/adc","path_nii":"s3://lab/p1/adc.nii.gz","path_json":"https://x.org/a.json"}'
	same "$err" "vx-upload: 2 records in, 2 out, 0 rejected, $(sed 's/.*rejected, //' err)"
	# Out of a pipe, and from the folder that the paths are relative to.
	mkdir -p data/p1
	jq -c --arg d "$PWD" 'select(.path) | .path = $d + .path' map >here
	printf '{"identifier":"volume/P1/t2","path_nii":"data/p1/t2.nii.gz"}\n' >rec
	run3 vx-upload --rewrite <(cat here) rec
	expect 0
	same "$(jq -r .path_nii out)" s3://lab/p1/t2.nii.gz
}

@test "what the map lacks, and what contradicts it, is rejected" {
	printf '%s\n' '{"identifier":"volume/a","path_nii":"/data/p1/dwi.nii.gz"}' \
		'{"identifier":"volume/b","path_nii":"/data/p1/t2.nii.gz","sha256":"00"}' \
		'{"identifier":"volume/c","path_nii":"/data/p1/adc.nii.gz"}' >rec
	run3 vx-upload --rewrite map rec
	expect 1
	has "$err" "path_nii: /data/p1/dwi.nii.gz: the map has no URL for it"
	has "$err" "sha256: the record says 00, the map 5891"
	same "$(jq -r .identifier out)" volume/c
}

@test "the newest line about a path counts; what is no map is refused" {
	printf '{"path":"/data/p1/adc.nii.gz","url":"s3://lab/new"}\n' >>map
	printf '{"path_nii":"/data/p1/adc.nii.gz"}\n' >rec
	run3 vx-upload --rewrite map rec
	same "$out" '{"path_nii":"s3://lab/new"}'
	printf '{"url":"s3://x"}\n' >>map
	run3 vx-upload --rewrite map rec
	expect 65
	has "$err" "map:5: has no path with its url: no map"
	printf 'x\n' >>map
	run3 vx-upload --rewrite rec rec
	expect 65
	run3 vx-upload --rewrite none rec
	expect 74
	run3 vx-upload --rewrite map --dry-run rec
	expect 64
	run3 vx-upload --map-root /data=x rec
	expect 64
	has "$err" "--map-root: '/data=x' is no /folder=s3://bucket/prefix"
}

@test "--map-root: the longest root wins, a sibling with the same beginning is not below it" {
	printf '%s\n' '{"path_nii":"/data/p1/a b%.nii"}' '{"path_nii":"/data/in/x.nii"}' '{"path_nii":"/data"}' \
		'{"path_nii":"/database/x.nii"}' '{"path_nii":"/data/../etc/passwd"}' '{"path_nii":"s3://b/k"}' >rec
	run3 vx-upload --map-root /data=s3://lab/all/ --map-root /data/in/=file:///mnt/a%20b rec
	expect 1
	same "$(jq -r .path_nii out | tr '\n' ' ')" "s3://lab/all/p1/a b%.nii file:///mnt/a%20b/x.nii s3://lab/all s3://b/k "
	has "$err" "path_nii: /database/x.nii: is below no --map-root"
	has "$err" "path_nii: /etc/passwd: is below no --map-root"
}

@test "shapes are rewritten too, and a map serves where a root does not" {
	printf '{"identifier":"case/1","files":{"a":["/data/p1/t2.nii.gz","/other/x"]}}\n' >rec
	run3 vx-upload --rewrite map --map-root /other=s3://lab/o --field files rec
	expect 0
	same "$(jq -c .files out)" '{"a":["s3://lab/p1/t2.nii.gz","s3://lab/o/x"]}'
}

@test "many records against a large map: every path its own URL" {
	seq 200000 | awk '{ printf "{\"path\":\"/d/%d\",\"url\":\"s3://b/%d\"}\n", $1, $1 }' >map
	seq 200000 -7 1 | awk '{ printf "{\"path_nii\":\"/d/%d\"}\n", $1 }' >rec
	run3 vx-upload -q --rewrite map rec
	expect 0
	same "$(sha256sum <out)" "$(seq 200000 -7 1 | awk '{ printf "{\"path_nii\":\"s3://b/%d\"}\n", $1 }' | sha256sum)"
}
