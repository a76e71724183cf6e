# A dataset script over GNU parallel, on hosts that are one sshd of this file's own.
load helper
load scaling

setup_file() {
	load helper
	export HOSTS=$BATS_FILE_TMPDIR/ssh
	{ [ -x /usr/sbin/sshd ] && parallel --version | grep -q '^GNU parallel'; } 2>/dev/null || return 0
	"$ROOT/tests/ssh/hosts.sh" start "$HOSTS" "$("$ROOT/tests/s3/ports.sh" 2)" 3>&-
}

teardown_file() {
	"$BATS_TEST_DIRNAME/ssh/hosts.sh" stop "$HOSTS"
}

setup() {
	[ -e "$HOSTS/pid" ] || skip 'GNU parallel or openssh-server is not installed'
	cd "$BATS_TEST_TMPDIR"
	export PARALLEL_HOME=$BATS_TEST_TMPDIR/parallel PARALLEL_SSH="ssh -F $HOSTS/config"
}
teardown() { stop_serve; }

over() { run3 "$ROOT/share/parallel/run" --reports reports "$@" -- "$SCRIPT" "${OPTIONS[@]}"; }

@test "shards over ssh on two hosts end in the export and the summary of the plain run" {
	the_data
	plain_run "file://$PWD/store"
	printf '2/hosta\n2/hostb\n' >hosts
	over --shards 5 --sshloginfile hosts
	expect "$PLAIN_STATUS"
	same_as_plain out
	same "$(awk 'NR > 1 { print $7 }' reports/joblog | sort -u)" 0
	same "$(awk 'NR > 1 { print $2 }' reports/joblog | sort -u | paste -sd ' ')" 'hosta hostb'
}

@test "a host that does not answer: its shards go to another" {
	the_demo
	plain_run "file://$PWD/store"
	over --shards 3 -S 1/hostc,1/hostb --delay 0.2
	expect "$PLAIN_STATUS"
	same_as_plain out
}

@test "a shard that fails is told, and --resume does it alone; without ssh, all here" {
	the_demo
	plain_run "file://$PWD/store"
	# A vx-scan that is killed in shard 2, once.
	mkdir bin
	cat >bin/vx-scan <<-END
		#!/bin/sh
		case "\$*" in *'--shard 2/3'*) [ -e "$PWD/hit" ] || { : >"$PWD/hit" && kill -9 \$\$; } ;; esac
		exec "$(command -v vx-scan)" "\$@"
	END
	chmod +x bin/vx-scan
	PATH=$PWD/bin:$PATH over --shards 3 --jobs 2 --retries 1
	expect 137
	has "$err" 'demo: part 2/3 ended with status 137'
	touch -d '1 hour ago' reports/1-of-3.ndjson
	before=$(stat -c %Y reports/1-of-3.ndjson reports/prepare.ndjson)
	over --shards 3 --resume
	expect "$PLAIN_STATUS"
	same "$(stat -c %Y reports/1-of-3.ndjson reports/prepare.ndjson)" "$before"
	same "$(awk 'NR > 1 { print $7 }' reports/joblog | sort -n | paste -sd ' ')" '0 0 0 137'
	curl -sf "$API/v1/export" | cmp - export.plain
	cmp rejects.parts rejects.plain
}

@test "hosts get the names of files of secrets, never a secret" {
	# A script that says what it was told.
	cat >told.sh <<-'END'
		#!/bin/bash
		case ${*: -1} in
		1/1) echo "file=$VX_TOKEN_FILE token=$VX_TOKEN secret=$AWS_SECRET_ACCESS_KEY profile=$AWS_PROFILE data=$6" ;;
		esac
	END
	chmod +x told.sh
	SCRIPT=$PWD/told.sh OPTIONS=(--api 'http://x' --data "a b'c\"\$HOME{}")
	VX_TOKEN=Zaubernuss over --shards 1 -S hosta
	expect 64
	has "$err" 'VX_TOKEN is not handed on'
	AWS_PROFILE=lab AWS_SECRET_ACCESS_KEY=Geheimnis VX_TOKEN=Zaubernuss VX_TOKEN_FILE=$PWD/token over --shards 1 -S hosta
	expect 0
	same "$(cat reports/1-of-1.ndjson)" "file=$PWD/token token= secret= profile=lab data=a b'c\"\$HOME{}"
	run3 grep -rl -e Zaubernuss -e Geheimnis reports
	expect 1
}

@test "usage of run" {
	the_demo
	OPTIONS=(--api http://127.0.0.1:9)
	over
	expect 64
	same "$err" 'parallel/run: how many? --shards N; see --help'
	over --shards none
	expect 64
	over --shards 2 --joblog x
	expect 64
	run3 "$ROOT/share/parallel/run" --shards 2
	expect 64
	run3 "$ROOT/share/parallel/run" --help
	expect 0
	has "$out" '--sshloginfile FILE'
	# What is wrong at once ends it before any shard: no such option of the script, of parallel.
	OPTIONS+=(--what)
	over --shards 2
	expect 64
	has "$err" 'demo: what is --what?'
	start_serve
	OPTIONS=(--api "$API" --data "$SOURCE")
	over --shards 2 --no-such-option
	expect 64
	has "$err" 'parallel/run: parallel ended with status 255'
}
