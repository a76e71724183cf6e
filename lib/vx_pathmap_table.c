/* vx_pathmap_table: what a mapping says of the table as a whole: its rows, its writing, columns, captures, lists.
 * the members of a mapping -> struct vx_pathmap
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "vx_json_lines.h"
#include "vx_pathmap_load.h"
#include "vx_template.h"

/* Which of the names a string is; 0 where it is absent. */
static int choice(const struct vx_json *obj, const char *key, const char *const *names)
{
	const char *text = vx_json_str(obj, key);

	for (int i = 0; text && names[i]; i++)
		if (strcmp(text, names[i]) == 0)
			return i;
	return 0;
}

static void take_writing(struct vx_pathmap *m, const struct vx_json *json)
{
	static const char *const rows[] = { "core", "lesion", "workup", NULL };
	static const char *const orders[] = { "YMD", "DMY", "MDY", NULL };
	static const char *const decimals[] = { ".", ",", NULL };

	m->license = vx_json_str(json, "license");
	m->table = vx_json_str(json, "table");
	m->rows = (enum vx_pathmap_rows)choice(json, "rows", rows);
	m->date_order = (enum vx_cell_date)choice(json, "dates", orders);
	m->decimal = *decimals[choice(json, "decimal", decimals)];
	m->blanks = vx_pathmap_take_words(json, "blank", &m->n_blanks);
	for (size_t i = 0; i < m->n_blanks; i++)
		if (isalnum((unsigned char)m->blanks[i][0]))
			m->own->begins[(unsigned char)m->blanks[i][0]] = true;
}

static void take_pattern(
	struct vx_pathmap_loader *l, const char *column, const char *text, struct vx_pathmap_capture *c)
{
	struct vx_error err = VX_ERROR_INIT;

	c->pattern = vx_pattern_new(text, &err);
	if (!c->pattern) {
		vx_pathmap_wrong(l, column, "%s", err.reason);
		return;
	}
	c->n = vx_pattern_names(c->pattern);
	c->columns = vx_alloc((c->n + 1) * sizeof *c->columns);
	if (c->n == 0)
		vx_pathmap_wrong(l, column, "captures nothing: {name} stands for what becomes a column");
	for (size_t i = 0; i < c->n; i++) {
		struct vx_json *name = vx_json_string(vx_pattern_name(c->pattern, i));
		size_t old = vx_pathmap_enter(l, column);

		c->columns[i] = vx_pathmap_column(l, name);
		if (c->columns[i] >= 0 && l->columns[c->columns[i]].captured && l->learning)
			l->columns[c->columns[i]].twice = true;
		if (c->columns[i] >= 0)
			l->columns[c->columns[i]].captured = true;
		vx_pathmap_leave(l, old);
		vx_json_free(name);
	}
}

static void take_captures(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	const struct vx_json *obj = vx_json_get(json, "capture");
	struct vx_json_iter it = vx_json_begin(obj);
	size_t old = vx_pathmap_enter(l, "capture");
	struct vx_pathmap *m = l->m;

	m->captures = vx_alloc((vx_json_size(obj) + 1) * sizeof *m->captures);
	while (vx_json_next(&it)) {
		struct vx_pathmap_capture *c = &m->captures[m->n_captures];
		struct vx_json *name;
		size_t inner;

		if (strcmp(it.key, "$comment") == 0)
			continue;
		m->n_captures++;
		inner = vx_pathmap_enter(l, it.key);
		name = vx_json_string(it.key);
		c->column = vx_pathmap_column(l, name);
		vx_json_free(name);
		vx_pathmap_leave(l, inner);
		take_pattern(l, it.key, vx_json_text(it.value, NULL), c);
	}
	vx_pathmap_leave(l, old);
}

/* The list column among m->lists, or NULL. */
static struct vx_pathmap_list *list_of(struct vx_pathmap *m, vx_column c)
{
	for (size_t i = 0; c != VX_NO_COLUMN && i < m->n_lists; i++)
		if (m->lists[i].column == c)
			return &m->lists[i];
	return NULL;
}

static void take_omit(struct vx_pathmap_loader *l, const char *column, const struct vx_json *omit)
{
	struct vx_pathmap_list *list = list_of(l->m, vx_pathmap_find_column(l, column)), *where;
	size_t old = vx_pathmap_enter(l, column);
	vx_column c = vx_pathmap_take_column(l, omit, "where");

	where = list_of(l->m, c);
	if (!list)
		vx_pathmap_wrong(l, NULL, "is not among component.lists.columns");
	else if (!where)
		vx_pathmap_wrong(l, "where", "is not among component.lists.columns");
	else if (where == list)
		vx_pathmap_wrong(l, "where", "is the list itself");
	if (list && where) {
		list->omits = c;
		list->omit_values = vx_pathmap_take_words(omit, "is", &list->n_omit_values);
	}
	vx_pathmap_leave(l, old);
}

