/* vx_schema: holds a value against a schema.
 * a JSON value -> valid, or every error with its field, value and reason
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_nearest.h"
#include "vx_schema_check.h"

static bool holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v);

/* The verdict alone, without a word about it. */
static bool holds_quietly(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	struct vx_schema_error **tail = c->tail;

	c->tail = NULL;
	bool good = holds(c, n, v);
	c->tail = tail;
	return good;
}

static bool holds_at(
	struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v, const char *step)
{
	if (!c->tail)
		return holds(c, n, v);
	size_t old = vx_schema_push(c, step);
	bool good = holds(c, n, v);
	vx_schema_pop(c, old);
	return good;
}

/* Whether a member that the schema does not know is none of its business. */
static bool hidden(const struct vx_schema_check *c, const struct vx_json *object, const char *key)
{
	if (!c->skip || object != c->top)
		return false;
	if (key[0] == '_')
		return true;
	for (size_t i = 0; i < vx_json_size(c->s->server); i++) {
		const char *name = vx_json_text(vx_json_at(c->s->server, i), NULL);
		if (name && !strcmp(name, key))
			return true;
	}
	return false;
}

static size_t visible(const struct vx_schema_check *c, const struct vx_json *object)
{
	size_t n = 0;
	struct vx_json_iter it = vx_json_begin(object);

	while (vx_json_next(&it))
		n += !hidden(c, object, it.key);
	return n;
}

static int by_text(const void *a, const void *b)
{
	const struct vx_buf *x = a, *y = b;
	int order = memcmp(x->data, y->data, x->len < y->len ? x->len : y->len);

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* Equal values have equal canonical texts: sorting those finds twins in a long list without comparing all pairs. */
static bool all_differ(const struct vx_json *v)
{
	size_t n = vx_json_size(v);
	bool differ = true;

	if (n < 2)
		return true;
	struct vx_buf *texts = vx_alloc(n * sizeof(*texts));
	for (size_t i = 0; i < n; i++)
		vx_json_canonical(vx_json_at(v, i), &texts[i]);
	qsort(texts, n, sizeof(*texts), by_text);
	for (size_t i = 1; i < n && differ; i++)
		differ = by_text(&texts[i - 1], &texts[i]) != 0;
	for (size_t i = 0; i < n; i++)
		vx_buf_free(&texts[i]);
	free(texts);
	return differ;
}

static bool array_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	size_t size = vx_json_size(v);
	bool good = true;
	char step[24];

	if (size < n->min_items) {
		good = false;
		VX_SCHEMA_REPORT(c, NULL, true, v, "has %zu items, at least %zu are needed", size, n->min_items);
	}
	if (size > n->max_items) {
		good = false;
		VX_SCHEMA_REPORT(c, NULL, true, v, "has %zu items, at most %zu are allowed", size, n->max_items);
	}
	if (n->unique && !all_differ(v)) {
		good = false;
		VX_SCHEMA_REPORT(c, NULL, true, v, "holds the same item twice");
	}
	for (size_t i = 0; i < size && (good || c->tail); i++) {
		const struct vx_schema_node *item = i < n->prefix.n ? n->prefix.items[i] : n->items;
		if (!item)
			break;
		if (c->tail)
			snprintf(step, sizeof(step), "%zu", i);
		good &= holds_at(c, item, vx_json_at(v, i), step);
	}
	return good;
}

/* With the property that it may be a misspelling of. */
static void report_unknown(
	struct vx_schema_check *c, const struct vx_schema_node *n, const char *key, const struct vx_json *v)
{
	struct vx_nearest near = vx_nearest_to(key);

	if (!c->tail)
		return;
	for (size_t i = 0; i < n->nproperties; i++)
		vx_nearest_try(&near, n->properties[i].name);
	if (near.name)
		VX_SCHEMA_REPORT(c, key, true, v, "is not a known field; did you mean %s?", near.name);
	else
		VX_SCHEMA_REPORT(c, key, true, v, "is not a known field");
}

/* A member's name, and its value as far as properties do not speak of it. */
static bool member_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const char *key,
	const struct vx_json *v, const struct vx_schema_property *known)
{
	bool good = true, spoken = known;

	if (n->names) {
		struct vx_json *name = vx_json_string(key);
		good &= holds_at(c, n->names, name, key);
		vx_json_free(name);
	}
	for (size_t i = 0; i < n->npatterns; i++)
		if (vx_regex_match(n->patterns[i].pattern, key, strlen(key))) {
			spoken = true;
			good &= holds_at(c, n->patterns[i].node, v, key);
		}
	if (spoken || !n->additional)
		return good;
	if (!n->additional->never)
		return holds_at(c, n->additional, v, key) && good;
	report_unknown(c, n, key, v);
	return false;
}

/* Errors in the order of the schema: what is missing or wrong of its properties, then the other members. */
static bool members_hold(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	bool good = true;

	for (size_t i = 0; c->tail && i < n->nproperties; i++) {
		const struct vx_schema_property *p = &n->properties[i];
		if (vx_json_has(v, p->name))
			good &= holds_at(c, p->node, vx_json_get(v, p->name), p->name);
	}
	struct vx_json_iter it = vx_json_begin(v);
	while (vx_json_next(&it) && (good || c->tail)) {
		const struct vx_schema_property *known = vx_schema_property_find(n, it.key);
		if (!known && hidden(c, v, it.key))
			continue;
		if (known && !c->tail)
			good &= holds(c, known->node, it.value);
		if (!known || n->names || n->npatterns)
			good &= member_holds(c, n, it.key, it.value, known);
	}
	return good;
}

