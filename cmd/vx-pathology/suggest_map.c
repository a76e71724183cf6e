/* suggest_map: plan -> the mapping's JSON, in the order in which people read one.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_map.h"

static const char *const rows_names[] = { "core", "lesion", "workup" };

struct vx_json *suggest_part(struct suggest_draft *d, size_t column)
{
	return d->p->rows == SUGGEST_WORKUP && !suggest_list_of(d->p, column) ? d->workup : d->component;
}

/* The object of this name in obj, made when it is not there. */
static struct vx_json *object_in(struct vx_json *obj, const char *key)
{
	if (!vx_json_get(obj, key))
		vx_json_set(obj, key, vx_json_object());
	return vx_json_get(obj, key);
}

static void set_column(struct suggest_draft *d, struct vx_json *obj, const char *key, size_t column)
{
	if (column == NO_COLUMN)
		return;
	vx_json_set_str(obj, key, suggest_name(d->p, column));
	d->p->used[column] = true;
}

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
	long dates = f->ymd + (p->dates == VX_DATE_DMY          ? f->dmy + f->both
				      : p->dates == VX_DATE_MDY ? f->mdy + f->both
								: 0);

	if (f->n && f->integer == f->n)
		return suggest_hint(p, column, HINT(PIRADS)) ? "integer" : "number";
	if (f->n && f->number - (p->decimal == ',' ? f->dot : f->comma) == f->n)
		return "number";
	return f->n && dates == f->n && suggest_hint(p, column, HINT(OTHER_DATE) | HINT(DATE)) ? "date" : "text";
}

static void add_other(struct suggest_draft *d, struct vx_json *part, const char *key, size_t column)
{
	struct vx_json *other = object_in(part, "other_data"), *value;
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
		struct vx_json *other = object_in(suggest_part(d, x), "other_data"), *value = vx_json_object();
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

static void put_others(struct suggest_draft *d)
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
			add_other(d, object_in(suggest_part(d, c), "assessment"), NULL, c);
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

static void put_numbers(struct suggest_draft *d)
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
		set_column(d, d->workup, "total_cores", p->at[ROLE_TOTAL]);
		set_column(d, d->workup, "affected_cores", p->at[ROLE_AFFECTED]);
	}
}

static struct vx_json *psa_of(struct suggest_draft *d)
{
	struct suggest_plan *p = d->p;
	struct vx_json *psa;

	if (p->at[ROLE_PSA] == NO_COLUMN)
		return NULL;
	psa = vx_json_object();
	set_column(d, psa, "value", p->at[ROLE_PSA]);
	set_column(d, psa, "date", p->at[ROLE_PSA_DATE]);
	set_column(d, psa, "density", p->at[ROLE_DENSITY]);
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

/* ---- lists, the whole ---- */

static struct vx_json *lists_of(const struct suggest_plan *p)
{
	struct vx_json *lists = vx_json_object(), *columns = vx_json_array(), *omit = vx_json_object();

