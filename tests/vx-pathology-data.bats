# vx-pathology on the real tables, held against an independent computation of what should come of them.
load helper

EXPECTED=$ROOT/tests/pathology_expected.py
MAPS=$ROOT/share/pathology

teardown() { stop_serve; }

# rows TABLE KEY SHORT: the rows of a table as vx-csv and vx-patient-map give them, on stdout; who is who in patients.
rows() {
	vx-csv -q "$1" >"$BATS_TEST_TMPDIR/table"
	jq -r --arg key "$2" '.[$key]' "$BATS_TEST_TMPDIR/table" | awk -v short="$3" '!($0 in seen) {
		seen[$0]
		printf "{\"external_uid\":\"%s\",\"identifier\":\"patient/%s%05d\",\"datasource\":\"datasource/x\"}\n", $0, short, ++n
	}' >"$BATS_TEST_TMPDIR/patients"
	vx-patient-map -q --offline "$BATS_TEST_TMPDIR/patients" --key "$2" "$BATS_TEST_TMPDIR/table"
}

picai_rows() { rows "$DATA/picai/clinical_information/marksheet.csv" patient_id PC; }
ucla_rows() { rows "$DATA/ucla/TCIA-Biopsy-Data.csv" 'Patient Number' UC; }

# agrees DATASET TABLE... RESOURCES: the independent computation finds no difference; prints what it counted.
agrees() {
	run3 /usr/bin/python3 "$EXPECTED" "$@" --counts --patients "$BATS_TEST_TMPDIR/patients"
	expect 0
	same "$err" ''
}

# public: resources without what travels privately (file and row), in the order of identifiers.
public() { jq -c 'with_entries(select(.key | startswith("_") | not))' "$1" | sort; }

@test "PI-CAI: 112 patients, 117 workups, 188 lesions; the independent computation agrees on all 160 studies" {
	needs_data picai
	cd "$BATS_TEST_TMPDIR"
	picai_rows >rows
	run3 vx-pathology --map "$MAPS/picai.json" --psa --findings findings rows
	expect 0
	cp out made
	agrees picai "$DATA/picai/clinical_information/marksheet.csv" made --findings findings
	same "$out" "$(
		cat <<-'END'
			149 PSA values
			69 benign
			112 event roots
			97 graded
			188 lesions
			22 not assessed
			112 patients with pathology
			21 shorter ISUP lists
			160 studies
			117 workups
		END
	)"
	same "$(jq -c 'select(.is_event_root) | .identifier' made | sort -u | wc -l)" 112
	same "$(jq -c 'select(.is_event_root) | .parent_identifier' made | sort -u | wc -l)" 112
	# 22 N/A lesions: no grade of any kind, no cancer type; and none of the 69 benign ones among them.
	same "$(jq -c '.other_data.source as $s | select($s)
		| select($s.cells.lesion_GS | split(",")[$s.item - 1] == "N/A") | [.isup, .gleason_primary, .cancer_type]' made |
		sort | uniq -c | sed 's/^ *//')" '22 [null,null,null]'
	run3 vx-validate -q made
	expect 0
	vx-pathology -q --psa --map "$MAPS/picai.json" rows | cmp - made
	vx-pathology -q --psa --sorted --map "$MAPS/picai.json" rows | public - >sorted
	public made | cmp - sorted
}

@test "PI-CAI: the comparison is not idle: one grade changed, one lesion gone, one too many are seen" {
	needs_data picai
	cd "$BATS_TEST_TMPDIR"
	table=$DATA/picai/clinical_information/marksheet.csv
	picai_rows | vx-pathology -q --map "$MAPS/picai.json" >made
	# 10909 is where a zip by position goes wrong.
	name=$(jq -r 'select(.other_data.study_id == "1000926") | .identifier' made | head -n 1)
	[ -n "$name" ]
	short=$(jq -r 'select(.external_uid == "10909") | .identifier' patients | cut -d/ -f2)
	lesion=$short/biopsy/1000926/lesion/4
	same "$(jq -c --arg id "assessment/$lesion" 'select(.identifier == $id) | [.gleason_primary, .gleason_secondary, .isup]' made)" \
		'[4,4,4]'
	jq -c --arg id "assessment/$lesion" 'if .identifier == $id then .isup = 1 else . end' made >wrong
	run3 /usr/bin/python3 "$EXPECTED" picai "$table" wrong --patients patients
	expect 1
	same "$out" "assessment/$lesion: isup: got 1, expected 4"
	jq -c --arg id "$lesion" 'select(.identifier | endswith($id) | not)' made >wrong
	run3 /usr/bin/python3 "$EXPECTED" picai "$table" wrong --patients patients
	expect 1
	has "$out" "specimen/$lesion: made: got 'nothing', expected '4+4'"
	{ cat made; jq -c --arg id "specimen/$lesion" 'select(.identifier == $id) | .identifier += "0"' made; } >wrong
	run3 /usr/bin/python3 "$EXPECTED" picai "$table" wrong --patients patients
	expect 1
	has "$out" "specimen/${lesion}0: "
}

