/* suggest_map: plan -> the mapping's JSON, in the order in which people read one.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "suggest_map.h"
#include "vx_pathmap.h"

static const char *const rows_names[] = { "core", "lesion", "workup" };

struct vx_json *suggest_part(struct suggest_draft *d, size_t column)
{
	return d->p->rows == SUGGEST_WORKUP && !suggest_list_of(d->p, column) ? d->workup : d->component;
}

struct vx_json *suggest_object_in(struct vx_json *obj, const char *key)
{
	if (!vx_json_get(obj, key))
		vx_json_set(obj, key, vx_json_object());
	return vx_json_get(obj, key);
}

void suggest_set_column(struct suggest_draft *d, struct vx_json *obj, const char *key, size_t column)
{
	if (column == NO_COLUMN)
		return;
	vx_json_set_str(obj, key, suggest_name(d->p, column));
	d->p->used[column] = true;
}

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

/* Rows without pathology: the grade is blank, and the procedure with it. Without lists only where such rows name no
 * procedure or day at all: a blank grade alone may be a benign biopsy. */
static void put_when(struct suggest_draft *d, struct vx_json *map)
{
	struct suggest_plan *p = d->p;
	size_t c = p->at[ROLE_GLEASON] != NO_COLUMN ? p->at[ROLE_GLEASON] : p->at[ROLE_ISUP];
	size_t also = p->at[ROLE_PROCEDURE] != NO_COLUMN ? p->at[ROLE_PROCEDURE] : p->at[ROLE_DATE];
	long blank = 0, both = 0;

	if (c == NO_COLUMN || p->rows != SUGGEST_WORKUP)
		return;
	for (size_t r = 0; r < p->t->n_sample; r++) {
		blank += !suggest_cell(p, r, c).len;
		both += !suggest_cell(p, r, c).len && also != NO_COLUMN && !suggest_cell(p, r, also).len;
	}
	if (!blank || !(p->n_lists || suggest_most(both, blank, 95)))
		return;
	if (both) {
		struct vx_json *columns = vx_json_array();
		vx_json_push(columns, vx_json_string(suggest_name(p, c)));
		vx_json_push(columns, vx_json_string(suggest_name(p, also)));
		vx_json_set(map, "when", columns);
		suggest_unsure(p, RANK_ROWS,
			"when: rows in which \"%s\" and \"%s\" are empty are taken to hold no pathology",
			suggest_name(p, c), suggest_name(p, also));
	} else {
		vx_json_set_str(map, "when", suggest_name(p, c));
		suggest_unsure(p, RANK_ROWS, "when: rows in which \"%s\" is empty are taken to hold no pathology",
			suggest_name(p, c));
	}
}

static void put_head(struct suggest_draft *d, struct vx_json *map)
{
	struct suggest_plan *p = d->p;

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
		suggest_set_column(d, map, "patient", p->at[ROLE_PATIENT]);
	vx_json_set_str(map, "rows", rows_names[p->rows]);
	put_when(d, map);
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
		suggest_set_column(d, d->component, "name", p->at[ROLE_NAME]);
	if (!is_unique(p))
		return;
	vx_json_set_bool(d->component, "unique", true);
	suggest_unsure(p, RANK_PLACE,
		"component.unique: in no sampled workup \"%s\" has a cell twice; rows that do so and differ are "
		"rejected",
		suggest_name(p, p->at[ROLE_NAME]));
}

/* Which columns the mapping really names: what was meant for a part that it lacks is left as well. */
static void look_for_used(struct suggest_plan *p, const struct vx_json *map)
{
	struct vx_buf text = VX_BUF_INIT;
	struct vx_pathmap *m;

	vx_json_print(map, &text);
	m = vx_pathmap_parse("the suggested mapping", text.data, text.len, p->lexicon, NULL);
	vx_buf_free(&text);
	if (!m)
		return;
	for (size_t c = 0; c < p->t->n; c++) {
		const char *name = suggest_name(p, c);
		p->used[c] = false;
		for (size_t i = 0; i < m->n_columns && !p->used[c]; i++)
			p->used[c] = strcmp(m->columns[i], name) == 0;
		for (size_t i = 0; i < vx_json_size(p->ignore) && !p->used[c]; i++)
			p->used[c] = strcmp(vx_json_text(vx_json_at(p->ignore, i), NULL), name) == 0;
	}
	vx_pathmap_free(m);
}

/* Of a column that looks like a grade by its name or by its cells: why. NULL: of another one. */
static const char *why_grade(const struct suggest_plan *p, size_t c)
{
	const struct suggest_profile *f = &p->profile[c];

	if (f->n && suggest_hint(p, c, HINT(GLEASON) | HINT(ISUP) | HINT(PRIMARY) | HINT(SECONDARY)))
		return "is named like a grade too";
	return suggest_most(f->patterns, f->n, 20) ? "has cells that read as grades too" : NULL;
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
		const char *grade = why_grade(p, c);
		if (grade)
			suggest_unsure(p, RANK_GRADE,
				"grade: \"%s\" %s; a mapping reads one grade a row, this column is left unmapped",
				suggest_name(p, c), grade);
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
	suggest_numbers(&d);
	psa = suggest_psa(&d);
	suggest_others(&d);
	if (p->rows != SUGGEST_WORKUP && !vx_json_size(d.component))
		vx_json_set_str(suggest_object_in(d.component, "set"), "type", "BIOPSY");
	put(map, "workup", d.workup);
	put(map, "component", d.component);
	put(map, "root", d.root);
	put(map, "psa", psa);
	put(map, "checks", vx_json_ref(p->checks));
	put(map, "ignore", vx_json_ref(p->ignore));
	look_for_used(p, map);
	tell_of_left(p);
	put(map, "unsure", notes_of(p));
	return map;
}
