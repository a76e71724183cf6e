/* vx_location: the hand-made cells of tests/pathology/locations.tsv, merging, and the list of unknown words.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tap.h"
#include "vx_hash.h"
#include "vx_location.h"
#include "vx_unknown.h"

#define FLAGS (1u << VX_TERM_IS_SYSTEMATIC | 1u << VX_TERM_IS_TARGETED)
#define ALL (VX_PLACE_MASK | FLAGS)

static struct vx_lexicon *lexicon;

/* \t \n \r \s (a blank) \e (nothing) \\ \xHH in place. */
static size_t unescape(char *s)
{
	size_t n = 0;

	for (const char *p = s; *p; p++) {
		if (*p != '\\') {
			s[n++] = *p;
			continue;
		}
		p++;
		if (*p == 'x') {
			s[n++] = (char)(vx_hex_digit(p[1]) << 4 | vx_hex_digit(p[2]));
			p += 2;
		} else if (*p != 'e') {
			s[n++] = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p == 's' ? ' ' : *p;
		}
	}
	s[n] = '\0';
	return n;
}

static unsigned fields_of(char *names)
{
	unsigned fields = 0;
	char *save = NULL;

	if (strcmp(names, "*") == 0)
		return ALL;
	for (char *name = strtok_r(names, ",", &save); name; name = strtok_r(NULL, ",", &save)) {
		int t = vx_term_find(name, strlen(name));

		fields |= t < 0 ? 1u << VX_TERMS : 1u << t;
	}
	return fields;
}

static const char *flag(signed char value)
{
	return value < 0 ? "-" : value ? "true" : "false";
}

/* The eight fields and "yes" or "no", as the table has them. */
static const char *show(const struct vx_place *place, bool whole)
{
	static char text[300];
	size_t used = 0;

	for (unsigned t = 0; t < VX_PLACE_FIELDS; t++)
		used += (size_t)snprintf(
			text + used, sizeof text - used, "%s\t", place->value[t] ? place->value[t] : "-");
	snprintf(text + used, sizeof text - used, "%s\t%s\t%s", flag(place->is_systematic), flag(place->is_targeted),
		whole ? "yes" : "no");
	return text;
}

static void count_unknown(void *arg, const char *word, size_t len, bool ambiguous)
{
	(void)word;
	(void)ambiguous;
	*(size_t *)arg += len > 0;
}

static void check_cell(char *line)
{
	char *fields = strchr(line, '\t'), *wanted = fields ? strchr(fields + 1, '\t') : NULL;
	struct vx_place place = VX_PLACE_INIT;
	size_t len, unknown = 0;
	bool whole;

	if (!wanted) {
		ok(0, "a line of three parts: %s", line);
		return;
	}
	*fields++ = *wanted++ = '\0';
	len = unescape(line);
	whole = vx_location_parse(lexicon, line, len, fields_of(fields), &place, count_unknown, &unknown);
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	ok_str(show(&place, whole), wanted, "\"%s\"", line);
	if (whole && unknown)
		ok(0, "a whole text has no unknown words: \"%s\"", line);
}

static void test_table(void)
{
	FILE *f = fopen("tests/pathology/locations.tsv", "r");
	char line[1000];
	int cells = 0;

	if (!f) {
		ok(0, "tests/pathology/locations.tsv is there");
		return;
	}
	while (fgets(line, sizeof line, f)) {
		line[strcspn(line, "\n")] = '\0';
		if (strncmp(line, "# ", 2) == 0)
			continue;
		check_cell(line);
		cells++;
	}
	fclose(f);
	ok(cells >= 600, "%d cells", cells);
}

static void parse(const char *text, struct vx_place *place)
{
	ok(vx_location_parse(lexicon, text, strlen(text), ALL, place, NULL, NULL), "%s is whole", text);
}

static void test_merge(void)
{
	struct vx_place place = VX_PLACE_INIT, more = VX_PLACE_INIT;

	parse("left", &place);
	parse("apex lateral", &place);
	ok_str(show(&place, true), "left\tapex\t-\t-\tlateral\t-\t-\t-\tyes", "a second text adds to the first");
	ok(!vx_location_parse(lexicon, "right targeted", 14, ALL, &place, NULL, NULL),
		"what contradicts it is not whole");
	ok_str(show(&place, true), "-\tapex\t-\t-\tlateral\t-\t-\ttrue\tyes", "and empties the field");

	place = (struct vx_place)VX_PLACE_INIT;
	parse("left apex systematic", &place);
	parse("left base targeted PZ", &more);
	more.is_systematic = 0;
	ok(vx_place_merge(&place, &more) == (1u << VX_TERM_LEVEL | 1u << VX_TERM_IS_SYSTEMATIC),
		"merging says which fields contradict each other");
	ok_str(show(&place, true), "left\t-\tPZ\t-\t-\t-\t-\ttrue\tyes", "and empties those only");
	ok(vx_place_merge(&place, &(struct vx_place)VX_PLACE_INIT) == 0, "nothing more: no contradiction");
}

