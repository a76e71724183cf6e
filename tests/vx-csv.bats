#!/usr/bin/env bats
# vx-csv: rows, names of columns, encodings, delimiters, what is rejected.
load helper

setup() { cd "$BATS_TEST_TMPDIR" || return 1; }

@test "a row is a record: keys in the order of the columns, every cell a string, _source last" {
	printf 'id,age,note\n007,73,\n1e5,,"a ""b"", c"\n' >t.csv
	run3 vx-csv t.csv
	expect 0
	same "$out" '{"id":"007","age":"73","note":"","_source":{"file":"t.csv","row":2}}
{"id":"1e5","age":"","note":"a \"b\", c","_source":{"file":"t.csv","row":3}}'
	has "$err" "vx-csv: 2 rows out, 0."
}

@test "where two delimiters fit alike, it is said which one was taken" {
	printf 'a,b;c,d;e\n1,5;2,5;3\n' >"$BATS_TEST_TMPDIR/tie.csv"
	run3 vx-csv "$BATS_TEST_TMPDIR/tie.csv"
	expect 0
	has "$err" "tie.csv: warning: ',' and ';' fit the rows alike: ',' is taken for the delimiter (see --delimiter)"
	run3 vx-csv -d ';' "$BATS_TEST_TMPDIR/tie.csv"
	[[ $err != *warning* ]]
	same "$(jq -c 'del(._source)' <<<"$out")" '{"a,b":"1,5","c,d":"2,5","e":"3"}'
}

@test "rows are counted as a spreadsheet counts them" {
	printf 'a,b\r\n\r\n1,"x\r\ny"\r\n2,3' >t.csv
	run3 vx-csv -q t.csv
	expect 0
	same "$(jq -c '[._source.row, .b]' <out)" '[3,"x\r\ny"]
[4,"3"]'
}

@test "columns of one name and without a name are told apart" {
	printf 'a,a,,a_2,a,_source,\n1,2,3,4,5,6,7\n' >t.csv
	run3 vx-csv -q t.csv
	expect 0
	same "$(jq -c 'keys_unsorted' <out)" '["a","a_2","column_3","a_2_2","a_3","_source_2","column_7","_source"]'
	same "$(jq -c '[.[] | strings] | join("")' <out)" '"1234567"'
}

@test "stdin is -, or what --name says" {
	run3 vx-csv -q - <<<$'a\n1'
	same "$(jq -r ._source.file <out)" -
	run3 vx-csv -q --name visits.xlsx <<<$'a\n1'
	same "$(jq -r ._source.file <out)" visits.xlsx
}

@test "several tables, each with its own header and delimiter" {
	printf 'a,b\n1,2\n' >one.csv
	printf 'b;c;d\n3;4,5;6\n' >two.csv
	run3 vx-csv -q one.csv two.csv
	expect 0
	same "$out" '{"a":"1","b":"2","_source":{"file":"one.csv","row":2}}
{"b":"3","c":"4,5","d":"6","_source":{"file":"two.csv","row":2}}'
}

@test "delimiters: found, or given" {
	local d
	for d in , ';' $'\t' '|'; do
		printf 'a%sb\n"x%sy"%s2\n' "$d" "$d" "$d" >t.csv
		same "$(vx-csv -q t.csv | jq -r .a)" "x${d}y"
	done
	printf 'a:b,c\n1:2,3\n' >t.csv
	same "$(vx-csv -q -d : t.csv | jq -r '.["b,c"]')" 2,3
	printf 'a,x\tb\n1,x\t2\n' >t.tsv
	same "$(vx-csv -q --delimiter tab t.tsv | jq -r '.b')" 2
}

