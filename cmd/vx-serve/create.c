/* create: the items of a batch into the database, all in one transaction. struct batch -> each item's status
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "create.h"
#include "rules.h"

struct create {
	struct store_tx *tx;
	struct batch *batch;
	bool update;
	int64_t now;
};

/* target: parent or reference: there, or the item is an orphan. */
static int target(struct create *c, struct item *it, struct name *to, const char *field, struct vx_error *err)
{
	int status = name_load(c->tx, c->batch, to, err);
	if (status != VX_OK || to->present)
		return status;
	if (to->in_cycle && it->name->in_cycle)
		item_error(it, ITEM_INVALID, field, to->text, "leads back to the resource itself (rule 5)");
	else
		item_error(it, ITEM_ORPHAN, field, to->text, VX_RULE_ORPHAN, to->text);
	return VX_OK;
}

static int targets(struct create *c, struct item *it, struct vx_error *err)
{
	int status = it->parent ? target(c, it, it->parent, "parent_identifier", err) : VX_OK;
	for (size_t i = 0; i < it->ref_count && status == VX_OK; i++)
		status = target(c, it, it->refs[i], it->ref_fields[i], err);
	return status;
}

/* place: level and ancestors follow from the parent and the references; the name knows them from now on. */
static void place(struct create *c, struct item *it)
{
	struct name *name = it->name;
	name->level = it->parent ? it->parent->level + 1 : 0;
	for (size_t i = 0; i < it->ref_count; i++)
		if (it->refs[i]->level >= name->level)
			name->level = it->refs[i]->level + 1;
	name->datasource = it->parent ? it->parent->datasource : NULL;
	name->patient = it->parent ? it->parent->patient : NULL;
	if (!strcmp(it->type->name, "datasource"))
		name->datasource = name;
	else if (!strcmp(it->type->name, "patient"))
		name->patient = name;
	name->known = c->batch->age;
	name->present = true;
	name->core = it->core;
	name->shorthand = it->shorthand;
}

static struct store_row row_of(const struct create *c, const struct item *it)
{
	const struct name *name = it->name;
	return (struct store_row){
		.identifier = name->text,
		.type = it->type->name,
		.parent = it->parent ? it->parent->text : NULL,
		.datasource = name->datasource ? name->datasource->text : NULL,
		.patient = name->patient ? name->patient->text : NULL,
		.level = name->level,
		.body = it->body,
		.body_len = it->body_len,
		.created_at = c->now,
		.updated_at = c->now,
	};
}

static int insert(struct create *c, struct item *it, struct vx_error *err)
{
	int status = targets(c, it, err);
	if (status == VX_OK && it->status == ITEM_PENDING)
		status = rules_stored(c->tx, c->batch, it, false, err);
	if (status != VX_OK || it->status != ITEM_PENDING)
		return status;
	place(c, it);
	struct store_row row = row_of(c, it);
	it->status = ITEM_CREATED;
	return store_insert(c->tx, &row, it->ref_texts, it->ref_count, err);
}

struct names { /* a list of names still to be looked at */
	struct batch *batch;
	struct name **list;
	size_t count, cap;
};

static void names_add(void *arg, const char *identifier, int64_t level)
{
	struct names *n = arg;
	(void)level;
	if (n->count == n->cap) {
		n->cap = n->cap ? n->cap * 2 : 16;
		n->list = vx_realloc(n->list, n->cap * sizeof(struct name *));
	}
	n->list[n->count++] = batch_name(n->batch, identifier);
}

/* spread: a resource that has moved takes what lies below it, and what refers to it, along. */
static int spread(struct create *c, struct name *moved, struct vx_error *err)
{
	struct names todo = { .batch = c->batch };
	int status = store_dependents(c->tx, moved->text, names_add, &todo, err);
	while (status == VX_OK && todo.count) {
		const char *identifier = todo.list[--todo.count]->text;
		int changed = store_refresh(c->tx, identifier, err);
		status = changed < 0 ? changed : VX_OK;
		if (changed > 0)
			status = store_dependents(c->tx, identifier, names_add, &todo, err);
	}
	free(todo.list);
	c->batch->age++; /* what other names knew may be out of date */
	return status;
}

/* keep_split: a default_split that a central script has set stays, whatever the source says nothing of. */
static void keep_split(struct create *c, struct item *it, const struct vx_json *old, struct vx_json *new)
{
	struct vx_json *split = vx_json_get(old, "default_split");
	if (!split || vx_json_get(new, "default_split"))
		return;
	vx_json_set(new, "default_split", vx_json_ref(split));
	struct vx_buf text = VX_BUF_INIT;
	vx_resource_canonical(it->type, new, &text);
	it->body = batch_keep(c->batch, text.data);
	it->body_len = text.len;
	vx_buf_free(&text);
}

