/* batch: takes a body apart and holds each item against the schema and the rules that need no database.
 * array or NDJSON -> struct batch
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "batch.h"
#include "split.h"
#include "vx_hash.h"

#define ARENA_BLOCK 262144

struct arena_block {
	struct arena_block *next;
	char bytes[];
};

static void *arena_take(struct arena *a, size_t n)
{
	n = (n + 7) & ~(size_t)7;
	if (!a->blocks || a->used + n > a->size) {
		a->size = n > ARENA_BLOCK ? n : ARENA_BLOCK;
		struct arena_block *block = vx_realloc(NULL, sizeof *block + a->size);
		block->next = a->blocks;
		a->blocks = block;
		a->used = 0;
	}
	void *p = a->blocks->bytes + a->used;
	a->used += n;
	return p;
}

static char *arena_copy(struct arena *a, const char *s, size_t n)
{
	char *p = arena_take(a, n + 1);
	memcpy(p, s, n);
	p[n] = '\0';
	return p;
}

void batch_init(struct batch *b, const struct vx_model *model, const struct vx_type *only)
{
	*b = (struct batch){ .model = model, .only = only, .slot_count = 1024, .age = 1 };
	b->slots = vx_alloc(b->slot_count * sizeof *b->slots);
}

void batch_free(struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		vx_buf_free(&b->items[i].errors);
		vx_buf_free(&b->items[i].warnings);
		vx_buf_free(&b->items[i].diff);
	}
	while (b->arena.blocks) {
		struct arena_block *next = b->arena.blocks->next;
		free(b->arena.blocks);
		b->arena.blocks = next;
	}
	free(b->items);
	free(b->slots);
	vx_buf_free(&b->scratch);
}

static void names_grow(struct batch *b)
{
	struct name **old = b->slots;
	size_t n = b->slot_count;
	b->slot_count *= 2;
	b->slots = vx_alloc(b->slot_count * sizeof *b->slots);
	for (size_t i = 0; i < n; i++) {
		if (!old[i])
			continue;
		size_t at = old[i]->hash & (b->slot_count - 1);
		while (b->slots[at])
			at = (at + 1) & (b->slot_count - 1);
		b->slots[at] = old[i];
	}
	free(old);
}

struct name *batch_name(struct batch *b, const char *text)
{
	size_t n = strlen(text);
	uint64_t hash = vx_hash64(text, n);
	size_t at = hash & (b->slot_count - 1);
	for (; b->slots[at]; at = (at + 1) & (b->slot_count - 1))
		if (b->slots[at]->hash == hash && !strcmp(b->slots[at]->text, text))
			return b->slots[at];
	struct name *name = arena_take(&b->arena, sizeof *name);
	*name = (struct name){ .text = arena_copy(&b->arena, text, n), .hash = hash, .first = NO_ITEM };
	b->slots[at] = name;
	if (++b->names * 2 > b->slot_count)
		names_grow(b);
	return name;
}

static void put_member(struct vx_buf *b, const char *key, const char *value)
{
	vx_buf_putc(b, ',');
	vx_json_put_string(b, key, strlen(key));
	vx_buf_putc(b, ':');
	vx_json_put_string(b, value, strlen(value));
}

void item_error(struct item *it, enum item_status status, const char *field, const char *value, const char *fmt, ...)
{
	char reason[1024];
	va_list args;
	va_start(args, fmt);
	vsnprintf(reason, sizeof reason, fmt, args);
	va_end(args);
	it->status = status;
	vx_buf_puts(&it->errors, it->errors.len ? ",{\"field\":" : "{\"field\":");
	vx_json_put_string(&it->errors, field, strlen(field));
	put_member(&it->errors, "value", value);
	put_member(&it->errors, "reason", reason);
	vx_buf_putc(&it->errors, '}');
}

static void say_warning(void *arg, const char *code, const char *field)
{
	struct item *it = arg;
	vx_buf_puts(&it->warnings, it->warnings.len ? ",{\"code\":" : "{\"code\":");
	vx_json_put_string(&it->warnings, code, strlen(code));
	put_member(&it->warnings, "field", field ? field : "");
	vx_buf_putc(&it->warnings, '}');
}

static struct item *item_new(struct batch *b)
{
	if (b->count == b->cap) {
		b->cap = b->cap ? b->cap * 2 : 256;
		b->items = vx_realloc(b->items, b->cap * sizeof *b->items);
	}
	struct item *it = &b->items[b->count++];
	*it = (struct item){ .next = NO_ITEM };
	return it;
}

/* item_identify: type and name, without which nothing else can be said. */
static bool item_identify(struct batch *b, struct item *it, const struct vx_json *json)
{
	size_t len = 0;
	const char *id = vx_json_text(vx_json_get(json, "identifier"), &len);
	if (!id) {
		item_error(it, ITEM_INVALID, "identifier", "", "is missing or no string");
		return false;
	}
	it->shown = arena_copy(&b->arena, id, strlen(id));
	const char *why = vx_identifier_check(id, len);
	if (why) {
		item_error(it, ITEM_INVALID, "identifier", it->shown, "%s", why);
		return false;
	}
	if (!(it->type = vx_model_type_of(b->model, id))) {
		item_error(it, ITEM_INVALID, "identifier", it->shown, "begins with no known type");
		return false;
	}
	if (b->only && it->type != b->only) {
		item_error(it, ITEM_INVALID, "identifier", it->shown, "is no %s, which %s takes", b->only->name,
			b->only->collection);
		return false;
	}
	return true;
}

