/* vx_pathmap_read: what the readers of a mapping share: where they are, what is wrong there, columns, words, other_data.
 * members of a mapping's JSON -> column numbers, folded words, trees of columns
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_json_lines.h"
#include "vx_pathmap_load.h"

#define MOST_COLUMNS 4096
#define MOST_PROBLEMS 100

size_t vx_pathmap_enter(struct vx_pathmap_loader *l, const char *step)
{
	size_t old = l->path.len;

	if (old)
		vx_buf_putc(&l->path, '.');
	vx_buf_puts(&l->path, step);
	return old;
}

size_t vx_pathmap_enter_item(struct vx_pathmap_loader *l, size_t i)
{
	char step[24];

	snprintf(step, sizeof step, "%zu", i);
	return vx_pathmap_enter(l, step);
}

void vx_pathmap_leave(struct vx_pathmap_loader *l, size_t old)
{
	l->path.len = old;
	l->path.data[old] = '\0';
}

static void add_problem(struct vx_pathmap_loader *l, const char *path, const char *reason)
{
	struct vx_pathmap_problem *p, **at = &l->problems;
	long line;

	if (++l->n_problems > MOST_PROBLEMS)
		return;
	line = vx_json_line(l->text, l->len, path);
	while (*at && (*at)->err.row <= line)
		at = &(*at)->next;
	p = vx_alloc(sizeof *p);
	vx_error_set(&p->err, VX_EDATA, path, "%s", reason);
	vx_error_at(&p->err, l->name, line);
	p->next = *at;
	*at = p;
}

static void add_problem_v(struct vx_pathmap_loader *l, const char *path, const char *fmt, va_list args)
{
	char reason[1024];

	vsnprintf(reason, sizeof reason, fmt, args);
	add_problem(l, path, reason);
}

void vx_pathmap_wrong_at(struct vx_pathmap_loader *l, const char *path, const char *fmt, ...)
{
	va_list args;

	if (l->learning)
		return;
	va_start(args, fmt);
	add_problem_v(l, path, fmt, args);
	va_end(args);
}

void vx_pathmap_wrong(struct vx_pathmap_loader *l, const char *step, const char *fmt, ...)
{
	size_t old = l->path.len;
	va_list args;

	if (l->learning)
		return;
	if (step)
		vx_pathmap_enter(l, step);
	va_start(args, fmt);
	add_problem_v(l, l->path.data ? l->path.data : "", fmt, args);
	va_end(args);
	if (step)
		vx_pathmap_leave(l, old);
}

vx_column vx_pathmap_find_column(const struct vx_pathmap_loader *l, const char *name)
{
	for (size_t i = 0; i < l->n_columns; i++)
		if (strcmp(l->columns[i].name, name) == 0)
			return (vx_column)i;
	return VX_NO_COLUMN;
}

static void remember_use(struct vx_pathmap_loader *l, vx_column c)
{
	l->named = vx_realloc(l->named, (l->n_named + 1) * sizeof *l->named);
	l->named[l->n_named++] = (struct vx_pathmap_named){ c, l->use, vx_strdup(l->path.data) };
}

/* A column that the mapping names where the reader is. */
vx_column vx_pathmap_column(struct vx_pathmap_loader *l, const struct vx_json *value)
{
	size_t len;
	const char *name = vx_json_text(value, &len);
	vx_column c;

	if (strlen(name) != len) {
		vx_pathmap_wrong(l, NULL, "holds a NUL character");
		return VX_NO_COLUMN;
	}
	if (name[0] == '_') {
		vx_pathmap_wrong(
			l, NULL, "'%.100s' is a note of the tools about the record, no column of the table", name);
		return VX_NO_COLUMN;
	}
	c = vx_pathmap_find_column(l, name);
	if (c == VX_NO_COLUMN && l->n_columns < MOST_COLUMNS) {
		c = (vx_column)l->n_columns;
		l->columns = vx_realloc(l->columns, (l->n_columns + 1) * sizeof *l->columns);
		l->columns[l->n_columns++] = (struct vx_pathmap_column){ .name = vx_strdup(name) };
	}
	if (c == VX_NO_COLUMN)
		vx_pathmap_wrong(l, NULL, "names more than %d columns", MOST_COLUMNS);
	else if (!l->learning)
		remember_use(l, c);
	return c;
}

vx_column vx_pathmap_take_column(struct vx_pathmap_loader *l, const struct vx_json *obj, const char *key)
{
	const struct vx_json *value = vx_json_get(obj, key);
	size_t old;
	vx_column c;

	if (!value)
		return VX_NO_COLUMN;
	old = vx_pathmap_enter(l, key);
	c = vx_pathmap_column(l, value);
	vx_pathmap_leave(l, old);
	return c;
}