static int replace(
	struct create *c, struct item *it, const struct vx_json *old, struct vx_json *new, struct vx_error *err)
{
	int status = targets(c, it, err);
	if (status == VX_OK && it->status == ITEM_PENDING)
		status = rules_stored(c->tx, c->batch, it, true, err);
	if (status != VX_OK || it->status != ITEM_PENDING)
		return status;
	keep_split(c, it, old, new);
	const struct name before = *it->name;
	place(c, it);
	struct store_row row = row_of(c, it);
	it->status = ITEM_UPDATED;
	status = store_update(c->tx, &row, it->ref_texts, it->ref_count, err);
	if (status == VX_OK && (before.level != it->name->level || before.datasource != it->name->datasource ||
				       before.patient != it->name->patient))
		status = spread(c, it->name, err);
	return status;
}

/* differs: other bytes than the stored ones: what exactly, and what is to become of it. */
static int differs(struct create *c, struct item *it, const struct store_row *row, struct vx_error *err)
{
	struct vx_json *old = NULL, *new = NULL;
	int status = vx_json_parse(row->body, row->body_len, &old, err);
	if (status == VX_OK)
		status = vx_json_parse(it->body, it->body_len, &new, err);
	if (status != VX_OK) {
		vx_json_free(old);
		return VX_EIO;
	}
	struct vx_json *diff = vx_resource_diff(it->type, old, new);
	if (vx_json_size(diff) == 0)
		it->status = ITEM_UNCHANGED;
	else if (!c->update)
		it->status = ITEM_CONFLICT;
	else
		status = replace(c, it, old, new, err);
	if (it->status == ITEM_CONFLICT || it->status == ITEM_UPDATED)
		vx_json_print(diff, &it->diff);
	vx_json_free(diff);
	vx_json_free(old);
	vx_json_free(new);
	return status;
}

static int create_one(struct create *c, struct item *it, struct vx_error *err)
{
	struct store_row row;
	int found = store_find(c->tx, it->name->text, &row, err);
	if (found < 0)
		return found;
	if (!found)
		return insert(c, it, err);
	name_fill(c->batch, it->name, &row);
	if (row.body_len == it->body_len && !memcmp(row.body, it->body, it->body_len)) {
		it->status = ITEM_UNCHANGED;
		return VX_OK;
	}
	return differs(c, it, &row, err);
}

/* prefetch: all that the batch speaks of, asked for at once. */
static int prefetch(struct create *c, struct vx_error *err)
{
	const struct batch *b = c->batch;
	const char **list = vx_alloc((b->names + 1) * sizeof *list);
	size_t n = 0;
	for (size_t i = 0; i < b->slot_count; i++)
		if (b->slots[i])
			list[n++] = b->slots[i]->text;
	int status = store_prefetch(c->tx, list, n, err);
	free(list);
	return status;
}

/* attempt: the whole batch in one transaction. */
static int attempt(struct create *c, struct store *s, const size_t *order, size_t n, bool commit, struct vx_error *err)
{
	struct vx_error ignored;
	int status = store_begin(s, c->update ? STORE_CHANGE : STORE_CREATE, &c->tx, err);
	if (status != VX_OK)
		return status;
	status = prefetch(c, err);
	for (size_t i = 0; i < n && status == VX_OK; i++)
		status = create_one(c, &c->batch->items[order[i]], err);
	if (status == VX_OK)
		return store_end(c->tx, commit, err);
	(void)!store_end(c->tx, false, &ignored);
	return status;
}

/* forget: the items as they were before an attempt of which nothing has happened. */
static void forget(struct batch *b, const size_t *order, size_t n)
{
	b->age++;
	for (size_t i = 0; i < n; i++) {
		struct item *it = &b->items[order[i]];
		it->status = ITEM_PENDING;
		it->body = it->sent;
		it->body_len = it->sent_len;
		vx_buf_clear(&it->errors);
		vx_buf_clear(&it->diff);
	}
}

int create_run(struct store *s, struct batch *b, bool update, bool dry_run, struct vx_error *err)
{
	struct create c = { .batch = b, .update = update, .now = time(NULL) };
	size_t *order, n = batch_order(b, &order);
	int status = VX_OK;
	for (int left = STORE_ATTEMPTS; n && left > 0; left--) {
		if ((status = attempt(&c, s, order, n, !dry_run, err)) != STORE_AGAIN)
			break;
		forget(b, order, n);
	}
	free(order);
	return status;
}
