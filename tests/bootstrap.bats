# share/bootstrap: what it asks of the package manager, with one that only writes down what it was asked.
load helper

setup() {
	fake=$BATS_TEST_TMPDIR/bin
	mkdir "$fake"
	log=$BATS_TEST_TMPDIR/log
	: >"$log"
	# Installed is what $fake/installed lists.
	: >"$fake/installed"
	tool dpkg-query 'for package; do :; done; grep -qx "$package" "'"$fake"'/installed" && printf installed'
	tool apt-get 'echo "apt-get $* frontend=${DEBIAN_FRONTEND:-}" >>"'"$log"'"'
	tool sudo '[ "$1" = -n ] || exit 1; shift; [ "$1" = true ] || echo "sudo $1" >>"'"$log"'"; exec "$@"'
	tool id 'echo "${FAKE_UID:-0}"'
	tool make 'echo "make $*" >>"'"$log"'"'
	for real in sh sed dirname env mktemp tail rm cat nproc true grep; do ln -s "$(type -P $real)" "$fake/$real"; done
}

# tool NAME BODY: a program of the fake machine.
tool() {
	printf '#!/bin/sh\n%s\n' "$2" >"$fake/$1"
	chmod +x "$fake/$1"
}

bootstrap() {
	run3 env PATH="$fake" HOME=/nonexistent sh "$ROOT/share/bootstrap" "$@"
}

@test "usage" {
	bootstrap
	expect 64
	bootstrap demo check
	expect 64
	bootstrap wat
	expect 64
	has "$err" 'usage: sh share/bootstrap demo | check | deps'
	bootstrap --help
	expect 0
	has "$out" 'usage: sh share/bootstrap demo | check | deps'
}

@test "only what is missing is installed, asking nothing; then make" {
	bootstrap deps
	expect 0
	has "$err" 'installing make gcc'
	has "$(cat "$log")" 'apt-get update -q frontend=noninteractive'
	# All are there now, but two.
	sed -n 's/.*--no-install-recommends \(.*\) frontend.*/\1/p' "$log" | tr ' ' '\n' | grep -vxE 'jq|bats' >"$fake/installed"
	: >"$log"
	bootstrap demo
	expect 0
	same "$err" 'bootstrap: installing jq '
	has "$(cat "$log")" 'install -y -q --no-install-recommends jq frontend=noninteractive'
	has "$(tail -n 1 "$log")" ' demo'
	printf 'jq\nbats\n' >>"$fake/installed"
	: >"$log"
	bootstrap check
	expect 0
	same "$err" ''
	same "$(sed 's/-j[0-9]*/-jN/' "$log")" 'make -s -jN check'
}

@test "without root: by sudo where it asks nothing, else the packages are named" {
	FAKE_UID=1000 bootstrap deps
	expect 0
	has "$(cat "$log")" 'sudo env'
	has "$(cat "$log")" 'apt-get update -q frontend=noninteractive'
	rm "$fake/sudo"
	: >"$log"
	FAKE_UID=1000 bootstrap demo
	expect 69
	has "$err" 'neither root nor a sudo that asks nothing: apt-get install make gcc'
	same "$(cat "$log")" ''
}

@test "elsewhere the packages are named, and make goes on" {
	rm "$fake/apt-get"
	bootstrap demo
	expect 0
	has "$err" 'this is no Debian or Ubuntu; needed, by their Debian names: make gcc'
	has "$(cat "$log")" ' demo'
}

@test "apt-get fails: its last words, and 69" {
	tool apt-get 'echo "E: no network"; exit 100'
	bootstrap deps
	expect 69
	has "$err" 'E: no network'
	has "$err" 'bootstrap: apt-get failed'
}