@test "encodings: BOM, UTF-16 both ways, Latin-1 with a warning, one given" {
	printf 'näme,b\nMüller,1\n' >plain.csv
	{ printf '\xef\xbb\xbf' && cat plain.csv; } >utf8.csv
	iconv -f UTF-8 -t UTF-16 plain.csv >bom16.csv
	iconv -f UTF-8 -t UTF-16BE plain.csv >be.csv
	iconv -f UTF-8 -t ISO-8859-1 plain.csv >latin1.csv
	iconv -f UTF-8 -t CP850 plain.csv >dos.csv
	local f
	for f in utf8 bom16 be latin1; do
		run3 vx-csv -q $f.csv
		expect 0
		same "$(jq -r '.["näme"]' <out)" Müller
	done
	has "$err" "vx-csv: latin1.csv:1: warning: not UTF-8: read as Latin-1"
	run3 vx-csv -q -e CP850 dos.csv
	same "$(jq -r '.["näme"]' <out)" Müller
	same "$err" ""
	run3 vx-csv -e nonsense utf8.csv
	expect 64
	has "$err" "--encoding: 'nonsense' is unknown"
}

@test "rejects: ragged rows, stray quotes, damaged text, each with its row; neighbours are whole" {
	printf 'a,b\n1,2\n3\n4,5,6\n"7"x,8\n\xc3\xa9,9\n\xe9,10\n11,12\n' >t.csv
	run3 vx-csv --rejects rej t.csv
	expect 1
	same "$(jq -r .b <out | tr '\n' ' ')" "2 9 12 "
	has "$err" "vx-csv: t.csv:3: 1 cells where there are 2 columns"
	has "$err" "vx-csv: t.csv:4: 3 cells where there are 2 columns"
	has "$err" "vx-csv: t.csv:5: column 1: text behind a closing quote"
	has "$err" "vx-csv: t.csv:7: column 1: not UTF-8, as the rows before were"
	has "$err" "vx-csv: 3 rows out, 4 rejected"
	same "$(jq -c '[.file, .row, .record.cells]' <rej | head -2)" '["t.csv",3,["3"]]
["t.csv",4,["4","5","6"]]'
}

@test "a quote that is never closed costs what it swallows, and says how much" {
	printf 'a,b\n1,2\n3,"x\n5,6\n7,8\n' >t.csv
	run3 vx-csv t.csv
	expect 1
	same "$(jq -r .a <out)" 1
	has "$err" "vx-csv: t.csv:3: column 2: a quote that is never closed: 3 lines up to the end of the file are inside it"
}

@test "--no-header and --columns" {
	printf '1,2\n3,4\n' >t.csv
	same "$(vx-csv -q --no-header t.csv | jq -c '[.column_1, .column_2, ._source.row]')" '["1","2",1]
["3","4",2]'
	same "$(vx-csv -q --no-header --columns x,y t.csv | jq -c '[.x, .y]')" '["1","2"]
["3","4"]'
	same "$(vx-csv -q --columns x,y t.csv | jq -c '[.x, .y]')" '["3","4"]'
	run3 vx-csv --columns x,y,z t.csv
	expect 65
	has "$err" "vx-csv: t.csv:1: the header has 2 columns, --columns names 3"
}

@test "a header that cannot be read is 65; the next table is read" {
	printf '"a"b,c\n1,2\n' >bad.csv
	printf 'a\n1\n' >good.csv
	run3 vx-csv bad.csv good.csv
	expect 65
	has "$err" "vx-csv: bad.csv:1: column 1: text behind a closing quote"
	same "$(jq -r .a <out)" 1
}

@test "no rows: an empty file, a header alone" {
	run3 vx-csv -q </dev/null
	expect 0
	same "$out$err" ""
	run3 vx-csv -q <<<a,b
	expect 0
	same "$out$err" ""
}

@test "wrong usage is 64" {
	local a
	for a in "-d ab" "-d \"" "--nope"; do
		# shellcheck disable=SC2086
		run3 vx-csv $a
		expect 64
		same "$out" ""
	done
}

