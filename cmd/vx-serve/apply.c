/* apply: one item of a batch into the database: there or not, allowed or not, inserted, replaced or left. item -> its status
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "apply.h"
#include "rules.h"
#include "vx_hash.h"

/* target: parent or reference: there, or the item is an orphan. One that is lifted still comes, or has failed. */
static int target(struct create *c, struct item *it, struct name *to, const char *field, struct vx_error *err)
{
	int status = name_load(c->tx, c->batch, to, err);
	if (status != VX_OK || (to->present && !to->lifted))
		return status;
	if (to->lifted && !(to->in_cycle && it->name->in_cycle)) {
		it->status = ITEM_WAITING;
		return VX_OK;
	}
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
	name->lifted = false;
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

/* split_locked: where the central script alone sets default_split, an item that says another one is refused. */
static bool split_locked(const struct create *c, struct item *it, const struct vx_json *old, const struct vx_json *new)
{
	const struct vx_json *was = vx_json_get(old, "default_split"), *is = vx_json_get(new, "default_split");
	const char *text = vx_json_text(is, NULL);
	if (!c->how->split_locked || !is || vx_json_equal(was, is))
		return false;
	item_error(it, ITEM_INVALID, "default_split", text ? text : "",
		"is set by the central script alone: this deployment is production");
	return true;
}

static int insert(struct create *c, struct item *it, struct vx_error *err)
{
	if (c->how->split_locked && strstr(it->body, "\"default_split\"")) {
		struct vx_json *new;
		int parsed = vx_json_parse(it->body, it->body_len, &new, err);
		bool locked = parsed == VX_OK && split_locked(c, it, NULL, new);
		vx_json_free(new);
		if (parsed != VX_OK || locked)
			return parsed;
	}
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
	if (c->how->on_conflict != CREATE_REPLACE)
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

/* differences: field by field; what a replacement takes away counts, too. */
static struct vx_json *differences(
	const struct create *c, const struct item *it, const struct vx_json *old, const struct vx_json *new)
{
	struct vx_json *diff = vx_resource_diff(it->type, old, new), *split = vx_json_get(old, "default_split");
	if (c->how->on_conflict == CREATE_REPLACE && split && !vx_json_get(new, "default_split")) {
		struct vx_json *change = vx_json_object();
		vx_json_set(change, "old", vx_json_ref(split));
		vx_json_set(change, "new", NULL);
		vx_json_set(diff, "default_split", change);
	}
	return diff;
}

/* take_version: names the content that is there, so that a change may be asked of it alone. The time is part of it: content
 * that was changed to and fro is another version. */
static void take_version(struct item *it, const struct store_row *row)
{
	snprintf(it->version, sizeof it->version, "%llx-%016llx", (unsigned long long)row->updated_at,
		(unsigned long long)vx_hash64(row->body, row->body_len));
}

/* may_change: a change that was meant for another version than the one that is there comes too late: a request that lay
 * about in the network, or somebody else was faster. */
static bool may_change(const struct create *c, const struct item *it)
{
	return c->how->on_conflict != CREATE_REJECT && (!it->expected || !strcmp(it->expected, it->version));
}

/* differs: other bytes than the stored ones: what exactly, and what is to become of it. */
static int differs(struct create *c, struct item *it, const char *body, size_t len, struct vx_error *err)
{
	struct vx_json *old = NULL, *new = NULL;
	int status = vx_json_parse(body, len, &old, err);
	if (status == VX_OK)
		status = vx_json_parse(it->body, it->body_len, &new, err);
	if (status != VX_OK) {
		vx_json_free(old);
		return VX_EIO;
	}
	struct vx_json *diff = differences(c, it, old, new);
	if (vx_json_size(diff) == 0)
		it->status = ITEM_UNCHANGED;
	else if (!may_change(c, it))
		it->status = ITEM_CONFLICT;
	else if (!split_locked(c, it, old, new))
		status = replace(c, it, old, new, err);
	if (it->status == ITEM_CONFLICT || it->status == ITEM_UPDATED)
		vx_json_print(diff, &it->diff);
	vx_json_free(diff);
	vx_json_free(old);
	vx_json_free(new);
	return status;
}

static bool same_bytes(const struct item *it, const struct store_row *row)
{
	return row->body_len == it->body_len && !memcmp(row->body, it->body, it->body_len);
}

int apply_item(struct create *c, struct item *it, struct vx_error *err)
{
	struct store_row row;
	int found = store_find(c->tx, it->name->text, &row, err);
	if (found < 0)
		return found;
	if (!found)
		return insert(c, it, err);
	name_fill(c->batch, it->name, &row);
	if (it->name->lifted && !it->old) { /* by a twin, which has failed */
		it->status = ITEM_WAITING;
		return VX_OK;
	}
	if (it->name->lifted)
		return differs(c, it, it->old, it->old_len, err);
	if (same_bytes(it, &row)) {
		it->status = ITEM_UNCHANGED;
		return VX_OK;
	}
	take_version(it, &row);
	return differs(c, it, row.body, row.body_len, err);
}

/* lift_differs: whether the item would change what is there. */
static bool lift_differs(const struct create *c, const struct item *it, const struct store_row *row)
{
	struct vx_json *old = NULL, *new = NULL, *diff = NULL;
	bool yes = false;
	if (!same_bytes(it, row) && vx_json_parse(row->body, row->body_len, &old, NULL) == VX_OK &&
		vx_json_parse(it->body, it->body_len, &new, NULL) == VX_OK) {
		diff = differences(c, it, old, new);
		yes = vx_json_size(diff) > 0;
	}
	vx_json_free(diff);
	vx_json_free(old);
	vx_json_free(new);
	return yes;
}

/* bare: of a resource that stays only for others to depend on. Level and ancestors stay: what lies below it is where it
 * was. */
static int bare(struct store_tx *tx, struct store_row *row, struct vx_error *err)
{
	struct vx_buf body = VX_BUF_INIT;
	vx_buf_puts(&body, "{\"identifier\":");
	vx_json_put_string(&body, row->identifier, strlen(row->identifier));
	vx_buf_putc(&body, '}');
	row->parent = NULL;
	row->body = body.data;
	row->body_len = body.len;
	int status = store_update(tx, row, NULL, 0, err);
	vx_buf_free(&body);
	return status;
}

int apply_lift(struct create *c, struct item *it, struct vx_error *err)
{
	struct store_row row;
	int found = store_find(c->tx, it->name->text, &row, err);
	if (found <= 0 || it->name->lifted || !lift_differs(c, it, &row))
		return found < 0 ? found : VX_OK;
	name_fill(c->batch, it->name, &row);
	take_version(it, &row);
	it->old = batch_keep(c->batch, row.body);
	it->old_len = row.body_len;
	struct store_row lifted = row_of(c, it);
	lifted.created_at = row.created_at;
	it->name->lifted = true;
	return bare(c->tx, &lifted, err);
}

int apply_aside(struct store_tx *tx, const char *identifier, int64_t now, struct vx_error *err)
{
	char datasource[VX_IDENTIFIER_MAX + 1] = "", patient[VX_IDENTIFIER_MAX + 1] = "", type[64];
	struct store_row row;
	int found = store_find(tx, identifier, &row, err);
	if (found <= 0)
		return found;
	/* What a row holds is only good until the next call. */
	snprintf(datasource, sizeof datasource, "%s", row.datasource ? row.datasource : "");
	snprintf(patient, sizeof patient, "%s", row.patient ? row.patient : "");
	snprintf(type, sizeof type, "%s", row.type);
	row.identifier = identifier;
	row.type = type;
	row.datasource = *datasource ? datasource : NULL;
	row.patient = *patient ? patient : NULL;
	row.updated_at = now;
	int status = bare(tx, &row, err);
	return status == VX_OK ? 1 : status;
}
