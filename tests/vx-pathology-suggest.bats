#!/usr/bin/env bats
# vx-pathology --suggest: what it makes of tables, what it says it is unsure of, and that all of it loads and runs.
load helper

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

# suggest FILE.csv: its suggestion in map.json, which is out too; it loads: a mistake would end with 65.
suggest() {
	vx-csv -q "$1" >"${1%.csv}.ndjson"
	run3 vx-pathology --suggest "${1%.csv}.ndjson"
	cp out map.json
}

# part FILTER: what jq finds in the suggestion, on one line.
part() { jq -c "$1" map.json; }

# runs COLUMN [OPTION...]: the suggested mapping runs on its table, with COLUMN naming the patients.
runs() {
	local column=$1
	shift
	jq -c --arg c "$column" '. + {_patient: ("patient/AA" + (.[$c] | gsub("[^0-9]"; "") | .[-5:]
		| "00000"[:5 - length] + .))}' ./*.ndjson >rows
	run3 vx-pathology --map map.json "$@" rows
}

german() {
	cat >de.csv <<-'END'
		Patientennummer;Vorname;Nachname;Geburtsdatum;Einsendenummer;Entnahmedatum;Stanze;Lokalisation;Seite;Höhe;Gleason-Score;ISUP;Stanzenlänge (mm);Tumorlänge (cm);Tumoranteil %;PSA-Wert;Prostatavolumen;Pathologe;Bemerkung;Entnahmeart
		P1;Hans;Maier;01.02.1950;E1;31.12.2020;1;apikal lateral;li;apex;3+4=7a;2;12,5;0,3;24;7,8;40;Dr. Abel;k.A.;systematische Stanzbiopsie
		P1;Hans;Maier;01.02.1950;E1;31.12.2020;2;basal;re;basis;benigne;0;11,0;k.A.;0;7,8;40;Dr. Abel;;systematische Stanzbiopsie
		P1;Hans;Maier;01.02.1950;E1;31.12.2020;3;Mitte;re;mitte;4+3=7b;3;13,5;0,65;48;7,8;40;Dr. Abel;;systematische Stanzbiopsie
		P2;Karl;Huber;03.04.1948;E2;05.01.2021;1;apikal;li;apex;3+3=6;1;10,5;0,1;10;5,1;55;Dr. Bebel;unklar;MRT-gezielte Fusionsbiopsie
		P2;Karl;Huber;03.04.1948;E3;07.06.2022;1;basal;re;basis;k.A.;k.A.;9,0;;;6,2;55;Dr. Bebel;;MRT-gezielte Fusionsbiopsie
	END
}

dutch() {
	cat >nl.csv <<-'END'
		patientnummer;naam;BSN;biopsiedatum;soort biopsie;aantal biopten;positieve biopten;gleasonscore;gleason graadgroep;PSA waarde;prostaatvolume;leeftijd
		101;Jansen;123;13-02-2019;systematische biopten;12;4;3+4;2;6,1;45;66
		102;Peters;124;28-03-2019;systematische biopten;12;0;geen maligniteit;0;5,0;50;70
		103;Willems;125;01-04-2019;gerichte MRI biopten;4;2;4+4;4;11,2;onbekend;71
		104;Bakker;126;11-11-2019;radicale prostatectomie;;;4+3;3;9,9;38;59
	END
}

english() {
	cat >en.csv <<-'END'
		mrn,dob,accession number,biopsy date,lesion number,side,sector,pirads,gleason primary,gleason secondary,gleason sum,grade group,overall grade group,clinically significant,psa,vol (cc),psad
		a1,1950-01-01,X9,03/04/2020,1,L,apex,5,4,3,7,3,3,Y,10,50,.2
		a1,1950-01-01,X9,03/04/2020,2,R,base PZ,4,3,3,6,1,3,N,10,50,.2
		a2,1951-01-01,X10,05/06/2020,1,L,mid TZ,4,3,4,7,2,2,Y,6,30,0.2
		a2,1951-01-01,X10,05/06/2020,2,L,elsewhere,3,,,,,2,N,6,30,0.2
		a3,1952-01-01,X11,07/08/2020,1,R,apex PZ,5,4,5,9,5,5,Y,20,40,0.5
	END
}

