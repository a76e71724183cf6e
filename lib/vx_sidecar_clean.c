/* vx_sidecar_clean: JSON sidecar -> the text of a copy with the keys of the allow-list only, and the names of the others.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_sidecar.h"
#include "vx_sidecar_map.h"

static const char *const kind_names[] = {
	[KEEP_NUMBER] = "number", [KEEP_TEXT] = "text", [KEEP_UID] = "uid", [KEEP_TIME] = "time"
};
enum { KINDS = sizeof(kind_names) / sizeof(kind_names[0]) };

/* What becomes a field of a volume may stay in the file as well; what becomes a private member may not. */
static const enum vx_sidecar_kind kind_of_field[] = { [TEXT] = KEEP_TEXT,
	[UID] = KEEP_UID,
	[ID] = KEEP_TEXT,
	[INTEGER] = KEEP_NUMBER,
	[NUMBER] = KEEP_NUMBER,
	[LIST] = KEEP_TEXT,
	[DATETIME] = KEEP_TIME };

void vx_sidecar_keep_free(struct vx_sidecar_map *map)
{
	for (size_t i = 0; i < map->n_keep; i++)
		free(map->keep[i].path);
	free(map->keep);
	map->keep = NULL;
	map->n_keep = 0;
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct vx_sidecar_keep *)a)->path, ((const struct vx_sidecar_keep *)b)->path);
}

static void add(struct vx_sidecar_map *map, const char *path, enum vx_sidecar_kind kind)
{
	map->keep = vx_realloc(map->keep, (map->n_keep + 1) * sizeof(*map->keep));
	map->keep[map->n_keep++] = (struct vx_sidecar_keep){ .path = vx_strdup(path), .kind = kind };
}

/* One member of "keep": the keys of one kind. */
static int add_kind(struct vx_sidecar_map *map, const char *name, const struct vx_json *keys, struct vx_error *err)
{
	size_t kind = 0;
	while (kind < KINDS && strcmp(kind_names[kind], name) != 0)
		kind++;
	if (kind == KINDS)
		return vx_error_set(err, VX_EDATA, "keep", "unknown kind \"%s\"", name);
	if (vx_json_type(keys) != VX_ARRAY)
		return vx_error_set(err, VX_EDATA, "keep", "%s: no list", name);
	for (size_t i = 0; i < vx_json_size(keys); i++) {
		const char *key = vx_json_text(vx_json_at(keys, i), NULL);
		if (!key || !*key)
			return vx_error_set(err, VX_EDATA, "keep", "%s: item %zu is no key", name, i + 1);
		add(map, key, (enum vx_sidecar_kind)kind);
	}
	return VX_OK;
}

int vx_sidecar_keep_load(struct vx_sidecar_map *map, const struct vx_json *keep, struct vx_error *err)
{
	int status = VX_OK;
	if (keep && vx_json_type(keep) != VX_OBJECT)
		return vx_error_set(err, VX_EDATA, "keep", "no object");
	for (size_t i = 0; i < map->n; i++)
		if (map->entries[i].field[0] != '_')
			add(map, map->entries[i].key, kind_of_field[map->entries[i].type]);
	if (keep) {
		struct vx_json_iter it = vx_json_begin(keep);
		while (status == VX_OK && vx_json_next(&it))
			status = add_kind(map, it.key, it.value, err);
	}
	if (map->n_keep > 1)
		qsort(map->keep, map->n_keep, sizeof(*map->keep), by_path);
	for (size_t i = 1; status == VX_OK && i < map->n_keep; i++)
		if (by_path(&map->keep[i - 1], &map->keep[i]) == 0)
			status = vx_error_set(err, VX_EDATA, "keep", "\"%s\" is listed twice", map->keep[i].path);
	return status;
}

