/* Unit tests of vx_pathmap: what a mapping says, and every error with its line. In the mappings ' stands for ".
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "vx_json_lines.h"
#include "vx_nearest.h"
#include "vx_opt.h"
#include "vx_pathmap.h"
#include "vx_template.h"

static struct vx_lexicon *lex;
static struct vx_error err;

static char *quoted(const char *text)
{
	char *copy = vx_strdup(text);

	for (char *p = copy; *p; p++)
		if (*p == '\'')
			*p = '"';
	return copy;
}

static void note(void *arg, const struct vx_error *problem)
{
	vx_buf_printf(arg, "%ld: %s%s%s\n", problem->row, problem->field, *problem->field ? ": " : "", problem->reason);
}

/* All errors of a mapping, a line each; "" when there are none. */
static const char *errors_n(const char *json, size_t len)
{
	static struct vx_buf out;
	struct vx_pathmap *m;

	vx_buf_clear(&out);
	vx_buf_puts(&out, "");
	err = (struct vx_error)VX_ERROR_INIT;
	m = vx_pathmap_parse_each("m.json", json, len, lex, note, &out, &err);
	if (!m && err.status != VX_EDATA)
		vx_buf_printf(&out, "status %d\n", err.status);
	vx_pathmap_free(m);
	return out.data;
}

static const char *errors(const char *text)
{
	char *json = quoted(text);
	const char *said = errors_n(json, strlen(json));

	free(json);
	return said;
}

static struct vx_pathmap *parse(const char *text)
{
	char *json = quoted(text);
	struct vx_pathmap *m;

	err = (struct vx_error)VX_ERROR_INIT;
	m = vx_pathmap_parse("m.json", json, strlen(json), lex, &err);
	free(json);
	return m;
}

static bool is_column(const struct vx_pathmap *m, vx_column c, const char *name)
{
	return c >= 0 && (size_t)c < m->n_columns && strcmp(m->columns[c], name) == 0;
}

static const char *in_share(const char *name)
{
	static char *path;

	free(path);
	path = NULL;
	return vx_share_path(name, &path, &err) == VX_OK ? path : "";
}

#define LESION "{'rows': 'lesion', 'component': "
#define ITEMS                                                                                                          \
	"{'rows': 'workup', 'component': {'lists': {'separator': ',', 'columns': ['g', 'i']}, 'grade': {'gleason': "   \
	"'g'}}, "

