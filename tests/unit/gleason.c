/* Unit tests of vx_gleason: every cell of tests/pathology/grades.tsv, and the calls that compare grades.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tap.h"
#include "vx_gleason.h"
#include "vx_io.h"

#define TABLE "tests/pathology/grades.tsv"
#define WORDS "share/pathology/lexicon.tsv"

enum { COLUMN, CELL, STATE, ISUP, PRIMARY, SECONDARY, TERTIARY, CANDIDATES, CANCER_TYPE, SAYS, FIELDS };

static unsigned hex(const char *s, int n)
{
	unsigned v = 0;

	for (int i = 0; i < n && s[i]; i++)
		v = v * 16 + (unsigned)(strchr("0123456789abcdef", s[i]) - "0123456789abcdef");
	return v;
}

/* \t \n \r \\ \xNN (a byte) \uNNNN (a UTF-16 unit: pairs are joined). */
static void unescape(const char *s, struct vx_buf *out)
{
	vx_buf_clear(out);
	for (; *s; s++) {
		if (*s != '\\') {
			vx_buf_putc(out, *s);
			continue;
		}
		unsigned c;
		switch (*++s) {
		case 't':
			vx_buf_putc(out, '\t');
			break;
		case 'n':
			vx_buf_putc(out, '\n');
			break;
		case 'r':
			vx_buf_putc(out, '\r');
			break;
		case 'x':
			vx_buf_putc(out, (char)hex(s + 1, 2));
			s += 2;
			break;
		case 'u':
			c = hex(s + 1, 4);
			s += 4;
			if (c >= 0xD800 && c < 0xDC00) {
				c = 0x10000 + ((c - 0xD800) << 10) + (hex(s + 3, 4) - 0xDC00);
				s += 6;
			}
			vx_utf8_put(out, c);
			break;
		default:
			vx_buf_putc(out, *s);
		}
	}
}

static const char *const states[] = { "not_assessed", "benign", "graded", "ambiguous", "ungraded" };

static void put_pattern(struct vx_buf *b, int pattern, bool derived)
{
	if (pattern)
		vx_buf_printf(b, "\t%s%d", derived ? "~" : "", pattern);
	else
		vx_buf_puts(b, "\t-");
}

/* The grade as the middle columns of the table tell it. */
static void describe(const struct vx_grade *g, struct vx_buf *b)
{
	const char *comma = "";

	vx_buf_clear(b);
	vx_buf_puts(b, states[g->state]);
	if (g->isup >= 0)
		vx_buf_printf(b, "\t%d", g->isup);
	else
		vx_buf_puts(b, "\t-");
	put_pattern(b, g->primary, g->derived);
	put_pattern(b, g->secondary, g->derived);
	put_pattern(b, g->tertiary, false);
	vx_buf_puts(b, g->candidates ? "\t" : "\t-");
	for (int n = 0; n < 32; n++)
		if (g->candidates >> n & 1) {
			vx_buf_printf(b, "%s%d", comma, n);
			comma = ",";
		}
	vx_buf_printf(b, "\t%s", g->cancer_type ? g->cancer_type : "-");
}

static enum vx_grade_column column_of(const char *name)
{
	if (strcmp(name, "any") == 0)
		return VX_GRADE_ANY;
	return strcmp(name, "group") == 0 ? VX_GRADE_GROUP : VX_GRADE_GLEASON;
}

static void test_cell(char *const f[FIELDS], int line, const struct vx_lexicon *lex)
{
	static struct vx_buf cell, got, wanted;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_grade g;
	const char *says;
	char *copy;
	int status;

	unescape(f[CELL], &cell);
	copy = malloc(cell.len ? cell.len : 1); /* no terminator: reading past the end is caught */
	memcpy(copy, cell.len ? cell.data : "", cell.len);
	status = vx_grade_parse(copy, cell.len, column_of(f[COLUMN]), lex, &g, &err);
	free(copy);
	vx_buf_clear(&wanted);
	vx_buf_puts(&wanted, f[STATE]);
	for (int i = ISUP; i <= CANCER_TYPE; i++)
		vx_buf_printf(&wanted, "\t%s", f[i]);
	describe(&g, &got);
	if (status == VX_EREJECT && g.state == VX_NOT_ASSESSED && g.isup == -1) {
		vx_buf_clear(&got);
		vx_buf_puts(&got, "rejected\t-\t-\t-\t-\t-\t-");
	}
	/* What is said of it need only hold the words of the table. */
	says = status == VX_OK ? g.warning : err.reason;
	vx_buf_printf(&wanted, "\t%s", f[SAYS]);
	vx_buf_printf(&got, "\t%s", !says ? "-" : strstr(says, f[SAYS]) ? f[SAYS] : says);
	ok_str(got.data, wanted.data, "line %d: %s: %s", line, f[COLUMN], f[CELL]);
}

