/* vx_fold and vx_lexicon: folding, matching, layers, errors; the words of share/pathology/lexicon.tsv against the schema.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "vx_fold.h"
#include "vx_io.h"
#include "vx_json.h"
#include "vx_lexicon.h"

#define PATH "share/pathology/lexicon.tsv"

static const char *fold(const char *text)
{
	static struct vx_buf out;

	vx_buf_clear(&out);
	vx_buf_puts(&out, "");
	vx_lexicon_fold(&out, text, strlen(text));
	return out.data;
}

static void test_fold(void)
{
	ok_str(fold("LEFT  Lateral\tBase"), "left lateral base", "case and blanks");
	ok_str(fold("  Left-lateral, (base). "), "left lateral base", "punctuation");
	ok_str(fold("\xC3\x84\xC3\x96\xC3\x9C \xC3\xA4\xC3\xB6\xC3\xBC \xC3\x9F \xE1\xBA\x9E"), "aeoeue aeoeue ss ss",
		"umlauts");
	ok_str(fold("Ru\xCC\x88ssel RU\xCC\x88SSEL a\xCC\x88 o\xCC\x88"), "ruessel ruessel ae oe", "combining umlauts");
	ok_str(fold("e\xCC\x81 e\xCC\x88 \xC3\xA9 \xC3\xAB \xC3\x8F"), "e e e e i", "other accents fall away");
	ok_str(fold("\xC3\x86\xC3\xA6\xC3\x98\xC3\xB8\xC3\x85\xC3\xA5\xC3\x90\xC3\xB0\xC3\x9E\xC3\xBE\xC3\xBF"),
		"aeaeoeoeaaddththy", "the rest of Latin-1");
	ok_str(fold("\xC4\x80\xC4\xBF\xC5\x81\xC5\x82\xC5\x92\xC5\x93\xC4\xB3\xC5\xA0\xC5\xBD\xC5\xBF"),
		"allloeoeijszs", "Latin Extended-A");
	ok_str(fold("\xEF\xBC\xA1\xEF\xBD\x82\xEF\xBC\x93\xEF\xBC\x8B\xEF\xBC\x94"), "ab3 + 4", "full-width forms");
	ok_str(fold("x\xC2\xADy x\xE2\x80\x8By \xEF\xBB\xBFx"), "xy xy x", "what cannot be seen");
	ok_str(fold("p\xC2\xA0q\xE2\x80\x94r\xE2\x80\x9Es\xE3\x80\x80t"), "p q r s t",
		"blanks and dashes of all kinds");
	ok_str(fold("SysBx+MRBx"), "sysbx + mrbx", "+ stays");
	ok_str(fold("SysBx & MRBx"), "sysbx + mrbx", "and & is +");
	ok_str(fold("<5 >5 =5 RP?"), "< 5 > 5 = 5 rp ?", "signs that tell texts apart");
	ok_str(fold("+"), "+", "a sign alone");
	ok_str(fold(" - "), "-", "punctuation alone is itself");
	ok_str(fold(" -- "), "--", "and another is another");
	ok_str(fold(""), "", "nothing");
	ok_str(fold("  \t"), "", "blanks");
	ok_str(fold("l\xFFost"), "l\xEF\xBF\xBDost", "a byte that is no UTF-8 is a letter of its own");
	ok_str(fold("\xE0\x80\x94 \xED\xA0\x80 \xF4\x90\x80\x80"),
		"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD "
		"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD",
		"so is each byte of an overlong form, a surrogate, what lies past the last code point");
	ok_str(fold("\xCE\xB1\xD0\x96"), "\xCE\xB1\xD0\x96", "other scripts stay");
	ok_str(fold("\xC2\xBD \xE2\x85\xA1"), "\xC2\xBD \xE2\x85\xA1", "so do fractions and Roman numerals");
}

/* The tokens found in text: "left=side:left; seminal vesicle=tissue_location:seminal_vesicle". */
static const char *matches(const struct vx_lexicon *lex, const char *text)
{
	static struct vx_buf out;
	struct vx_term_match m;
	size_t at = 0;

	vx_buf_clear(&out);
	vx_buf_puts(&out, "");
	while (vx_lexicon_match(lex, text, strlen(text), &at, &m)) {
		vx_buf_printf(&out, "%s%.*s", out.len ? "; " : "", (int)m.len, m.text);
		for (unsigned t = 0; t < VX_TERMS; t++)
			if (m.fields >> t & 1)
				vx_buf_printf(&out, " %s:%s", vx_term_name((enum vx_term)t), m.values[t]);
		if (m.n > 1)
			vx_buf_printf(&out, " %u meanings", m.n);
	}
	return out.data;
}