@test "a German table of cores: comma and days by their cells, own blank words, nothing personal" {
	german
	suggest de.csv
	expect 0
	has "$err" "vx-pathology: 5 rows in, 1 out, 0 rejected, 6 things to look at"
	same "$(part 'del(.unsure)' | jq .)" "$(jq . <<-'END'
		{"title": "A first mapping, suggested from the table", "table": "de.csv", "decimal": ",", "dates": "DMY",
			"blank": ["k.A."], "patient": "Patientennummer", "rows": "core",
			"workup": {"key": "Einsendenummer", "procedure": {"column": "Entnahmeart", "values": {
				"MRT-gezielte Fusionsbiopsie": {"type": "BIOPSY", "is_systematic": false, "is_targeted": true},
				"systematische Stanzbiopsie": {"type": "BIOPSY", "is_systematic": true, "is_targeted": false}}},
				"date": "Entnahmedatum", "assessor": "Pathologe", "other_data": {"einsendenummer": "Einsendenummer"}},
			"component": {"name": "Stanze", "unique": true, "location": [{"column": "Lokalisation"},
				{"column": "Seite", "fields": ["side"]}, {"column": "Höhe", "fields": ["level"]}],
				"grade": {"gleason": "Gleason-Score", "isup": "ISUP"}, "core_length": "Stanzenlänge (mm)",
				"cancer_length": {"columns": "Tumorlänge (cm)", "times": 10}, "percent_cancer": "Tumoranteil %"},
			"root": {"other_data": {"prostate_volume_ml": {"column": "Prostatavolumen", "as": "number"}}},
			"psa": {"value": "PSA-Wert"},
			"checks": [{"column": "Prostatavolumen", "is": "same", "per": "patient", "rule": "volume_same"}],
			"ignore": ["Vorname", "Nachname", "Geburtsdatum"]}
	END
	)"
	same "$(part '.unsure[] | split(":")[0]' | paste -sd' ')" \
		'"grade.isup" "procedure" "component.unique" "blank" "ignore" "columns"'
	has "$(part '.unsure[5]')" 'free text, left unmapped: \"Bemerkung\"'
	runs Patientennummer --psa
	expect 0
	same "$(jq -r 'select(.identifier | startswith("assessment/") and endswith("summary")) | "\(.identifier) \(.isup)"' out)" \
		"assessment/AA00001/summary 3
assessment/AA00002/summary 1"
	same "$(jq -c 'select(.is_summary and .total_cores) | [.identifier, .date, .is_targeted]' out)" \
'["specimen/AA00001/summary","2020-12-31",false]
["specimen/AA00002/summary",null,true]
["specimen/AA00002/biopsy/E2","2021-01-05",true]
["specimen/AA00002/biopsy/E3","2022-06-07",true]'
}

@test "nothing of a cell that may name a person is in a mapping" {
	german
	suggest de.csv
	local word
	for word in Hans Maier Karl Huber 1950 1948 Abel Bebel unklar P1 E1; do
		[[ $out$err != *"$word"* ]] || { echo "$word is in it"; return 1; }
	done
	dutch
	suggest nl.csv
	for word in Jansen Peters Willems Bakker 101 123; do
		[[ $out$err != *"$word"* ]] || { echo "$word is in it"; return 1; }
	done
}

@test "words of a column are listed only where they are few and short" {
	{
		echo 'patient,core,location,histology,procedure'
		seq 200 | awk '{print $1 % 40 "," $1 ",left apex seen by Dr. Nr" $1 ",3+4,biopsy of Mr. Nr" $1}'
	} >t.csv
	suggest t.csv
	expect 0
	[[ $out != *Nr* ]]
	has "$out" '"procedure: \"procedure\" is named like it'
	has "$out" '"location: 200 of 200 texts in \"location\" are not understood whole; their text is kept'
}

