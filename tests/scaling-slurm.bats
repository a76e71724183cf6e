# A dataset script as a Slurm job array, on a real Slurm of one node that this file starts.
load helper
load scaling

setup_file() {
	load helper
	export CLUSTER=$BATS_FILE_TMPDIR/slurm SLURM_CONF=$BATS_FILE_TMPDIR/slurm/slurm.conf
	command -v slurmctld munged sbatch >/dev/null || return 0
	"$ROOT/tests/slurm/cluster.sh" start "$CLUSTER" "$("$ROOT/tests/s3/ports.sh" 2)" 3>&-
}

teardown_file() {
	"$BATS_TEST_DIRNAME/slurm/cluster.sh" stop "$CLUSTER"
}

setup() {
	[ -e "$SLURM_CONF" ] || skip 'slurm-wlm and munge are not installed'
	cd "$BATS_TEST_TMPDIR"
}
teardown() {
	[ ! -e "$SLURM_CONF" ] || scancel -u "$(id -un)"
	stop_serve
}

submit() { run3 "$ROOT/share/slurm/submit" --reports reports "$@" -- "$SCRIPT" "${OPTIONS[@]}"; }

# state JOB: RUNNING, PENDING, COMPLETED ... of a job, or of a task (JOB_TASK).
state() { scontrol show job -o "$1" 2>/dev/null | sed -n 's/.* JobState=\([A-Z_]*\) .*/\1/p'; }

# until_state JOB STATE
until_state() {
	for _ in $(seq 600); do
		[ "$(state "$1")" != "$2" ] || return 0
		sleep 0.05
	done
	echo "job $1 is $(state "$1"), not $2"
	scontrol show job "$1"
	return 1
}

# hanging_post: a vx-post that sends some records in a shard and then hangs, while the file `hang` is there.
hanging_post() {
	mkdir -p bin
	cat >bin/vx-post <<-END
		#!/bin/sh
		[ -e "$PWD/hang" ] && [ -n "\${SLURM_ARRAY_TASK_ID:-}" ] || exec "$(command -v vx-post)" "\$@"
		head -n 10 | "$(command -v vx-post)" "\$@"
		touch "$PWD/half"
		sleep 60
	END
	chmod +x bin/vx-post
	PATH=$PWD/bin:$PATH
}

@test "an array of five tasks, three at a time, ends in the export and the summary of the plain run" {
	the_data
	plain_run "file://$PWD/store"
	submit --shards 5 --throttle 3 --wait --job-name=mine --time=10
	expect "$PLAIN_STATUS"
	same_as_plain out
	has "$err" 'slurm/submit: prepare '
	has "$err" "[1-5], then finish; reports in $PWD/reports"
	for i in 1 2 3 4 5; do has "$(cat reports/$i.log)" "task: shard $i on "; done
}

@test "a task that is cancelled: the summary says so, and --resume does what lacks" {
	the_demo
	plain_run "file://$PWD/store"
	hanging_post
	touch hang
	submit --shards 2 --throttle 1
	expect 0
	array=$(sed -n 's/.*shards \([0-9]*\) .*/\1/p' out) finish=$(sed -n 's/.*finish \([0-9]*\);.*/\1/p' out)
	for _ in $(seq 600); do [ ! -e half ] || break; sleep 0.05; done
	rm hang
	scancel "${array}_1"
	until_state "$finish" FAILED
	# Slurm kills a task that takes longer to end: then nobody wrote down how it ended.
	grep -qE 'demo: part 1/2 (ended with status 143|has not ended)' reports/finish.log
	has "$(cat reports/summary)" 'volume '
	touch -d '1 hour ago' reports/2-of-2.ndjson
	before=$(stat -c %Y reports/2-of-2.ndjson reports/prepare.ndjson)
	submit --shards 2 --resume --wait
	expect 1
	same "$(stat -c %Y reports/2-of-2.ndjson reports/prepare.ndjson)" "$before"
	has "$err" '[1], then finish'
	curl -sf "$API/v1/export" | cmp - export.plain
	cmp rejects.parts rejects.plain
}