@test "PI-CAI: rows in another order give the same bytes, and another table of the same rows the same resources" {
	needs_data picai
	cd "$BATS_TEST_TMPDIR"
	table=$DATA/picai/clinical_information/marksheet.csv
	picai_rows >rows
	vx-pathology -q --map "$MAPS/picai.json" --findings findings rows | sort >made
	for seed in 1 2 3 4 5; do
		shuf --random-source=<(yes $seed) rows >shuffled
		vx-pathology -q --map "$MAPS/picai.json" --findings findings.2 shuffled | sort | cmp - made
		sort findings.2 | cmp - <(sort findings)
	done
	public made >public
	for seed in 6 7; do
		{ head -n 1 "$table"; tail -n +2 "$table" | shuf --random-source=<(yes $seed); } >shuffled.csv
		vx-csv -q shuffled.csv | vx-patient-map -q --offline patients --key patient_id |
			vx-pathology -q --map "$MAPS/picai.json" >made.2
		public made.2 | cmp - public
	done
}

@test "PI-CAI: a case_ISUP, a case_csPCa and a lesion_ISUP that contradict the Gleason cells are findings, in file and row" {
	needs_data picai
	cd "$BATS_TEST_TMPDIR"
	sed -e '/^10032,/s/,3,YES,/,2,NO,/' -e '/^10035,/s/,3+3,1,/,3+3,2,/' \
		"$DATA/picai/clinical_information/marksheet.csv" >marksheet.csv
	rows marksheet.csv patient_id PC >rows
	run3 vx-pathology --map "$MAPS/picai.json" --findings findings rows
	expect 0
	cp out made
	same "$(jq -c 'select(.severity == "error") | [.rule, .file, .row, .patient]' findings | sort)" "$(
		cat <<-'END'
			["cspca","marksheet.csv",2,"patient/PC00001"]
			["grade","marksheet.csv",3,"patient/PC00002"]
			["worst_isup","marksheet.csv",2,"patient/PC00001"]
		END
	)"
	has "$(jq -c 'select(.rule == "worst_isup" and .severity == "error")' findings)" case_ISUP
	# Under --strict the rows that hold them go no further; all others do.
	run3 vx-pathology -q --strict --rejects rejects --map "$MAPS/picai.json" rows
	expect 1
	has "$(jq -c '.record._source.row' rejects | sort -n | tr '\n' ' ')" '2 3 '
}

@test "PI-CAI: picai.sh twice, the second time all unchanged; the server's export agrees with the table" {
	needs_data picai
	cd "$BATS_TEST_TMPDIR"
	mkdir -p data/clinical_information
	cp "$DATA/picai/clinical_information/marksheet.csv" data/clinical_information
	start_serve
	run3 "$ROOT/share/datasets/picai.sh" --api "$API" --data data -q --findings findings
	expect 0
	has "$out" 'specimen    310 created, 0 unchanged'
	has "$out" 'assessment  310 created, 0 unchanged'
	has "$out" 'findings    0 error, 4 warning, 86 info'
	curl -sf "$API/v1/export" >export.1
	same "$(jq -c 'select(.is_event_root)' export.1 | wc -l)" 112
	run3 /usr/bin/python3 "$EXPECTED" picai data/clinical_information/marksheet.csv export.1 --findings findings
	expect 0
	same "$out" ''
	run3 "$ROOT/share/datasets/picai.sh" --api "$API" --data data -q --expect-unchanged
	expect 0
	has "$out" 'specimen    0 created, 310 unchanged'
	curl -sf "$API/v1/export" | cmp - export.1
}

@test "UCLA: 1 root, 18 cores, 12 affected, worst 4+3; every core's place, grade and coordinates as computed apart" {
	needs_data ucla
	cd "$BATS_TEST_TMPDIR"
	ucla_rows >rows
	run3 vx-pathology --map "$MAPS/ucla.json" --psa --findings findings rows
	expect 0
	cp out made
	agrees ucla "$DATA/ucla/TCIA-Biopsy-Data.csv" made --findings findings
	same "$out" "$(
		cat <<-'END'
			1 PSA values
			12 affected
			18 cores
			1 event roots
			10 systematic
			8 targeted
			1 worst 4+3 -> 3
		END
	)"
	run3 vx-validate -q made
	expect 0
	sort made >sorted
	for seed in 1 2 3 4 5 6 7 8; do
		shuf --random-source=<(yes $seed) rows | vx-pathology -q --map "$MAPS/ucla.json" --psa | sort | cmp - sorted
	done
	# Two series of one patient are one workup.
	jq -c 'if ._source.row > 10 then ."Series Instance UID (MRI)" = "1.2.3" else . end' rows |
		vx-pathology -q --map "$MAPS/ucla.json" >two
	same "$(jq -c 'select(.is_summary) | [.identifier, .total_cores]' two)" '["specimen/UC00001/summary",18]'
}

