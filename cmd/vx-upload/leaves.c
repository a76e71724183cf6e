/* leaves: the strings of a record that may name files, whatever the shape they stand in; and the same shape with URLs.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "upload.h"

static void add_leaf(struct leaves *l, const char *field, const char *where, bool nested, const char *text)
{
	if (l->n == l->cap) {
		l->cap = l->cap ? l->cap * 2 : 4;
		l->items = vx_realloc(l->items, l->cap * sizeof(*l->items));
	}
	l->items[l->n++] = (struct leaf){ .field = field, .where = vx_strdup(where), .nested = nested, .text = text };
}

/* Appends a member's name to where, and says how long where was. */
static size_t step(struct vx_buf *where, const char *member)
{
	const size_t was = where->len;
	vx_buf_printf(where, "%s%s", was ? "." : "", member);
	return was;
}

static void step_back(struct vx_buf *where, size_t was)
{
	where->len = was;
	where->data[was] = '\0';
}

static int find(struct leaves *l, const char *field, const struct vx_json *value, struct vx_buf *where, bool nested,
	struct vx_error *err)
{
	const enum vx_json_type type = vx_json_type(value);
	const char *name = where->len ? where->data : field;
	int status = VX_OK;
	if (type == VX_STRING) {
		size_t len = 0;
		const char *text = vx_json_text(value, &len);
		if (strlen(text) != len)
			return vx_error_set(err, VX_EREJECT, name, "holds a NUL character");
		add_leaf(l, field, name, nested, text);
	} else if (type == VX_OBJECT) {
		struct vx_json_iter it = vx_json_begin(value);
		while (status == VX_OK && vx_json_next(&it)) {
			/* Of a record as a whole, what is about it is no file of it. */
			if (where->len == 0 && (it.key[0] == '_' || strcmp(it.key, "identifier") == 0))
				continue;
			const size_t was = step(where, it.key);
			status = find(l, field, it.value, where, true, err);
			step_back(where, was);
		}
	} else if (type == VX_ARRAY) {
		for (size_t i = 0; status == VX_OK && i < vx_json_size(value); i++) {
			char index[24];
			snprintf(index, sizeof(index), "%zu", i);
			const size_t was = step(where, index);
			status = find(l, field, vx_json_at(value, i), where, true, err);
			step_back(where, was);
		}
	} else if (type != VX_NULL)
		return vx_error_set(err, VX_EREJECT, name, "is no string but %s", vx_json_type_name(type));
	return status;
}

/* The object that holds the last segment of a dotted path, and that segment; NULL: items of lists cannot be named. */
static struct vx_json *holder(struct vx_json *record, const char *path, const char **last)
{
	const char *dot = strrchr(path, '.');
	*last = path;
	if (vx_json_has(record, path) || !dot)
		return record;
	char *parent = vx_strndup(path, (size_t)(dot - path));
	struct vx_json *object = vx_json_path(record, parent);
	free(parent);
	*last = dot + 1;
	return vx_json_type(object) == VX_OBJECT ? object : NULL;
}

int leaves_find(struct leaves *l, struct vx_json *record, const char *field, struct vx_error *err)
{
	const bool whole = strcmp(field, ".") == 0;
	const struct vx_json *value = whole ? record : vx_json_path(record, field);
	const char *last;
	if (!value)
		return VX_OK;
	if (!whole && !holder(record, field, &last))
		return vx_error_set(err, VX_EREJECT, field, "is an item of a list, not a field");
	struct vx_buf where = VX_BUF_INIT;
	vx_buf_puts(&where, whole ? "" : field);
	const int status = find(l, field, value, &where, false, err);
	vx_buf_free(&where);
	return status;
}

void leaves_free(struct leaves *l)
{
	for (size_t i = 0; i < l->n; i++) {
		free(l->items[i].where);
		free(l->items[i].path);
		vx_buf_free(&l->items[i].url);
	}
	free(l->items);
}

/* A value of the same shape; *at is the leaf that is next. */
static struct vx_json *shaped(const struct vx_json *value, const struct leaves *l, size_t *at, bool record)
{
	const enum vx_json_type type = vx_json_type(value);
	struct vx_json *made = NULL;
	if (type == VX_STRING) {
		const struct leaf *leaf = &l->items[(*at)++];
		return leaf->url.len ? vx_json_string(leaf->url.data) : vx_json_copy(value);
	}
	if (type == VX_OBJECT) {
		struct vx_json_iter it = vx_json_begin(value);
		made = vx_json_object();
		while (vx_json_next(&it)) {
			const bool about = record && (it.key[0] == '_' || strcmp(it.key, "identifier") == 0);
			vx_json_set(made, it.key, about ? vx_json_copy(it.value) : shaped(it.value, l, at, false));
		}
		return made;
	}
	if (type != VX_ARRAY)
		return vx_json_copy(value);
	made = vx_json_array();
	for (size_t i = 0; i < vx_json_size(value); i++)
		vx_json_push(made, shaped(vx_json_at(value, i), l, at, false));
	return made;
}

static void set_whole(struct vx_json *record, struct vx_json *made)
{
	struct vx_json_iter it = vx_json_begin(made);
	while (vx_json_next(&it))
		vx_json_set(record, it.key, vx_json_ref(it.value));
	vx_json_free(made);
}

void leaves_set(const struct leaves *l, struct vx_json *record)
{
	for (size_t at = 0; at < l->n;) {
		const char *field = l->items[at].field, *last;
		if (strcmp(field, ".") == 0)
			set_whole(record, shaped(record, l, &at, true));
		else {
			const struct vx_json *value = vx_json_path(record, field);
			struct vx_json *object = holder(record, field, &last);
			vx_json_set(object, last, shaped(value, l, &at, false));
		}
	}
}
