/* vx_schema_keyword: what each keyword of JSON Schema means for a node; what is not understood is an error.
 * a keyword and its value -> its place in struct vx_schema_node
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "vx_schema_load.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"

static void kw_ref(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	const char *text = vx_json_text(v, NULL);

	if (!text) {
		vx_schema_fail(l, "$ref is no string");
		return;
	}
	size_t name = strcspn(text, "#");
	char *file = name ? vx_strndup(text, name) : vx_strdup(l->file);
	const struct vx_json *top = NULL;
	const struct vx_json *target = vx_schema_target(l, name ? file : NULL, text + name + (text[name] == '#'), &top);
	if (target) {
		struct vx_schema_loader outer = *l;
		l->file = file;
		l->top = top;
		l->path = (struct vx_buf)VX_BUF_INIT;
		n->ref = vx_schema_compile(l, target, text + name);
		vx_buf_free(&l->path);
		l->file = outer.file;
		l->top = outer.top;
		l->path = outer.path;
	}
	free(file);
}

static void kw_note(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	(void)l, (void)n, (void)v; /* for people: says nothing about what is valid */
}

static void kw_schema(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	const char *text = vx_json_text(v, NULL);

	(void)n;
	if (!text || strcmp(text, DIALECT))
		vx_schema_fail(l, "is not " DIALECT);
}

static void kw_id(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	(void)n, (void)v;
	if (strcmp(l->path.data, "$id"))
		vx_schema_fail(l, "$id is understood at the top only");
}

static void kw_defs(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	(void)n;
	if (vx_json_type(v) != VX_OBJECT)
		vx_schema_fail(l, "is no object");
	struct vx_json_iter it = vx_json_begin(v);
	while (l->status == VX_OK && vx_json_next(&it))
		vx_schema_compile(l, it.value, it.key);
}

static void kw_x_vx(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_OBJECT)
		vx_schema_fail(l, "is no object");
	n->reason = vx_json_str(v, "reason");
	if (!strcmp(l->path.data, "x-vx") && !l->s->server)
		l->s->server = vx_json_get(v, "server");
}

static void add_type(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	const char *name = vx_json_text(v, NULL);

	for (enum vx_json_type t = VX_NULL; name && t <= VX_OBJECT; t++)
		if (!strcmp(name, vx_json_type_name(t))) {
			n->types |= 1u << t;
			return;
		}
	vx_schema_fail(l, "names no type");
}

static void kw_type(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_ARRAY)
		add_type(l, n, v);
	else if (vx_json_size(v) == 0)
		vx_schema_fail(l, "lists no type");
	for (size_t i = 0; i < vx_json_size(v); i++)
		add_type(l, n, vx_json_at(v, i));
}

static void kw_enum(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_ARRAY || vx_json_size(v) == 0)
		vx_schema_fail(l, "is no list of values");
	n->enumeration = v;
}

static void need_number(struct vx_schema_loader *l, const struct vx_json *v, const struct vx_json **to)
{
	double d;

	if (!vx_json_as_double(v, &d))
		vx_schema_fail(l, "is no number");
	*to = v;
}

static void kw_multiple(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	double d;

	need_number(l, v, &n->multiple);
	if (vx_json_as_double(v, &d) && !(d > 0))
		vx_schema_fail(l, "is not above 0");
}

static void need_size(struct vx_schema_loader *l, const struct vx_json *v, size_t *to)
{
	int64_t i;

	if (!vx_json_as_int(v, &i) || i < 0)
		vx_schema_fail(l, "is no whole number from 0 on");
	else
		*to = (size_t)i;
}

static struct vx_regex *regex(struct vx_schema_loader *l, const char *text)
{
	struct vx_error why = VX_ERROR_INIT;
	struct vx_regex *re = text ? vx_regex_new(text, &why) : NULL;

	if (!re)
		vx_schema_fail(l, text ? why.reason : "is no string");
	return re;
}

