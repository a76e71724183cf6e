/* vx_schema_load: JSON Schema files become nodes that can be checked against; what is not understood is an error.
 * a schema file and its siblings -> struct vx_schema
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "vx_schema_node.h"

#define DIALECT "https://json-schema.org/draft/2020-12/schema"
#define MAX_DEPTH 400

struct loader {
	struct vx_schema *s;
	const char *dir;
	struct vx_error *err;
	const char *file;          /* the document that is being read */
	const struct vx_json *top; /* its root */
	struct vx_buf path;        /* where in it, dotted */
	int depth, status;
};

static struct vx_schema_node *compile(struct loader *l, const struct vx_json *json, const char *step);

static void fail(struct loader *l, const char *reason)
{
	if (l->status != VX_OK)
		return;
	char *path = l->dir ? vx_asprintf("%s/%s", l->dir, l->file) : vx_strdup(l->file);
	l->status = vx_error_set(l->err, VX_EDATA, l->path.data ? l->path.data : "", "%s", reason);
	vx_error_at(l->err, path, 0);
	free(path);
}

/* Lengthens the path by a step; returns what path_back needs. */
static size_t path_push(struct loader *l, const char *step)
{
	size_t old = l->path.len;

	if (old && *step)
		vx_buf_putc(&l->path, '.');
	vx_buf_puts(&l->path, step);
	return old;
}

static void path_back(struct loader *l, size_t old)
{
	l->path.len = old;
	if (l->path.data)
		l->path.data[old] = '\0';
}

static const struct vx_json *document(struct loader *l, const char *file)
{
	struct vx_schema *s = l->s;

	for (size_t i = 0; i < s->ndocuments; i++)
		if (!strcmp(s->documents[i].file, file))
			return s->documents[i].json;
	if (!l->dir || strchr(file, '/')) {
		fail(l, "$ref leads to another place than a file beside this one");
		return NULL;
	}
	char *path = vx_asprintf("%s/%s", l->dir, file);
	struct vx_json *json = NULL;
	int status = vx_json_parse_file(path, &json, l->err);
	free(path);
	if (status != VX_OK) {
		if (l->status == VX_OK)
			l->status = status == VX_EREJECT ? VX_EDATA : status;
		if (l->err)
			l->err->status = (enum vx_status)l->status;
		return NULL;
	}
	s->documents = vx_realloc(s->documents, (s->ndocuments + 1) * sizeof(*s->documents));
	s->documents[s->ndocuments++] = (struct vx_schema_document){ vx_strdup(file), json };
	return json;
}

/* One step of a JSON pointer (RFC 6901), with ~0 and ~1 read. */
static const struct vx_json *pointer_step(const struct vx_json *json, const char *step, size_t n)
{
	struct vx_buf key = VX_BUF_INIT;

	vx_buf_reserve(&key, n + 1);
	key.data[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		bool escaped = step[i] == '~' && i + 1 < n && (step[i + 1] == '0' || step[i + 1] == '1');
		vx_buf_putc(&key, !escaped ? step[i] : step[i + 1] == '0' ? '~' : '/');
		i += escaped;
	}
	char *end;
	unsigned long index = strtoul(key.data, &end, 10);
	if (vx_json_type(json) == VX_ARRAY)
		json = n && !*end ? vx_json_at(json, index) : NULL;
	else
		json = vx_json_get(json, key.data);
	vx_buf_free(&key);
	return json;
}

static const struct vx_json *pointer(const struct vx_json *json, const char *p)
{
	while (json && *p == '/') {
		size_t n = strcspn(++p, "/");
		json = pointer_step(json, p, n);
		p += n;
	}
	return *p ? NULL : json;
}

static void kw_ref(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	const char *text = vx_json_text(v, NULL);

	if (!text) {
		fail(l, "$ref is no string");
		return;
	}
	size_t name = strcspn(text, "#");
	char *file = name ? vx_strndup(text, name) : vx_strdup(l->file);
	const struct vx_json *top = name ? document(l, file) : l->top;
	const struct vx_json *target = top ? pointer(top, text + name + (text[name] == '#')) : NULL;
	if (top && !target)
		fail(l, "$ref leads to nothing");
	if (target) {
		struct loader outer = *l;
		l->file = file;
		l->top = top;
		l->path = (struct vx_buf)VX_BUF_INIT;
		n->ref = compile(l, target, text + name);
		vx_buf_free(&l->path);
		l->file = outer.file;
		l->top = outer.top;
		l->path = outer.path;
	}
	free(file);
}