static void test_picai(void)
{
	struct vx_pathmap *m = vx_pathmap_load(in_share("pathology/picai.json"), lex, &err);
	const struct vx_pathmap_set *set;

	ok(m != NULL, "picai.json loads %s", err.reason);
	if (!m)
		return;
	ok(m->rows == VX_ROWS_WORKUP && m->decimal == '.' && m->date_order == VX_DATE_YMD, "rows, numbers, days");
	ok_str(m->license, "CC-BY-NC-4.0", "the licence");
	ok_str(m->table, "marksheet.csv", "the table");
	ok(is_column(m, m->patient, "patient_id") && m->n_when >= 1 && is_column(m, m->when[0], "lesion_GS"),
		"patient and when");
	ok(m->n_workup_key == 1 && is_column(m, m->workup_key[0], "study_id"), "the key of a workup");
	set = vx_pathmap_lookup(&m->workup.procedure, "sysbx + mrbx", 12);
	ok(set && strcmp(set->type, "BIOPSY") == 0 && set->place.is_systematic == 1 && set->place.is_targeted == 1,
		"a vocabulary, folded");
	set = vx_pathmap_lookup(&m->workup.procedure, "RP", 2);
	ok(set && strcmp(set->type, "RPE") == 0 && set->place.is_systematic == -1, "what is not said is not said");
	ok(!vx_pathmap_lookup(&m->workup.procedure, "Sys", 3) && !vx_pathmap_lookup(&m->workup.procedure, "", 0) &&
			!vx_pathmap_lookup(&m->workup.procedure, "RP\0x", 4),
		"words that are not listed");
	ok(m->separator == ',' && m->n_lists == 3 && is_column(m, m->lists[2].column, "lesion_ISUP"), "lists");
	ok(is_column(m, m->lists[2].omits, "lesion_GS") && m->lists[2].n_omit_values == 1 &&
			m->lists[0].omits == VX_NO_COLUMN,
		"a list with holes");
	ok(vx_pathmap_among(m->lists[2].omit_values, m->lists[2].n_omit_values, "n/a", 3) &&
			!vx_pathmap_among(m->lists[2].omit_values, 1, "3+3", 3),
		"where the holes are");
	ok(m->component.grade.given && is_column(m, m->component.grade.gleason, "lesion_GS") &&
			is_column(m, m->component.grade.isup, "lesion_ISUP") && !m->component.grade.blank_is_benign,
		"grades");
	ok(m->n_checks >= 2 && m->checks[0].is == VX_IS_WORST_ISUP && strcmp(m->checks[0].rule, "worst_isup") == 0 &&
			strcmp(m->checks[0].severity, "error") == 0 &&
			vx_pathmap_among(m->checks[0].unassessed, SIZE_MAX, " 0 ", 3),
		"a check");
	ok(m->checks[1].is == VX_IS_CSPCA && m->checks[1].min_isup == 2 &&
			vx_pathmap_among(m->checks[1].yes, SIZE_MAX, "yes", 3) &&
			!vx_pathmap_among(m->checks[1].no, SIZE_MAX, "yes", 3) &&
			!vx_pathmap_among(NULL, SIZE_MAX, "yes", 3),
		"another");
	ok(!vx_pathmap_blank(m, "0", 1) && vx_pathmap_blank(m, "N/A", 3) && vx_pathmap_blank(m, "", 0),
		"the usual blanks");
	vx_pathmap_free(m);
}

static void test_shipped(void)
{
	static const char *const names[] = { "pathology/ucla.json", "pathology/prostatex.json" };

	for (size_t i = 0; i < 2; i++) {
		struct vx_pathmap *m = vx_pathmap_load(in_share(names[i]), lex, &err);
		ok(m != NULL, "%s loads %s", names[i], m ? "" : err.reason);
		vx_pathmap_free(m);
	}
}

