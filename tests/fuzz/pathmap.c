/* Fuzz target: any text as a mapping, or a shipped one whose parts are put in each other's place; it is refused with a
 * line that exists, or every column that it names has its number. SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_opt.h"
#include "vx_pathmap_load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	long lines, last;
	size_t n;
};

static void take(void *arg, const struct vx_error *problem)
{
	struct seen *s = arg;

	if (problem->status != VX_EDATA || !problem->reason[0] || problem->row < s->last || problem->row > s->lines)
		abort();
	s->last = problem->row;
	s->n++;
}

static void check_column(const struct vx_pathmap *m, vx_column c)
{
	if (c < VX_NO_COLUMN || c >= (vx_column)m->n_columns)
		abort();
}

static void check_other(const struct vx_pathmap *m, const struct vx_pathmap_other *o)
{
	check_column(m, o->column);
	if (o->kind == VX_OTHER_COLUMN && o->column == VX_NO_COLUMN)
		abort();
	for (size_t i = 0; i < o->n; i++)
		check_other(m, &o->items[i]);
}

static void check_part(const struct vx_pathmap *m, const struct vx_pathmap_part *p)
{
	const struct vx_pathmap_vocabulary *v = &p->procedure;
	const struct vx_pathmap_grade *g = &p->grade;
	const vx_column columns[] = { v->column, g->gleason, g->primary, g->secondary, g->tertiary, g->isup, g->text,
		p->date, p->assessor, p->assessed };

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		check_column(m, columns[i]);
	for (size_t i = 0; i < p->n_locations; i++)
		if (p->locations[i].column < 0 || !p->locations[i].fields)
			abort();
	for (size_t i = 0; i < v->n; i++)
		if (vx_pathmap_lookup(v, v->words[i].folded, strlen(v->words[i].folded)) != &v->words[i].set)
			abort();
	check_other(m, &p->specimen_other);
	check_other(m, &p->assessment_other);
}

static void check_map(const struct vx_pathmap *m)
{
	for (size_t i = 0; i < m->n_captures; i++)
		for (size_t k = 0; k < m->captures[i].n; k++)
			if (m->captures[i].columns[k] < (vx_column)(m->n_columns - m->n_captured))
				abort();
	for (size_t i = 0; i < m->n_lists; i++)
		check_column(m, m->lists[i].omits);
	for (size_t i = 0; i < m->n_checks; i++)
		if (m->checks[i].column < 0 || !m->checks[i].rule || !m->checks[i].severity)
			abort();
	for (size_t i = 0; i < m->n_blanks; i++)
		if (!vx_pathmap_blank(m, m->blanks[i], strlen(m->blanks[i])))
			abort();
	check_part(m, &m->workup);
	check_part(m, &m->component);
	check_other(m, &m->root_other);
	check_other(m, &m->psa.other);
}

#define MOST_PARTS 1024

/* The keys and values of a mapping's text. */
struct parts {
	struct vx_slice part[MOST_PARTS];
	size_t n;
};

static void collect(struct vx_slice value, struct parts *p)
{
	struct vx_json_walk w = vx_json_walk_begin(value.text, value.len);
	struct vx_slice key, inner;

	while (p->n < MOST_PARTS - 1 &&
		(value.text[0] == '{' ? vx_json_walk_member(&w, &key, &inner) : vx_json_walk_item(&w, &inner))) {
		if (value.text[0] == '{')
			p->part[p->n++] = (struct vx_slice){ key.text - 1, key.len + 2 };
		p->part[p->n++] = inner;
		if (inner.text[0] == '{' || inner.text[0] == '[')
			collect(inner, p);
	}
}

static struct vx_buf shipped(const char *name)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf text = VX_BUF_INIT;
	char *path = NULL;

	if (vx_share_path(name, &path, &err) != VX_OK || vx_read_file(path, 1 << 20, &text, &err) != VX_OK)
		abort();
	free(path);
	return text;
}

/* What the shipped mappings say, and some more of what may stand there. */
static struct vx_buf all[4];
static struct parts pool;

static void prepare(void)
{
	static const char more[] =
		"[{\"capture\": {\"a\": \"{b}_{c:[0-9]+}\"}, \"unique\": true, \"words\": {\"x\": \"tumor\", \"X.\": "
		"\"asap\"},"
		"\"tokens\": {\"q\": {}, \"r\": {\"side\": \"left\"}}, \"blank\": [\"-1\", \"\"], \"tertiary\": \"t\", "
		"\"text\": "
		"\"u\", \"is\": \"same\", \"with\": \"v\", \"times\": 10, \"otherwise\": \"keep\", \"lesion\": \"+\"}]";

	all[0] = shipped("pathology/picai.json");
	all[1] = shipped("pathology/ucla.json");
	all[2] = shipped("pathology/prostatex.json");
	vx_buf_puts(&all[3], more);
	for (size_t i = 0; i < 4; i++)
		collect((struct vx_slice){ all[i].data, all[i].len }, &pool);
}

/* Each pair of numbers puts a part of all mappings in the place of a part of this one. */
static struct vx_buf shake(const uint8_t *data, size_t size)
{
	static struct parts parts;
	struct vx_buf text = VX_BUF_INIT;

	vx_buf_add(&text, all[data[0] % 3].data, all[data[0] % 3].len);
	for (size_t i = 1; i + 3 < size && i < 40 && text.len < 1 << 16; i += 4) {
		struct vx_slice from = pool.part[(size_t)(data[i] | data[i + 1] << 8) % pool.n], to;
		struct vx_buf next = VX_BUF_INIT;

		parts.n = 0;
		collect((struct vx_slice){ text.data, text.len }, &parts);
		if (parts.n == 0)
			break;
		to = parts.part[(size_t)(data[i + 2] | data[i + 3] << 8) % parts.n];
		vx_buf_add(&next, text.data, (size_t)(to.text - text.data));
		vx_buf_add(&next, from.text, from.len);
		vx_buf_puts(&next, to.text + to.len);
		vx_buf_free(&text);
		text = next;
	}
	return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_schema *schema;
	static struct vx_lexicon *lex;
	struct vx_buf text = VX_BUF_INIT;
	struct vx_error err = VX_ERROR_INIT;
	struct seen seen = { .lines = 1 };
	struct vx_pathmap *m;
	char *own; /* its own memory, so that a byte read beyond it is seen */

	if (!lex) {
		lex = vx_lexicon_new();
		prepare();
		schema = vx_pathmap_schema(&err);
		if (!schema)
			abort();
	}
	if (size > 0 && data[0] < ' ')
		text = shake(data, size);
	else
		vx_buf_add(&text, data, size);
	own = vx_realloc(NULL, text.len ? text.len : 1);
	if (text.len)
		memcpy(own, text.data, text.len);
	for (size_t i = 0; i < text.len; i++)
		seen.lines += own[i] == '\n';
	m = vx_pathmap_parse_by(schema, "m", own, text.len, lex, take, &seen, &err);
	if (m && !seen.n)
		check_map(m);
	else if (m || err.status != VX_EDATA || !seen.n)
		abort();
	vx_pathmap_free(m);
	vx_buf_free(&text);
	free(own);
	return 0;
}