static void take_lists(struct vx_pathmap_loader *l, const struct vx_json *component)
{
	const struct vx_json *obj = vx_json_get(component, "lists");
	struct vx_pathmap *m = l->m;
	struct vx_json_iter it;
	vx_column *columns;
	size_t old;

	if (!obj)
		return;
	old = vx_pathmap_enter(l, "lists");
	l->use = VX_USE_LISTS;
	m->separator = vx_json_str(obj, "separator")[0];
	columns = vx_pathmap_take_columns(l, obj, "columns", &m->n_lists);
	m->lists = vx_alloc(m->n_lists * sizeof *m->lists);
	for (size_t i = 0; i < m->n_lists; i++) {
		m->lists[i] = (struct vx_pathmap_list){ .column = columns[i], .omits = VX_NO_COLUMN };
		if (columns[i] >= 0)
			l->columns[columns[i]].list = true;
	}
	free(columns);
	vx_pathmap_enter(l, "omit");
	for (it = vx_json_begin(vx_json_get(obj, "omit")); vx_json_next(&it);)
		if (strcmp(it.key, "$comment") != 0)
			take_omit(l, it.key, it.value);
	vx_pathmap_leave(l, old);
}

static void take_component(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	const struct vx_json *obj = vx_json_get(json, "component");
	size_t old = vx_pathmap_enter(l, "component");
	struct vx_pathmap *m = l->m;

	take_lists(l, obj);
	l->use = VX_USE_COMPONENT;
	m->component_name = vx_pathmap_take_columns(l, obj, "name", &m->n_component_name);
	vx_json_get_bool(obj, "unique", &m->component_unique);
	vx_pathmap_leave(l, old);
	vx_pathmap_take_part(l, json, "component", &m->component);
	l->use = VX_USE_ROW;
}

static void take_psa(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	const struct vx_json *obj = vx_json_get(json, "psa");
	struct vx_pathmap_psa *psa = &l->m->psa;
	size_t old = vx_pathmap_enter(l, "psa");

	psa->given = obj != NULL;
	psa->value = vx_pathmap_take_column(l, obj, "value");
	psa->date = vx_pathmap_take_column(l, obj, "date");
	psa->density = vx_pathmap_take_column(l, obj, "density");
	vx_pathmap_take_other(l, obj, "other_data", &psa->other);
	vx_pathmap_leave(l, old);
}

static void take_ignored(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	const struct vx_json *list = vx_json_get(json, "ignore");
	size_t old = vx_pathmap_enter(l, "ignore");
	struct vx_pathmap *m = l->m;

	m->n_ignored = vx_json_size(list);
	m->ignored = vx_alloc((m->n_ignored + 1) * sizeof *m->ignored);
	for (size_t i = 0; i < m->n_ignored; i++)
		m->ignored[i] = vx_strdup(vx_json_text(vx_json_at(list, i), NULL));
	vx_pathmap_leave(l, old);
}

static void take_unsure(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	const struct vx_json *list = vx_json_get(json, "unsure");
	struct vx_pathmap *m = l->m;
	char path[40];

	m->n_unsure = vx_json_size(list);
	m->unsure = vx_alloc((m->n_unsure + 1) * sizeof *m->unsure);
	for (size_t i = 0; i < m->n_unsure; i++) {
		snprintf(path, sizeof path, "unsure.%zu", i);
		m->unsure[i].text = vx_json_text(vx_json_at(list, i), NULL);
		m->unsure[i].line = vx_json_line(l->text, l->len, path);
	}
}

void vx_pathmap_take_table(struct vx_pathmap_loader *l, const struct vx_json *json)
{
	struct vx_pathmap *m = l->m;
	size_t old;

	l->use = VX_USE_ROW;
	take_writing(m, json);
	take_captures(l, json);
	m->patient = vx_pathmap_take_column(l, json, "patient");
	l->use = VX_USE_WHEN;
	m->when = vx_pathmap_take_columns(l, json, "when", &m->n_when);
	l->use = VX_USE_ROW;
	old = vx_pathmap_enter(l, "workup");
	m->workup_key = vx_pathmap_take_columns(l, vx_json_get(json, "workup"), "key", &m->n_workup_key);
	vx_pathmap_leave(l, old);
	vx_pathmap_take_part(l, json, "workup", &m->workup);
	take_component(l, json);
	old = vx_pathmap_enter(l, "root");
	vx_pathmap_take_other(l, vx_json_get(json, "root"), "other_data", &m->root_other);
	vx_pathmap_leave(l, old);
	take_psa(l, json);
	vx_pathmap_take_checks(l, json);
	take_ignored(l, json);
	take_unsure(l, json);
}

void vx_pathmap_table_free(struct vx_pathmap *m)
{
	vx_pathmap_words_free(m->blanks);
	free(m->when);
	for (size_t i = 0; i < m->n_captures; i++) {
		vx_pattern_free(m->captures[i].pattern);
		free(m->captures[i].columns);
	}
	free(m->captures);
	free(m->workup_key);
	vx_pathmap_part_free(&m->workup);
	free(m->component_name);
	vx_pathmap_part_free(&m->component);
	for (size_t i = 0; i < m->n_lists; i++)
		vx_pathmap_words_free(m->lists[i].omit_values);
	free(m->lists);
	vx_pathmap_other_free(&m->root_other);
	vx_pathmap_other_free(&m->psa.other);
	vx_pathmap_checks_free(m);
	for (size_t i = 0; i < m->n_ignored; i++)
		free(m->ignored[i]);
	free(m->ignored);
	free(m->unsure);
}
