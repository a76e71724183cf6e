#!/usr/bin/env bats
# What vx-post says it would do, as NDJSON and as a table, and whether it then does just that.
load helper

setup() {
	load helper
	start_serve
	export VX_API=$API
	cd "$BATS_TEST_TMPDIR" || return 1
	unset COLUMNS
}

teardown() {
	stop_serve
}

# before: what is there: a datasource, a patient and thirty volumes.
before() {
	echo '{"identifier":"datasource/t","shorthand":"TT"}'
	echo '{"identifier":"patient/TT00001","parent_identifier":"datasource/t","external_uid":"a"}'
	echo '{"identifier":"study/1","parent_identifier":"patient/TT00001","other_data":{"rooms":[1,2],"note":"x"}}'
	local i
	for i in $(seq 30); do
		echo "{\"identifier\":\"volume/v$i\",\"parent_identifier\":\"study/1\",\"path_nii\":\"s3://b/$i\"," \
			"\"manufacturer\":\"SIEMENS\",\"b_value\":$i}"
	done
}

# after: all volumes change their manufacturer, two more than that; the study too; some records are new, or wrong.
after() {
	before | sed 's/SIEMENS/Siemens/; s/"b_value":7}/"b_value":77}/; s/"rooms":\[1,2\]/"rooms":[1,3,4]/
		s!s3://b/9!s3://a-very-long-bucket-name-indeed/and/a/key/that/goes/on/and/on/and/on/long/key.nii.gz!'
	echo '{"identifier":"study/x","parent_identifier":"patient/TT00009"}'
	echo '{"identifier":"study/y","parent_identifier":"patient/TT00001"}'
	echo '{"identifier":"volume/z","parent_identifier":"study/y","path_nii":"s3://b/z","volume_type":"T9"}'
}

@test "--dry-run=table: each change with its differences, equal ones once, then the counts" {
	before | vx-post -q >/dev/null
	after >in
	run3 vx-post -q --dry-run=table --on-conflict update in
	expect 1
	same "$err" ""
	same "$out" "$(cat <<'TABLE'
updated   study/1
          other_data.rooms.1  2 -> 3
          other_data.rooms.2  (none) -> 4
updated   volume/v1
          manufacturer  "SIEMENS" -> "Siemens"
updated   volume/v7
          b_value       7 -> 77
          manufacturer  "SIEMENS" -> "Siemens"
updated   volume/v9
          path_nii      "s3://b/9" -> "s3://a-very-long-bucket-name-...nd/on/and/on/long/key.nii.gz"
          manufacturer  "SIEMENS" -> "Siemens"
orphan    study/x
          parent_identifier: patient/TT00009 does not exist
invalid   volume/z
          volume_type: "T9" is not one of T1, T2, PD, ADC, DWI, DCE, FA, LOCALIZER, OTHER
updated   volume/...: 27 more with the same change of manufacturer as volume/v1
                        created  unchanged  updated  conflict  orphan  invalid
datasources                   -          1        -         -       -        -
patients                      -          1        -         -       -        -
imaging_studies               1          -        1         -       1        -
volumes                       -          -       30         -       -        1
total                         1          2       31         -       1        1
TABLE
)"
	run3 vx-post -q --dry-run=table in
	expect 1
	has "$out" "conflict  volume/...: 27 more with the same difference of manufacturer as volume/v1"
	has "$out" "total                         1          2        -        31       1        1"
	same "$(curl -s "$API/v1/resources/volume/v7" | jq .b_value)" 7
}

@test "--dry-run=table is as wide as \$COLUMNS, in colours only on a terminal that may have them" {
	before | vx-post -q >/dev/null
	after >in
	COLUMNS=60 run3 vx-post -q --dry-run=table --on-conflict update in
	expect 1
	has "$out" '          path_nii      "s3://b/9" -> "s3://a-ve...y.nii.gz"'
	same "$(awk 'length > 60' <<<"$out" | grep -v -e more -e created -e total -e '^[a-z_]* *[-0-9]' -e '^ *[-0-9 ]*$')" ""
	has "$(COLUMNS=60 TERM=xterm script -qec 'vx-post -q --dry-run=table in' /dev/null 2>&1)" $'\033[31mconflict'
	case $(COLUMNS=60 TERM=xterm NO_COLOR=1 script -qec 'vx-post -q --dry-run=table in' /dev/null) in
	*$'\033'*) echo "colours against NO_COLOR"; return 1 ;;
	esac
}