	vx_json_set(lists, "separator", vx_json_string_n(&p->separator, 1));
	vx_json_set(lists, "columns", columns);
	for (size_t i = 0; i < p->n_lists; i++) {
		vx_json_push(columns, vx_json_string(suggest_name(p, p->lists[i].column)));
		if (p->lists[i].where == NO_COLUMN)
			continue;
		struct vx_json *one = vx_json_object();
		vx_json_set_str(one, "where", suggest_name(p, p->lists[i].where));
		vx_json_set(one, "is", vx_json_ref(p->lists[i].is));
		vx_json_set(omit, suggest_name(p, p->lists[i].column), one);
	}
	if (vx_json_size(omit))
		vx_json_set(lists, "omit", omit);
	else
		vx_json_free(omit);
	return lists;
}

/* The column whose blank cells mark rows without pathology: the lists' grades; without lists, where no procedure is named
 * in just these rows. */
static size_t when_column(const struct suggest_plan *p)
{
	size_t c = p->at[ROLE_GLEASON] != NO_COLUMN ? p->at[ROLE_GLEASON] : p->at[ROLE_ISUP],
	       also = p->at[ROLE_PROCEDURE];
	long blank = 0, both = 0;

	also = also != NO_COLUMN ? also : p->at[ROLE_DATE];
	if (c == NO_COLUMN || p->rows != SUGGEST_WORKUP)
		return NO_COLUMN;
	for (size_t r = 0; r < p->t->n_sample; r++) {
		struct vx_slice cell = suggest_cell(p, r, c);
		if (cell.len)
			continue;
		blank++;
		both += also != NO_COLUMN && !suggest_cell(p, r, also).len;
	}
	return blank && (p->n_lists || suggest_most(both, blank, 95)) ? c : NO_COLUMN;
}

static void put_head(struct suggest_draft *d, struct vx_json *map)
{
	struct suggest_plan *p = d->p;
	size_t when = when_column(p);

	vx_json_set_str(map, "title", "A first mapping, suggested from the table");
	if (p->t->file && *p->t->file)
		vx_json_set_str(map, "table", p->t->file);
	if (p->decimal == ',')
		vx_json_set_str(map, "decimal", ",");
	if (p->dates != VX_DATE_YMD)
		vx_json_set_str(map, "dates", p->dates == VX_DATE_DMY ? "DMY" : "MDY");
	if (p->blanks)
		vx_json_set(map, "blank", vx_json_ref(p->blanks));
	if (p->captures)
		vx_json_set_str(map, "patient", p->captured[0]);
	else
		set_column(d, map, "patient", p->at[ROLE_PATIENT]);
	vx_json_set_str(map, "rows", rows_names[p->rows]);
	if (when != NO_COLUMN) {
		vx_json_set_str(map, "when", suggest_name(p, when));
		suggest_unsure(p, RANK_ROWS, "when: rows in which \"%s\" is empty are taken to hold no pathology",
			suggest_name(p, when));
	}
	if (p->captures)
		vx_json_set(map, "capture", vx_json_ref(p->captures));
}

/* Whether no two sampled rows of a workup have the same name; false where there are no two rows to tell. */
static bool is_unique(const struct suggest_plan *p)
{
	size_t c = p->at[ROLE_NAME];
	bool several = false;

	for (size_t r = 0; c != NO_COLUMN && r < p->t->n_sample; r++) {
		struct vx_slice a = suggest_cell(p, r, c), b;
		if (!a.len || p->t->sample[r].count > 1)
			return false;
		for (size_t q = r; q-- > 0 && p->t->sample[q].group == p->t->sample[r].group;) {
			b = suggest_cell(p, q, c);
			if (p->unit[q] != p->unit[r])
				continue;
			several = true;
			if (a.len == b.len && memcmp(a.text, b.text, a.len) == 0)
				return false;
		}
	}
	return several;
}

static void put_name(struct suggest_draft *d)
{
	struct suggest_plan *p = d->p;

	if (p->captures)
		vx_json_set_str(d->component, "name", p->captured[1]);
	else
		set_column(d, d->component, "name", p->at[ROLE_NAME]);
	if (!is_unique(p))
		return;
	vx_json_set_bool(d->component, "unique", true);
	suggest_unsure(p, RANK_PLACE,
		"component.unique: in no sampled workup \"%s\" has a cell twice; rows that do so and differ are "
		"rejected",
		suggest_name(p, p->at[ROLE_NAME]));
}

/* Names the columns of which nothing was made. */
static void tell_of_left(struct suggest_plan *p)
{
	static const char *const why[] = { "nothing was made of",
		"empty, left unmapped:", "free text, left unmapped:" };
	struct vx_buf names[3] = { VX_BUF_INIT, VX_BUF_INIT, VX_BUF_INIT };

	for (size_t c = 0; c < p->t->n; c++) {
		int i = !p->profile[c].n && !p->t->columns[c].nested ? 1 : suggest_hint(p, c, HINT(COMMENT)) ? 2 : 0;
		if (p->used[c])
			continue;
		vx_buf_printf(&names[i], "%s\"%s\"", names[i].len ? ", " : " ", suggest_name(p, c));
		if (suggest_hint(p, c, HINT(GLEASON) | HINT(ISUP) | HINT(PRIMARY) | HINT(SECONDARY)) && p->profile[c].n)
			suggest_unsure(p, RANK_GRADE,
				"grade: \"%s\" is named like a grade too; a mapping reads one grade a row, this column "
				"is left unmapped",
				suggest_name(p, c));
	}
	for (int i = 0; i < 3; i++) {
		if (names[i].len)
			suggest_unsure(p, RANK_LEFT, "columns: %s%s", why[i], names[i].data);
		vx_buf_free(&names[i]);
	}
	if (p->t->many)
		suggest_unsure(
			p, RANK_LEFT, "columns: the table has more than %zu; the others were not looked at", p->t->n);
}

static struct vx_json *notes_of(const struct suggest_plan *p)
{
	struct vx_json *unsure = vx_json_array();

	for (int rank = 0; rank <= RANK_LEFT; rank++)
		for (size_t i = 0; i < p->n_notes; i++)
			if (p->notes[i].rank == rank)
				vx_json_push(unsure, vx_json_string(p->notes[i].text));
	return unsure;
}

static void put(struct vx_json *map, const char *key, struct vx_json *value)
{
	if (vx_json_size(value))
		vx_json_set(map, key, value);
	else
		vx_json_free(value);
}

struct vx_json *suggest_map(struct suggest_plan *p)
{
	struct suggest_draft d = {
		.p = p, .workup = vx_json_object(), .component = vx_json_object(), .root = vx_json_object()
	};
	struct vx_json *map = vx_json_object(), *psa;

	put_head(&d, map);
	if (p->key != NO_COLUMN)
		vx_json_set_str(d.workup, "key", suggest_name(p, p->key));
	put_name(&d);
	if (p->n_lists)
		vx_json_set(d.component, "lists", lists_of(p));
	suggest_parts(&d);
	put_numbers(&d);
	psa = psa_of(&d);
	put_others(&d);
	put(map, "workup", d.workup);
	put(map, "component", d.component);
	put(map, "root", d.root);
	put(map, "psa", psa);
	put(map, "checks", vx_json_ref(p->checks));
	put(map, "ignore", vx_json_ref(p->ignore));
	tell_of_left(p);
	put(map, "unsure", notes_of(p));
	return map;
}