@test "a task near its time limit stops, goes back into the queue, and ends well" {
	the_demo
	plain_run "file://$PWD/store"
	hanging_post
	touch hang
	submit --shards 1
	expect 0
	array=$(sed -n 's/.*shards \([0-9]*\) .*/\1/p' out) finish=$(sed -n 's/.*finish \([0-9]*\);.*/\1/p' out)
	for _ in $(seq 600); do [ ! -e half ] || break; sleep 0.05; done
	rm hang
	scancel --batch --signal=USR1 "${array}_1" # what --signal=B:USR1@60 does a minute before the limit
	until_state "${array}_1" PENDING
	sleep 2 # no job starts in the second in which it was revoked
	scontrol update JobId="${array}_1" StartTime=now # else Slurm waits for two minutes
	until_state "$finish" FAILED
	same "$(scontrol show job -o "$finish" | grep -o 'ExitCode=[0-9:]*')" ExitCode=1:0
	has "$(cat reports/1.log)" 'task: the time limit is near: stopping'
	has "$(cat reports/1.log)" 'start 2,'
	curl -sf "$API/v1/export" | cmp - export.plain
	cmp rejects.parts rejects.plain
}

@test "where prepare fails no shard runs, and the worst status is that of the whole" {
	the_demo
	OPTIONS=(--api http://127.0.0.1:9 --data "$SOURCE")
	mkdir bin
	printf '#!/bin/sh\nexit 69\n' >bin/vx-post
	chmod +x bin/vx-post
	PATH=$PWD/bin:$PATH submit --shards 3 --requeues 0 --wait
	expect 69
	has "$(cat reports/finish.log)" 'demo: part prepare ended with status 69'
	has "$(cat reports/finish.log)" 'demo: part 3/3 has not ended: run it again'
	same "$(ls reports)" "$(printf '%s\n' finish.log prepare.log prepare.ndjson summary)"
}

@test "secrets are in no job's environment" {
	the_demo
	start_serve
	OPTIONS=(--api "$API" --data "$SOURCE" -q)
	VX_TOKEN=Zaubernuss submit --shards 1
	expect 64
	has "$err" 'VX_TOKEN is not handed on'
	echo Zaubernuss >token
	AWS_SECRET_ACCESS_KEY=Geheimnis VX_TOKEN=Zaubernuss VX_TOKEN_FILE=$PWD/token submit --shards 2
	expect 0
	has "$err" 'warning: AWS_SECRET_ACCESS_KEY is not handed on'
	finish=$(sed -n 's/.*finish \([0-9]*\);.*/\1/p' out)
	grep -rqa "VX_TOKEN_FILE=$PWD/token" "$CLUSTER"
	run3 grep -rla -e Zaubernuss -e Geheimnis "$CLUSTER"
	expect 1
	until_state "$finish" FAILED
}

@test "usage of submit" {
	the_demo
	OPTIONS=(--api http://127.0.0.1:9)
	submit
	expect 64
	same "$err" 'slurm/submit: how many? --shards N; see --help'
	submit --shards 0
	expect 64
	submit --shards 3 --array=1-3
	expect 64
	same "$err" 'slurm/submit: --array=1-3: the array is made of --shards and --throttle; see --help'
	run3 "$ROOT/share/slurm/submit" --shards 3
	expect 64
	run3 "$ROOT/share/slurm/submit" --shards 3 -- nobody.sh --api x
	expect 64
	same "$err" 'slurm/submit: nobody.sh: no dataset script; see --help'
	run3 "$ROOT/share/slurm/submit" --help
	expect 0
	has "$out" '--throttle M'
	# What sbatch refuses takes back what was submitted before.
	submit --shards 3 --partition=none
	expect 69
	has "$err" 'slurm/submit: sbatch refused the job prepare'
	submit --shards 99999
	expect 69
	has "$err" 'slurm/submit: sbatch refused the job shard'
	same "$(squeue -h -t PD,R)" ''
}
