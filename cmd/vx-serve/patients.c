/* patients: the source's names of patients -> vxData's, allocated once. (datasource, external_uid) -> identifier
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "patients.h"
#include "split.h"

#define NUMBER_DIGITS 5
#define NUMBER_MAX 99999

static int text_field(const struct vx_json *json, const char *key, char **out, size_t item, struct vx_error *err)
{
	size_t len = 0;
	const char *text = vx_json_text(vx_json_get(json, key), &len);
	if (!text || !len || strlen(text) != len)
		return vx_error_set(err, VX_EREJECT, key,
			"item %zu: %s: must be a string of one or more characters, none NUL", item, key);
	*out = vx_strdup(text);
	return VX_OK;
}

static int add_item(struct patients *p, const struct vx_json *json, struct vx_error *err)
{
	if (vx_json_type(json) != VX_OBJECT)
		return vx_error_set(err, VX_EREJECT, NULL, "item %zu: is no object", p->count + 1);
	struct vx_json_iter i = vx_json_begin(json);
	while (vx_json_next(&i))
		if (strcmp(i.key, "external_uid") != 0 && strcmp(i.key, "datasource_id") != 0)
			return vx_error_set(
				err, VX_EREJECT, i.key, "item %zu: %s: is not known here", p->count + 1, i.key);
	if (p->count == p->cap) {
		p->cap = p->cap ? p->cap * 2 : 16;
		p->items = vx_realloc(p->items, p->cap * sizeof *p->items);
	}
	struct patient_item *it = &p->items[p->count++];
	*it = (struct patient_item){ .external_uid = NULL };
	int status = text_field(json, "external_uid", &it->external_uid, p->count, err);
	return status == VX_OK ? text_field(json, "datasource_id", &it->datasource, p->count, err) : status;
}

int patients_read(struct patients *p, const char *body, size_t len, bool many, struct vx_error *err)
{
	struct split s;
	const char *text;
	size_t n;
	int more;
	split_begin(&s, body, len, false);
	if (s.array != many)
		return vx_error_set(err, VX_EREJECT, NULL, "the body is no %s", many ? "array" : "object");
	while ((more = split_next(&s, &text, &n, err)) == 1) {
		struct vx_json *json;
		int status = vx_json_parse(text, n, &json, err);
		if (status == VX_OK)
			status = add_item(p, json, err);
		vx_json_free(json);
		if (status != VX_OK)
			return VX_EREJECT;
	}
	if (more == 0 && !many && p->count != 1)
		return vx_error_set(err, VX_EREJECT, NULL, "the body holds %zu objects, not one", p->count);
	return more;
}

void patients_free(struct patients *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->items[i].external_uid);
		free(p->items[i].datasource);
	}
	free(p->items);
}

struct source { /* the datasource at hand: most requests speak of one */
	char *identifier, *shorthand;
	int64_t level;
	long last; /* the highest number given, once we hold its lock; -1 before */
};

static int source_load(struct store_tx *tx, struct source *src, const char *identifier, struct vx_error *err)
{
	struct store_row row;
	struct vx_json *json;
	if (src->identifier && !strcmp(src->identifier, identifier))
		return VX_OK;
	int found = store_find(tx, identifier, &row, err);
	if (found < 0)
		return found;
	if (!found || strcmp(row.type, "datasource") != 0)
		return vx_error_set(err, VX_EDATA, NULL, "%s: no such datasource", identifier);
	if (vx_json_parse(row.body, row.body_len, &json, err) != VX_OK)
		return VX_EIO;
	if (!vx_json_str(json, "shorthand")) {
		vx_json_free(json);
		return vx_error_set(err, VX_EREJECT, NULL, "%s is about to be deleted", identifier);
	}
	free(src->identifier);
	free(src->shorthand);
	src->identifier = vx_strdup(identifier);
	src->shorthand = vx_strdup(vx_json_str(json, "shorthand"));
	src->level = row.level;
	src->last = -1;
	vx_json_free(json);
	return VX_OK;
}