static void test_table(const struct vx_lexicon *lex)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_reader *in = vx_reader_open(TABLE, &err);
	char *line;
	size_t len;
	int row = 0, cells = 0;

	ok(in != NULL, "%s is there", TABLE);
	while (in && vx_reader_line(in, &line, &len, &err) == 1) {
		char *f[FIELDS];
		int n = 0;

		if (++row && (line[0] == '#' || strncmp(line, "column\t", 7) == 0))
			continue;
		for (char *at = line; at && n < FIELDS; n++) {
			f[n] = strsep(&at, "\t");
			if (n == FIELDS - 1 && at)
				n = FIELDS;
		}
		if (n == FIELDS)
			test_cell(f, row, lex);
		else
			ok(false, "line %d has %d fields", row, FIELDS);
		cells++;
	}
	ok(cells >= 1000, "%d cells: at least 1000", cells);
	vx_reader_close(in);
}

/* The grade that a cell says, or what a rejected cell leaves. */
static struct vx_grade grade(const char *text, enum vx_grade_column column, const struct vx_lexicon *lex)
{
	struct vx_grade g;

	if (vx_grade_parse(text, strlen(text), column, lex, &g, NULL) != VX_OK)
		ok(false, "%s is a grade", text);
	return g;
}

static void test_agree(const struct vx_lexicon *lex)
{
	static const struct {
		const char *a, *b;
		bool agree;
	} pairs[] = {
		{ "3+4", "GG 2", true },
		{ "3+4", "GG 3", false },
		{ "3+4", "3+4", true },
		{ "4+4", "3+5", false }, /* both group 4, yet other tissue */
		{ "4+4", "GG 4", true },
		{ "8", "4+4", true },
		{ "7", "GG 2", true },
		{ "7", "GG 3", true },
		{ "7", "GG 4", false },
		{ "7", "4+3", true },
		{ "7", ">=8", false },
		{ "7", ">=7", true },
		{ "0+0", "GG 0", true },
		{ "0+0", "benign", true },
		{ "0+0", "GG 1", false },
		{ "benign", "7", false },
		{ "benign", "ASAP", false },
		{ "HGPIN", "ASAP", false },
		{ "HGPIN", "HGPIN", true },
		{ "adenocarcinoma", "3+4", true },
		{ "adenocarcinoma", "7", true },
		{ "adenocarcinoma", "benign", false },
		{ "ASAP", "3+3", false },
		{ "N/A", "3+4", true },
		{ "N/A", "benign", true },
		{ "", "7", true },
		{ "3+4, tertiary 5", "3+4", true },
		{ "4+5, tertiary 3", "GG 5", true },
		{ "9", "4+5", true },
		{ "10", "4+5", false }, /* both group 5; a 10 is 5+5 */
		{ "GG 2", "GG 2", true },
	};

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct vx_grade a = grade(pairs[i].a, VX_GRADE_GLEASON, lex),
				b = grade(pairs[i].b, VX_GRADE_GLEASON, lex);

		ok(vx_grade_agree(&a, &b) == pairs[i].agree, "%s and %s %s", pairs[i].a, pairs[i].b,
			pairs[i].agree ? "agree" : "contradict");
		ok(vx_grade_agree(&b, &a) == pairs[i].agree, "and the other way round");
	}
}

