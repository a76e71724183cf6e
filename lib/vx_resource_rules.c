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

struct vx_schema_error *vx_resource_check(
	const struct vx_model *m, const struct vx_type *t, const struct vx_json *resource)
{
	struct vx_schema_error *e = vx_schema_check(t->schema, resource, true);

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