static void kw_pattern(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	n->pattern = regex(l, vx_json_text(v, NULL));
}

static void kw_unique(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_BOOL)
		vx_schema_fail(l, "is neither true nor false");
	n->unique = vx_json_as_bool(v);
}

static void need_names(struct vx_schema_loader *l, const struct vx_json *v)
{
	bool good = vx_json_type(v) == VX_ARRAY;

	for (size_t i = 0; i < vx_json_size(v) && good; i++)
		good = vx_json_text(vx_json_at(v, i), NULL);
	if (!good)
		vx_schema_fail(l, "is no list of names");
}

static void kw_required(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_names(l, v);
	n->required = v;
}

static void kw_dependent(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_OBJECT)
		vx_schema_fail(l, "is no object");
	struct vx_json_iter it = vx_json_begin(v);
	while (vx_json_next(&it))
		need_names(l, it.value);
	n->dependent = v;
}

/* Of property names length and a few letters tell most apart; strcmp settles the rest. */
static size_t name_hash(const char *name)
{
	size_t n = strlen(name);

	return n ? n * 31 + (unsigned char)name[0] * 7 + (unsigned char)name[n / 2] * 3 + (unsigned char)name[n - 1]
		 : 0;
}

static void index_properties(struct vx_schema_node *n)
{
	for (n->nslots = 4; n->nslots < 2 * n->nproperties; n->nslots *= 2)
		;
	n->slots = vx_alloc(n->nslots * sizeof(*n->slots));
	for (size_t i = 0; i < n->nproperties; i++) {
		const char *name = n->properties[i].name;
		size_t at = name_hash(name) & (n->nslots - 1);
		while (n->slots[at])
			at = (at + 1) & (n->nslots - 1);
		n->slots[at] = (unsigned short)(i + 1);
	}
}

const struct vx_schema_property *vx_schema_property_find(const struct vx_schema_node *n, const char *name)
{
	if (!n->nslots)
		return NULL;
	for (size_t at = name_hash(name);; at++) {
		unsigned short i = n->slots[at & (n->nslots - 1)];
		if (i == 0)
			return NULL;
		if (!strcmp(n->properties[i - 1].name, name))
			return &n->properties[i - 1];
	}
}

static void kw_properties(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_OBJECT || vx_json_size(v) > 10000) {
		vx_schema_fail(l, "is no object, or one of more than 10000 properties");
		return;
	}
	n->properties = vx_alloc((vx_json_size(v) + 1) * sizeof(*n->properties));
	struct vx_json_iter it = vx_json_begin(v);
	while (l->status == VX_OK && vx_json_next(&it))
		n->properties[n->nproperties++] =
			(struct vx_schema_property){ it.key, vx_schema_compile(l, it.value, it.key), NULL };
	index_properties(n);
}

static void kw_patterns(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_OBJECT) {
		vx_schema_fail(l, "is no object");
		return;
	}
	n->patterns = vx_alloc((vx_json_size(v) + 1) * sizeof(*n->patterns));
	struct vx_json_iter it = vx_json_begin(v);
	while (l->status == VX_OK && vx_json_next(&it)) {
		struct vx_regex *re = regex(l, it.key);
		n->patterns[n->npatterns++] =
			(struct vx_schema_property){ it.key, vx_schema_compile(l, it.value, it.key), re };
	}
}

static void compile_list(struct vx_schema_loader *l, struct vx_schema_list *list, const struct vx_json *v)
{
	char step[24];

	if (vx_json_type(v) != VX_ARRAY || vx_json_size(v) == 0) {
		vx_schema_fail(l, "is no list of schemas");
		return;
	}
	list->items = vx_alloc(vx_json_size(v) * sizeof(struct vx_schema_node *));
	for (; list->n < vx_json_size(v) && l->status == VX_OK; list->n++) {
		snprintf(step, sizeof(step), "%zu", list->n);
		list->items[list->n] = vx_schema_compile(l, vx_json_at(v, list->n), step);
	}
}

