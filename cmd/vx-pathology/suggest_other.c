/* suggest_other: numbers, PSA values, and what goes to other_data, in the mapping's words.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_map.h"

/* ---- other_data ---- */

/* A column's name as a key of other_data that is not there yet. */
static char *key_of(const struct vx_json *other, const char *name)
{
	static const char *const own[] = { "source", "region", "procedure", "isup_candidates", "isup_at_least",
		"warning", "patterns_derived", "disagrees", "components", "not_assessed", "rejected_rows" };
	struct vx_buf b = VX_BUF_INIT;
	size_t len;

	suggest_words_fold(&b, name, strlen(name));
	for (size_t i = 0; i < b.len; i++)
		b.data[i] = strchr(" .\"\\?*{}", b.data[i]) ? '_' : b.data[i];
	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (b.len == strlen(own[i]) && memcmp(b.data, own[i], b.len) == 0)
			vx_buf_puts(&b, "_stated");
	len = b.len;
	for (int n = 2; vx_json_has(other, b.data); n++) {
		b.len = len;
		vx_buf_printf(&b, "_%d", n);
	}
	return b.data;
}

/* What all cells of a column are: a wrong claim would reject rows. */
static const char *as_of(const struct suggest_plan *p, size_t column)
{
	const struct suggest_profile *f = &p->profile[column];
	long dates = suggest_days(p, f);

	if (f->n && f->integer == f->n)
		return suggest_hint(p, column, HINT(PIRADS)) ? "integer" : "number";
	if (f->n && f->number - (p->decimal == ',' ? f->dot : f->comma) == f->n)
		return "number";
	return f->n && dates == f->n && suggest_hint(p, column, HINT(OTHER_DATE) | HINT(DATE)) ? "date" : "text";
}

static void add_other(struct suggest_draft *d, struct vx_json *part, const char *key, size_t column)
{
	struct vx_json *other = suggest_object_in(part, "other_data"), *value;
	const char *as = as_of(d->p, column);
	char *name = key_of(other, key ? key : suggest_name(d->p, column));

	if (suggest_hint(d->p, column, HINT(WORKUP) | HINT(COMPONENT)) && strcmp(as, "date") != 0)
		as = "text";
	if (strcmp(as, "text") == 0) {
		vx_json_set_str(other, name, suggest_name(d->p, column));
	} else {
		value = vx_json_object();
		vx_json_set_str(value, "column", suggest_name(d->p, column));
		vx_json_set_str(value, "as", as);
		vx_json_set(other, name, value);
	}
	d->p->used[column] = true;
	free(name);
}

/* A coordinate's axis (x, y, z: 0 to 2) and its name without it, folded; -1: none. */
static int axis_of(const char *name, struct vx_buf *rest)
{
	struct vx_buf b = VX_BUF_INIT;
	int axis = -1;

	vx_buf_clear(rest);
	suggest_words_fold(&b, name, strlen(name));
	for (size_t i = 0, end; i < b.len; i = end + 1) {
		for (end = i; end < b.len && b.data[end] != ' '; end++)
			;
		if (axis < 0 && end == i + 1 && b.data[i] >= 'x' && b.data[i] <= 'z') {
			axis = b.data[i] - 'x';
			continue;
		}
		vx_buf_puts(rest, rest->len ? " " : "");
		vx_buf_add(rest, b.data + i, end - i);
	}
	vx_buf_free(&b);
	return axis;
}

/* The column that has the next axis of the same thing. */
static size_t next_axis(const struct suggest_plan *p, const struct vx_buf *rest, int axis)
{
	struct vx_buf other = VX_BUF_INIT;
	size_t found = NO_COLUMN;

	for (size_t c = 0; c < p->t->n && found == NO_COLUMN; c++)
		if (suggest_free(p, c) && suggest_hint(p, c, HINT(COORDINATE)) &&
			axis_of(suggest_name(p, c), &other) == axis && other.len == rest->len &&
			memcmp(other.data ? other.data : "", rest->data ? rest->data : "", rest->len) == 0)
			found = c;
	vx_buf_free(&other);
	return found;
}

static void put_coordinates(struct suggest_draft *d)
{
	struct suggest_plan *p = d->p;
	struct vx_buf rest = VX_BUF_INIT;

	for (size_t x = 0; x < p->t->n; x++) {
		size_t y = NO_COLUMN, z = NO_COLUMN;
		if (!suggest_free(p, x) || !suggest_hint(p, x, HINT(COORDINATE)))
			continue;
		if (axis_of(suggest_name(p, x), &rest) == 0) {
			y = next_axis(p, &rest, 1);
			z = next_axis(p, &rest, 2);
		}
		if (y == NO_COLUMN || z == NO_COLUMN || strcmp(as_of(p, x), "number") != 0 ||
			strcmp(as_of(p, y), "number") != 0 || strcmp(as_of(p, z), "number") != 0) {
			add_other(d, suggest_part(d, x), NULL, x);
			continue;
		}
		struct vx_json *other = suggest_object_in(suggest_part(d, x), "other_data"), *value = vx_json_object();
		struct vx_json *columns = vx_json_array();
		char *name = key_of(other, rest.len ? rest.data : "position");
		size_t axes[] = { x, y, z };
		for (size_t i = 0; i < 3; i++) {
			vx_json_push(columns, vx_json_string(suggest_name(p, axes[i])));
			p->used[axes[i]] = true;
		}
		vx_json_set(value, "columns", columns);
		vx_json_set_str(value, "as", "number");
		vx_json_set(other, name, value);
		free(name);
	}
	vx_buf_free(&rest);
}