@test "--dry-run=table -v names every resource, and nothing in a value steers the terminal" {
	before | head -3 | vx-post -q >/dev/null
	{
		before | sed -n '1,2p'
		printf '%s\n' '{"identifier":"study/1","parent_identifier":"patient/TT00001","other_data":{"note":"\u009b31m"}}'
		echo '{"identifier":"study/2","parent_identifier":"patient/TT00001"}'
	} >in
	run3 vx-post -q -v --dry-run=table in
	expect 1
	has "$out" "unchanged patient/TT00001"
	has "$out" "created   study/2"
	has "$out" 'other_data.note   "x" -> "?31m"'
	has "$out" 'other_data.rooms  [1,2] -> (none)'
}

@test "--dry-run=WHAT knows table and ndjson" {
	run3 vx-post --dry-run=yaml </dev/null
	expect 64
	has "$err" "--dry-run: 'yaml' is neither table nor ndjson"
	run3 vx-post -q --dry-run=ndjson <<<'{"identifier":"datasource/t","shorthand":"TT"}'
	expect 0
	same "$out" '{"identifier":"datasource/t","status":"created"}'
}

# plan_and_run OPTION...: the results of a dry run over in are those of the run.
plan_and_run() {
	vx-post -q --dry-run "$@" in >plan 2>/dev/null || true
	vx-post -q "$@" in >run 2>/dev/null || true
	cmp plan run
}

@test "what a dry run says is what the run then does: created, updated, conflicts, --update, --fill, new parents" {
	before | vx-post -q >/dev/null
	local i options
	for options in "" "--on-conflict update" "--update manufacturer,b_value" "--fill series_description,manufacturer" \
		"--update manufacturer --fill b_value,series_description"; do
		python3 - >in <<PY
import json, random
rnd = random.Random(len("$options"))
out = []
for i in range(1, 31):
    v = {"identifier": "volume/v%d" % i, "parent_identifier": "study/1", "path_nii": "s3://b/%d" % i,
         "manufacturer": "SIEMENS", "b_value": i}
    what = rnd.randrange(6)
    if what == 1: v["manufacturer"] = rnd.choice(["GE", "Philips"])
    if what == 2: v["series_description"] = "t2 %d" % i
    if what == 3: del v["b_value"]
    if what == 4: v["path_nii"] = "s3://c/%d" % i
    if what == 5: v.update(b_value=i + 1000, series_description="x")
    out.append(v)
tag = "%d" % len("$options")
for p in range(2, 6):  # a tree that is new as a whole, in any order
    name = "TT%05d" % (int(tag) * 10 + p)
    out.append({"identifier": "patient/" + name, "parent_identifier": "datasource/t", "external_uid": name})
    out.append({"identifier": "study/" + name, "parent_identifier": "patient/" + name})
    out.append({"identifier": "volume/%s/t2" % name, "parent_identifier": "study/" + name, "path_nii": "s3://b/n"})
    out.append({"identifier": "voxelmap/%s/m" % name, "parent_identifier": "study/" + name, "task": "prostate",
                "reference_mri": "volume/%s/t2" % name, "path_nii": "s3://b/m", "derived_from": ["volume/v1"]})
out.append({"identifier": "study/none" + tag, "parent_identifier": "patient/TT99999"})
rnd.shuffle(out)
for r in out: print(json.dumps(r))
PY
		plan_and_run $options --batch 7
	done
	same "$(jq -r .status run | sort -u | paste -sd,)" "conflict,created,orphan,unchanged,updated"
}

@test "a plan of 20,000 records with equal changes takes no more memory than one of 1,000" {
	plain_build
	python3 - >in <<'PY'
print('{"identifier":"datasource/t","shorthand":"TT"}')
for i in range(20000):
    print('{"identifier":"volume/v%d","path_nii":"s3://b/%d","manufacturer":"SIEMENS"}' % (i, i))
PY
	vx-post -q in >/dev/null 2>&1
	sed 's/SIEMENS/Siemens/' in >in2
	head -1001 in2 >in3
	local few many
	few=$( { /usr/bin/time -f %M vx-post -q --dry-run=table in3 >/dev/null; } 2>&1 | tail -1)
	many=$( { /usr/bin/time -f %M vx-post -q --dry-run=table in2 >table; } 2>&1 | tail -1)
	has "$(cat table)" "19999 more with the same difference of manufacturer as volume/v0"
	[ "$many" -lt $((few + 4096)) ] || { echo "$few KiB, $many KiB"; return 1; }
}