static void kw_note(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	(void)l, (void)n, (void)v; /* for people: says nothing about what is valid */
}

static void kw_schema(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	const char *text = vx_json_text(v, NULL);

	(void)n;
	if (!text || strcmp(text, DIALECT))
		fail(l, "is not " DIALECT);
}

static void kw_id(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	(void)n, (void)v;
	if (strcmp(l->path.data, "$id"))
		fail(l, "$id is understood at the top only");
}

static void kw_defs(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	(void)n;
	if (vx_json_type(v) != VX_OBJECT)
		fail(l, "is no object");
	struct vx_json_iter it = vx_json_begin(v);
	while (l->status == VX_OK && vx_json_next(&it))
		compile(l, it.value, it.key);
}

static void kw_x_vx(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_OBJECT)
		fail(l, "is no object");
	n->reason = vx_json_str(v, "reason");
	if (!strcmp(l->path.data, "x-vx") && !l->s->server)
		l->s->server = vx_json_get(v, "server");
}

static void add_type(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	const char *name = vx_json_text(v, NULL);

	for (enum vx_json_type t = VX_NULL; name && t <= VX_OBJECT; t++)
		if (!strcmp(name, vx_json_type_name(t))) {
			n->types |= 1u << t;
			return;
		}
	fail(l, "names no type");
}

static void kw_type(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_ARRAY)
		add_type(l, n, v);
	else if (vx_json_size(v) == 0)
		fail(l, "lists no type");
	for (size_t i = 0; i < vx_json_size(v); i++)
		add_type(l, n, vx_json_at(v, i));
}

static void kw_enum(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_ARRAY || vx_json_size(v) == 0)
		fail(l, "is no list of values");
	n->enumeration = v;
}

static void need_number(struct loader *l, const struct vx_json *v, const struct vx_json **to)
{
	double d;

	if (!vx_json_as_double(v, &d))
		fail(l, "is no number");
	*to = v;
}

static void kw_minimum(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_number(l, v, &n->minimum);
}

static void kw_maximum(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_number(l, v, &n->maximum);
}

static void kw_above(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_number(l, v, &n->above);
}

static void kw_below(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_number(l, v, &n->below);
}

static void kw_multiple(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	double d;

	need_number(l, v, &n->multiple);
	if (vx_json_as_double(v, &d) && !(d > 0))
		fail(l, "is not above 0");
}

static void need_size(struct loader *l, const struct vx_json *v, size_t *to)
{
	int64_t i;

	if (!vx_json_as_int(v, &i) || i < 0)
		fail(l, "is no whole number from 0 on");
	else
		*to = (size_t)i;
}

static void kw_min_length(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_size(l, v, &n->min_length);
}

static void kw_max_length(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_size(l, v, &n->max_length);
}

static void kw_min_items(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_size(l, v, &n->min_items);
}

static void kw_max_items(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_size(l, v, &n->max_items);
}

static void kw_min_properties(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_size(l, v, &n->min_properties);
}

static void kw_max_properties(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_size(l, v, &n->max_properties);
}

static struct vx_regex *regex(struct loader *l, const char *text)
{
	struct vx_error why = VX_ERROR_INIT;
	struct vx_regex *re = text ? vx_regex_new(text, &why) : NULL;

	if (!re)
		fail(l, text ? why.reason : "is no string");
	return re;
}

static void kw_pattern(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	n->pattern = regex(l, vx_json_text(v, NULL));
}

static void kw_unique(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_BOOL)
		fail(l, "is neither true nor false");
	n->unique = vx_json_as_bool(v);
}

static void need_names(struct loader *l, const struct vx_json *v)
{
	bool good = vx_json_type(v) == VX_ARRAY;

	for (size_t i = 0; i < vx_json_size(v) && good; i++)
		good = vx_json_text(vx_json_at(v, i), NULL);
	if (!good)
		fail(l, "is no list of names");
}

static void kw_required(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	need_names(l, v);
	n->required = v;
}

static void kw_dependent(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_OBJECT)
		fail(l, "is no object");
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

static void kw_properties(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_OBJECT || vx_json_size(v) > 10000) {
		fail(l, "is no object, or one of more than 10000 properties");
		return;
	}
	n->properties = vx_alloc((vx_json_size(v) + 1) * sizeof(*n->properties));
	struct vx_json_iter it = vx_json_begin(v);
	while (l->status == VX_OK && vx_json_next(&it))
		n->properties[n->nproperties++] =
			(struct vx_schema_property){ it.key, compile(l, it.value, it.key), NULL };
	index_properties(n);
}