/* The first entry that is not below path, in the order of the list. */
static size_t first_from(const struct vx_sidecar_map *map, const char *path)
{
	size_t low = 0, high = map->n_keep;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (strcmp(map->keep[middle].path, path) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static const struct vx_sidecar_keep *find(const struct vx_sidecar_map *map, const char *path)
{
	size_t i = first_from(map, path);
	return i < map->n_keep && strcmp(map->keep[i].path, path) == 0 ? &map->keep[i] : NULL;
}

bool vx_sidecar_knows(const struct vx_sidecar_map *map, const char *key)
{
	return find(map, key) != NULL;
}

/* Whether a listed key lies in the object at path. */
static bool leads_on(const struct vx_sidecar_map *map, const char *path)
{
	char *inside = vx_asprintf("%s.", path);
	size_t i = first_from(map, inside);
	bool found = i < map->n_keep && strncmp(map->keep[i].path, inside, strlen(inside)) == 0;
	free(inside);
	return found;
}

static bool text_fits(enum vx_sidecar_kind kind, const char *text, size_t len)
{
	return kind == KEEP_TEXT || (kind == KEEP_UID && len <= 64 && strspn(text, "0123456789.") == len) ||
	       (kind == KEEP_TIME && len <= 40 && strspn(text, "0123456789-:.+TZ") == len);
}

/* Whether a value without objects is of its kind; a list is when all of its items are. */
static bool fits(enum vx_sidecar_kind kind, const struct vx_json *value)
{
	size_t len = 0;
	const char *text = vx_json_text(value, &len);
	switch (vx_json_type(value)) {
	case VX_NULL:
		return true;
	case VX_STRING:
		return text_fits(kind, text, len);
	case VX_BOOL:
	case VX_INT:
	case VX_DOUBLE:
		return kind != KEEP_UID;
	case VX_ARRAY:
		for (size_t i = 0; i < vx_json_size(value); i++)
			if (!fits(kind, vx_json_at(value, i)))
				return false;
		return true;
	case VX_OBJECT:
		return false;
	}
	return false;
}

struct cleaning {
	const struct vx_sidecar_map *map;
	struct vx_json *left_out;
	struct vx_buf path; /* of the value at hand: "GeneratedBy.Name" */
};

static bool kept(struct cleaning *c, struct vx_json *value, struct vx_json **copy);

/* The members of an object that are listed. Says whether there is any. */
static bool kept_members(struct cleaning *c, const struct vx_json *object, struct vx_json **copy)
{
	const size_t here = c->path.len;
	bool any = vx_json_size(object) == 0;
	*copy = vx_json_object();
	struct vx_json_iter it = vx_json_begin(object);
	while (vx_json_next(&it)) {
		struct vx_json *member;
		if (here)
			vx_buf_putc(&c->path, '.');
		vx_buf_puts(&c->path, it.key);
		if (!strchr(it.key, '.') && kept(c, it.value, &member)) {
			vx_json_set(*copy, it.key, member);
			any = true;
		} else if (c->left_out)
			vx_json_push(c->left_out, vx_json_string_n(c->path.data, c->path.len));
		c->path.len = here;
		c->path.data[here] = '\0';
	}
	return any;
}

/* A list of objects, each with its listed members; anything else in it is left out. */
static bool kept_items(struct cleaning *c, const struct vx_json *list, struct vx_json **copy)
{
	bool any = false;
	*copy = vx_json_array();
	for (size_t i = 0; i < vx_json_size(list); i++) {
		struct vx_json *item = NULL;
		bool object = vx_json_type(vx_json_at(list, i)) == VX_OBJECT;
		if (object && kept_members(c, vx_json_at(list, i), &item)) {
			vx_json_push(*copy, item);
			any = true;
			continue;
		}
		vx_json_free(item);
		if (!object && c->left_out)
			vx_json_push(c->left_out, vx_json_string_n(c->path.data, c->path.len));
	}
	return any;
}

/* What may stay of the value at c->path: *copy, a new reference; false when nothing may. */
static bool kept(struct cleaning *c, struct vx_json *value, struct vx_json **copy)
{
	const enum vx_json_type type = vx_json_type(value);
	const struct vx_sidecar_keep *keep = find(c->map, c->path.data);
	bool any = keep && fits(keep->kind, value);
	*copy = any ? vx_json_ref(value) : NULL;
	if (any || (type != VX_OBJECT && type != VX_ARRAY) || !leads_on(c->map, c->path.data))
		return any;
	any = type == VX_OBJECT ? kept_members(c, value, copy) : kept_items(c, value, copy);
	if (!any) {
		vx_json_free(*copy);
		*copy = NULL;
	}
	return any;
}

void vx_sidecar_clean(
	const struct vx_sidecar_map *map, const struct vx_json *sidecar, struct vx_buf *out, struct vx_json *left_out)
{
	struct cleaning c = { .map = map, .left_out = left_out, .path = VX_BUF_INIT };
	struct vx_json *copy;
	const char *between = "\n\t";
	vx_buf_puts(&c.path, "");
	kept_members(&c, sidecar, &copy);
	vx_buf_putc(out, '{');
	struct vx_json_iter it = vx_json_begin(copy);
	while (vx_json_next(&it)) {
		vx_buf_puts(out, between);
		vx_json_put_string(out, it.key, strlen(it.key));
		vx_buf_puts(out, ": ");
		vx_json_print(it.value, out);
		between = ",\n\t";
	}
	vx_buf_puts(out, vx_json_size(copy) ? "\n}\n" : "}\n");
	vx_json_free(copy);
	vx_buf_free(&c.path);
}
