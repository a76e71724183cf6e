#!/usr/bin/env bats
# The table of awkward grades (tests/unit/gleason.c runs it): its generated part is what the generator prints.
load helper

@test "the generated part of grades.tsv is what make_grades.py prints" {
	run3 python3 "$ROOT/tests/pathology/make_grades.py"
	expect 0
	same "$(sed '1,/^# generated$/d' "$ROOT/tests/pathology/grades.tsv")" "$out"
}

@test "grades.tsv holds 1000 different cells and more, each with one expectation" {
	cells=$(sed '/^#/d; 1d' "$ROOT/tests/pathology/grades.tsv" | cut -f 1,2 | sort -u | wc -l)
	[ "$cells" -ge 1000 ] || same "$cells cells" "1000"
	lines=$(sed '/^#/d; 1d' "$ROOT/tests/pathology/grades.tsv" | cut -f 1-9 | sort -u | wc -l)
	same "$lines" "$cells"
}