static void test_part(void)
{
	struct vx_pathmap *m =
		parse("{'rows': 'core', 'decimal': ',', 'dates': 'DMY', 'psa': {'value': 'PSA', 'density': 'D'},\n"
		      "'workup': {'set': {'type': 'BIOPSY'}, 'date': 'day', 'total_cores': 'N', 'assessment': "
		      "{'other_data': {'t': 'T'}}},\n"
		      "'component': {'name': ['a', 'b'], 'unique': true, 'core_length': ['f1', 'f2'],\n"
		      "'cancer_length': {'columns': 'cm', 'times': 10}, 'percent_cancer': 'pc', 'assessor': 'who', "
		      "'assessed': 'then',\n"
		      "'procedure': {'column': 'how', 'values': {'$comment': 'x', 'TUR-P': {'type': 'RESECTION'}}, "
		      "'otherwise': 'keep'},\n"
		      "'location': ['where', {'column': 'more', 'fields': ['side', 'is_targeted'], 'keep': true,\n"
		      "  'scheme': {'name': '12-core', 'unstated': {'laterality': 'medial'}}, 'values': {'T!': "
		      "{'is_targeted': true}},\n"
		      "  'tokens': {'xyz': {'side': 'left', 'level': 'base'}, 'blah': {}}}],\n"
		      "'grade': {'primary': 'p', 'secondary': 's', 'tertiary': 't', 'text': 'x', 'blank': 'benign', "
		      "'words': {'Ca': 'tumor'}},\n"
		      "'other_data': {'$comment': 'c', 'tip': {'columns': ['x', 'y'], 'as': 'number'},\n"
		      "  'deep': {'n': {'column': 'N', 'as': 'integer'}, 'd': {'column': 'day', 'as': 'date'}}}}}");
	const struct vx_pathmap_part *c;
	struct vx_place place = VX_PLACE_INIT;

	ok(m != NULL, "a mapping of cores %s", err.reason);
	if (!m)
		return;
	c = &m->component;
	ok(m->rows == VX_ROWS_CORE && m->decimal == ',' && m->date_order == VX_DATE_DMY, "rows, numbers, days");
	ok(m->psa.given && is_column(m, m->psa.value, "PSA") && is_column(m, m->psa.density, "D") && m->psa.date < 0,
		"psa");
	ok(strcmp(m->workup.set.type, "BIOPSY") == 0 && is_column(m, m->workup.date, "day"), "the workup");
	ok(m->workup.total_cores.n == 1 && m->workup.total_cores.times == 1 && m->workup.affected_cores.n == 0,
		"its cores");
	ok(m->workup.assessment_other.n == 1 && !m->workup.grade.given && m->workup.procedure.column < 0,
		"its assessment");
	ok(m->n_component_name == 2 && is_column(m, m->component_name[1], "b") && m->component_unique, "names");
	ok(c->core_length.n == 2 && is_column(m, c->core_length.columns[1], "f2"), "a sum");
	ok(c->cancer_length.times == 10 && is_column(m, c->cancer_length.columns[0], "cm"), "a factor");
	ok(is_column(m, c->assessor, "who") && is_column(m, c->assessed, "then"), "who read it, and when");
	ok(c->procedure.otherwise == VX_OTHERWISE_KEEP && c->procedure.n == 1 &&
			vx_pathmap_lookup(&c->procedure, "tur p", 5),
		"the procedure");
	ok(c->n_locations == 2 && is_column(m, c->locations[0].column, "where") && c->locations[0].lexicon == lex &&
			c->locations[0].fields == (VX_PLACE_MASK | 3u << VX_TERM_IS_SYSTEMATIC),
		"a place in short");
	ok(c->locations[1].fields == (1u << VX_TERM_SIDE | 1u << VX_TERM_IS_TARGETED) && c->locations[1].keep,
		"a place in full");
	ok_str(c->locations[1].unstated.value[VX_TERM_LATERALITY], "medial", "a scheme");
	ok(vx_pathmap_lookup(&c->locations[1].words, "t", 1)->place.is_targeted == 1, "a whole cell");
	ok(vx_location_parse(c->locations[1].lexicon, "XYZ blah", 8, VX_PLACE_MASK, &place, NULL, NULL) &&
			place.value[VX_TERM_SIDE] && strcmp(place.value[VX_TERM_SIDE], "left") == 0 &&
			strcmp(place.value[VX_TERM_LEVEL], "base") == 0,
		"a token of its own with two meanings at once, and one without any");
	place = (struct vx_place)VX_PLACE_INIT;
	ok(!vx_location_parse(lex, "XYZ", 3, VX_PLACE_MASK, &place, NULL, NULL), "it is this table's only");
	ok(c->grade.given && c->grade.blank_is_benign && is_column(m, c->grade.tertiary, "t") && c->grade.gleason < 0,
		"grades");
	ok(c->grade.n_words == 1 && strcmp(c->grade.words[0].folded, "ca") == 0 &&
			strcmp(c->grade.words[0].result, "tumor") == 0,
		"words for a result");
	ok(c->specimen_other.kind == VX_OTHER_OBJECT && c->specimen_other.n == 2 &&
			strcmp(c->specimen_other.items[0].key, "tip") == 0 &&
			c->specimen_other.items[0].kind == VX_OTHER_ARRAY && c->specimen_other.items[0].n == 2 &&
			is_column(m, c->specimen_other.items[0].items[1].column, "y") &&
			c->specimen_other.items[0].items[1].as == VX_AS_NUMBER &&
			!c->specimen_other.items[0].items[1].key,
		"an array in other_data");
	ok(c->specimen_other.items[1].kind == VX_OTHER_OBJECT && c->specimen_other.items[1].n == 2 &&
			c->specimen_other.items[1].items[0].as == VX_AS_INTEGER &&
			c->specimen_other.items[1].items[1].as == VX_AS_DATE &&
			is_column(m, c->specimen_other.items[1].items[1].column, "day"),
		"an object in it");
	vx_pathmap_free(m);
}