static void add(struct vx_lexicon *lex, const char *text)
{
	struct vx_error err = VX_ERROR_INIT;

	ok(vx_lexicon_add_text(lex, "t.tsv", text, strlen(text), &err) == VX_OK, "a lexicon is taken%s%s",
		err.reason[0] ? ": " : "", err.reason);
}

static void test_match(void)
{
	struct vx_lexicon *lex = vx_lexicon_new();
	char wide[300];

	add(lex, "\xEF\xBB\xBF# a comment\n\nen\tleft\tside\tleft\n en \t Seminal  "
		 "Vesicle\ttissue_location\tseminal_vesicle \r\n"
		 "en\tseminal vesicle of the left\tside\tleft\t# 4 "
		 "cells\nen\ta\tlevel\tapex\nde\ta\tap_position\tanterior\n"
		 "de\tLeft\tside\tleft\nen\tPZa\tzone, ap_position\tPZ, anterior");
	ok_str(matches(lex, ""), "", "no text");
	ok_str(matches(lex, " .,"), "", "no word");
	ok_str(matches(lex, "(LEFT)"), "LEFT side:left", "a word, where it stands in the text");
	ok_str(matches(lex, "left-left"), "left side:left; left side:left", "two");
	ok_str(matches(lex, "lefty"), "lefty", "whole words only");
	ok_str(matches(lex, "seminal vesicle"), "seminal vesicle tissue_location:seminal_vesicle", "two words");
	ok_str(matches(lex, "Seminal, VESICLE left"),
		"Seminal, VESICLE tissue_location:seminal_vesicle; left side:left",
		"punctuation within does not count");
	ok_str(matches(lex, "seminal vesicle of the left"), "seminal vesicle of the left side:left",
		"the longest wins");
	ok_str(matches(lex, "seminal vesicle of the"), "seminal vesicle tissue_location:seminal_vesicle; of; the",
		"what begins a longer one is itself");
	ok_str(matches(lex, "seminal left"), "seminal; left side:left", "half a phrase is unknown");
	ok_str(matches(lex, "seminal + vesicle"), "seminal; vesicle", "a sign parts words");
	ok_str(matches(lex, "A"), "A level:apex ap_position:anterior 2 meanings", "two meanings");
	ok_str(matches(lex, "PZa"), "PZa zone:PZ ap_position:anterior", "two fields at once");
	memset(wide, 'a', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	memcpy(wide + sizeof wide - 6, " left", 5);
	ok(strstr(matches(lex, wide), "; left side:left") != NULL,
		"a word that is too long is unknown, the next is not");
	vx_lexicon_free(lex);
}

static void test_certain(void)
{
	enum { S = 1u << VX_TERM_SIDE, L = 1u << VX_TERM_LEVEL, A = 1u << VX_TERM_AP_POSITION };
	struct vx_term_match m = { .fields = S | L | A, .n = 2, .meanings = { S | L, S | A } };
	bool ambiguous;

	ok(vx_term_certain(&m, ~0u, &ambiguous) == S && ambiguous, "what two meanings share is certain");
	ok(vx_term_certain(&m, S | L, &ambiguous) == (S | L) && !ambiguous, "the only one within what is asked for");
	ok(vx_term_certain(&m, S, &ambiguous) == S && !ambiguous, "less than either: no doubt about that part");
	ok(vx_term_certain(&m, L, &ambiguous) == 0 && ambiguous, "a part of one only: in doubt");
	m = (struct vx_term_match){ .fields = S | L, .n = 1, .meanings = { S | L } };
	ok(vx_term_certain(&m, L, &ambiguous) == L && !ambiguous, "one meaning: the part that is asked for");
	m = (struct vx_term_match){ .n = 0 };
	ok(vx_term_certain(&m, ~0u, &ambiguous) == 0 && !ambiguous, "unknown: nothing");
}

static void test_layers(void)
{
	struct vx_lexicon *lex = vx_lexicon_new(), *copy;
	struct vx_error err = VX_ERROR_INIT;

	add(lex, "en\ta\tlevel\tapex\nen\ta\tap_position\tanterior\nen\tx\tside\tleft\nen\tx y z\tside\tleft\n");
	copy = vx_lexicon_copy(lex);
	add(copy, "en\tA\tlevel\tapex\nen\tnew\tside\tright\n");
	ok_str(matches(copy, "a new x"), "a level:apex; new side:right; x side:left",
		"a later file wins, word by word");
	ok_str(matches(lex, "a new"), "a level:apex ap_position:anterior 2 meanings; new", "the original is as it was");
	vx_lexicon_layer(copy);
	ok(vx_lexicon_add(copy, "X", 1, VX_TERM_ZONE, "PZ", &err) == VX_OK &&
			vx_lexicon_add(copy, "x", 1, VX_TERM_AP_POSITION, "anterior", &err) == VX_OK,
		"a word is added field by field");
	ok_str(matches(copy, "x"), "x zone:PZ ap_position:anterior",
		"and fills them at once, in place of what it meant");
	ok_str(matches(copy, "x y z"), "x y z side:left", "longer ones stay");
	ok(vx_lexicon_add(copy, "x", 1, VX_TERM_ZONE, "TZ", &err) == VX_EDATA, "a second value is refused");
	ok_str(err.reason, "zone is both \"PZ\" and \"TZ\" for this token", "with the reason");
	ok(vx_lexicon_add(copy, "x", 1, VX_TERM_SIDE, "LEFT", &err) == VX_EDATA, "so is a value that does not exist");
	ok(vx_lexicon_add(copy, "--", 2, VX_TERM_SIDE, "left", &err) == VX_EDATA, "and a token without a word");
	vx_lexicon_free(copy);
	vx_lexicon_free(lex);
}

/* The message for a lexicon that is not one. */
static void refused(const char *text, size_t len, const char *wanted)
{
	struct vx_lexicon *lex = vx_lexicon_new();
	struct vx_error err = VX_ERROR_INIT;
	char got[6000];

	ok(vx_lexicon_add_text(lex, "t.tsv", text, len, &err) == VX_EDATA, "refused: %s", wanted);
	vx_error_format(&err, got, sizeof got);
	ok_str(got, wanted, "with file, line and column");
	vx_lexicon_free(lex);
}

static void test_errors(void)
{
#define REFUSED(text, wanted) refused(text, sizeof(text) - 1, wanted)
#define FIELDS                                                                                                         \
	"one of side, level, zone, ap_position, laterality, tissue_location, is_systematic, is_targeted, result, "     \
	"filler, role"
	REFUSED("en\tleft\tside\tleft\n\nen\tright\tside\n",
		"t.tsv:3: value: is missing: a line is language, token, field and value with a tab between");
	REFUSED("left", "t.tsv:1: token: is missing: a line is language, token, field and value with a tab between");
	REFUSED("en\t\tside\tleft", "t.tsv:1: token: is empty");
	REFUSED("\tl\tside\tleft", "t.tsv:1: language: is empty");
	REFUSED("# x\nen\tl\tsid\tleft", "t.tsv:2: field: no field is called \"sid\": " FIELDS);
	REFUSED("en\tl\tside\tLeft", "t.tsv:1: value: side is never \"Left\": one of left, right, bilateral, midline");
	REFUSED("en\tl\tfiller\tx", "t.tsv:1: value: filler is never \"x\": one of -");
	REFUSED("en\tl\t?\tleft", "t.tsv:1: field: \"?\" is not filled in yet: " FIELDS);
	REFUSED("en\tl\tlevel\t?",
		"t.tsv:1: value: \"?\" is not filled in yet: one of apex, apex-mid, mid, mid-base, base");
	REFUSED("?\tl\tlevel\tapex", "t.tsv:1: language: \"?\" is not filled in yet: en, de, nl ...");
	REFUSED("en\tl\tside,level\tleft", "t.tsv:1: value: there are more fields than values");
	REFUSED("en\tl\tside\tleft,apex", "t.tsv:1: value: there are more values than fields");
	REFUSED("en\tl\tside,side\tleft,left", "t.tsv:1: field: side is listed twice");
	REFUSED("en\tl\tside,\tleft,", "t.tsv:1: field: no field is called \"\": " FIELDS);
	REFUSED("en\tl\tside\tleft\nde\tL\tside\tright",
		"t.tsv:2: value: side is both \"left\" and \"right\" for this token");
	REFUSED("en\tl\tside\tleft\tx", "t.tsv:1: a fifth column that is no comment (#)");
	REFUSED("en\t+\tside\tleft",
		"t.tsv:1: token: is no word, or more than 8, or longer than 127 letters, or holds one of + & < > = ?");
	REFUSED("en\tl+r\tside\tbilateral",
		"t.tsv:1: token: is no word, or more than 8, or longer than 127 letters, or holds one of + & < > = ?");
	REFUSED("en\ta b c d e f g h i\tside\tleft",
		"t.tsv:1: token: is no word, or more than 8, or longer than 127 letters, or holds one of + & < > = ?");
	REFUSED("en\tl\xFF\tside\tleft", "t.tsv:1: is no UTF-8 text");
	REFUSED("en\tl\0\tside\tleft", "t.tsv:1: is no UTF-8 text");
	REFUSED("en\tl\tside\tleft\nen\tl\tlevel\tapex\nen\tl\tzone\tPZ\nen\tl\tlaterality\tmedial\nen\tl\tresult\tasa"
		"p",
		"t.tsv:5: token: has more than 4 meanings");
}

static void test_files(void)
{
	char path[] = "/tmp/vx-lexicon-XXXXXX", wanted[100];
	struct vx_error err = VX_ERROR_INIT;
	struct vx_lexicon *lex = vx_lexicon_load("/nonexistent/lexicon.tsv", &err);
	int fd = mkstemp(path);

	ok(!lex && err.status == VX_EIO, "a file that is not there: %s", err.reason);
	ok_str(err.file, "/nonexistent/lexicon.tsv", "is named");
	if (fd < 0 || write(fd, "en\tx\tside\t?\n", 12) != 12)
		abort();
	close(fd);
	err = (struct vx_error)VX_ERROR_INIT;
	lex = vx_lexicon_load(path, &err);
	snprintf(wanted, sizeof wanted, "%s", path);
	ok(!lex && err.status == VX_EDATA && err.row == 1, "a line that is not filled in");
	ok_str(err.file, wanted, "names its file");
	unlink(path);
}

/* Whether the schema's enum of a field holds a value. */
static bool in_schema(const struct vx_json *schema, const char *field, const char *value)
{
	struct vx_json *list = vx_json_get(vx_json_get(vx_json_get(schema, "properties"), field), "enum");

	for (size_t i = 0; i < vx_json_size(list); i++) {
		const char *text = vx_json_text(vx_json_at(list, i), NULL);

		if (text && strcmp(text, value) == 0)
			return true;
	}
	return false;
}

/* The values of places are those of the schema, all of them and no others. */
static void test_schema(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_json *specimen = NULL, *assessment = NULL;

	ok(vx_json_parse_file("share/schema/specimen.json", &specimen, &err) == VX_OK &&
			vx_json_parse_file("share/schema/assessment.json", &assessment, &err) == VX_OK,
		"the schemas can be read");
	for (unsigned t = 0; t < VX_PLACE_FIELDS; t++) {
		const char *name = vx_term_name((enum vx_term)t);
		struct vx_json *list = vx_json_get(vx_json_get(vx_json_get(specimen, "properties"), name), "enum");
		size_t known = 0;

		ok(vx_term_find(name, strlen(name)) == (int)t && vx_json_size(list) > 1, "%s is a field", name);
		for (size_t i = 0; i < vx_json_size(list); i++) {
			const char *text = vx_json_text(vx_json_at(list, i), NULL);

			known += text && vx_term_value((enum vx_term)t, text, strlen(text));
		}
		ok(known + 1 == vx_json_size(list), "all its values are known, and null");
	}
	for (const char *const *v = (const char *const[]){ "tumor", "asap", "hgpin", "other", NULL }; *v; v++)
		ok(in_schema(assessment, "cancer_type", *v) && vx_term_value(VX_TERM_RESULT, *v, strlen(*v)),
			"%s is a result", *v);
	vx_json_free(specimen);
	vx_json_free(assessment);
}

/* A line of the file: its token folded, and its fields. */
struct entry {
	char *key; /* language, folded token and fields */
	char *token, *fields, *values;
};

static int by_key(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->key, ((const struct entry *)b)->key);
}