@test "a row comes out as soon as it is in" {
	mkfifo in
	vx-csv -q <in >out &
	local pid=$! i
	exec 4>in
	printf 'a,b\n1,2\n' >&4
	for i in $(seq 100); do
		[ -s out ] && break
		sleep 0.05
	done
	same "$(jq -r .b <out)" 2
	exec 4>&-
	wait $pid
}

@test "a million rows in little memory" {
	plain_build
	awk 'BEGIN { print "id,psa,note"; for (i = 0; i < 1000000; i++) print i ",4.5,\"x, y\"" }' |
		/usr/bin/time -f %M -o rss vx-csv -q | tail -1 >last
	same "$(jq -c '[.id, ._source.row]' <last)" '["999999",1000001]'
	[ "$(tail -1 rss)" -lt 16384 ]
}

@test "a spreadsheet: xlsx2csv f.xlsx | vx-csv" {
	command -v xlsx2csv >/dev/null || skip "xlsx2csv is not here"
	# Python's zipfile is all that it takes to write one.
	/usr/bin/python3 - <<'PY'
import zipfile
main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main'
rel = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships'
rows = [['patient', 'note'], ['007', 'Müller, "A"'], ['008', 'two\nlines']]
esc = lambda s: s.replace('&', '&amp;').replace('<', '&lt;')
cells = ''.join('<row r="%d">%s</row>' % (r, ''.join(
    '<c r="%s%d" t="inlineStr"><is><t>%s</t></is></c>' % ('AB'[c], r, esc(v)) for c, v in enumerate(row)))
    for r, row in enumerate(rows, 1))
with zipfile.ZipFile('t.xlsx', 'w') as z:
    z.writestr('[Content_Types].xml', '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>')
    z.writestr('_rels/.rels', '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="%s/officeDocument" Target="xl/workbook.xml"/></Relationships>' % rel)
    z.writestr('xl/workbook.xml', '<?xml version="1.0"?><workbook xmlns="%s" xmlns:r="%s"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>' % (main, rel))
    z.writestr('xl/_rels/workbook.xml.rels', '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" Type="%s/worksheet" Target="worksheets/sheet1.xml"/></Relationships>' % rel)
    z.writestr('xl/worksheets/sheet1.xml', '<?xml version="1.0"?><worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (main, cells))
PY
	xlsx2csv t.xlsx | vx-csv -q --name t.xlsx >got
	same "$(jq -c . <got)" '{"patient":"007","note":"Müller, \"A\"","_source":{"file":"t.xlsx","row":2}}
{"patient":"008","note":"two\nlines","_source":{"file":"t.xlsx","row":3}}'
}

@test "what is no table says what makes one of it" {
	printf 'PK\003\004\024\000' >t.xlsx
	run3 vx-csv t.xlsx
	expect 65
	has "$err" "vx-csv: t.xlsx: a zip file or workbook: xlsx2csv FILE | vx-csv --name FILE"
	printf '\320\317\021\340\241\261' >t.xls
	run3 vx-csv t.xls
	expect 65
	has "$err" "vx-csv: t.xls: a workbook of old Excel"
	printf 'a,b\n1,2\n' | gzip >t.csv.gz
	run3 vx-csv t.csv.gz
	expect 65
	has "$err" "vx-csv: t.csv.gz: compressed by gzip: zcat FILE"
}

@test "the real tables: as many records as Python's csv reads rows, cell for cell" {
	needs_data picai
	needs_data ucla
	local f
	for f in "$DATA/picai/clinical_information/marksheet.csv" "$DATA/ucla/TCIA-Biopsy-Data.csv" "$DATA/prostatex/ProstateX-Findings.csv"; do
		vx-csv -q "$f" | jq -c 'del(._source)' >got
		/usr/bin/python3 -c 'import csv, json, sys
for r in csv.DictReader(open(sys.argv[1], newline="", encoding="utf-8-sig")): print(json.dumps(r))' "$f" | jq -c . >wanted
		cmp got wanted
	done
}
