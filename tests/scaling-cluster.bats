# A dataset script as a Slurm array and over ssh, into vx-serve on PostgreSQL and files into Ceph, all of them real.
VX_TEST_DB=postgresql
load helper
load s3
load scaling

setup_file() {
	start_store ceph
	export CLUSTER=$BATS_FILE_TMPDIR/slurm SLURM_CONF=$BATS_FILE_TMPDIR/slurm/slurm.conf HOSTS=$BATS_FILE_TMPDIR/ssh
	[ -n "$S3_PORT" ] || return 0
	! command -v slurmctld munged >/dev/null || "$ROOT/tests/slurm/cluster.sh" start "$CLUSTER" "$("$ROOT/tests/s3/ports.sh" 2)" 3>&-
	[ ! -x /usr/sbin/sshd ] || ! command -v parallel >/dev/null ||
		"$ROOT/tests/ssh/hosts.sh" start "$HOSTS" "$("$ROOT/tests/s3/ports.sh" 2)" 3>&-
}

teardown_file() {
	"$BATS_TEST_DIRNAME/slurm/cluster.sh" stop "$CLUSTER"
	"$BATS_TEST_DIRNAME/ssh/hosts.sh" stop "$HOSTS"
	stop_store
}

setup() {
	needs_store
	cd "$BATS_TEST_TMPDIR"
	store_env
	# Keys from a file, as jobs and hosts have them.
	printf '[default]\naws_access_key_id=%s\naws_secret_access_key=%s\n' "$AWS_ACCESS_KEY_ID" "$AWS_SECRET_ACCESS_KEY" >credentials
	export AWS_SHARED_CREDENTIALS_FILE=$PWD/credentials
	unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY
	export PARALLEL_HOME=$BATS_TEST_TMPDIR/parallel PARALLEL_SSH="ssh -F $HOSTS/config"
}
teardown() {
	[ ! -e "$SLURM_CONF" ] || scancel -u "$(id -un)"
	stop_serve
}

# ends_as_plain STORE: another deployment, of SQLite, filled in one piece with the same store, has the same export.
ends_as_plain() {
	curl -sf "$API/v1/export" >export.parts
	stop_serve
	VX_TEST_DB=sqlite DB=$PWD/plain.db start_serve
	run3 "$SCRIPT" --api "$API" --data "$SOURCE" --store "$1" -q --rejects rejects.plain
	expect "$2"
	curl -sf "$API/v1/export" | cmp - export.parts
	same "$out" "$(cat summary)"
	cmp rejects.plain rejects.parts
	grep -q '"path_nii":"s3://lab/' export.parts
}

@test "Slurm, PostgreSQL, Ceph: five tasks end as the plain run does" {
	[ -e "$SLURM_CONF" ] || skip 'slurm-wlm and munge are not installed'
	the_data
	start_serve
	run3 "$ROOT/share/slurm/submit" --shards 5 --throttle 3 --reports reports --wait -- \
		"$SCRIPT" --api "$API" --data "$SOURCE" --store s3://lab/slurm -q --rejects rejects.parts
	[ "$status" -le 1 ] || { cat reports/*.log; return 1; }
	cp out summary
	ends_as_plain s3://lab/slurm "$status"
}

@test "GNU parallel over ssh, PostgreSQL, Ceph: shards end as the plain run does" {
	[ -e "$HOSTS/pid" ] || skip 'GNU parallel or openssh-server is not installed'
	the_demo
	start_serve
	run3 "$ROOT/share/parallel/run" --shards 4 -S 2/hosta,2/hostb --reports reports -- \
		"$SCRIPT" --api "$API" --data "$SOURCE" --store s3://lab/ssh -q --rejects rejects.parts
	expect 1
	cp out summary
	ends_as_plain s3://lab/ssh 1
}