static void test_columns(void)
{
	struct vx_pathmap *m =
		parse("{'rows': 'lesion', 'patient': 'Prox', 'capture': {'ID': '{Prox}_Finding{fid:[0-9]+}'},\n"
		      "'component': {'name': 'fid', 'other_data': {'z': 'zone'}}, 'ignore': ['q'],\n"
		      "'unsure': ['a',\n'b']}");

	ok(m != NULL, "captures %s", err.reason);
	if (!m)
		return;
	ok(m->n_columns == 4 && m->n_captured == 2 && is_column(m, 0, "ID") && is_column(m, 1, "zone") &&
			is_column(m, 2, "Prox") && is_column(m, 3, "fid"),
		"the captured columns come last");
	ok(m->patient == 2 && m->component_name[0] == 3 && m->captures[0].column == 0 && m->captures[0].n == 2 &&
			m->captures[0].columns[0] == 2 && m->captures[0].columns[1] == 3,
		"and are known by number");
	ok(m->n_ignored == 1 && strcmp(m->ignored[0], "q") == 0, "what is ignored");
	ok(m->n_unsure == 2 && strcmp(m->unsure[1].text, "b") == 0 && m->unsure[0].line == 3 && m->unsure[1].line == 4,
		"what is unsure, with its line");
	vx_pathmap_free(m);
}

static void test_blank(void)
{
	struct vx_pathmap *m = parse("{'rows': 'workup', 'blank': ['.', 'Not done', '-1', 'k.A.', '\xc3\x84']}");

	ok(m != NULL, "own blanks %s", err.reason);
	if (!m)
		return;
	ok(vx_pathmap_blank(m, "", 0) && vx_pathmap_blank(m, ".", 1) && vx_pathmap_blank(m, "NOT  DONE", 9) &&
			vx_pathmap_blank(m, "not-done", 8) && vx_pathmap_blank(m, "K.A", 3) &&
			vx_pathmap_blank(m, "\xc3\xa4", 2),
		"words that mean nothing");
	ok(vx_pathmap_blank(m, "-1", 2) && !vx_pathmap_blank(m, "1", 1) && !vx_pathmap_blank(m, "+1", 2),
		"a number is taken as it is written");
	ok(!vx_pathmap_blank(m, "-", 1) && !vx_pathmap_blank(m, "N/A", 3), "instead of the usual ones");
	vx_pathmap_free(m);
	m = parse("{'rows': 'workup', 'blank': []}");
	ok(m && vx_pathmap_blank(m, "", 0) && !vx_pathmap_blank(m, "NA", 2), "none at all");
	vx_pathmap_free(m);
}

static void test_syntax(void)
{
	ok_str(errors(""), "1: not JSON: ends too early in column 1\n", "nothing");
	ok_str(errors("{\n  'rows': 'core',\n  }"), "3: not JSON: unexpected '}' in column 3\n", "a comma too many");
	ok_str(errors("{'title': '\xc3\xa4', 'rows' 'core'}"), "1: not JSON: unexpected '\"' in column 23\n",
		"columns are characters");
	ok_str(errors("{'rows': 'core',\n'rows': 'core'}"), "2: not JSON: duplicate key \"rows\" in column 1\n",
		"a key that stands there twice");
	ok_str(errors("[]"), "1: is array, not object ([])\n", "no object");
	ok_str(errors("\xef\xbb\xbf{'rows': 'workup'}"), "", "a byte order mark");
	ok_str(errors("{'rows': 'workup',\n'title': 'a\\u0000b'}"), "2: title: holds a NUL character\n", "a NUL");
}

