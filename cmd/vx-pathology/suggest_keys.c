/* suggest_keys: what tells the workups of a patient apart.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "suggest_plan.h"

/* Two sampled rows of one patient with one cell in this column; sampled rows of one patient. */
static void count_pairs(const struct suggest_plan *p, size_t column, long *same, long *all)
{
	*same = *all = 0;
	for (size_t r = 1; r < p->t->n_sample; r++)
		for (size_t q = r; q-- > 0 && p->t->sample[q].group == p->t->sample[r].group;) {
			struct vx_slice a = suggest_cell(p, r, column), b = suggest_cell(p, q, column);
			*all += 1;
			*same += a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
		}
}

/* Numbers the workups of the sampled rows. */
static void number_units(struct suggest_plan *p)
{
	/* Rows that are workups and have no key are one each. */
	bool alone = p->key == NO_COLUMN && p->rows == SUGGEST_WORKUP;

	p->unit = vx_alloc((p->t->n_sample + 1) * sizeof *p->unit);
	p->units = 0;
	for (size_t r = 0; r < p->t->n_sample; r++) {
		size_t q = r;
		struct vx_slice a = p->key == NO_COLUMN ? (struct vx_slice){ "", 0 } : suggest_cell(p, r, p->key), b;
		bool found = false;
		while (!found && !alone && q-- > 0 && p->t->sample[q].group == p->t->sample[r].group) {
			b = p->key == NO_COLUMN ? a : suggest_cell(p, q, p->key);
			found = a.len == b.len && memcmp(a.text, b.text, a.len) == 0;
		}
		p->unit[r] = found ? p->unit[q] : p->units++;
	}
}

static bool is_key(const struct suggest_plan *p, size_t c)
{
	const struct suggest_column *col = &p->t->columns[c];
	long same, all;

	if (!suggest_free(p, c) || !suggest_hint(p, c, HINT(WORKUP)) ||
		!suggest_most(p->profile[c].n, p->t->rows, 95) || suggest_list_of(p, c))
		if (!(col->partial && suggest_free(p, c) && suggest_hint(p, c, HINT(WORKUP))))
			return false;
	count_pairs(p, c, &same, &all);
	/* A number that every core has for itself names the core. */
	return p->rows == SUGGEST_WORKUP || !all || same;
}

/* Whether each row has something in the column: a row without a key is rejected. */
static bool is_filled(const struct suggest_plan *p, size_t c)
{
	const struct suggest_column *col = &p->t->columns[c];
	long blank = 0;

	for (size_t i = 0; i < col->n; i++)
		blank += suggest_blank(p, col->values[i].text, col->values[i].len) ? col->values[i].count : 0;
	return !blank && col->cells >= p->t->rows;
}

static bool varies(const struct suggest_plan *p, size_t c)
{
	long groups, constant;

	suggest_constant(p, c, false, &groups, &constant);
	return constant < groups;
}

/* The day of the biopsy: where it differs within a patient, and where it stands in each row, so that a second biopsy that
 * comes later is not merged with the first one. */
static void take_day(struct suggest_plan *p)
{
	size_t date = p->at[ROLE_DATE];
	bool filled;

	if (date == NO_COLUMN)
		return;
	filled = is_filled(p, date);
	if (!varies(p, date) && (!filled || (p->rows == SUGGEST_WORKUP && suggest_several(p))))
		return;
	p->key = date;
	suggest_unsure(p, RANK_WORKUP,
		"workup.key: no column looks like one; \"%s\" is taken to tell workups apart: two of a patient on one "
		"day become one%s",
		suggest_name(p, date), filled ? "" : ", and rows without a day are rejected");
}

/* Without a key, days that differ within a patient may be those of several biopsies. */
static void tell_of_no_key(struct suggest_plan *p)
{
	struct vx_buf days = VX_BUF_INIT;

	for (size_t c = 0; c < p->t->n; c++)
		if (suggest_free(p, c) && !suggest_hint(p, c, HINT(PSA_DATE)) && varies(p, c) &&
			suggest_most(suggest_days(p, &p->profile[c]), p->profile[c].n, 80))
			vx_buf_printf(&days, "%s\"%s\"", days.len ? ", " : "", suggest_name(p, c));
	if (p->rows == SUGGEST_WORKUP)
		suggest_unsure(p, RANK_WORKUP,
			"workup.key: no column looks like one; each row is taken for a workup of its own");
	else if (!days.len)
		suggest_unsure(p, RANK_WORKUP, "workup.key: no column looks like one; one workup a patient is assumed");
	else
		suggest_unsure(p, RANK_WORKUP,
			"workup.key: no column looks like one; one workup a patient is assumed, though days differ "
			"within a patient in %s; if they are the days of biopsies, set \"key\" and \"date\" to it",
			days.data);
	vx_buf_free(&days);
}

void suggest_keys(struct suggest_plan *p)
{
	long rows = (long)p->t->n_sample;

	for (size_t c = 0; c < p->t->n && p->key == NO_COLUMN; c++)
		if (is_key(p, c)) {
			p->key = c;
			p->used[c] = true;
		}
	if (p->key == NO_COLUMN)
		take_day(p);
	if (p->key == NO_COLUMN)
		tell_of_no_key(p);
	number_units(p);
	if (p->rows == SUGGEST_WORKUP && suggest_several(p) && (size_t)rows > p->units)
		suggest_unsure(p, RANK_WORKUP,
			"workup.key: %ld of %ld sampled rows are a further row of a workup; look whether a row is a "
			"workup",
			rows - (long)p->units, rows);
}
