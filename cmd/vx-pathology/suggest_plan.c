/* suggest_plan: small questions about a table that all steps ask.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "suggest_plan.h"

void suggest_unsure(struct suggest_plan *p, int rank, const char *fmt, ...)
{
	struct vx_buf b = VX_BUF_INIT;
	char *text;
	va_list args;
	int n;

	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	text = vx_buf_reserve(&b, (size_t)n + 1);
	va_start(args, fmt);
	vsnprintf(text, (size_t)n + 1, fmt, args);
	va_end(args);
	p->notes = vx_realloc(p->notes, (p->n_notes + 1) * sizeof *p->notes);
	p->notes[p->n_notes++] = (struct suggest_note){ .rank = rank, .text = b.data };
}

const char *suggest_name(const struct suggest_plan *p, size_t column)
{
	return p->t->columns[column].name;
}

bool suggest_hint(const struct suggest_plan *p, size_t column, uint64_t hints)
{
	return (p->t->columns[column].hints & hints) != 0;
}

bool suggest_free(const struct suggest_plan *p, size_t column)
{
	return !p->used[column] && p->profile[column].n && !p->t->columns[column].nested &&
	       !suggest_hint(p, column, HINT(PERSONAL) | HINT(IGNORE));
}

const struct suggest_list *suggest_list_of(const struct suggest_plan *p, size_t column)
{
	for (size_t i = 0; i < p->n_lists; i++)
		if (p->lists[i].column == column)
			return &p->lists[i];
	return NULL;
}

bool suggest_blank(const struct suggest_plan *p, const char *text, size_t len)
{
	return vx_cell_blank(text, len) || suggest_words_blank(p->t->words, text, len);
}

bool suggest_most(long part, long all, int percent)
{
	return all > 0 && part * 100 >= all * percent;
}

bool suggest_number(const struct suggest_plan *p, const char *text, size_t len, double *v)
{
	return vx_cell_number(text, len, p->decimal, v, NULL) == VX_OK;
}

long suggest_days(const struct suggest_plan *p, const struct suggest_profile *f)
{
	if (p->dates == VX_DATE_DMY)
		return f->ymd + f->dmy + f->both;
	return f->ymd + (p->dates == VX_DATE_MDY ? f->mdy + f->both : 0);
}

long suggest_several(const struct suggest_plan *p)
{
	long several = 0;

	for (size_t r = 1; p->t->grouped && r < p->t->n_sample; r++)
		several += p->t->sample[r].group == p->t->sample[r - 1].group &&
			   (r < 2 || p->t->sample[r - 2].group != p->t->sample[r].group);
	return several;
}

struct vx_slice suggest_cell(const struct suggest_plan *p, size_t row, size_t column)
{
	struct vx_slice s;

	s.text = suggest_table_cell(p->t, &p->t->sample[row], column, &s.len);
	return s;
}

bool suggest_item(char separator, struct vx_slice cell, size_t *at, struct vx_slice *item)
{
	const char *end;

	if (*at > cell.len || !cell.len)
		return false;
	end = separator ? memchr(cell.text + *at, separator, cell.len - *at) : NULL;
	item->text = cell.text + *at;
	item->len = (size_t)((end ? end : cell.text + cell.len) - item->text);
	*at += item->len + 1;
	*item = vx_cell_trim(item->text, item->len);
	return true;
}

/* Whether two sampled rows are of one workup, or of one patient. */
static bool together(const struct suggest_plan *p, size_t a, size_t b, bool by_unit)
{
	return by_unit ? p->unit[a] == p->unit[b] : p->t->sample[a].group == p->t->sample[b].group;
}

/* The rows of one group, from its first one on: whether they are several, and whether their cells differ. */
static void look_at_group(
	const struct suggest_plan *p, size_t column, bool by_unit, size_t first, bool *several, bool *differ)
{
	struct vx_slice seen = suggest_cell(p, first, column);

	*several = *differ = false;
	for (size_t r = first + 1; r < p->t->n_sample && together(p, first, r, false); r++) {
		struct vx_slice cell = suggest_cell(p, r, column);
		if (!together(p, first, r, by_unit))
			continue;
		*several = true;
		if (seen.len && cell.len)
			*differ |= seen.len != cell.len || memcmp(seen.text, cell.text, cell.len) != 0;
		seen = cell.len ? cell : seen;
	}
}

void suggest_constant(const struct suggest_plan *p, size_t column, bool by_unit, long *groups, long *constant)
{
	*groups = *constant = 0;
	for (size_t r = 0; p->t->grouped && r < p->t->n_sample; r++) {
		bool first = true, several, differ;
		for (size_t q = r; first && q-- > 0 && together(p, q, r, false);)
			first = !together(p, q, r, by_unit);
		if (!first)
			continue;
		look_at_group(p, column, by_unit, r, &several, &differ);
		*groups += several;
		*constant += several && !differ;
	}
}