@test "a Dutch table of workups: counts of cores, operations, words for no cancer" {
	dutch
	suggest nl.csv
	expect 0
	same "$(part 'del(.title, .unsure)' | jq .)" "$(jq . <<-'END'
		{"table": "nl.csv", "decimal": ",", "dates": "DMY", "blank": ["onbekend"], "patient": "patientnummer",
			"rows": "workup", "workup": {"key": "biopsiedatum", "procedure": {"column": "soort biopsie", "values": {
				"gerichte MRI biopten": {"type": "BIOPSY", "is_systematic": false, "is_targeted": true},
				"radicale prostatectomie": {"type": "RPE"},
				"systematische biopten": {"type": "BIOPSY", "is_systematic": true, "is_targeted": false}}},
				"grade": {"gleason": "gleasonscore", "isup": "gleason graadgroep"}, "date": "biopsiedatum",
				"total_cores": "aantal biopten", "affected_cores": "positieve biopten"},
			"psa": {"value": "PSA waarde",
				"other_data": {"prostate_volume_ml": {"column": "prostaatvolume", "as": "number"}}},
			"ignore": ["naam", "BSN", "leeftijd"]}
	END
	)"
	same "$(part '.unsure[0]')" '"workup.key: no column looks like one; \"biopsiedatum\" is taken to tell workups apart: two of a patient on one day become one"'
	runs patientnummer --psa
	expect 0
	same "$(jq -r 'select(.isup != null) | .isup' out | paste -sd' ')" "2 0 4 3"
}

@test "an English table of lesions: patterns, what says the same again, days that nothing settles" {
	english
	suggest en.csv
	expect 0
	same "$(part '[.rows, .dates, .patient, .workup.key, .workup.date, .component.name, .component.unique]')" \
		'["lesion","DMY","mrn","accession number","biopsy date","lesion number",true]'
	same "$(part .component.grade)" '{"primary":"gleason primary","secondary":"gleason secondary","isup":"grade group"}'
	same "$(part .component.location)" '[{"column":"side","fields":["side"]},{"column":"sector"}]'
	same "$(part '.component.other_data')" '{"pirads":{"column":"pirads","as":"integer"}}'
	same "$(part '.checks[] | [.column, .is, .min_isup, .yes, .no, .of]')" \
'["gleason sum","score",null,null,null,null]
["overall grade group","worst_isup",null,null,null,null]
["clinically significant","cspca",2,["Y"],["N"],null]
["psad","ratio",null,null,null,["psa","vol (cc)"]]
["psa","same",null,null,null,null]
["vol (cc)","same",null,null,null,null]'
	has "$out" "dates: no day above 12 settles whether day or month stands in front; DMY is assumed"
	has "$out" 'location: 1 of 5 texts in \"sector\" are not understood whole: \"elsewhere\"'
	runs mrn --psa --findings findings
	expect 0
	same "$(jq -c 'select(.severity != "info")' findings)" ""
}

@test "the order of days and the decimal sign: settled, contradicted, or asked" {
	printf 'patient,biopsy date,gleason,psa\n1,12/31/2020,3+4,"1,5"\n2,11/30/2020,3+3,"2,5"\n' >a.csv
	suggest a.csv
	same "$(part '[.dates, .decimal, .unsure[]] | map(select(test("^(dates|decimal):|^.{1,3}$")))')" '["MDY",","]'
	printf 'patient,biopsy date,gleason,psa\n1,31/12/2020,3+4,"1,5"\n2,11/30/2020,3+3,2.5\n3,30/11/2020,3+3,2.5\n' >a.csv
	suggest a.csv
	same "$(part '[.dates, .decimal]')" '["DMY",null]'
	has "$out" "dates: 2 have their day in front and 1 their month; DMY is assumed, the others are rejected"
	has "$out" "decimal: 1 numbers are written with a comma and 2 with a point; those with a comma are rejected"
	printf 'patient,biopsy date,gleason,psa\n1,2020-01-02,3+4,1\n' >a.csv
	suggest a.csv
	same "$(part '[.dates, .decimal]')" '[null,null]'
}

@test "grades by their cells, whatever the column is called" {
	printf 'patient,core,gleason,x\n1,1,2,3+4\n1,2,1,3+3\n2,1,0,0+0\n' >a.csv
	suggest a.csv
	same "$(part .component.grade)" '{"gleason":"x","isup":"gleason"}'
	has "$out" 'grade.isup: \"gleason\" is named like a Gleason score, but its cells read as grade groups'
	has "$out" 'grade.gleason: \"x\" is not named like one, but its cells read as Gleason scores'
	printf 'patient,core,isup\n1,1,7\n1,2,6\n2,1,9\n' >a.csv
	suggest a.csv
	same "$(part .component.grade)" '{"gleason":"isup"}'
	has "$out" 'holds sums; a bare 7 may be 3+4 or 4+3'
	printf 'patient,core,gleason\n1,1,apple\n1,2,pear\n' >a.csv
	suggest a.csv
	same "$(part .component.grade)" null
	has "$out" '"grade: no column with Gleason scores or grade groups was found"'
	has "$out" 'grade: \"gleason\" is named like a grade too'
	[[ $out != *apple* ]]
}

