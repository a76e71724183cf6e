/* vx_schema_load: JSON Schema files become nodes that can be checked against.
 * a schema file and its siblings -> struct vx_schema (the keywords themselves are read in vx_schema_keyword.c)
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_schema_load.h"

#define MAX_DEPTH 400

void vx_schema_fail(struct vx_schema_loader *l, const char *reason)
{
	if (l->status != VX_OK)
		return;
	char *path = l->dir ? vx_asprintf("%s/%s", l->dir, l->file) : vx_strdup(l->file);
	l->status = vx_error_set(l->err, VX_EDATA, l->path.data ? l->path.data : "", "%s", reason);
	vx_error_at(l->err, path, 0);
	free(path);
}

/* Lengthens the path by a step; returns what path_back needs. */
static size_t path_push(struct vx_schema_loader *l, const char *step)
{
	size_t old = l->path.len;

	if (old && *step)
		vx_buf_putc(&l->path, '.');
	vx_buf_puts(&l->path, step);
	return old;
}

static void path_back(struct vx_schema_loader *l, size_t old)
{
	l->path.len = old;
	if (l->path.data)
		l->path.data[old] = '\0';
}

static const struct vx_json *document(struct vx_schema_loader *l, const char *file)
{
	struct vx_schema *s = l->s;

	for (size_t i = 0; i < s->ndocuments; i++)
		if (!strcmp(s->documents[i].file, file))
			return s->documents[i].json;
	if (!l->dir || strchr(file, '/')) {
		vx_schema_fail(l, "$ref leads to another place than a file beside this one");
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

const struct vx_json *vx_schema_target(
	struct vx_schema_loader *l, const char *file, const char *fragment, const struct vx_json **top)
{
	*top = file ? document(l, file) : l->top;
	const struct vx_json *target = *top ? pointer(*top, fragment) : NULL;
	if (*top && !target)
		vx_schema_fail(l, "$ref leads to nothing");
	return target;
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

struct vx_schema_node *vx_schema_compile(struct vx_schema_loader *l, const struct vx_json *json, const char *step)
{
	for (size_t i = 0; i < l->s->nseen; i++)
		if (l->s->seen[i].json == json)
			return l->s->seen[i].node;
	struct vx_schema_node *n = remember(l->s, json);
	size_t old = path_push(l, step);
	if (vx_json_type(json) == VX_BOOL)
		n->never = !vx_json_as_bool(json);
	else if (vx_json_type(json) != VX_OBJECT)
		vx_schema_fail(l, "is no schema");
	else if (++l->depth > MAX_DEPTH)
		vx_schema_fail(l, "schemas inside each other beyond measure");
	struct vx_json_iter it = vx_json_begin(json);
	while (l->status == VX_OK && vx_json_next(&it)) {
		size_t back = path_push(l, it.key);
		vx_schema_keyword(l, n, it.key, it.value, json);
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

static struct vx_schema *finish(struct vx_schema_loader *l, const struct vx_json *json)
{
	l->top = json;
	if (json)
		l->s->root = vx_schema_compile(l, json, "");
	for (size_t i = 0; i < l->s->nseen && l->status == VX_OK; i++)
		if (loops(l->s->seen[i].node, 0))
			vx_schema_fail(l, "a $ref leads back to itself, or through too many others");
	vx_buf_free(&l->path);
	if (l->status == VX_OK)
		return l->s;
	vx_schema_free(l->s);
	return NULL;
}

struct vx_schema *vx_schema_load(const char *dir, const char *name, struct vx_error *err)
{
	struct vx_schema_loader l = { .s = vx_alloc(sizeof(*l.s)), .dir = dir, .err = err, .file = name };

	return finish(&l, document(&l, name));
}

struct vx_schema *vx_schema_new(const struct vx_json *json, struct vx_error *err)
{
	struct vx_schema_loader l = { .s = vx_alloc(sizeof(*l.s)), .err = err, .file = "schema" };

	l.s->documents = vx_alloc(sizeof(*l.s->documents));
	l.s->documents[l.s->ndocuments++] = (struct vx_schema_document){ vx_strdup("schema"), vx_json_copy(json) };
	if (!json)
		vx_schema_fail(&l, "is no schema");
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