static bool once_a_patient(const struct suggest_plan *p, size_t column)
{
	long groups, constant;

	suggest_constant(p, column, false, &groups, &constant);
	return p->rows != SUGGEST_WORKUP && constant == groups;
}

void suggest_others(struct suggest_draft *d)
{
	struct suggest_plan *p = d->p;
	size_t c = p->at[ROLE_PIRADS];

	if (p->key != NO_COLUMN && p->key != p->at[ROLE_DATE])
		add_other(d, d->workup, NULL, p->key);
	if (c != NO_COLUMN)
		add_other(d, suggest_part(d, c), "pirads", c);
	c = p->at[ROLE_VOLUME];
	if (c != NO_COLUMN && (p->rows != SUGGEST_WORKUP || p->at[ROLE_PSA] == NO_COLUMN))
		add_other(d, once_a_patient(p, c) ? d->root : d->workup, "prostate_volume_ml", c);
	for (c = 0; c < p->t->n; c++) {
		long groups, constant;
		if (!suggest_free(p, c))
			continue;
		suggest_constant(p, c, true, &groups, &constant);
		if (suggest_list_of(p, c))
			add_other(d, d->component, NULL, c);
		else if (suggest_hint(p, c, HINT(OTHER_DATE) | HINT(WORKUP)) && constant == groups)
			add_other(d, d->workup, NULL, c);
		else if (suggest_hint(p, c, HINT(CSPCA)) && suggest_most(p->profile[c].answer, p->profile[c].n, 90))
			add_other(d, suggest_object_in(suggest_part(d, c), "assessment"), NULL, c);
	}
	put_coordinates(d);
}

/* ---- numbers, psa ---- */

static struct vx_json *number_of(struct suggest_draft *d, const size_t *columns, size_t n, double times)
{
	struct vx_json *names = vx_json_array(), *whole;

	for (size_t i = 0; i < n; i++)
		vx_json_push(names, vx_json_string(suggest_name(d->p, columns[i])));
	if (n == 1) {
		whole = vx_json_string(suggest_name(d->p, columns[0]));
		vx_json_free(names);
	} else {
		whole = names;
	}
	if (times < 2)
		return whole;
	names = vx_json_object();
	vx_json_set(names, "columns", whole);
	vx_json_set_int(names, "times", (int64_t)times);
	return names;
}

static double millimetres(struct suggest_draft *d, size_t column)
{
	if (suggest_hint(d->p, column, HINT(CENTIMETRES)))
		return 10;
	if (!strstr(suggest_name(d->p, column), "mm"))
		suggest_unsure(d->p, RANK_VALUE, "\"%s\" does not say its unit; millimetres are assumed",
			suggest_name(d->p, column));
	return 1;
}

/* Cores cannot be counted where rows are lesions; the same number in each row of a workup is the workup's. */
static void put_count(struct suggest_draft *d, const char *key, size_t column)
{
	long groups, constant;

	if (column == NO_COLUMN)
		return;
	suggest_constant(d->p, column, true, &groups, &constant);
	if (constant == groups)
		suggest_set_column(d, d->workup, key, column);
}

void suggest_numbers(struct suggest_draft *d)
{
	struct suggest_plan *p = d->p;
	size_t c = p->at[ROLE_CANCER_LENGTH];

	if (p->n_lengths)
		vx_json_set(suggest_part(d, p->lengths[0]), "core_length",
			number_of(d, p->lengths, p->n_lengths, millimetres(d, p->lengths[0])));
	if (c != NO_COLUMN)
		vx_json_set(suggest_part(d, c), "cancer_length", number_of(d, &c, 1, millimetres(d, c)));
	c = p->at[ROLE_PERCENT];
	if (c != NO_COLUMN) {
		bool share = p->profile[c].max <= 1 && p->profile[c].integer < p->profile[c].n;
		vx_json_set(suggest_part(d, c), "percent_cancer", number_of(d, &c, 1, share ? 100 : 1));
		if (share)
			suggest_unsure(p, RANK_VALUE,
				"percent_cancer: no cell of \"%s\" is above 1; shares of 1 are assumed",
				suggest_name(p, c));
	}
	if (p->rows == SUGGEST_WORKUP) {
		suggest_set_column(d, d->workup, "total_cores", p->at[ROLE_TOTAL]);
		suggest_set_column(d, d->workup, "affected_cores", p->at[ROLE_AFFECTED]);
	} else if (p->rows == SUGGEST_LESION) {
		put_count(d, "total_cores", p->at[ROLE_TOTAL]);
		put_count(d, "affected_cores", p->at[ROLE_AFFECTED]);
	}
}

struct vx_json *suggest_psa(struct suggest_draft *d)
{
	struct suggest_plan *p = d->p;
	struct vx_json *psa;

	if (p->at[ROLE_PSA] == NO_COLUMN)
		return NULL;
	psa = vx_json_object();
	suggest_set_column(d, psa, "value", p->at[ROLE_PSA]);
	suggest_set_column(d, psa, "date", p->at[ROLE_PSA_DATE]);
	suggest_set_column(d, psa, "density", p->at[ROLE_DENSITY]);
	/* Rows without pathology have a psa too: what belongs to it may not hang on a workup. */
	if (p->rows == SUGGEST_WORKUP && p->key != NO_COLUMN && p->key != p->at[ROLE_DATE])
		add_other(d, psa, NULL, p->key);
	if (p->rows == SUGGEST_WORKUP && p->at[ROLE_VOLUME] != NO_COLUMN)
		add_other(d, psa, "prostate_volume_ml", p->at[ROLE_VOLUME]);
	for (size_t c = 0; c < p->t->n; c++)
		if (suggest_free(p, c) && suggest_hint(p, c, HINT(PSA_OTHER)))
			add_other(d, psa, NULL, c);
	return psa;
}