static void kw_patterns(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	if (vx_json_type(v) != VX_OBJECT) {
		fail(l, "is no object");
		return;
	}
	n->patterns = vx_alloc((vx_json_size(v) + 1) * sizeof(*n->patterns));
	struct vx_json_iter it = vx_json_begin(v);
	while (l->status == VX_OK && vx_json_next(&it)) {
		struct vx_regex *re = regex(l, it.key);
		n->patterns[n->npatterns++] = (struct vx_schema_property){ it.key, compile(l, it.value, it.key), re };
	}
}

static void kw_additional(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	n->additional = compile(l, v, "");
}

static void kw_names(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	n->names = compile(l, v, "");
}

static void kw_items(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	n->items = compile(l, v, "");
}

static void kw_not(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	n->negated = compile(l, v, "");
}

static void kw_if(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	n->if_ = compile(l, v, "");
}

static void kw_then(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	n->then = compile(l, v, "");
}

static void kw_else(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	n->else_ = compile(l, v, "");
}

static void compile_list(struct loader *l, struct vx_schema_list *list, const struct vx_json *v)
{
	char step[24];

	if (vx_json_type(v) != VX_ARRAY || vx_json_size(v) == 0) {
		fail(l, "is no list of schemas");
		return;
	}
	list->items = vx_alloc(vx_json_size(v) * sizeof(struct vx_schema_node *));
	for (; list->n < vx_json_size(v) && l->status == VX_OK; list->n++) {
		snprintf(step, sizeof(step), "%zu", list->n);
		list->items[list->n] = compile(l, vx_json_at(v, list->n), step);
	}
}

static void kw_prefix(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	compile_list(l, &n->prefix, v);
}

static void kw_any_of(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	compile_list(l, &n->any_of, v);
}

static void kw_all_of(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	compile_list(l, &n->all_of, v);
}

static void kw_one_of(struct loader *l, struct vx_schema_node *n, const struct vx_json *v)
{
	compile_list(l, &n->one_of, v);
}

static const struct {
	const char *name;
	void (*read)(struct loader *l, struct vx_schema_node *n, const struct vx_json *v);
} keywords[] = {
	{ "$schema", kw_schema },
	{ "$id", kw_id },
	{ "$defs", kw_defs },
	{ "$ref", kw_ref },
	{ "$comment", kw_note },
	{ "title", kw_note },
	{ "description", kw_note },
	{ "default", kw_note },
	{ "examples", kw_note },
	{ "format", kw_note },
	{ "deprecated", kw_note },
	{ "x-vx", kw_x_vx },
	{ "type", kw_type },
	{ "enum", kw_enum },
	{ "minimum", kw_minimum },
	{ "maximum", kw_maximum },
	{ "exclusiveMinimum", kw_above },
	{ "exclusiveMaximum", kw_below },
	{ "multipleOf", kw_multiple },
	{ "minLength", kw_min_length },
	{ "maxLength", kw_max_length },
	{ "pattern", kw_pattern },
	{ "minItems", kw_min_items },
	{ "maxItems", kw_max_items },
	{ "uniqueItems", kw_unique },
	{ "items", kw_items },
	{ "prefixItems", kw_prefix },
	{ "minProperties", kw_min_properties },
	{ "maxProperties", kw_max_properties },
	{ "properties", kw_properties },
	{ "patternProperties", kw_patterns },
	{ "additionalProperties", kw_additional },
	{ "propertyNames", kw_names },
	{ "required", kw_required },
	{ "dependentRequired", kw_dependent },
	{ "anyOf", kw_any_of },
	{ "allOf", kw_all_of },
	{ "oneOf", kw_one_of },
	{ "not", kw_not },
	{ "if", kw_if },
	{ "then", kw_then },
	{ "else", kw_else },
};

static void read_keyword(struct loader *l, struct vx_schema_node *n, const char *name, const struct vx_json *v,
	const struct vx_json *schema)
{
	if (!strcmp(name, "const")) {
		n->constant = schema;
		n->keywords++;
		return;
	}
	for (size_t i = 0; i < sizeof(keywords) / sizeof(*keywords); i++)
		if (!strcmp(name, keywords[i].name)) {
			keywords[i].read(l, n, v);
			n->keywords += keywords[i].read != kw_note && keywords[i].read != kw_defs;
			return;
		}
	fail(l, "unknown keyword");
}

static struct vx_schema_node *remember(struct vx_schema *s, const struct vx_json *json)
{
	struct vx_schema_node *n = vx_alloc(sizeof(*n));