/* number_next: nobody else numbers patients of this datasource once we have asked for the highest number. */
static int number_next(struct store_tx *tx, struct source *src, struct vx_error *err)
{
	char last[VX_IDENTIFIER_MAX + 1];
	if (src->last < 0) {
		int found = store_last_patient(tx, src->shorthand, last, err);
		if (found < 0)
			return found;
		src->last = found ? strtol(last + strlen(last) - NUMBER_DIGITS, NULL, 10) : 0;
	}
	if (src->last >= NUMBER_MAX)
		return vx_error_set(
			err, VX_EREJECT, NULL, "%s: no patient number is free behind %d", src->identifier, NUMBER_MAX);
	src->last++;
	return VX_OK;
}

/* allocate: the patient resource itself; it is the only place where the number lives. */
static int allocate(struct store_tx *tx, const struct vx_model *model, struct source *src, struct patient_item *it,
	struct vx_error *err)
{
	int status = number_next(tx, src, err);
	if (status != VX_OK)
		return status;
	snprintf(it->identifier, sizeof it->identifier, "patient/%s%0*ld", src->shorthand, NUMBER_DIGITS, src->last);
	struct vx_json *json = vx_json_object();
	vx_json_set_str(json, "identifier", it->identifier);
	vx_json_set_str(json, "parent_identifier", src->identifier);
	vx_json_set_str(json, "external_uid", it->external_uid);
	struct vx_buf body = VX_BUF_INIT;
	vx_resource_canonical(vx_model_type_of(model, it->identifier), json, &body);
	int64_t now = time(NULL);
	struct store_row row = { .identifier = it->identifier,
		.type = "patient",
		.parent = src->identifier,
		.datasource = src->identifier,
		.patient = it->identifier,
		.level = src->level + 1,
		.body = body.data,
		.body_len = body.len,
		.created_at = now,
		.updated_at = now };
	status = store_insert(tx, &row, NULL, 0, err);
	it->created = true;
	vx_json_free(json);
	vx_buf_free(&body);
	return status;
}

static int map_one(struct store_tx *tx, const struct vx_model *model, struct source *src, struct patient_item *it,
	bool new, struct vx_error *err)
{
	int status = source_load(tx, src, it->datasource, err);
	if (status != VX_OK)
		return status;
	int found = store_patient(tx, it->datasource, it->external_uid, it->identifier, err);
	if (found == 0 && new && src->last < 0) {
		/* Somebody else may be giving it a number just now: wait, and look again. */
		if ((status = store_lock_datasource(tx, it->datasource, err)) != VX_OK)
			return status;
		found = store_patient(tx, it->datasource, it->external_uid, it->identifier, err);
	}
	if (found != 0 || !new)
		return found < 0 ? found : VX_OK;
	return allocate(tx, model, src, it, err);
}

/* attempt: all of them in one transaction. */
static int attempt(struct store *s, const struct vx_model *model, struct patients *p, bool new, struct vx_error *err)
{
	struct source src = { .identifier = NULL };
	struct vx_error ignored;
	struct store_tx *tx;
	int status = store_begin(s, STORE_CREATE, &tx, err);
	if (status != VX_OK)
		return status;
	for (size_t i = 0; i < p->count && status == VX_OK; i++)
		status = map_one(tx, model, &src, &p->items[i], new, err);
	if (status == VX_OK)
		status = store_end(tx, true, err);
	else
		(void)!store_end(tx, false, &ignored);
	free(src.identifier);
	free(src.shorthand);
	return status;
}

int patients_map(struct store *s, const struct vx_model *model, struct patients *p, bool new, struct vx_error *err)
{
	int status = STORE_AGAIN;
	for (int left = STORE_ATTEMPTS; status == STORE_AGAIN && left > 0; left--) {
		for (size_t i = 0; i < p->count; i++) {
			p->items[i].identifier[0] = '\0';
			p->items[i].created = false;
		}
		status = attempt(s, model, p, new, err);
	}
	return status;
}