@test "UCLA: 12,000 made-up cores of that shape: the independent computation agrees on each" {
	cd "$BATS_TEST_TMPDIR"
	make_cores 12000 csv >cores.csv
	rows cores.csv 'Patient Number' UC >rows
	run3 vx-pathology -q --sorted --map "$MAPS/ucla.json" --psa --findings findings rows
	expect 0
	cp out made
	agrees ucla cores.csv made --findings findings
	has "$out" '12000 cores'
	vx-pathology -q --map "$MAPS/ucla.json" --psa rows | cmp - made
}

@test "UCLA: no label, an EXTRA core, another PSA value, cancer without a grade: nothing lost, nothing made up" {
	needs_data ucla
	cd "$BATS_TEST_TMPDIR"
	ucla_rows | jq -c 'if ._source.row == 2 then ."Core Label" = "" elif ._source.row == 3 then ."Core Label" = "EXTRA"
		elif ._source.row == 4 then ."PSA (ng/mL)" = "17.5" elif ._source.row == 5 then ."Cancer Length (mm)" = "3.0"
		else . end' >rows
	run3 vx-pathology --map "$MAPS/ucla.json" --findings findings rows
	cp out made
	expect 0
	same "$(jq -c 'select(._source.row == 2 and .is_summary == false)
		| [.side, .level, .is_systematic, .is_targeted, .other_data.region, .core_length]' made)" \
		'[null,null,null,null,null,9]'
	same "$(jq -c 'select(._source.row == 3 and .is_summary == false)
		| [.side, .level, .is_systematic, .is_targeted, .other_data.region]' made)" '[null,null,false,null,"EXTRA"]'
	same "$(jq -c 'select(.rule == "psa") | [.severity, .columns[0]]' findings)" '["warning","PSA (ng/mL)"]'
	# No Gleason is benign in this table, but not where 3 mm of cancer were measured.
	same "$(jq -c 'select(.cancer_length == 3) | [.isup, .cancer_type]' made)" '[null,"tumor"]'
	same "$(jq -c 'select(.rule == "grade") | [.severity, .row, .columns]' findings)" \
		'["error",5,["Primary Gleason","Cancer Length (mm)"]]'
	same "$(jq -c 'select(.is_summary) | .total_cores' made)" 18
}

# prostatex FOLDER: runs prostatex.sh on it against a fresh server; leaves rejects and export.
prostatex() {
	start_serve
	run3 "$ROOT/share/datasets/prostatex.sh" --api "$API" --data "$1" -q --rejects rejects --findings findings
	curl -sf "$API/v1/export" >export
	jq -c 'select(.external_uid)' export >patients
}

@test "ProstateX: both tables joined, nothing lost; the independent computation agrees; again: all unchanged" {
	needs_data prostatex
	cd "$BATS_TEST_TMPDIR"
	mkdir tables # without the images, which have a test of their own
	cp "$DATA"/prostatex/*.csv tables
	prostatex tables
	expect 0
	has "$out" 'patients    16'
	agrees prostatex "$DATA"/prostatex/{ProstateX-Findings,PROSTATEx_Classes}.csv export --findings findings
	same "$out" "$(
		cat <<-'END'
			16 event roots
			25 findings
			12 not assessed
		END
	)"
	# FALSE is not benign: none of these is.
	same "$(jq -c 'select(.other_data.clinically_significant == "False") | .isup' export | sort | uniq -c | sed 's/^ *//' |
		paste -sd ' ')" '3 1 8 null'
	same "$(jq -c 'select(.isup == 0)' export)" ''
	run3 "$ROOT/share/datasets/prostatex.sh" --api "$API" --data tables -q --expect-unchanged
	expect 0
}