static void test_narrow(const struct vx_lexicon *lex)
{
	static const struct {
		const char *a, *b, *becomes; /* NULL: stays as it is */
	} pairs[] = {
		{ "7", "GG 2", "graded\t2\t~3\t~4\t-\t-\ttumor" },
		{ "7", "GG 3", "graded\t3\t~4\t~3\t-\t-\ttumor" },
		{ "7", "4+3", "graded\t3\t~4\t~3\t-\t-\ttumor" },
		{ "7", "GG >= 3", "graded\t3\t~4\t~3\t-\t-\ttumor" },
		{ ">=8", "GG 4", "graded\t4\t-\t-\t-\t-\ttumor" },
		{ ">=8", "5+4", "graded\t5\t~5\t~4\t-\t-\ttumor" },
		{ "7, tertiary 5", "GG 2", "graded\t2\t~3\t~4\t5\t-\ttumor" },
		{ "7", ">=7", NULL },
		{ "7", "GG 4", NULL },
		{ "7", "benign", NULL },
		{ "7", "N/A", NULL },
		{ "7", "", NULL },
		{ "7", "adenocarcinoma", NULL },
		{ "3+4", "GG 2", NULL },
		{ "benign", "GG 2", NULL },
		{ "N/A", "GG 2", NULL },
	};
	static struct vx_buf before, after;

	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct vx_grade a = grade(pairs[i].a, VX_GRADE_GLEASON, lex),
				b = grade(pairs[i].b, VX_GRADE_GLEASON, lex);

		describe(&a, &before);
		ok(vx_grade_narrow(&a, &b) == (pairs[i].becomes != NULL), "%s beside %s", pairs[i].a, pairs[i].b);
		describe(&a, &after);
		ok_str(after.data, pairs[i].becomes ? pairs[i].becomes : before.data, "and what it becomes");
	}
	struct vx_grade a = grade("7, tertiary 5", VX_GRADE_ANY, NULL), b = grade("GG 2", VX_GRADE_ANY, NULL);
	ok(vx_grade_narrow(&a, &b) && a.warning, "a tertiary pattern is pointed at once the score is known");
}

static void test_worse(const struct vx_lexicon *lex)
{
	/* From the least to the worst. */
	static const char *const order[] = { "N/A", "benign", "GG 1", "2+3", "2+4", "3+3", "3+4", "4+3", "GG 4", "3+5",
		"4+4", "5+3", "GG 5", "4+5", "5+4", "5+5" };
	static const char *const none[] = { "N/A", "", "7", ">=7", "ASAP", "HGPIN", "adenocarcinoma" };
	const size_t n = sizeof order / sizeof *order;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			struct vx_grade a = grade(order[i], VX_GRADE_ANY, lex), b = grade(order[j], VX_GRADE_ANY, lex);

			ok(vx_grade_worse(&a, &b) == (i > j), "%s is %sworse than %s", order[i], i > j ? "" : "not ",
				order[j]);
		}
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		struct vx_grade a = grade(none[i], VX_GRADE_ANY, lex), b = grade("benign", VX_GRADE_ANY, lex);

		ok(!vx_grade_worse(&a, &b) && !vx_grade_worse(&a, &a), "\"%s\" is never worse", none[i]);
		ok(vx_grade_worse(&b, &a), "benign is worse than \"%s\"", none[i]);
	}
	ok(!vx_grade_worse(&(struct vx_grade){ 0 }, &(struct vx_grade){ 0 }), "a zeroed grade is never worse");
}

static void test_patterns(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf b = VX_BUF_INIT;
	struct vx_grade g;

	ok(vx_grade_patterns(4, 3, 0, &g, &err) == VX_OK, "4 and 3");
	describe(&g, &b);
	ok_str(b.data, "graded\t3\t4\t3\t-\t-\ttumor", "are group 3");
	ok(!g.warning, "without a warning");
	ok(vx_grade_patterns(3, 4, 5, &g, &err) == VX_OK && g.tertiary == 5 && g.isup == 2 && g.warning,
		"3, 4 and a 5");
	ok(vx_grade_patterns(0, 0, 0, &g, &err) == VX_OK && g.state == VX_BENIGN && g.isup == 0, "0 and 0 is benign");
	ok(vx_grade_patterns(5, 1, 0, &g, &err) == VX_OK && g.isup == 1 && g.warning, "5 and 1: with a warning");
	static const int bad[][3] = { { 3, 0, 0 }, { 0, 3, 0 }, { 2, 5, 0 }, { 5, 2, 0 }, { 6, 1, 0 }, { -1, 4, 0 },
		{ 3, 4, 4 }, { 3, 4, 6 }, { 3, 4, -1 }, { 0, 0, 5 }, { 1000000, 2, 0 }, { -3, -4, 0 },
		{ -2147483647 - 1, 1, 0 }, { 2147483647, 2147483647, 0 } };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ok(vx_grade_patterns(bad[i][0], bad[i][1], bad[i][2], &g, &err) == VX_EREJECT && err.reason[0],
			"%d, %d and %d are rejected: %s", bad[i][0], bad[i][1], bad[i][2], err.reason);
		ok(g.state == VX_NOT_ASSESSED && g.isup == -1, "and leave no grade");
	}
	vx_buf_free(&b);
}

