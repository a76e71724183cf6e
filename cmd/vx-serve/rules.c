/* rules: holds an item against the data model's rules across resources. item, database -> errors in the item
 *
 * SPDX-License-Identifier: MIT
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"

static bool is_type(const struct item *it, const char *type)
{
	return !strcmp(it->type->name, type);
}

void name_fill(struct batch *b, struct name *name, const struct store_row *row)
{
	name->known = b->age;
	name->present = true;
	name->level = row->level;
	name->datasource = row->datasource ? batch_name(b, row->datasource) : NULL;
	name->patient = row->patient ? batch_name(b, row->patient) : NULL;
	bool datasource = !strcmp(row->type, "datasource");
	if (!datasource && strcmp(row->type, "specimen") != 0)
		return;
	struct vx_json *json;
	bool summary = true;
	if (vx_json_parse(row->body, row->body_len, &json, NULL) != VX_OK)
		return;
	if (datasource)
		name->shorthand = batch_keep(b, vx_json_str(json, "shorthand"));
	else
		name->core = vx_json_get_bool(json, "is_summary", &summary) && !summary;
	vx_json_free(json);
}

int name_load(struct store_tx *tx, struct batch *b, struct name *name, struct vx_error *err)
{
	struct store_row row;
	if (name->known == b->age)
		return VX_OK;
	int found = store_find(tx, name->text, &row, err);
	if (found < 0)
		return found;
	name->known = b->age;
	name->present = false;
	if (found)
		name_fill(b, name, &row);
	return VX_OK;
}

/* taken: found another resource than the item itself under what must be unique. */
static bool taken(int found, const char *other, const struct item *it)
{
	return found > 0 && strcmp(other, it->shown) != 0;
}

static int datasource_rules(struct store_tx *tx, struct item *it, bool exists, struct vx_error *err)
{
	char other[VX_IDENTIFIER_MAX + 1];
	int found = store_shorthand_owner(tx, it->shorthand, other, err);
	if (taken(found, other, it))
		item_error(it, ITEM_INVALID, "shorthand", it->shorthand, "is %s's already", other);
	if (found != 0 || !exists)
		return found < 0 ? found : VX_OK;
	/* The shorthand has changed: the names of its patients begin with the old one. */
	struct store_row row = { .body = it->old, .body_len = it->old_len };
	if (!it->name->lifted && (found = store_find(tx, it->shown, &row, err)) <= 0)
		return found;
	struct vx_json *old;
	int status = vx_json_parse(row.body, row.body_len, &old, err);
	if (status != VX_OK)
		return VX_EIO;
	const char *was = vx_json_str(old, "shorthand");
	if (was && strcmp(was, it->shorthand) != 0)
		found = store_last_patient(tx, was, other, err);
	vx_json_free(old);
	if (found > 0)
		item_error(it, ITEM_INVALID, "shorthand", it->shorthand, "cannot change: %s is named after the old one",
			other);
	return found < 0 ? found : VX_OK;
}

static int patient_rules(struct store_tx *tx, struct item *it, struct vx_error *err)
{
	char other[VX_IDENTIFIER_MAX + 1];
	const char *shorthand = it->parent->shorthand, *name = it->shown + strlen("patient/");
	if (!shorthand) {
		item_error(it, ITEM_INVALID, "parent_identifier", it->parent->text, "is about to be deleted");
		return VX_OK;
	}
	size_t n = strlen(shorthand);
	bool digits = strlen(name) == n + 5;
	for (size_t i = n; digits && i < n + 5; i++)
		digits = isdigit((unsigned char)name[i]);
	if (strncmp(name, shorthand, n) != 0 || !digits)
		item_error(it, ITEM_INVALID, "identifier", it->shown,
			"is not %s, its datasource's shorthand, and five digits", shorthand);
	int status = store_lock_datasource(tx, it->parent->text, err);
	if (status != VX_OK)
		return status;
	int found = store_patient(tx, it->parent->text, it->external_uid, other, err);
	if (taken(found, other, it))
		item_error(it, ITEM_INVALID, "external_uid", it->external_uid, "is %s's in this datasource", other);
	return found < 0 ? found : VX_OK;
}

static int specimen_rules(struct store_tx *tx, struct item *it, bool exists, struct vx_error *err)
{
	char other[VX_IDENTIFIER_MAX + 1];
	int found = 0;
	if (it->event_root) {
		found = store_event_root(tx, it->parent->text, other, err);
		if (taken(found, other, it))
			item_error(it, ITEM_INVALID, "is_event_root", "true", VX_RULE_SECOND_ROOT, other,
				it->parent->text);
	} else if (it->parent->core) {
		item_error(it, ITEM_INVALID, "parent_identifier", it->parent->text,
			"is no summary, so nothing lies below it (rule 2)");
	}
	if (found >= 0 && exists && it->core && (found = store_specimen_child(tx, it->shown, other, err)) > 0)
		item_error(it, ITEM_INVALID, "is_summary", "false", "%s lies below it (rule 2)", other);
	return found < 0 ? found : VX_OK;
}

struct walk {
	struct batch *batch;
	const struct name *self;
	struct name **list;
	size_t count, cap;
	bool cycle;
};

/* walk_add: only what lies deeper than the item itself can have it above. */
static void walk_add(void *arg, const char *identifier, int64_t level)
{
	struct walk *w = arg;
	struct name *name = batch_name(w->batch, identifier);
	if (name == w->self)
		w->cycle = true;
	if (name->mark == w->batch->mark || level <= w->self->level)
		return;
	name->mark = w->batch->mark;
	if (w->count == w->cap) {
		w->cap = w->cap ? w->cap * 2 : 16;
		w->list = vx_realloc(w->list, w->cap * sizeof(struct name *));
	}
	w->list[w->count++] = name;
}

/* cycle_rule: whether what the item would refer to from now on leads back to it. */
static int cycle_rule(struct store_tx *tx, struct batch *b, struct item *it, struct vx_error *err)
{
	struct walk w = { .batch = b, .self = it->name };
	int status = VX_OK;
	b->mark++;
	if (it->parent)
		walk_add(&w, it->parent->text, it->parent->level);
	for (size_t i = 0; i < it->ref_count; i++)
		walk_add(&w, it->ref_texts[i], it->refs[i]->level);
	while (status == VX_OK && w.count && !w.cycle)
		status = store_targets(tx, w.list[--w.count]->text, walk_add, &w, err);
	free(w.list);
	if (w.cycle)
		item_error(it, ITEM_INVALID, it->parent ? "parent_identifier" : "derived_from",
			it->parent ? it->parent->text : "", "leads back to the resource itself (rule 5)");
	return status;
}

int rules_stored(struct store_tx *tx, struct batch *b, struct item *it, bool exists, struct vx_error *err)
{
	int status = VX_OK;
	if (exists)
		status = cycle_rule(tx, b, it, err);
	if (status != VX_OK || it->status != ITEM_PENDING)
		return status;
	if (is_type(it, "specimen"))
		return specimen_rules(tx, it, exists, err);
	if (is_type(it, "patient"))
		return patient_rules(tx, it, err);
	if (is_type(it, "datasource"))
		return datasource_rules(tx, it, exists, err);
	return VX_OK;
}