@test "a yes to significant cancer that stands in every row of a workup is held against the workup" {
	printf '%s\n' 'patient,core,location,gleason,significant cancer' 'A1,1,left apex,3+3,yes' 'A1,2,right apex,4+3,yes' \
		'A2,1,left apex,3+3,no' 'A2,2,right apex,3+3,no' >a.csv
	suggest a.csv
	same "$(part .checks)" '[{"column":"significant cancer","is":"worst_cspca","min_isup":2,"yes":["yes"],"no":["no"]}]'
	has "$out" 'agrees with grade group 2 and above as well as with 3 and above; 2 is assumed'
}

@test "without a key the day tells workups apart; a number that each core has is its name" {
	printf '%s\n' 'patient,biopsy date,specimen number,location,gleason' 'A1,2020-01-02,S1,left apex,3+3' \
		'A1,2020-01-02,S2,right apex,4+3' 'A1,2021-01-02,S3,left apex,3+3' 'A1,2021-01-02,S4,left base,3+3' >a.csv
	suggest a.csv
	same "$(part '[.workup.key, .component.name]')" '["biopsy date","specimen number"]'
	has "$out" 'workup.key: no column looks like one; \"biopsy date\" is taken to tell workups apart'
	runs patient
	expect 0
	same "$(jq -r 'select(.is_summary) | .identifier' out | grep specimen)" "specimen/AA00001/summary
specimen/AA00001/biopsy/2020-01-02
specimen/AA00001/biopsy/2021-01-02"
}

@test "columns of which nothing was made, empty ones and free text are named, and stay out" {
	printf 'patient,core,gleason,qwert,comment,empty\n1,1,3+3,a,long text,\n1,2,3+4,b,more,\n' >a.csv
	suggest a.csv
	same "$(part '.unsure[-3:]')" \
'["columns: nothing was made of \"qwert\"","columns: empty, left unmapped: \"empty\"","columns: free text, left unmapped: \"comment\""]'
	same "$(part 'del(.unsure)' | grep -c 'qwert\|comment\|empty')" 0
}

@test "the rows in another order: the same mapping" {
	local f
	german
	english
	dutch
	for f in de en nl; do
		suggest $f.csv
		tac $f.ndjson | vx-pathology -q --suggest >other
		cmp other map.json
	done
	make_cores 60000 ndjson >cores
	vx-pathology -q --suggest cores >map.json
	sort -k2 cores | vx-pathology -q --suggest >other
	cmp other map.json
}

@test "memory does not grow with the rows" {
	plain_build
	make_cores 300000 ndjson | /usr/bin/time -f %M -o rss vx-pathology -q --suggest >/dev/null
	[ "$(tail -1 rss)" -lt 16384 ] || { echo "$(tail -1 rss) KiB"; return 1; }
}

@test "bad lines cost only themselves; no rows at all: 65; a full disk: 74" {
	printf '%s\n' '{"patient":"1","core":"1","gleason":"3+4"}' nonsense '{"patient":"1","core":"2","gleason":"3+3"}' >in
	run3 vx-pathology --suggest in
	expect 1
	has "$err" "in:2: not JSON"
	same "$(jq -c .component.grade out)" '{"gleason":"gleason"}'
	run3 vx-pathology --suggest </dev/null
	expect 65
	has "$err" "there are no rows to suggest a mapping from"
	run3 vx-pathology --suggest <<<'{"_source":{"file":"a","row":1}}'
	expect 65
	run3 vx-pathology --suggest none.ndjson
	expect 74
	status=0
	vx-pathology --suggest in >/dev/full 2>/dev/null || status=$?
	[ "$status" -eq 74 ]
}

@test "words in share/pathology that are none: their file and line" {
	cp -R "$ROOT/share" .
	printf 'en\tgs\tgleeson\n' >share/pathology/columns.tsv
	VX_SHARE=$PWD/share run3 vx-pathology --suggest <<<'{"a":"b"}'
	expect 65
	has "$err" "columns.tsv:1: hint: there is no 'gleeson'"
}