static bool check_values(const struct vx_json *schema, char *fields, char *values)
{
	char *f = fields, *v = values, *field, *value;
	bool good = true;

	while ((field = strsep(&f, ",")) && (value = strsep(&v, ","))) {
		int t = vx_term_find(field, strlen(field));

		good = good && t >= 0 && (t >= VX_PLACE_FIELDS || in_schema(schema, field, value));
	}
	return good && !field && !v;
}

static void test_shared_file(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_lexicon *lex = vx_lexicon_load(PATH, &err);
	struct vx_json *schema = NULL;
	struct entry *all = NULL;
	size_t n = 0, twice = 0, wrong = 0, lost = 0;
	char line[500], *language, *rest;
	FILE *f = fopen(PATH, "r");

	ok(lex && f && vx_json_parse_file("share/schema/specimen.json", &schema, &err) == VX_OK, "%s loads %s", PATH,
		err.reason);
	while (f && fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		all = vx_realloc(all, (n + 1) * sizeof *all);
		rest = line;
		language = strsep(&rest, "\t");
		all[n].token = vx_strdup(strsep(&rest, "\t"));
		all[n].fields = vx_strdup(strsep(&rest, "\t"));
		all[n].values = vx_strdup(strsep(&rest, "\t"));
		all[n].key = vx_asprintf("%s %s %s", language, fold(all[n].token), all[n].fields);
		n++;
	}
	qsort(all, n, sizeof *all, by_key);
	for (size_t i = 0; i < n; i++) {
		bool same = i && strcmp(all[i].key, all[i - 1].key) == 0;

		twice += same;
		if (same)
			printf("# twice: %s\n", all[i].key);
		if (strstr(matches(lex, all[i].token), ";") || !strstr(matches(lex, all[i].token), ":")) {
			lost++;
			printf("# is not found as one: %s\n", all[i].token);
		}
	}
	for (size_t i = 0; i < n; i++) {
		wrong += !check_values(schema, all[i].fields, all[i].values);
		free(all[i].key);
		free(all[i].token);
		free(all[i].fields);
		free(all[i].values);
	}
	ok(n > 1500, "%zu lines", n);
	ok(twice == 0, "no word is there twice in a language");
	ok(wrong == 0, "every value is in the schema's enum");
	ok(lost == 0, "every word is found, as one");
	free(all);
	if (f)
		fclose(f);
	vx_json_free(schema);
	vx_lexicon_free(lex);
}

