/* vx_resource_rules: what the data model asks of a resource beyond its schema.
 * a resource -> every broken rule, with its number
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_resource.h"

/* A way up longer than this is taken for a cycle; real trees are some ten steps high. */
#define HIGHEST 1000

struct broken {
	const struct vx_model *m;
	const struct vx_type *t;
	const struct vx_json *resource;
	struct vx_schema_error *first, **tail;
};

static const char *type_name(const struct vx_model *m, const char *identifier)
{
	const struct vx_type *t = vx_model_type_of(m, identifier);

	return t ? t->name : "nothing known";
}

static void list_parents(const struct vx_type *t, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (const char *const *p = t->parents; *p && len < size; p++)
		len += (size_t)snprintf(out + len, size - len, "%s%s", len ? " or " : "", *p);
}

/* Rule 5: the parent's type. */
static void check_parent(struct broken *b)
{
	const char *parent = vx_json_str(b->resource, "parent_identifier");
	const struct vx_type *p = vx_model_type_of(b->m, parent);
	char allowed[256];

	if (!parent)
		return;
	for (const char *const *name = b->t->parents; *name; name++)
		if (p && !strcmp(*name, p->name))
			return;
	list_parents(b->t, allowed, sizeof(allowed));
	b->tail = vx_schema_error_add(b->tail, "parent_identifier", true, vx_json_get(b->resource, "parent_identifier"),
		"is a %s, the parent of a %s must be a %s (rule 5)", type_name(b->m, parent), b->t->name, allowed);
}

/* Rule 1, the half that a specimen shows by itself. */
static void check_root(struct broken *b)
{
	const char *parent = vx_json_str(b->resource, "parent_identifier");
	const struct vx_type *p = vx_model_type_of(b->m, parent);
	bool root;

	if (!p || !vx_json_get_bool(b->resource, "is_event_root", &root))
		return;
	if (root && !strcmp(p->name, b->t->name))
		b->tail = vx_schema_error_add(b->tail, "parent_identifier", true,
			vx_json_get(b->resource, "parent_identifier"),
			"is a %s, but the event root lies directly below the patient (rule 1)", p->name);
	if (!root && !strcmp(p->name, "patient"))
		b->tail = vx_schema_error_add(b->tail, "parent_identifier", true,
			vx_json_get(b->resource, "parent_identifier"),
			"is a patient, but only the event root lies directly below it (rule 1)");
}

/* Rule 4. */
static void check_labels(struct broken *b)
{
	const struct vx_json *labels = vx_json_get(b->resource, "labels");
	struct vx_json_iter it = vx_json_begin(vx_json_get(b->resource, "label_counts"));
	char field[96];

	while (vx_json_next(&it)) {
		if (vx_json_has(labels, it.key))
			continue;
		snprintf(field, sizeof(field), "label_counts.%s", it.key);
		b->tail = vx_schema_error_add(
			b->tail, field, true, it.value, "the value %s has no entry in labels (rule 4)", it.key);
	}
}

static void check_self(struct broken *b, const char *field, const struct vx_json *value)
{
	const char *own = vx_json_str(b->resource, "identifier"), *other = vx_json_text(value, NULL);

	if (own && other && !strcmp(own, other))
		b->tail = vx_schema_error_add(b->tail, field, true, value, "refers to the resource itself (rule 5)");
}

struct vx_schema_error *vx_resource_rules(
	const struct vx_model *m, const struct vx_type *t, const struct vx_json *resource)
{
	struct broken b = { .m = m, .t = t, .resource = resource };
	const struct vx_json *from = vx_json_get(resource, "derived_from");
	char field[40];

	b.tail = &b.first;
	check_self(&b, "parent_identifier", vx_json_get(resource, "parent_identifier"));
	check_parent(&b);
	check_root(&b);
	for (size_t i = 0; i < vx_json_size(from); i++) {
		snprintf(field, sizeof(field), "derived_from.%zu", i);
		check_self(&b, field, vx_json_at(from, i));
	}
	for (const char *const *ref = t->refs; *ref; ref++)
		check_self(&b, *ref, vx_json_get(resource, *ref));
	check_labels(&b);
	return b.first;
}

/* A text with a NUL ends there for whoever reads it as C or SQL does, and PostgreSQL finds no field of a resource that
 * holds one anywhere. */
static bool ends_early(const struct vx_json *v)
{
	size_t len = 0;
	const char *text = vx_json_text(v, &len);

	return text && memchr(text, '\0', len);
}

/* Most hold none: this looks without keeping the way to it. */
static bool any_ends_early(const struct vx_json *v)
{
	enum vx_json_type type = vx_json_type(v);

	if (type == VX_STRING)
		return ends_early(v);
	for (size_t i = 0; type == VX_ARRAY && i < vx_json_size(v); i++)
		if (any_ends_early(vx_json_at(v, i)))
			return true;
	if (type == VX_OBJECT)
		for (struct vx_json_iter it = vx_json_begin(v); vx_json_next(&it);)
			if (any_ends_early(it.value))
				return true;
	return false;
}

static void check_text(struct broken *b, const struct vx_json *v, struct vx_buf *path)
{
	size_t at = path->len;

	if (ends_early(v))
		b->tail = vx_schema_error_add(b->tail, path->data, true, v, "holds a NUL character");
	for (size_t i = 0; vx_json_type(v) == VX_ARRAY && i < vx_json_size(v); i++) {
		vx_buf_printf(path, "%s%zu", at ? "." : "", i);
		check_text(b, vx_json_at(v, i), path);
		path->len = at;
	}
	if (vx_json_type(v) != VX_OBJECT)
		return;
	for (struct vx_json_iter it = vx_json_begin(v); vx_json_next(&it);) {
		if (v == b->resource && it.key[0] == '_')
			continue;
		vx_buf_printf(path, "%s%s", at ? "." : "", it.key);
		check_text(b, it.value, path);
		path->len = at;
	}
}

static struct vx_schema_error *texts(const struct vx_type *t, const struct vx_json *resource)
{
	struct broken b = { .t = t, .resource = resource, .tail = &b.first };
	struct vx_buf path = VX_BUF_INIT;

	check_text(&b, resource, &path);
	vx_buf_free(&path);
	return b.first;
}

struct vx_schema_error *vx_resource_check(
	const struct vx_model *m, const struct vx_type *t, const struct vx_json *resource)
{
	struct vx_schema_error *e = vx_schema_check(t->schema, resource, true);

	if (!e && any_ends_early(resource))
		e = texts(t, resource);
	return e ? e : vx_resource_rules(m, t, resource);
}

const char *vx_resource_climb(const char *identifier, const char *parent,
	const char *(*parent_of)(void *arg, const char *identifier), void *arg, struct vx_buf *patient)
{
	if (patient)
		vx_buf_clear(patient);
	for (int step = 0; parent; step++) {
		if (step == HIGHEST || !strcmp(parent, identifier))
			return "lies below itself (rule 5)";
		if (patient && patient->len == 0 && !strncmp(parent, "patient/", 8))
			vx_buf_puts(patient, parent);
		parent = parent_of(arg, parent);
	}
	return NULL;
}