static void test_schema(void)
{
	ok_str(errors("{\n'title': 'x'}"), "1: rows: is missing\n", "no rows");
	ok_str(errors("{'rows':\n 'cores'}"), "1: rows: is not one of core, lesion, workup (\"cores\")\n",
		"other rows");
	ok_str(errors(LESION "{'grade': {\n'gleasn': 'A'}}}"),
		"2: component.grade.gleasn: is not a known field; did you mean gleason?\n", "a key that is misspelt");
	ok_str(errors(LESION "{\n'colour': 'A'}}"), "2: component.colour: is not a known field\n",
		"a key like no other");
	ok_str(errors(LESION "{'procedure': {'column': 'p', 'values': {'Sys.Bx': {},\n'a b.c': {'type': 'Biopsy'}}}}}"),
		"2: component.procedure.values.a b.c.type: is not one of BIOPSY, RPE, RESECTION, EXCISION, "
		"OTHER_OR_UNKNOWN "
		"(\"Biopsy\")\n",
		"a key that holds dots and blanks");
	ok_str(errors(LESION "{'grade': {'isup': 3,\n 'gleason': null,\n 'text': ''}}}"),
		"1: component.grade.isup: is integer, not string (3)\n"
		"2: component.grade.gleason: is null, not string (null)\n"
		"3: component.grade.text: is empty (\"\")\n",
		"all errors, by line");
	ok_str(errors("{'rows': 'workup', 'workup': {'other_data': {'a': 'b',\n'source': 'c'}}}"),
		"2: workup.other_data.source: is a name that vx-pathology itself writes\n", "a reserved name");
	ok_str(errors("{'rows': 'workup', 'workup': {'other_data': {'a': {'source': 'c'}}}}"), "",
		"further down it is free");
	ok_str(errors("{'rows': 'workup', 'root': {'other_data': {'a': {'column': 'c',\n'unit': 'd'}}}}"),
		"2: root.other_data.a.unit: is not a known field\n", "an object with a column is no nested object");
	ok_str(errors("{'rows': 'workup', 'root': {'other_data': {'a': {'columns': ['c'], 'as':\n'nummer'}}}}"),
		"1: root.other_data.a.as: is not one of text, number, integer, date (\"nummer\")\n", "an array");
	ok_str(errors("{'rows': 'workup', 'component': {'lists':\n{'separator': ', ', 'columns': ['a']}}}"),
		"2: component.lists.separator: is not one ASCII punctuation character or a newline (\", \")\n",
		"a separator");
	ok_str(errors(ITEMS
		       "'checks': [\n{'column': 'c', 'is': 'cspca', 'no': ['n']},\n{'column': 'c', 'is': 'equal'},\n"
		       "{'column': 'c', 'is': 'ratio'}]}"),
		"2: checks.0.min_isup: is missing\n2: checks.0.yes: is missing\n3: checks.1.with: is missing\n"
		"4: checks.2.of: is missing\n",
		"what a check needs");
	ok_str(errors(LESION "{'core_length': {'times': 0}}}"),
		"1: component.core_length.columns: is missing\n1: component.core_length.times: is not above 0 "
		"(0)\n",
		"a number without columns");
	ok_str(errors(LESION "{'location': [\n{'column': 'a'},\n{'fields': ['sides']}]}}"),
		"3: component.location.1.column: is missing\n3: component.location.1.fields.0: is not one of side, "
		"level, zone, "
		"ap_position, laterality, tissue_location, is_systematic, is_targeted (\"sides\")\n",
		"an item of a list");
	ok_str(errors("{'rows': 'workup', 'psa': {}}"), "1: psa.value: is missing\n", "psa without a value");
	ok_str(errors("{'$schema': 'a', '$comment': 'b', 'rows': 'workup', 'workup': {'$comment': 'c', 'set': "
		      "{'$comment': "
		      "'d'}}}"),
		"", "comments");
}