/* Two meanings are meant to be there: these words have them, and no other. */
static void test_ambiguous(void)
{
	static const char *const meant[] = { "a", "al", "bl", "central", "centraal", "centrale", "la", "lal", "lk",
		"lla", "lm", "lpm", "m", "ml", "p", "pm", "ra", "ral", "rla", "rm", "rpm", "sb", "zentral" };
	struct vx_error err = VX_ERROR_INIT;
	struct vx_lexicon *lex = vx_lexicon_load(PATH, &err);
	char line[500];
	size_t found = 0;
	FILE *f = fopen(PATH, "r");

	for (size_t i = 0; i < sizeof meant / sizeof meant[0]; i++)
		ok(lex && strstr(matches(lex, meant[i]), " 2 meanings"), "%s is ambiguous", meant[i]);
	while (f && lex && fgets(line, sizeof line, f)) {
		char *token = strchr(line, '\t'), *end = token ? strchr(token + 1, '\t') : NULL;

		if (line[0] == '#' || !end)
			continue;
		*end = '\0';
		found += strstr(matches(lex, token), " meanings") != NULL;
	}
	ok(found == 2 * (sizeof meant / sizeof meant[0]), "and no other: %zu lines", found);
	if (f)
		fclose(f);
	vx_lexicon_free(lex);
}

int main(void)
{
	test_fold();
	test_match();
	test_certain();
	test_layers();
	test_errors();
	test_files();
	test_schema();
	test_shared_file();
	test_ambiguous();
	return tap_end();
}
