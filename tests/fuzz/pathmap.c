/* Fuzz target: any text as a mapping; it is refused with a line that exists, or every column that it names has its number.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_pathmap.h"

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
	const struct vx_pathmap_grade *g = &p->grade;
	const vx_column columns[] = { p->procedure.column, g->gleason, g->primary, g->secondary, g->tertiary, g->isup,
		g->text, p->date, p->assessor, p->assessed };

	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		check_column(m, columns[i]);
	for (size_t i = 0; i < p->n_locations; i++)
		if (p->locations[i].column < 0 || !p->locations[i].fields)
			abort();
	for (size_t i = 0; i < p->procedure.n; i++)
		if (!vx_pathmap_lookup(
			    &p->procedure, p->procedure.words[i].folded, strlen(p->procedure.words[i].folded)))
			abort();
	check_other(m, &p->specimen_other);
	check_other(m, &p->assessment_other);
}

static void check_map(const struct vx_pathmap *m)
{
	for (size_t i = 0; i < m->n_columns; i++)
		if (!m->columns[i][0] && i < m->n_columns - m->n_captured)
			abort();
	for (size_t i = 0; i < m->n_captures; i++)
		for (size_t k = 0; k < m->captures[i].n; k++)
			if (m->captures[i].columns[k] < (vx_column)(m->n_columns - m->n_captured))
				abort();
	for (size_t i = 0; i < m->n_lists; i++)
		check_column(m, m->lists[i].omits);
	for (size_t i = 0; i < m->n_checks; i++)
		if (m->checks[i].column < 0 || !m->checks[i].rule || !m->checks[i].severity)
			abort();
	check_part(m, &m->workup);
	check_part(m, &m->component);
	check_other(m, &m->root_other);
	check_other(m, &m->psa.other);
	(void)vx_pathmap_blank(m, "N/A", 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_lexicon *lex;
	struct vx_error err = VX_ERROR_INIT;
	struct seen seen = { .lines = 1 };
	struct vx_pathmap *m;
	char *text = malloc(size ? size : 1);

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	if (!lex)
		lex = vx_lexicon_new();
	for (size_t i = 0; i < size; i++)
		seen.lines += text[i] == '\n';
	m = vx_pathmap_parse_each("m", text, size, lex, take, &seen, &err);
	if (m && !seen.n)
		check_map(m);
	else if (m || err.status != VX_EDATA || !seen.n)
		abort();
	vx_pathmap_free(m);
	free(text);
	return 0;
}