static void test_grade(void)
{
	ok_str(errors(LESION "{'grade': {\n'gleason': 'a', 'primary': 'b',\n'secondary': 'c'}}}"),
		"2: component.grade.gleason: a score stands in one column (gleason) or in two (primary, secondary)\n",
		"gleason and primary");
	ok_str(errors(LESION "{'grade': {'primary': 'b'}}}"), "1: component.grade.primary: needs secondary beside it\n",
		"primary alone");
	ok_str(errors(LESION "{'grade':\n {\n'secondary': 'b'}}}"),
		"3: component.grade.secondary: needs primary beside it\n", "secondary alone");
	ok_str(errors(LESION "{\n'grade': {'blank': 'benign'}}}"),
		"2: component.grade: names no column: one of gleason, primary and secondary, isup, text is needed\n",
		"no column");
	ok_str(errors(LESION "{'grade': {'isup': 'a', 'tertiary': 'b'}}}"),
		"1: component.grade.tertiary: needs a score beside it: gleason, or primary and secondary\n",
		"tertiary without a score");
	ok_str(errors(LESION "{'grade': {'gleason': 'a', 'tertiary': 'b', 'isup': 'c', 'text': 'd'}}}"), "",
		"all others");
	ok_str(errors(LESION "{'grade': {'isup': 'a', 'words': {'k. A.': 'other',\n'K-A': 'tumor', 'k a': 'other'}}}}"),
		"2: component.grade.words.K-A: is the same word as another, which means other\n",
		"one word, two results");
	ok_str(errors(LESION "{'grade': {'isup': 'a', 'words': {' ': 'other'}}}}"),
		"1: component.grade.words. : holds no word\n", "a word of blanks");
}

static void test_words(void)
{
	ok_str(errors(LESION
		       "{'procedure': {'column': 'p', 'values': {'Bx': {'type': 'BIOPSY'},\n'RP': {'type': 'RPE'},\n"
		       "'bx.': {'type': 'RPE'}}}}}"),
		"3: component.procedure.values.bx.: is the same word as 'Bx', which means something else\n",
		"one word, two meanings");
	ok_str(errors(LESION "{'procedure': {'column': 'p', 'values': {'Bx': {'type': 'BIOPSY'}, 'bx.': {'type': "
			     "'BIOPSY'}}}}}"),
		"", "one meaning");
	ok_str(errors(LESION "{'procedure': {'column': 'p', 'values': {'+': {'is_targeted': true}, '-': "
			     "{'is_targeted': false}}}}}"),
		"", "signs are words of their own");
	ok(strncmp(errors(LESION "{'location': {'column': 'p', 'tokens': {'+': {'side': 'left'}}}}}"),
		   "1: component.location.tokens.+: ", 32) == 0,
		"a token without a word");
}

static void test_captures(void)
{
	ok_str(errors("{'rows': 'workup', 'capture': {'a': 'x{y',\n'b': 'xy'}}"),
		"1: capture.a: '{' is never closed in 'x{y'\n2: capture.b: captures nothing: {name} stands for what "
		"becomes a "
		"column\n",
		"patterns");
	ok_str(errors("{'rows': 'workup', 'capture': {'a': '{x}_{y}',\n'b': '{y}'}}"),
		"1: capture.a: captures {y}, as another pattern does\n2: capture.b: captures {y}, as another pattern "
		"does\n",
		"a name that two patterns capture");
	ok_str(errors("{'rows': 'workup', 'capture': {'a': '{b}',\n'b': '{c}'}}"),
		"2: capture.b: is itself a captured column, or one of its captures is called so\n",
		"a capture of a capture");
	ok_str(errors("{'rows': 'workup', 'capture': {'a': '{b}'},\n'ignore': ['c',\n'b']}"),
		"3: ignore.1: 'b' is captured: leave it out of its pattern instead\n", "a capture that is ignored");
}