@test "ProstateX: a grade for one of two positions, two grades, a row twice, an id of another form are rejected, with the reason" {
	cd "$BATS_TEST_TMPDIR"
	mkdir px
	cat >px/f.csv <<-'END'
		ProxID,fid,pos,zone,ClinSig
		ProstateX-0001,1,1 2 3,PZ,TRUE
		ProstateX-0001,1,4 5 6,PZ,FALSE
		ProstateX-0002,1,1 2 3,SV,FALSE
		ProstateX-0003,0, 1  -2 3.5e1,AS,TRUE
		ProstateX-0003,0, 1  -2 3.5e1,AS,TRUE
		ProstateX-0004,1,1 2,PZ,FALSE
	END
	cat >px/g.csv <<-'END'
		"ID","Clinically Significant","Gleason Grade Group"
		"ProstateX-0001_Finding1","True",2
		"ProstateX-0002_Finding1","False",1
		"ProstateX-0002_Finding1","True",3
		"ProstateX-0003_Finding0","False",5
		"ProstateX-9","False",1
	END
	prostatex px
	expect 1
	same "$(jq -r '"\(.record._source.file | split("/") | last):\(.record._source.row): \(.field): \(.reason)"' rejects | sort)" "$(
		cat <<-'END'
			f.csv:2: Gleason Grade Group: one grade, g.csv:2, for 2 positions, f.csv:2, f.csv:3
			f.csv:3: Gleason Grade Group: one grade, g.csv:2, for 2 positions, f.csv:2, f.csv:3
			f.csv:4: Gleason Grade Group: graded differently: g.csv:3, g.csv:4
			f.csv:6: ProxID: the same row as f.csv:5
			f.csv:7: pos: '1 2' is not of the form {pos_x: *[-+0-9.eE]+} {pos_y: *[-+0-9.eE]+} {pos_z: *[-+0-9.eE]+}
			g.csv:2: Gleason Grade Group: one grade, g.csv:2, for 2 positions, f.csv:2, f.csv:3
			g.csv:3: Gleason Grade Group: graded differently: g.csv:3, g.csv:4
			g.csv:4: Gleason Grade Group: graded differently: g.csv:3, g.csv:4
			g.csv:6: ID: not of the form PATIENT_FindingNUMBER
		END
	)"
	same "$(jq -c 'select(.is_summary == false) | [.zone, .other_data.position_mm]' export)" '["AS",[1,-2,35]]'
	# What the table calls not significant is graded 5.
	same "$(jq -c '[.rule, .severity, .columns[0]]' findings)" '["cspca","error","Clinically Significant"]'
}

@test "PI-CAI: rows as the whole marksheet may hold them: N/A alone, tissue without a result, lists that do not meet" {
	cd "$BATS_TEST_TMPDIR"
	cat >m.csv <<-'END'
		patient_id,study_id,mri_date,patient_age,psa,psad,prostate_volume,histopath_type,lesion_PIRADS,lesion_GS,lesion_ISUP,case_ISUP,case_csPCa,center
		1,11,2012-08-13,73,,,,MRBx,5,N/A,,0,NO,RUMC
		2,21,2012-08-13,73,,,,SysBx,,,,0,NO,RUMC
		3,31,2012-08-13,73,,,,,2,,,0,NO,RUMC
		4,41,2012-08-13,73,,,,RP,"5,4","4+3,0+0",3,3,YES,RUMC
		5,51,2012-08-13,73,,,,RP,"5,4","2+5,0+0","5,0",5,YES,RUMC
		6,61,2012-08-13,73,,,,"TURP","5","3+4","2",2,YES,RUMC
		7,71,2012-08-13,73,,,,,"5","3+4","2",2,YES,RUMC
	END
	rows m.csv patient_id PC >rows
	run3 vx-pathology -q --map "$MAPS/picai.json" --findings findings --rejects rejects rows
	expect 1
	cp out made
	# By patient: roots, lesions, grades.
	same "$(jq -r 'select(.identifier | startswith("assessment/")) | [.identifier, .isup, .gleason_primary] | @tsv' made)" \
		"$(printf '%s\n' $'assessment/PC00001/biopsy/11/lesion/1\t\t' $'assessment/PC00001/summary\t\t' \
			$'assessment/PC00002/summary\t\t' $'assessment/PC00004/rpe/41/lesion/1\t3\t4' \
			$'assessment/PC00004/rpe/41/lesion/2\t0\t' $'assessment/PC00004/summary\t3\t4' \
			$'assessment/PC00007/other/71/lesion/1\t2\t3' $'assessment/PC00007/summary\t2\t3')"
	same "$(jq -c '[.record._source.row, .field]' rejects)" "$(printf '%s\n' '[6,"lesion_GS"]' '[7,"histopath_type"]')"
	same "$(jq -c 'select(.rule == "list_length") | [.row, .columns, .values]' findings)" \
		'[5,["lesion_ISUP","lesion_GS"],["3","4+3,0+0"]]'
}