static void test_pattern_cell(void)
{
	static const struct {
		const char *cell;
		int pattern; /* -1: rejected */
	} cells[] = { { "4", 4 }, { "4.0", 4 }, { "4,0", 4 }, { " 4 ", 4 }, { "0", 0 }, { "0.0", 0 }, { "5", 5 },
		{ "\xEF\xBC\x94", 4 }, { "Pattern 4", 4 }, { "Gleason pattern 3", 3 }, { "Muster 3", 3 }, { "04", 4 },
		{ "\xC2\xA0"
		  "3",
			3 },
		{ "6", -1 }, { "4.5", -1 }, { "-4", -1 }, { "3+4", -1 }, { "3/4", -1 }, { "4?", -1 }, { "<5", -1 },
		{ "", -1 }, { "IV", -1 }, { "N/A", -1 }, { "4%", -1 }, { "3-Apr", -1 }, { "2024-03-04", -1 },
		{ "4 4", -1 }, { "99999999999999999999", -1 }, { "4a", -1 }, { "tertiary 5", -1 } };
	struct vx_error err = VX_ERROR_INIT;

	for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
		int pattern = 9;
		int status = vx_grade_pattern_cell(cells[i].cell, strlen(cells[i].cell), &pattern, &err);

		ok(status == (cells[i].pattern < 0 ? VX_EREJECT : VX_OK), "a pattern: \"%s\"", cells[i].cell);
		ok(pattern == (cells[i].pattern < 0 ? 0 : cells[i].pattern), "and its value");
	}
	ok(vx_grade_pattern_cell("3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3 3", 35, &(int){ 0 }, &err) == VX_EREJECT,
		"a long cell is none");
}

static void test_edges(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_grade g;
	char many[4096];

	memset(many, '(', sizeof many);
	ok(vx_grade_parse(many, sizeof many, VX_GRADE_ANY, NULL, &g, &err) == VX_EREJECT &&
			strstr(err.reason, "too long"),
		"a text of many tokens");
	memset(many, '3', sizeof many);
	ok(vx_grade_parse(many, sizeof many, VX_GRADE_ANY, NULL, &g, &err) == VX_EREJECT, "a long number");
	memset(many, 'x', sizeof many);
	ok(vx_grade_parse(many, sizeof many, VX_GRADE_ANY, NULL, &g, &err) == VX_EREJECT && strlen(err.reason) < 200,
		"a long word is quoted in part");
	ok(vx_grade_parse("benign", 6, VX_GRADE_ANY, NULL, &g, &err) == VX_EREJECT, "without a lexicon no words");
	ok(vx_grade_parse("3+4", 3, VX_GRADE_ANY, NULL, &g, NULL) == VX_OK, "nor is an error needed");
	ok(vx_grade_parse("3+", 2, VX_GRADE_ANY, NULL, &g, NULL) == VX_EREJECT, "even where there is one");
}

int main(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_lexicon *lex = vx_lexicon_load(WORDS, &err);

	ok(lex != NULL, "the lexicon: %s", err.reason);
	if (lex) {
		test_table(lex);
		test_agree(lex);
		test_narrow(lex);
		test_worse(lex);
	}
	test_patterns();
	test_pattern_cell();
	test_edges();
	vx_lexicon_free(lex);
	return tap_end();
}