@test "strange names of columns and strange cells: still a mapping that loads" {
	jq -cn '{"": "3+4", "a\nb": "left", "gleason\"{x}*": "3+4", "core #1.": 1, "psa": 1.5, "lists": [1], "o": {"a": 1},
		"isup": null, "date": true, "x\u0001": "\u0000"}, {"gleason\"{x}*": "4+3", "other": ("x" * 70000)}' >in
	run3 vx-pathology --suggest in
	expect 0
	same "$(jq -c .component.grade out)" '{"gleason":"gleason\"{x}*"}'
}

@test "PI-CAI: what stands in share/pathology/picai.json, but for what no table says" {
	needs_data picai
	vx-csv -q "$DATA/picai/clinical_information/marksheet.csv" >picai.ndjson
	run3 vx-pathology --suggest picai.ndjson
	expect 0
	cp out map.json
	local keys='{rows, patient, when, workup, component, checks, ignore} | .component.lists.columns |= sort'
	same "$(jq -S "$keys" map.json)" "$(jq -S "$keys" "$ROOT/share/pathology/picai.json")"
	same "$(part '.unsure[] | scan("^(.*?): (?:69 of 166 cells of )?\"(.*?)\" (?:are|says)")')" \
'["grade.isup","lesion_ISUP"]
["checks","case_ISUP"]
["checks","case_csPCa"]'
	same "$(part '.unsure | length')" 6
	runs patient_id --psa
	expect 0
	same "$(jq -r 'select(.is_event_root) | .identifier' out | wc -l)" 112
}

@test "UCLA: a row a core, patterns, fragments added up, coordinates, a scheme that is asked for" {
	needs_data ucla
	vx-csv -q "$DATA/ucla/TCIA-Biopsy-Data.csv" >ucla.ndjson
	run3 vx-pathology --suggest ucla.ndjson
	expect 0
	cp out map.json
	local keys='{rows, patient, psa, root, c: (.component | {name, core_length, cancer_length, percent_cancer,
		primary: .grade.primary, secondary: .grade.secondary, keep: .location.keep})}'
	same "$(jq -S "$keys" map.json)" "$(jq -S "$keys" "$ROOT/share/pathology/ucla.json")"
	same "$(part '[.component.other_data[].columns | length]')" '[3,3,3,3]'
	same "$(part '.component.location.values')" '{"TARGET OR PRIOR POSITIVE":{"is_targeted":true,"is_systematic":false}}'
	same "$(part '[.checks[] | [.column, .is, .per]]')" \
		'[["PSA (ng/mL)","same","patient"],["Prostate Volume (CC)","same","patient"]]'
	has "$out" 'grade.blank: in 6 of 18 sampled rows \"Primary Gleason\" is empty; these are taken as not assessed'
	has "$out" 'if this is a 12-core scheme, add \"scheme\": {\"name\": \"12-core\", \"unstated\": {\"laterality\": \"medial\"}}'
	same "$(part '.component.location | has("scheme")')" false
	runs "Patient Number" --psa
	expect 0
	same "$(jq -r 'select(.is_event_root) | .identifier' out | wc -l)" 1
}

@test "ProstateX: findings without a grade; patient and finding in one cell" {
	needs_data prostatex
	vx-csv -q "$DATA/prostatex/ProstateX-Findings.csv" >f.ndjson
	run3 vx-pathology --suggest f.ndjson
	expect 0
	cp out map.json
	same "$(part '[.rows, .patient, .component.name, .component.unique, .component.location, .component.assessment]')" \
		'["lesion","ProxID","fid",null,{"column":"zone","fields":["zone"]},{"other_data":{"clin_sig":"ClinSig"}}]'
	has "$out" "grade: no column with Gleason scores or grade groups was found"
	runs ProxID
	expect 0
	vx-csv -q "$DATA/prostatex/PROSTATEx_Classes.csv" >f.ndjson
	run3 vx-pathology --suggest f.ndjson
	expect 0
	cp out map.json
	same "$(part '[.rows, .capture, .patient, .component]')" \
'["lesion",{"ID":"{source_patient}_Finding{source_number:[0-9]+}"},"source_patient",{"name":"source_number","grade":{"isup":"Gleason Grade Group"}}]'
	same "$(part '.checks')" \
'[{"column":"Clinically Significant","is":"cspca","min_isup":2,"yes":["True"],"no":["False"],"unassessed":["False"]}]'
}