/* Where a keyword's value goes: handled by read, or one of the plain kinds at offset in the node. */
static const struct {
	const char *name;
	enum { OWN, NUMBER, SIZE, NODE, LIST } kind;
	size_t offset;
	void (*read)(struct vx_schema_loader *l, struct vx_schema_node *n, const struct vx_json *v);
} keywords[] = {
#define AT(member) offsetof(struct vx_schema_node, member), NULL
	{ "$schema", OWN, 0, kw_schema },
	{ "$id", OWN, 0, kw_id },
	{ "$defs", OWN, 0, kw_defs },
	{ "$ref", OWN, 0, kw_ref },
	{ "$comment", OWN, 0, kw_note },
	{ "title", OWN, 0, kw_note },
	{ "description", OWN, 0, kw_note },
	{ "default", OWN, 0, kw_note },
	{ "examples", OWN, 0, kw_note },
	{ "format", OWN, 0, kw_note },
	{ "deprecated", OWN, 0, kw_note },
	{ "x-vx", OWN, 0, kw_x_vx },
	{ "type", OWN, 0, kw_type },
	{ "enum", OWN, 0, kw_enum },
	{ "multipleOf", OWN, 0, kw_multiple },
	{ "pattern", OWN, 0, kw_pattern },
	{ "uniqueItems", OWN, 0, kw_unique },
	{ "properties", OWN, 0, kw_properties },
	{ "patternProperties", OWN, 0, kw_patterns },
	{ "required", OWN, 0, kw_required },
	{ "dependentRequired", OWN, 0, kw_dependent },
	{ "minimum", NUMBER, AT(minimum) },
	{ "maximum", NUMBER, AT(maximum) },
	{ "exclusiveMinimum", NUMBER, AT(above) },
	{ "exclusiveMaximum", NUMBER, AT(below) },
	{ "minLength", SIZE, AT(min_length) },
	{ "maxLength", SIZE, AT(max_length) },
	{ "minItems", SIZE, AT(min_items) },
	{ "maxItems", SIZE, AT(max_items) },
	{ "minProperties", SIZE, AT(min_properties) },
	{ "maxProperties", SIZE, AT(max_properties) },
	{ "items", NODE, AT(items) },
	{ "additionalProperties", NODE, AT(additional) },
	{ "propertyNames", NODE, AT(names) },
	{ "not", NODE, AT(negated) },
	{ "if", NODE, AT(if_) },
	{ "then", NODE, AT(then) },
	{ "else", NODE, AT(else_) },
	{ "prefixItems", LIST, AT(prefix) },
	{ "anyOf", LIST, AT(any_of) },
	{ "allOf", LIST, AT(all_of) },
	{ "oneOf", LIST, AT(one_of) },
#undef AT
};

static void read_at(struct vx_schema_loader *l, struct vx_schema_node *n, size_t i, const struct vx_json *v)
{
	void *place = (char *)n + keywords[i].offset;

	switch (keywords[i].kind) {
	case OWN:
		keywords[i].read(l, n, v);
		break;
	case NUMBER:
		need_number(l, v, place);
		break;
	case SIZE:
		need_size(l, v, place);
		break;
	case NODE:
		*(struct vx_schema_node **)place = vx_schema_compile(l, v, "");
		break;
	case LIST:
		compile_list(l, place, v);
		break;
	}
}

void vx_schema_keyword(struct vx_schema_loader *l, struct vx_schema_node *n, const char *name, const struct vx_json *v,
	const struct vx_json *schema)
{
	if (!strcmp(name, "const")) {
		n->constant = schema;
		n->keywords++;
		return;
	}
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (!strcmp(name, keywords[i].name)) {
			read_at(l, n, i, v);
			n->keywords += keywords[i].read != kw_note && keywords[i].read != kw_defs;
			return;
		}
	vx_schema_fail(l, "unknown keyword");
}