static void test_rules(void)
{
	ok_str(errors("{'rows': 'core'}"), "1: rows: are cores: component has to say what stands in them\n",
		"cores of nothing");
	ok_str(errors("{\n'rows': 'lesion'}"), "2: rows: are lesions: component has to say what stands in them\n",
		"lesions of nothing");
	ok_str(errors("{'rows': 'workup', 'workup': {'grade': {'gleason': 'a'}}}"), "", "workups of nothing");
	ok_str(errors("{'rows': 'workup',\n'component': {}}"), "2: component: needs lists where the rows are workups\n",
		"workups without lists");
	ok_str(errors(LESION "{'name': 'a',\n'lists': {'separator': ',', 'columns': ['g']}}}"),
		"1: component.name: is not needed with lists: an item's number is its name\n"
		"2: component.lists: goes with rows \"workup\" only\n",
		"lists where rows are lesions");
	ok_str(errors(LESION "{\n'unique': true}}"),
		"2: component.unique: needs name: which columns say which one it is\n", "unique without a name");
	ok_str(errors(ITEMS "\n'workup': {'grade': {'isup': 'c'}}}"),
		"2: workup.grade: is made of the components' grades; checks (worst_isup) hold a column against it\n",
		"two grades of a workup");
	ok_str(errors(LESION "{'name': 'a'},\n'ignore': ['b',\n'a']}"),
		"3: ignore.1: 'a' is used by component.name: it cannot be ignored\n", "used and ignored");
	ok_str(errors(ITEMS "'patient': 'p', 'when': 'g',\n'workup': {'key': ['k',\n'g']}, 'psa': {'value': 'i'}}"),
		"3: workup.key.1: 'g' holds lists (component.lists): only component, checks and when may name it\n"
		"3: psa.value: 'i' holds lists (component.lists): only component, checks and when may name it\n",
		"lists where a row is read");
	ok_str(errors("{'rows': 'workup', 'component': {'lists': {'separator':\n'+', 'columns': ['g']}, 'grade': "
		      "{'gleason': 'g'}}}"),
		"1: component.lists.separator: would cut a score such as 3+4 in two\n", "a separator within scores");
	ok_str(errors("{'rows': 'workup', 'capture': {'a': '{b}',\n'g': '{h}'}, 'component': {'lists': {'separator': "
		      "',',\n"
		      "'columns': ['b', 'g']}}}"),
		"2: capture.g: holds lists (component.lists): its items cannot be cut further\n"
		"3: component.lists.columns.0: 'b' is captured: it cannot hold lists\n",
		"lists and captures");
	ok_str(errors("{'rows': 'workup', 'component': {'lists': {'separator': ',', 'columns': ['g', 'i'], 'omit': {\n"
		      "'x': {'where': 'g', 'is': ['N/A']},\n'i': {'where': 'x', 'is': ['N/A']},\n"
		      "'g': {'where': 'g', 'is': ['N/A']}}}}}"),
		"2: component.lists.omit.x: is not among component.lists.columns\n"
		"3: component.lists.omit.i.where: is not among component.lists.columns\n"
		"4: component.lists.omit.g.where: is the list itself\n",
		"holes in lists");
}

static void test_checks(void)
{
	ok_str(errors(ITEMS "'checks': [{'column': 'i', 'is': 'isup'},\n{'column': 'c', 'is': 'isup'},\n"
			    "{'column': 'i', 'is': 'worst_isup'},\n{'column': 'c', 'is': 'equal', 'with': 'g'},\n"
			    "{'column': 'c', 'is': 'ratio', 'of': ['d', 'i']}]}"),
		"2: checks.1.column: is not among component.lists.columns: isup is checked for each lesion; worst_isup "
		"is of the "
		"workup\n"
		"3: checks.2.column: holds lists: worst_isup is checked once a row\n"
		"4: checks.3.with: names lists: equal is checked once a row\n"
		"5: checks.4.of: names lists: ratio is checked once a row\n",
		"checks and lists");
	ok_str(errors(ITEMS
		       "'checks': [{'column': 'c', 'is': 'same', 'with': 'd',\n'tolerance': 1, 'unassessed': ['0']},\n"
		       "{'column': 'c', 'is': 'worst_isup', 'yes': ['a'], 'min_isup': 2, 'per': 'patient'}]}"),
		"1: checks.0.with: goes with equal, not with same\n2: checks.0.tolerance: goes with ratio, not with "
		"same\n"
		"2: checks.0.unassessed: goes with isup, worst_isup, score, cspca and worst_cspca, not with same\n"
		"3: checks.1.min_isup: goes with cspca and worst_cspca, not with worst_isup\n3: checks.1.yes: goes "
		"with cspca and worst_cspca, not "
		"with "
		"worst_isup\n3: checks.1.per: goes with same, not with worst_isup\n",
		"what does not go with a check");
	ok_str(errors(ITEMS "'checks': [{'column': 'c', 'is': 'cspca', 'min_isup': 3, 'yes': ['Y', 'True'],\n"
			    "'no': ['N', 'TRUE'], 'unassessed': ['N']}]}"),
		"2: checks.0.no: 'true' is among yes too\n", "yes and no alike");
}