static void item_check(const struct batch *b, struct item *it, const struct vx_json *json)
{
	struct vx_schema_error *errors = vx_resource_check(b->model, it->type, json);
	for (struct vx_schema_error *e = errors; e; e = e->next)
		item_error(it, ITEM_INVALID, e->field, e->value, "%s", e->reason);
	vx_schema_error_free(errors);
}

static void add_ref(struct batch *b, struct item *it, const char *field, const char *text)
{
	struct name *name = batch_name(b, text);
	it->refs[it->ref_count] = name;
	it->ref_texts[it->ref_count] = name->text;
	it->ref_fields[it->ref_count++] = field;
}

/* item_refs: derived_from and the type's own references. */
static void item_refs(struct batch *b, struct item *it, const struct vx_json *json)
{
	const struct vx_json *list = vx_json_get(json, "derived_from");
	size_t n = vx_json_size(list), own = 0;
	while (it->type->refs && it->type->refs[own])
		own++;
	if (n + own == 0)
		return;
	it->refs = arena_take(&b->arena, (n + own) * sizeof *it->refs);
	it->ref_texts = arena_take(&b->arena, (n + own) * sizeof *it->ref_texts);
	it->ref_fields = arena_take(&b->arena, (n + own) * sizeof *it->ref_fields);
	for (size_t i = 0; i < n; i++)
		add_ref(b, it, "derived_from", vx_json_text(vx_json_at(list, i), NULL));
	for (size_t i = 0; i < own; i++) {
		const char *text = vx_json_str(json, it->type->refs[i]);
		if (text)
			add_ref(b, it, it->type->refs[i], text);
	}
}

const char *batch_keep(struct batch *b, const char *s)
{
	return s ? arena_copy(&b->arena, s, strlen(s)) : NULL;
}

static bool is_false(const struct vx_json *json, const char *key)
{
	bool value;
	return vx_json_get_bool(json, key, &value) && !value;
}

/* item_take: what create needs of a valid record, so that the record itself can go. */
static void item_take(struct batch *b, struct item *it, const struct vx_json *json)
{
	const char *parent = vx_json_str(json, "parent_identifier");
	it->parent = parent ? batch_name(b, parent) : NULL;
	item_refs(b, it, json);
	it->shorthand = batch_keep(b, vx_json_str(json, "shorthand"));
	it->external_uid = batch_keep(b, vx_json_str(json, "external_uid"));
	it->expected = batch_keep(b, vx_json_str(json, "_version"));
	it->event_root = vx_json_as_bool(vx_json_get(json, "is_event_root"));
	it->core = !strcmp(it->type->name, "specimen") && is_false(json, "is_summary");
	vx_buf_clear(&b->scratch);
	vx_resource_canonical(it->type, json, &b->scratch);
	it->body = it->sent = arena_copy(&b->arena, b->scratch.data, b->scratch.len);
	it->body_len = it->sent_len = b->scratch.len;
}

static void item_read(struct batch *b, const struct vx_json *json)
{
	struct item *it = item_new(b);
	if (vx_json_type(json) != VX_OBJECT) {
		item_error(it, ITEM_INVALID, "", "", "is no object");
		return;
	}
	if (!item_identify(b, it, json))
		return;
	it->name = batch_name(b, it->shown);
	item_check(b, it, json);
	vx_resource_warnings(it->type, json, say_warning, it);
	if (it->status != ITEM_PENDING)
		return;
	item_take(b, it, json);
	size_t at = (size_t)(it - b->items);
	it->next = it->name->first; /* newest first; batch_order puts them right */
	it->name->first = at;
}

int batch_read(struct batch *b, const char *body, size_t len, bool lines, struct vx_error *err)
{
	struct split s;
	const char *text;
	size_t n;
	int more;
	split_begin(&s, body, len, lines);
	while ((more = split_next(&s, &text, &n, err)) == 1) {
		struct vx_json *json;
		int status = vx_json_parse(text, n, &json, err);
		if (status == VX_OK) {
			item_read(b, json);
			vx_json_free(json);
		} else if (lines) {
			item_error(item_new(b), ITEM_INVALID, "", "", "%s", err->reason);
		} else {
			return vx_error_set(err, VX_EREJECT, NULL, "item %zu: %s", b->count + 1, strdupa(err->reason));
		}
	}
	return more;
}

const char *item_word(enum item_status status)
{
	static const char *const words[] = { "pending", "created", "unchanged", "updated", "conflict", "invalid",
		"orphan" };
	return words[status];
}

static void put_result(const struct item *it, struct vx_buf *out)
{
	vx_buf_puts(out, "{\"identifier\":");
	if (it->shown)
		vx_json_put_string(out, it->shown, strlen(it->shown));
	else
		vx_buf_puts(out, "null");
	put_member(out, "status", item_word(it->status));
	if (it->errors.len)
		vx_buf_printf(out, ",\"errors\":[%s]", it->errors.data);
	if (it->warnings.len)
		vx_buf_printf(out, ",\"warnings\":[%s]", it->warnings.data);
	if (it->diff.len)
		vx_buf_printf(out, ",\"diff\":%s", it->diff.data);
	if (it->status == ITEM_CONFLICT && it->version[0])
		put_member(out, "version", it->version);
	vx_buf_putc(out, '}');
}

void batch_results(const struct batch *b, struct vx_buf *out)
{
	vx_buf_puts(out, "{\"results\":[");
	for (size_t i = 0; i < b->count; i++) {
		if (i)
			vx_buf_putc(out, ',');
		put_result(&b->items[i], out);
	}
	vx_buf_puts(out, "]}");
}