	n->max_length = n->max_items = n->max_properties = SIZE_MAX;
	if ((s->nseen & (s->nseen - 1)) == 0)
		s->seen = vx_realloc(s->seen, (s->nseen ? 2 * s->nseen : 16) * sizeof(*s->seen));
	s->seen[s->nseen++] = (struct vx_schema_seen){ json, n };
	return n;
}

static struct vx_schema_node *compile(struct loader *l, const struct vx_json *json, const char *step)
{
	for (size_t i = 0; i < l->s->nseen; i++)
		if (l->s->seen[i].json == json)
			return l->s->seen[i].node;
	struct vx_schema_node *n = remember(l->s, json);
	size_t old = path_push(l, step);
	if (vx_json_type(json) == VX_BOOL)
		n->never = !vx_json_as_bool(json);
	else if (vx_json_type(json) != VX_OBJECT)
		fail(l, "is no schema");
	else if (++l->depth > MAX_DEPTH)
		fail(l, "schemas inside each other beyond measure");
	struct vx_json_iter it = vx_json_begin(json);
	while (l->status == VX_OK && vx_json_next(&it)) {
		size_t back = path_push(l, it.key);
		read_keyword(l, n, it.key, it.value, json);
		path_back(l, back);
	}
	n->combined = n->ref || n->all_of.n || n->any_of.n || n->one_of.n || n->negated || n->if_;
	n->alias = n->ref && n->keywords == 1;
	l->depth -= vx_json_type(json) == VX_OBJECT;
	path_back(l, old);
	return n;
}

/* Whether checking a value would come back to this schema with the same value: it would never end. So is a way
 * that is too long to follow. */
static bool loops(struct vx_schema_node *n, int depth)
{
	const struct vx_schema_list *lists[] = { &n->any_of, &n->all_of, &n->one_of };
	struct vx_schema_node *own[] = { n->ref, n->negated, n->if_, n->then, n->else_ };
	enum { FRESH, WITHIN, DONE };

	if (n->walk != FRESH || depth > MAX_DEPTH)
		return n->walk != DONE;
	n->walk = WITHIN;
	for (size_t i = 0; i < sizeof(own) / sizeof(*own); i++)
		if (own[i] && loops(own[i], depth + 1))
			return true;
	for (size_t k = 0; k < sizeof(lists) / sizeof(*lists); k++)
		for (size_t i = 0; i < lists[k]->n; i++)
			if (loops(lists[k]->items[i], depth + 1))
				return true;
	n->walk = DONE;
	return false;
}

static struct vx_schema *finish(struct loader *l, const struct vx_json *json)
{
	l->top = json;
	if (json)
		l->s->root = compile(l, json, "");
	for (size_t i = 0; i < l->s->nseen && l->status == VX_OK; i++)
		if (loops(l->s->seen[i].node, 0))
			fail(l, "a $ref leads back to itself, or through too many others");
	vx_buf_free(&l->path);
	if (l->status == VX_OK)
		return l->s;
	vx_schema_free(l->s);
	return NULL;
}

struct vx_schema *vx_schema_load(const char *dir, const char *name, struct vx_error *err)
{
	struct loader l = { .s = vx_alloc(sizeof(*l.s)), .dir = dir, .err = err, .file = name };

	return finish(&l, document(&l, name));
}

struct vx_schema *vx_schema_new(const struct vx_json *json, struct vx_error *err)
{
	struct loader l = { .s = vx_alloc(sizeof(*l.s)), .err = err, .file = "schema" };

	l.s->documents = vx_alloc(sizeof(*l.s->documents));
	l.s->documents[l.s->ndocuments++] = (struct vx_schema_document){ vx_strdup("schema"), vx_json_copy(json) };
	if (!json)
		fail(&l, "is no schema");
	return finish(&l, l.s->documents[0].json);
}

static void node_free(struct vx_schema_node *n)
{
	for (size_t i = 0; i < n->npatterns; i++)
		vx_regex_free(n->patterns[i].pattern);
	vx_regex_free(n->pattern);
	free(n->patterns);
	free(n->properties);
	free(n->slots);
	free(n->prefix.items);
	free(n->any_of.items);
	free(n->all_of.items);
	free(n->one_of.items);
	free(n);
}

void vx_schema_free(struct vx_schema *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->nseen; i++)
		node_free(s->seen[i].node);
	for (size_t i = 0; i < s->ndocuments; i++) {
		free(s->documents[i].file);
		vx_json_free(s->documents[i].json);
	}
	free(s->seen);
	free(s->documents);
	free(s);
}

const struct vx_json *vx_schema_json(const struct vx_schema *s)
{
	return s->documents[0].json;
}