static void test_err(void)
{
	char line[8192];

	ok(!parse("{'rows': 'core',\n'titel': 'x',\n'patient': 1}"), "a bad mapping");
	vx_error_format(&err, line, sizeof line);
	ok_str(line, "m.json:2: titel: is not a known field; did you mean title?; and 1 more error",
		"the first error, and how many more");
	ok(!vx_pathmap_load("/nowhere/m.json", lex, &err) && err.status == VX_EIO, "no such file");
	errors("{'title': 1, 'rows': 2}");
	vx_error_format(&err, line, sizeof line);
	ok_str(line, "m.json: 2 errors in this mapping", "where each was told");
	setenv("VX_SHARE", "/nowhere", 1);
	ok(!parse("{'rows': 'core'}") && err.status == VX_EIO, "no schema: %s", err.reason);
	unsetenv("VX_SHARE");
}

static void test_lines(void)
{
	static const char json[] =
		"\n {\"a\": [1,\n {\"b.c\": 1,\n  \"b\": {\"c\": 2,\n\"d\": 3}}],\n\"\\u0065\":\n[]}";
	long column;

	ok(vx_json_line(json, strlen(json), "") == 2 && vx_json_line(json, strlen(json), "a") == 2, "the top");
	ok(vx_json_line(json, strlen(json), "a.1.b.c") == 3, "a key with a dot");
	ok(vx_json_line(json, strlen(json), "a.1.b.d") == 5 && vx_json_line(json, strlen(json), "a.1.b") == 4, "a key");
	ok(vx_json_line(json, strlen(json), "a.1.b.x.y") == 4 && vx_json_line(json, strlen(json), "a.7") == 2,
		"what is not there: the nearest above it");
	ok(vx_json_line(json, strlen(json), "e") == 6, "an escaped key");
	ok(vx_json_line_at(json, strlen(json), 1000, &column) == 7 && column == 4, "beyond the end");
}

static const char *nearest(const char *word)
{
	static const char *const names[] = { "gleason", "primary", "isup", "is", "per", "other_data" };
	struct vx_nearest n = vx_nearest_to(word);

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		vx_nearest_try(&n, names[i]);
	return n.name ? n.name : "none";
}

static void test_nearest(void)
{
	ok_str(nearest("gleasn"), "gleason", "a letter left out");
	ok_str(nearest("Gleeason"), "gleason", "one too many, and case");
	ok_str(nearest("glaeson"), "gleason", "two swapped");
	ok_str(nearest("otherdata"), "other_data", "a sign left out");
	ok_str(nearest("isop"), "isup", "one changed");
	ok_str(nearest("colour"), "none", "nothing like it");
	ok_str(nearest("it"), "none", "too short to tell");
	ok_str(nearest(""), "none", "nothing");
	ok_str(nearest("a name that is far too long to be a misspelling of any"), "none", "too long");
}

int main(void)
{
	lex = vx_lexicon_new();
	err = (struct vx_error)VX_ERROR_INIT;
	test_picai();
	test_shipped();
	test_part();
	test_columns();
	test_blank();
	test_syntax();
	test_schema();
	test_grade();
	test_words();
	test_captures();
	test_rules();
	test_checks();
	test_err();
	test_lines();
	test_nearest();
	vx_lexicon_free(lex);
	return tap_end();
}