@test "lists: in step, with words left out, or not to be put in step" {
	printf '%s\n' 'patient;study id;gleason;isup;zone' 'A1;S1;3+4,N/A,4+3;2,3;PZ,TZ,PZ' 'A1;S2;3+3;1;PZ' 'A2;S3;N/A,4+4;4;TZ,TZ' \
		'A3;S4;3+3,3+4;1,2;PZ,TZ' >a.csv
	suggest a.csv
	expect 0
	same "$(part .component)" \
'{"lists":{"separator":",","columns":["gleason","isup","zone"],"omit":{"isup":{"where":"gleason","is":["N/A"]}}},"location":{"column":"zone","fields":["zone"]},"grade":{"gleason":"gleason","isup":"isup"}}'
	runs patient
	expect 0
	same "$(jq -r 'select(.isup != null and (.identifier | test("lesion"))) | .isup' out | sort | paste -sd' ')" "1 1 2 2 3 4"
	# An empty item is no word that a mapping could name.
	printf '%s\n' 'patient;study id;gleason;isup' 'A1;S1;3+4,,4+3;2,3' 'A2;S3;,4+4;4' 'A3;S4;3+3,;1' >a.csv
	suggest a.csv
	expect 0
	same "$(part .component.lists)" '{"separator":",","columns":["gleason"]}'
	has "$out" 'component.lists: \"isup\" holds lists, but they are not as long as those of \"gleason\"'
}

@test "a bare grade may be the one of differentiation: not mapped, and the first thing that is said" {
	local name
	for name in Grad Grade G graad Grading Differenzierungsgrad "tumor grade"; do
		printf '%s\n' "patient,core,$name" 1,1,2 1,2,3 2,1,1 2,2,2 >a.csv
		suggest a.csv
		expect 0
		same "$(part '.component | has("grade")')" false
		has "$(part '.unsure[0]')" "\"grade: \\\"$name\\\" is not mapped: its cells may be ISUP grade groups, or the grade of differentiation (G1 to G3)"
		runs patient
		expect 0
		same "$(jq -c 'select(.isup != null)' out)" ""
	done
	for name in ISUP "Grade group" GGG Gradgruppe graadgroep "WHO grade" "ISUP-Grad"; do
		printf '%s\n' "patient,core,$name" 1,1,2 1,2,3 2,1,1 2,2,2 >a.csv
		suggest a.csv
		same "$(part .component.grade)" "{\"isup\":\"$name\"}"
	done
	# Cells that say it by themselves; a bare grade beside a score.
	printf '%s\n' 'patient,core,grade' '1,1,ISUP 2' '1,2,GG 3' >a.csv
	suggest a.csv
	same "$(part .component.grade)" '{"isup":"grade"}'
	printf '%s\n' 'patient,core,gleason,grade' '1,1,3+4,2' '1,2,3+3,1' >a.csv
	suggest a.csv
	same "$(part .component.grade)" '{"gleason":"gleason"}'
	has "$(part '.unsure[0]')" 'is not mapped'
}

@test "what a check lets stand for nothing assessed: no and benign only, and it is said" {
	printf '%s\n' 'patient,study id,gleason,max gg,significant cancer' '1,A,,2,yes' '2,B,,0,no' '3,C,3+4,2,yes' '4,D,3+3,1,no' \
		'5,E,4+4,4,yes' '6,F,3+4,2,yes' >a.csv
	suggest a.csv
	same "$(part '.checks')" \
'[{"column":"max gg","is":"worst_isup","unassessed":["0"]},{"column":"significant cancer","is":"cspca","min_isup":2,"yes":["yes"],"no":["no"],"unassessed":["no"]}]'
	has "$out" 'checks: \"max gg\" says [\"0\"] where nothing was assessed, too'
	has "$out" 'checks: \"significant cancer\" says [\"no\"] where nothing was assessed, too'
	runs patient --findings findings
	same "$(jq -c 'select(.severity == "error") | [.rule, .columns[0], .values[0]]' findings | sort)" \
'["cspca","significant cancer","yes"]
["worst_isup","max gg","2"]'
}

