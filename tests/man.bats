#!/usr/bin/env bats
# The man pages: there is one a tool, clean, naming every option, and every example in it does what it shows.
load helper

setup_file() {
	load helper
	BATS_TEST_TMPDIR=$BATS_FILE_TMPDIR
	start_serve
	export API SERVE_PID
}

teardown_file() {
	kill "$SERVE_PID" 2>/dev/null || true
}

tools() { for t in "$BUILD"/vx-*; do [ -x "$t" ] && [ -f "$t" ] && basename "$t"; done | grep -v -e '\.d$' -e demo-dataset; }

@test "every tool has a page, a line in vx(7) and a completion; every page passes the linter" {
	local bad=0 t m
	for t in $(tools); do
		[ -e "$ROOT/man/$t.1" ] || { echo "$t has no man page"; bad=1; }
		grep -q "^\.It Xr $t 1" "$ROOT/man/vx.7" || { echo "$t has no line in vx(7)"; bad=1; }
		grep -q "$t" "$ROOT/share/completion/vx.bash" || { echo "$t has no completion"; bad=1; }
	done
	for m in "$ROOT"/man/*.[157]; do mandoc -T lint -W warning "$m" || bad=1; done
	[ $bad -eq 0 ]
}

@test "every option of --help stands in the man page" {
	local bad=0 t o
	for t in $(tools); do
		for o in $("$t" --help | grep -oE '^ +(-[a-zA-Z], )?--[a-z0-9-]+' | grep -oE '[a-z0-9]+(-[a-z0-9]+)*$'); do
			mandoc -T utf8 "$ROOT/man/$t.1" 2>/dev/null | sed "s|.\x08||g" | grep -qE -- "-(-)?$o" ||
				{ echo "$t.1 does not name --$o"; bad=1; }
		done
	done
	[ $bad -eq 0 ]
}

@test "completion offers a tool's own options" {
	source "$ROOT/share/completion/vx.bash"
	COMP_WORDS=(vx-csv --del) COMP_CWORD=1 COMPREPLY=()
	_vx
	same "${COMPREPLY[*]}" --delimiter
}

@test "every example in the man pages does what it shows" {
	local bad=0 m work before
	for m in "$ROOT"/man/*.[157]; do
		grep -q '^\$ ' "$m" || continue
		work=$BATS_TEST_TMPDIR/$(basename "$m")
		mkdir "$work"
		vx-demo-dataset "$work/data" >/dev/null
		(cd "$work" && VX_API=$API VX_SHARE=$ROOT/share python3 "$ROOT/tests/man_examples.py" "$m") || bad=1
	done
	[ $bad -eq 0 ]
}
