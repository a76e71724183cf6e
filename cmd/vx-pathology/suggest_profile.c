/* suggest_profile: how the cells of each column read, and what they say about the table's ways of writing.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_plan.h"

#define NUMERIC                                                                                                        \
	(HINT(PSA) | HINT(PSA_DENSITY) | HINT(PSA_OTHER) | HINT(VOLUME) | HINT(CORE_LENGTH) | HINT(CANCER_LENGTH) |    \
		HINT(PERCENT_CANCER) | HINT(COORDINATE))
#define DATED (HINT(DATE) | HINT(ASSESSED) | HINT(OTHER_DATE) | HINT(PSA_DATE))

/* ---- blank words ---- */

static int by_value(const void *a, const void *b)
{
	const struct vx_json *const *x = a, *const *y = b;

	return strcmp(vx_json_text(*x, NULL), vx_json_text(*y, NULL));
}

static void sort_texts(struct vx_json **array)
{
	size_t n = vx_json_size(*array);
	struct vx_json **items = vx_alloc((n + 1) * sizeof(struct vx_json *)), *sorted = vx_json_array();

	for (size_t i = 0; i < n; i++)
		items[i] = vx_json_at(*array, i);
	if (n)
		qsort(items, n, sizeof *items, by_value);
	for (size_t i = 0; i < n; i++)
		vx_json_push(sorted, vx_json_ref(items[i]));
	free(items);
	vx_json_free(*array);
	*array = sorted;
}

/* Adds a text unless one that folds alike is there. */
static void add_text(struct vx_json *array, struct vx_json *folded, const char *text, size_t len)
{
	struct vx_buf b = VX_BUF_INIT;

	suggest_words_fold(&b, text, len);
	if (!vx_json_has(folded, b.data)) {
		vx_json_set_bool(folded, b.data, true);
		vx_json_push(array, vx_json_string_n(text, len));
	}
	vx_buf_free(&b);
}

/* The words that say nothing, where others than the usual ones are among them. */
static void find_blanks(struct suggest_plan *p)
{
	struct vx_json *folded = vx_json_object(), *own = vx_json_array(), *usual = vx_json_array();
	long cells = 0;

	for (size_t c = 0; c < p->t->n; c++) {
		const struct suggest_column *col = &p->t->columns[c];
		if (suggest_hint(p, c, HINT(PERSONAL) | HINT(PATIENT) | HINT(COMMENT)))
			continue;
		for (size_t i = 0; i < col->n; i++) {
			const struct suggest_value *v = &col->values[i];
			if (vx_cell_blank(v->text, v->len)) {
				add_text(usual, folded, v->text, v->len);
			} else if (suggest_words_blank(p->t->words, v->text, v->len)) {
				add_text(own, folded, v->text, v->len);
				cells += v->count;
			}
		}
	}
	if (vx_json_size(own)) {
		sort_texts(&own);
		struct vx_buf b = VX_BUF_INIT;
		vx_json_print(own, &b);
		suggest_unsure(p, RANK_FORMAT, "blank: taken to say nothing: %s, in %ld cells", b.data, cells);
		vx_buf_free(&b);
		for (size_t i = 0; i < vx_json_size(usual); i++)
			vx_json_push(own, vx_json_ref(vx_json_at(usual, i)));
		sort_texts(&own);
		p->blanks = vx_json_ref(own);
	}
	vx_json_free(folded);
	vx_json_free(own);
	vx_json_free(usual);
}

/* ---- one cell ---- */

static void read_number(struct suggest_profile *f, struct vx_slice s, long n)
{
	double v, w = 0;
	bool dot = vx_cell_number(s.text, s.len, '.', &v, NULL) == VX_OK;
	bool comma = vx_cell_number(s.text, s.len, ',', &w, NULL) == VX_OK;

	if (!dot && !comma)
		return;
	v = dot ? v : w;
	f->min = !f->number || v < f->min ? v : f->min;
	f->max = !f->number || v > f->max ? v : f->max;
	f->number += n;
	f->dot += dot && !comma ? n : 0;
	f->comma += comma && !dot ? n : 0;
	f->zero += v >= 0 && v <= 0 ? n : 0;
	if (v > -1e9 && v < 1e9 && v == (double)(long)v) {
		f->integer += n;
		f->pattern += v >= 0 && v <= 5 ? n : 0;
		f->sums += v >= 6 && v <= 10 ? n : 0;
	}
}

static void read_grade(const struct suggest_plan *p, struct suggest_profile *f, struct vx_slice s, long n)
{
	struct vx_grade g;

	if (vx_grade_parse(s.text, s.len, VX_GRADE_GLEASON, p->lexicon, &g, NULL) == VX_OK) {
		f->score += n;
		f->patterns += (g.primary && !g.derived) || memchr(s.text, '+', s.len) ? n : 0;
	}
	f->group += vx_grade_parse(s.text, s.len, VX_GRADE_GROUP, p->lexicon, &g, NULL) == VX_OK ? n : 0;
	f->any += vx_grade_parse(s.text, s.len, VX_GRADE_ANY, p->lexicon, &g, NULL) == VX_OK ? n : 0;
}