vx_column *vx_pathmap_take_columns(struct vx_pathmap_loader *l, const struct vx_json *obj, const char *key, size_t *n)
{
	const struct vx_json *value = vx_json_get(obj, key);
	vx_column *list;
	size_t old;

	*n = 0;
	if (!value)
		return NULL;
	old = vx_pathmap_enter(l, key);
	*n = vx_json_type(value) == VX_ARRAY ? vx_json_size(value) : 1;
	list = vx_alloc(*n * sizeof *list);
	if (vx_json_type(value) == VX_STRING)
		list[0] = vx_pathmap_column(l, value);
	for (size_t i = 0; i < vx_json_size(value); i++) {
		size_t item = vx_pathmap_enter_item(l, i);
		list[i] = vx_pathmap_column(l, vx_json_at(value, i));
		vx_pathmap_leave(l, item);
	}
	vx_pathmap_leave(l, old);
	return list;
}

char **vx_pathmap_take_words(const struct vx_json *obj, const char *key, size_t *n)
{
	const struct vx_json *list = vx_json_get(obj, key);
	char **words;

	*n = vx_json_size(list);
	if (!list)
		return NULL;
	words = vx_alloc((*n + 1) * sizeof *words);
	for (size_t i = 0; i < *n; i++) {
		struct vx_buf b = VX_BUF_INIT;
		size_t len;
		const char *text = vx_json_text(vx_json_at(list, i), &len);

		vx_buf_puts(&b, "");
		vx_pathmap_fold(&b, text, len);
		words[i] = b.data;
	}
	return words;
}

void vx_pathmap_words_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

static enum vx_pathmap_as take_as(const struct vx_json *obj)
{
	static const char *const names[] = { "text", "number", "integer", "date" };
	const char *as = vx_json_str(obj, "as");

	for (enum vx_pathmap_as i = VX_AS_TEXT; as && i <= VX_AS_DATE; i++)
		if (strcmp(as, names[i]) == 0)
			return i;
	return VX_AS_TEXT;
}

static void take_value(struct vx_pathmap_loader *l, const struct vx_json *v, struct vx_pathmap_other *o);

static void take_array(struct vx_pathmap_loader *l, const struct vx_json *v, struct vx_pathmap_other *o)
{
	vx_column *columns = vx_pathmap_take_columns(l, v, "columns", &o->n);

	o->kind = VX_OTHER_ARRAY;
	o->as = take_as(v);
	o->items = vx_alloc(o->n * sizeof *o->items);
	for (size_t i = 0; i < o->n; i++)
		o->items[i] = (struct vx_pathmap_other){ .kind = VX_OTHER_COLUMN, .column = columns[i], .as = o->as };
	free(columns);
}

static void take_object(struct vx_pathmap_loader *l, const struct vx_json *v, struct vx_pathmap_other *o)
{
	struct vx_json_iter it = vx_json_begin(v);

	o->kind = VX_OTHER_OBJECT;
	o->items = vx_alloc((vx_json_size(v) + 1) * sizeof *o->items);
	while (vx_json_next(&it)) {
		size_t old;
		if (strcmp(it.key, "$comment") == 0)
			continue;
		old = vx_pathmap_enter(l, it.key);
		take_value(l, it.value, &o->items[o->n]);
		o->items[o->n++].key = vx_strdup(it.key);
		vx_pathmap_leave(l, old);
	}
}

static void take_value(struct vx_pathmap_loader *l, const struct vx_json *v, struct vx_pathmap_other *o)
{
	o->column = VX_NO_COLUMN;
	if (vx_json_type(v) == VX_STRING) {
		o->kind = VX_OTHER_COLUMN;
		o->column = vx_pathmap_column(l, v);
	} else if (vx_json_has(v, "column")) {
		o->kind = VX_OTHER_COLUMN;
		o->column = vx_pathmap_take_column(l, v, "column");
		o->as = take_as(v);
	} else if (vx_json_has(v, "columns")) {
		take_array(l, v, o);
	} else {
		take_object(l, v, o);
	}
}

void vx_pathmap_take_other(
	struct vx_pathmap_loader *l, const struct vx_json *obj, const char *key, struct vx_pathmap_other *other)
{
	size_t old = vx_pathmap_enter(l, key);

	*other = (struct vx_pathmap_other){ .column = VX_NO_COLUMN };
	take_object(l, vx_json_get(obj, key), other);
	vx_pathmap_leave(l, old);
}

void vx_pathmap_other_free(struct vx_pathmap_other *other)
{
	for (size_t i = 0; i < other->n; i++)
		vx_pathmap_other_free(&other->items[i]);
	free(other->items);
	free(other->key);
}