/* What the list of unknown words says after these cells. */
static const char *unknown_of(const char *const *cells, size_t n, size_t max, const struct vx_lexicon *lex)
{
	static struct vx_buf out;
	struct vx_unknown *u = vx_unknown_new(max);
	struct vx_place place = VX_PLACE_INIT;

	for (size_t i = 0; i < n; i++) {
		vx_unknown_at(u, i % 2 ? NULL : "t.csv", (long)i + 2, cells[i], strlen(cells[i]));
		vx_location_parse(lexicon, cells[i], strlen(cells[i]), ALL, &place, vx_unknown_add, u);
	}
	vx_buf_clear(&out);
	vx_buf_puts(&out, "");
	vx_unknown_print(u, lex, &out);
	vx_unknown_free(u);
	return out.data;
}

static void test_unknown(void)
{
	static const char *const cells[] = { "LEFT APX1", "foo left", "apx1, foo apx1", "Foo", "left A" };
	static const char *const ugly[] = { "bar\tleft\n\x01" };
	char *wide = vx_alloc(2001);

	ok_str(unknown_of(cells, 5, 0, lexicon),
		"?\tfoo\t?\t?\t# 3 cells, first: foo left\n"
		"?\tapx1\t?\t?\t# 2 cells, first: t.csv:2: LEFT APX1\n"
		"?\ta\t?\t?\t# 1 cell, ambiguous: level apex or ap_position anterior, first: t.csv:6: left A\n",
		"unknown words: most frequent first, a cell counts once, the first place");
	ok_str(unknown_of(cells, 5, 1, NULL),
		"?\tapx1\t?\t?\t# 2 cells, first: t.csv:2: LEFT APX1\n"
		"# and others, 4 times: the list ends at 1 words\n",
		"no more than asked for are kept");
	ok_str(unknown_of(cells, 0, 0, lexicon), "", "none: nothing");
	ok_str(unknown_of(ugly, 1, 0, lexicon), "?\tbar\t?\t?\t# 1 cell, first: t.csv:2: bar left  \n",
		"tabs and control characters do not leave their line");
	memset(wide, 'x', 2000);
	ok_str(unknown_of((const char *const *)&wide, 1, 0, lexicon),
		"# and others, 1 times: the list ends at 10000 words\n", "a word that is too long for a lexicon");
	free(wide);
}

/* The lines, with their "?" filled in, make the words known. */
static void test_filled_in(void)
{
	static const char *const cells[] = { "LEFT APX1" };
	static const char filled[] = "en\tapx1\tlevel\tapex\t# 2 cells, first: t.csv:2: LEFT APX1\n";
	struct vx_lexicon *site = vx_lexicon_copy(lexicon);
	struct vx_error err = VX_ERROR_INIT;
	struct vx_place place = VX_PLACE_INIT;
	const char *lines = unknown_of(cells, 1, 0, NULL);

	ok(vx_lexicon_add_text(site, "site.tsv", lines, strlen(lines), &err) == VX_EDATA,
		"a line as printed is refused");
	ok(vx_lexicon_add_text(site, "site.tsv", filled, strlen(filled), &err) == VX_OK, "filled in it is taken");
	ok(vx_location_parse(site, "left APX1", 9, ALL, &place, NULL, NULL), "and known");
	ok_str(show(&place, true), "left\tapex\t-\t-\t-\t-\t-\t-\tyes", "as it was filled in");
	vx_lexicon_free(site);
}

int main(void)
{
	struct vx_error err = VX_ERROR_INIT;

	lexicon = vx_lexicon_load("share/pathology/lexicon.tsv", &err);
	ok(lexicon != NULL, "the lexicon can be read: %s", err.reason);
	if (lexicon) {
		test_table();
		test_merge();
		test_unknown();
		test_filled_in();
	}
	vx_lexicon_free(lexicon);
	return tap_end();
}