@test "a scheme is declared by people: the draft leaves it out and says what to add" {
	printf '%s\n' 'patient,core,gleason' '1,left apex,3+4' '1,left lateral apex,3+3' '1,right mid,3+3' >a.csv
	suggest a.csv
	same "$(part '[.component.location]')" '["core"]'
	has "$out" 'component.location: in \"core\" some places are lateral and none is medial; if this is a 12-core scheme, add'
	runs patient
	same "$(jq -c 'select(.level and .laterality != "lateral") | .laterality' out | sort -u)" null
	# What it says to add is right.
	jq -c '.component.location = {column: .component.location, scheme: {name: "12-core", unstated: {laterality: "medial"}}}
		| del(.unsure)' map.json >mended.json
	run3 vx-pathology --map mended.json rows
	expect 0
	same "$(jq -r 'select(.level) | .laterality' out | paste -sd' ')" "medial lateral medial"
}

@test "the day of the biopsy is the key where each row has it; other days that differ are told" {
	printf '%s\n' 'patient,biopsy date,core,gleason' '1,2020-01-02,1,3+3' '1,2020-01-02,2,3+4' '2,2020-05-06,1,3+3' >a.csv
	suggest a.csv
	same "$(part '[.workup.key, .workup.date]')" '["biopsy date","biopsy date"]'
	has "$out" 'workup.key: no column looks like one; \"biopsy date\" is taken to tell workups apart'
	# A second biopsy that comes later stays one of its own.
	printf '%s\n' 'patient,biopsy date,core,gleason' '1,2020-01-02,1,3+3' '1,2021-01-02,1,4+4' >a.csv
	vx-csv -q a.csv >a.ndjson
	runs patient
	expect 0
	same "$(jq -r 'select(.is_summary) | .identifier' out | grep -c /biopsy/)" 2
	# Days that are not said in each row reject no row, unless they tell workups apart.
	printf '%s\n' 'patient,biopsy date,core,gleason' '1,2020-01-02,1,3+3' '1,2020-01-02,2,3+4' '2,,1,3+3' >a.csv
	suggest a.csv
	same "$(part '[.workup.key, .workup.date]')" '[null,"biopsy date"]'
	printf '%s\n' 'patient,biopsy date,core,gleason' '1,2020-01-02,1,3+3' '1,2021-01-02,2,3+4' '2,,1,3+3' >a.csv
	suggest a.csv
	same "$(part '[.workup.key, .workup.date]')" '["biopsy date","biopsy date"]'
	has "$out" 'and rows without a day are rejected'
	# Which day a study has is not said.
	printf '%s\n' 'patient,study date,core,gleason' '1,2020-01-02,1,3+3' '1,2021-01-02,2,3+4' >a.csv
	suggest a.csv
	same "$(part '.workup | has("key")')" false
	has "$out" 'one workup a patient is assumed, though days differ within a patient in \"study date\"'
	# Rows that are workups stay apart where the day does not tell them.
	printf '%s\n' 'patient,biopsy date,biopsy type,gleason,total cores' '1,2020-01-02,TRUS,3+3,12' '1,2020-01-02,fusion,3+4,3' >a.csv
	suggest a.csv
	runs patient
	expect 0
	same "$(jq -r 'select(.is_summary) | .identifier' out | grep -c '^specimen.*/biopsy/')" 2
}

@test "blank as benign is asked of empty cells only; a group 0 is asked about" {
	printf '%s\n' 'patient,lesion,grade group' '1,1,2' '1,2,0' '2,1,5' '3,1,N/A' >a.csv
	suggest a.csv
	[[ $out != *grade.blank* ]]
	has "$out" 'grade.isup: 1 of 3 cells of \"grade group\" are 0, which is read as benign'
	# What it says to add is right.
	jq -c '.component.grade.words = {"0": "not_assessed"} | del(.unsure)' map.json >mended.json
	runs patient
	run3 vx-pathology --map mended.json rows
	expect 0
	same "$(jq -r 'select(.isup != null and (.identifier | test("lesion/|core/"))) | .isup' out | paste -sd' ')" "2 5"
	printf '%s\n' 'patient,lesion,grade group' '1,1,2' '1,2,' '2,1,5' '3,1,N/A' >a.csv
	suggest a.csv
	has "$out" 'grade.blank: in 1 of 4 sampled rows \"grade group\" is empty'
	[[ $out != *grade.isup* ]]
}

