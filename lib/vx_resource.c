/* vx_resource: identifiers, canonical form, differences and warnings of resources.
 * resource(s) as JSON -> canonical bytes, what differs, what is to be said
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_resource.h"

#define FIELDS_FEW 64 /* of a resource, in the data model; more take another way */

static bool name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
	       c == '+' || c == '-';
}

static const char *segment_check(const char *s, size_t n)
{
	if (n == 0)
		return "has an empty segment";
	if (s[0] == '.' && (n == 1 || (n == 2 && s[1] == '.')))
		return "has a segment . or ..";
	for (size_t i = 0; i < n; i++)
		if (!name_byte(s[i]))
			return "has a character that is not one of A-Z a-z 0-9 . _ + - /";
	return NULL;
}

const char *vx_identifier_check(const char *identifier, size_t len)
{
	const char *end = identifier + len, *reason = NULL;
	int segments = 0;

	if (len == 0)
		return "is empty";
	if (len > VX_IDENTIFIER_MAX)
		return "is longer than 255 bytes";
	for (const char *p = identifier; !reason && p <= end; segments++) {
		const char *slash = memchr(p, '/', (size_t)(end - p));
		size_t n = (size_t)((slash ? slash : end) - p);
		reason = segment_check(p, n);
		p += n + 1;
	}
	if (!reason && segments < 2)
		return "is not <type>/<name>";
	return reason;
}

static bool in_list(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (!strcmp(*list, name))
			return true;
	return false;
}

static const struct vx_json *default_of(const struct vx_type *t, const char *name)
{
	for (size_t i = 0; i < t->ndefaults; i++)
		if (!strcmp(t->defaults[i].name, name))
			return t->defaults[i].value;
	return NULL;
}

static bool counts(const struct vx_type *t, const char *key)
{
	return key[0] != '_' && !in_list(t->server, key);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct vx_type_field *)a)->name, ((const struct vx_type_field *)b)->name);
}

static bool name_after(const char *a, const char *b)
{
	return *a != *b ? (unsigned char)*a > (unsigned char)*b : strcmp(a, b) > 0;
}

/* Some twenty fields a resource: by insertion that takes a third of the time of qsort. */
static void sort_fields(struct vx_type_field *all, size_t n)
{
	if (n > FIELDS_FEW) {
		qsort(all, n, sizeof(*all), by_name);
		return;
	}
	for (size_t i = 1; i < n; i++) {
		struct vx_type_field f = all[i];
		size_t to = i;
		for (; to > 0 && name_after(all[to - 1].name, f.name); to--)
			all[to] = all[to - 1];
		all[to] = f;
	}
}

void vx_resource_canonical(const struct vx_type *t, const struct vx_json *resource, struct vx_buf *b)
{
	size_t n = 0, room = vx_json_size(resource) + t->ndefaults;
	struct vx_type_field few[FIELDS_FEW], *all = room <= FIELDS_FEW ? few : vx_alloc(room * sizeof(*all));
	struct vx_json_iter it = vx_json_begin(resource);

	while (vx_json_next(&it))
		if (it.value && counts(t, it.key))
			all[n++] = (struct vx_type_field){ it.key, it.value };
	for (size_t i = 0; i < t->ndefaults; i++)
		if (!vx_json_get(resource, t->defaults[i].name))
			all[n++] = t->defaults[i];
	sort_fields(all, n);
	vx_buf_putc(b, '{');
	for (size_t i = 0; i < n; i++) {
		if (i)
			vx_buf_putc(b, ',');
		vx_json_put_string(b, all[i].name, strlen(all[i].name));
		vx_buf_putc(b, ':');
		vx_json_canonical(all[i].value, b);
	}
	vx_buf_putc(b, '}');
	if (all != few)
		free(all);
}

static const struct vx_json *effective(const struct vx_type *t, const struct vx_json *resource, const char *key)
{
	const struct vx_json *v = vx_json_get(resource, key);

	return v ? v : default_of(t, key);
}

static void compare_field(struct vx_json *diff, const struct vx_type *t, const char *key, const struct vx_json *old,
	const struct vx_json *new)
{
	if (!counts(t, key) || vx_json_has(diff, key))
		return;
	const struct vx_json *was = effective(t, old, key), *is = effective(t, new, key);
	if (vx_json_equal(was, is) || (!is && !strcmp(key, "default_split")))
		return;
	struct vx_json *both = vx_json_object();
	vx_json_set(both, "old", vx_json_copy(was));
	vx_json_set(both, "new", vx_json_copy(is));
	vx_json_set(diff, key, both);
}

struct vx_json *vx_resource_diff(const struct vx_type *t, const struct vx_json *old, const struct vx_json *new)
{
	struct vx_json *diff = vx_json_object();
	struct vx_json_iter known = vx_json_begin(vx_json_get(vx_schema_json(t->schema), "properties"));
	struct vx_json_iter it = vx_json_begin(old);

	while (vx_json_next(&known))
		compare_field(diff, t, known.key, old, new);
	while (vx_json_next(&it))
		compare_field(diff, t, it.key, old, new);
	it = vx_json_begin(new);
	while (vx_json_next(&it))
		compare_field(diff, t, it.key, old, new);
	return diff;
}

static bool local(const char *path)
{
	return path && (path[0] == '/' || !strncmp(path, "file://", 7));
}

void vx_resource_warnings(const struct vx_type *t, const struct vx_json *resource,
	void (*say)(void *arg, const char *code, const char *field), void *arg)
{
	static const char *const paths[] = { "path_nii", "path_json" };
	char code[128];

	if (t->parents[0] && !t->parent_required && !vx_json_get(resource, "parent_identifier"))
		say(arg, "no_parent", "parent_identifier");
	for (const char *const *ref = t->refs; *ref; ref++)
		if (!vx_json_get(resource, *ref)) {
			snprintf(code, sizeof(code), "no_%s", *ref);
			say(arg, code, *ref);
		}
	if (vx_json_get(resource, "default_split"))
		say(arg, "default_split_set", "default_split");
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		if (local(vx_json_str(resource, paths[i])))
			say(arg, "local_path", paths[i]);
}

const char *vx_resource_warning_text(const char *code)
{
	static const char *const texts[][2] = {
		{ "no_parent", "no parent is named" },
		{ "no_reference_mri", "the volume that it was drawn against is not named" },
		{ "default_split_set", "a split is set, which the central script assigns" },
		{ "local_path", "the file is on this machine only" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (strcmp(texts[i][0], code) == 0)
			return texts[i][1];
	return NULL;
}