static bool says_where(const struct vx_place *place)
{
	for (int i = 0; i < VX_PLACE_FIELDS; i++)
		if (place->value[i])
			return true;
	return place->is_systematic >= 0 || place->is_targeted >= 0;
}

static void read_place(const struct suggest_plan *p, struct suggest_profile *f, struct vx_slice s, long n)
{
	struct vx_place place = VX_PLACE_INIT;
	unsigned all = VX_PLACE_MASK | 1u << VX_TERM_IS_SYSTEMATIC | 1u << VX_TERM_IS_TARGETED;
	bool whole = vx_location_parse(p->lexicon, s.text, s.len, all, &place, NULL, NULL);

	if (says_where(&place)) {
		f->place += n;
		f->whole += whole ? n : 0;
	}
	for (unsigned i = 0; i < VX_PLACE_FIELDS; i++) {
		place = (struct vx_place)VX_PLACE_INIT;
		if (vx_location_parse(p->lexicon, s.text, s.len, 1u << i, &place, NULL, NULL) && place.value[i])
			f->field[i] += n;
	}
}

static void read_date(struct suggest_profile *f, struct vx_slice s, long n)
{
	char day[11];
	bool ymd = vx_cell_date(s.text, s.len, VX_DATE_YMD, day, NULL) == VX_OK;
	bool dmy = vx_cell_date(s.text, s.len, VX_DATE_DMY, day, NULL) == VX_OK;
	bool mdy = vx_cell_date(s.text, s.len, VX_DATE_MDY, day, NULL) == VX_OK;

	if (ymd)
		f->ymd += n;
	else if (dmy && mdy)
		f->both += n;
	else
		*(dmy ? &f->dmy : &f->mdy) += dmy || mdy ? n : 0;
}

static void read_cell(const struct suggest_plan *p, struct suggest_profile *f, struct vx_slice s, long n)
{
	struct suggest_procedure procedure;

	if (suggest_blank(p, s.text, s.len))
		return;
	f->n += n;
	f->distinct++;
	f->longest = s.len > f->longest ? s.len : f->longest;
	read_number(f, s, n);
	read_grade(p, f, s, n);
	read_place(p, f, s, n);
	read_date(f, s, n);
	f->answer += suggest_words_answer(p->t->words, s.text, s.len) >= 0 ? n : 0;
	f->procedure += suggest_words_procedure(p->t->words, s.text, s.len, &procedure) ? n : 0;
}

void suggest_profile_column(struct suggest_plan *p, size_t column)
{
	const struct suggest_column *col = &p->t->columns[column];
	char separator = suggest_list_of(p, column) ? p->separator : 0;
	struct suggest_profile *f = &p->profile[column];

	*f = (struct suggest_profile){ 0 };
	for (size_t i = 0; i < col->n; i++) {
		struct vx_slice cell = { col->values[i].text, col->values[i].len }, item;
		size_t at = 0;
		while (suggest_item(separator, cell, &at, &item))
			read_cell(p, f, item, col->values[i].count);
	}
}

/* ---- the whole table ---- */

static void find_decimal(struct suggest_plan *p)
{
	long dot = 0, comma = 0;

	for (size_t c = 0; c < p->t->n; c++) {
		const struct suggest_profile *f = &p->profile[c];
		if (suggest_hint(p, c, NUMERIC) && suggest_most(f->number, f->n, 80)) {
			dot += f->dot;
			comma += f->comma;
		}
	}
	p->decimal = comma > dot ? ',' : '.';
	if (dot && comma)
		suggest_unsure(p, RANK_FORMAT,
			"decimal: %ld numbers are written with a comma and %ld with a point; those with a %s are "
			"rejected",
			comma, dot, p->decimal == ',' ? "point" : "comma");
}

static void find_dates(struct suggest_plan *p)
{
	long dmy = 0, mdy = 0, both = 0;

	for (size_t c = 0; c < p->t->n; c++) {
		const struct suggest_profile *f = &p->profile[c];
		if (!suggest_hint(p, c, DATED) || !suggest_most(f->ymd + f->dmy + f->mdy + f->both, f->n, 80))
			continue;
		dmy += f->dmy;
		mdy += f->mdy;
		both += f->both;
	}
	if (!dmy && !mdy && !both)
		return;
	p->dates = mdy > dmy ? VX_DATE_MDY : VX_DATE_DMY;
	if (dmy && mdy)
		suggest_unsure(p, RANK_FORMAT,
			"dates: %ld have their day in front and %ld their month; %s is assumed, the others are "
			"rejected",
			dmy, mdy, mdy > dmy ? "MDY" : "DMY");
	else if (!dmy && !mdy)
		suggest_unsure(p, RANK_FORMAT,
			"dates: no day above 12 settles whether day or month stands in front; DMY is assumed");
}

void suggest_profiles(struct suggest_plan *p)
{
	find_blanks(p);
	for (size_t c = 0; c < p->t->n; c++)
		suggest_profile_column(p, c);
	find_decimal(p);
	find_dates(p);
}