# accounted FILE.csv: each column of it stands in the mapping, in "ignore" or by name in "unsure".
accounted() {
	suggest "$1"
	expect 0
	jq -r 'keys_unsorted[] | select(. != "_source")' "${1%.csv}.ndjson" | sort -u >columns
	jq -r '[.. | strings, (objects | keys_unsorted[])] | .[]' map.json | sort -u >said
	jq -r '.unsure[]' map.json | grep -o '"[^"]*"' | tr -d '"' | sort -u | sort -mu - said >all
	comm -23 columns all >lost
	[ ! -s lost ] || { echo "lost in $1: $(cat lost)"; return 1; }
}

@test "no column is lost: mapped, left out, or named" {
	german
	dutch
	english
	accounted de.csv
	accounted nl.csv
	accounted en.csv
	# Counts of cores where rows are lesions; days and densities of a PSA that is not there.
	printf '%s\n' 'patient,lesion,pirads,gleason,totaal_biopten,cores positive,psa date,psad,positief,tertiary' \
		'A1,1,4,3+4,12,2,2020-01-02,0.2,3,5' 'A1,2,3,3+3,12,3,2020-01-02,0.2,0,4' >a.csv
	accounted a.csv
	same "$(part '[.rows, .workup.total_cores, .workup.affected_cores]')" '["lesion","totaal_biopten",null]'
	has "$(part '.unsure[-1]')" 'nothing was made of \"cores positive\", \"psa date\", \"psad\", \"positief\"'
	rm de.ndjson nl.ndjson en.ndjson
	runs patient
	has "$err" "left out: cores positive, positief, psa date, psad"
}

@test "texts beside which a name may stand are not copied, whatever column they are in" {
	local title
	for title in Dr. Prof Mr. Herr Mevr.; do
		printf '%s\n' 'patient,core,location,gleason,biopsy type' "1,1,left apex target $title Smith,3+4,TRUS ($title Smith)" \
			"1,2,right base hall $title Jones,3+3,MRI ($title Jones)" '1,3,left mid,3+3,TRUS' >a.csv
		suggest a.csv
		expect 0
		[[ $out != *Smith* && $out != *Jones* ]]
		same "$(part '[.. | objects | has("procedure")] | any')" false
		has "$out" 'procedure: \"biopsy type\" is left out: its texts are many or long, or may name a person'
		has "$(part '.unsure[-1]')" '\"biopsy type\"'
	done
	# MR is a scanner; many kinds, or whole sentences, are no vocabulary.
	printf '%s\n' 'patient,core,gleason,biopsy type' '1,1,3+4,MR Bx' '1,2,3+3,TRUS Bx' >a.csv
	suggest a.csv
	same "$(part '.component.procedure.values | keys')" '["MR Bx","TRUS Bx"]'
	{ echo 'patient,core,gleason,biopsy type'; seq 21 | sed 's/.*/&,1,3+4,biopsy &/'; } >a.csv
	suggest a.csv
	has "$out" 'procedure: \"biopsy type\" is left out'
	printf '%s\n' 'patient,core,gleason,biopsy type' '1,1,3+4,TRUS biopsy done on the wish of his wife' >a.csv
	suggest a.csv
	[[ $out != *wife* ]]
}

@test "beside --suggest: --lexicon counts, what is of a run is wrong usage" {
	local option
	printf '%s\n' 'patient,core,place,gleason' '1,1,flurb,3+4' '1,2,gnarp,3+3' >a.csv
	vx-csv -q a.csv >a.ndjson
	for option in --psa --strict --sorted --findings=f; do
		run3 vx-pathology --suggest "$option" a.ndjson
		expect 64
		has "$err" "--suggest takes no --findings, --strict, --sorted or --psa"
		same "$out" ""
	done
	[ ! -e f ]
	run3 vx-pathology --suggest a.ndjson
	same "$(jq -c .component.location out)" null
	printf 'en\tflurb\tlevel\tapex\nen\tgnarp\tlevel\tbase\n' >own.tsv
	run3 vx-pathology --suggest --lexicon own.tsv a.ndjson
	expect 0
	has "$(jq -c .component.location out)" place
}