static bool required_hold(
	struct vx_schema_check *c, const struct vx_json *names, const struct vx_json *v, const char *because)
{
	bool good = true;

	for (size_t i = 0; i < vx_json_size(names); i++) {
		const char *name = vx_json_text(vx_json_at(names, i), NULL);
		if (vx_json_has(v, name))
			continue;
		good = false;
		if (because)
			VX_SCHEMA_REPORT(c, name, false, NULL, "is missing, but %s is there", because);
		else
			VX_SCHEMA_REPORT(c, name, false, NULL, "is missing");
	}
	return good;
}

static bool object_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	bool good = required_hold(c, n->required, v, NULL);

	if (n->min_properties > 0 || n->max_properties < SIZE_MAX) {
		size_t size = visible(c, v);
		if (size < n->min_properties || size > n->max_properties) {
			good = false;
			VX_SCHEMA_REPORT(c, NULL, true, v, "has %zu members, %s %zu", size,
				size < n->min_properties ? "fewer than" : "more than",
				size < n->min_properties ? n->min_properties : n->max_properties);
		}
	}
	struct vx_json_iter it = vx_json_begin(n->dependent);
	while (vx_json_next(&it))
		if (vx_json_has(v, it.key))
			good &= required_hold(c, it.value, v, it.key);
	if (n->properties || n->npatterns || n->additional || n->names)
		good = members_hold(c, n, v) && good;
	return good;
}

static size_t count_fits(
	struct vx_schema_check *c, const struct vx_schema_list *list, const struct vx_json *v, size_t enough)
{
	size_t fits = 0;

	for (size_t i = 0; i < list->n && fits < enough; i++)
		fits += holds_quietly(c, list->items[i], v);
	return fits;
}

static bool combined_hold(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	bool good = true;

	if (n->ref)
		good &= holds(c, n->ref, v);
	for (size_t i = 0; i < n->all_of.n; i++)
		good &= holds(c, n->all_of.items[i], v);
	if (n->any_of.n && count_fits(c, &n->any_of, v, 1) == 0) {
		good = false;
		VX_SCHEMA_REPORT(c, NULL, true, v, "fits none of the forms that are allowed");
	}
	if (n->one_of.n) {
		size_t fits = count_fits(c, &n->one_of, v, 2);
		if (fits != 1) {
			good = false;
			VX_SCHEMA_REPORT(c, NULL, true, v, "fits %s of the forms that exclude each other",
				fits ? "several" : "none");
		}
	}
	if (n->negated && holds_quietly(c, n->negated, v)) {
		good = false;
		VX_SCHEMA_REPORT(c, NULL, true, v, "is what it must not be");
	}
	if (n->if_) {
		const struct vx_schema_node *next = holds_quietly(c, n->if_, v) ? n->then : n->else_;
		if (next)
			good &= holds(c, next, v);
	}
	return good;
}

static bool holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v)
{
	enum vx_json_type t = vx_json_type(v);

	while (n->alias)
		n = n->ref;
	if (n->never) {
		VX_SCHEMA_REPORT(c, NULL, true, v, "is not allowed");
		return false;
	}
	bool good = vx_schema_type_holds(c, n, v, t);
	/* One wrong type is one error: what else the schema wants of the value would only repeat it. */
	if (n->enumeration && (good || !n->types))
		good = vx_schema_enum_holds(c, n, v);
	if (n->constant)
		good &= vx_schema_const_holds(c, n, v);
	if (t == VX_STRING && (good || c->tail))
		good &= vx_schema_string_holds(c, n, v);
	else if ((t == VX_INT || t == VX_DOUBLE) && (good || c->tail))
		good &= vx_schema_number_holds(c, n, v);
	else if (t == VX_ARRAY && (good || c->tail))
		good &= array_holds(c, n, v);
	else if (t == VX_OBJECT && (good || c->tail))
		good &= object_holds(c, n, v);
	if (n->combined && (good || c->tail))
		good &= combined_hold(c, n, v);
	return good;
}

struct vx_schema_error *vx_schema_check(const struct vx_schema *s, const struct vx_json *value, bool skip_private)
{
	struct vx_schema_check c = { .s = s, .top = value, .skip = skip_private };
	struct vx_schema_error *first = NULL;

	if (holds(&c, s->root, value))
		return NULL;
	c.tail = &first;
	holds(&c, s->root, value);
	vx_buf_free(&c.path);
	return first;
}

unsigned vx_schema_field_types(const struct vx_schema *s, const char *field)
{
	const struct vx_schema_property *p = vx_schema_property_find(s->root, field);
	unsigned any = (1u << (VX_OBJECT + 1)) - 1, types = p ? any : 0;

	for (const struct vx_schema_node *n = p ? p->node : NULL; n; n = n->ref)
		if (n->types)
			types &= n->types & 1u << VX_DOUBLE ? n->types | 1u << VX_INT : n->types;
	return types;
}

struct vx_schema_error *vx_schema_field_check(const struct vx_schema *s, const char *field, const struct vx_json *value)
{
	const struct vx_schema_property *p = vx_schema_property_find(s->root, field);
	struct vx_schema_check c = { .s = s };
	struct vx_schema_error *first = NULL;

	c.tail = &first;
	if (!p)
		VX_SCHEMA_REPORT(&c, field, true, value, "is not a known field");
	else
		holds_at(&c, p->node, value, field);
	vx_buf_free(&c.path);
	return first;
}
