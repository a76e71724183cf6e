/* record: the files of one record -> the store; the record with their URLs, or a line of the plan each.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "upload.h"

const char *const upload_status_names[] = { "created", "unchanged", "updated" };

/* Whether the record's model has the hash of its image. */
static bool has_sha256(const struct vx_record *rec)
{
	const char *identifier = vx_json_str(rec->json, "identifier");
	return identifier &&
	       (strncasecmp(identifier, "volume/", 7) == 0 || strncasecmp(identifier, "voxelmap/", 9) == 0);
}

bool leaf_wants_sha256(const struct vx_record *rec, const struct leaf *leaf)
{
	return strcmp(leaf->where, "path_nii") == 0 && !leaf->nested && has_sha256(rec);
}

void plan_line(
	struct vx_record *rec, const char *where, const char *path, const char *url, const struct vx_stored *stored)
{
	struct vx_json *line = vx_json_object();
	vx_json_set_str(line, "identifier", vx_json_str(rec->json, "identifier"));
	vx_json_set_str(line, "field", where);
	vx_json_set_str(line, "path", path);
	vx_json_set_str(line, "url", url);
	vx_json_set_int(line, "size", (int64_t)stored->size);
	vx_json_set_str(line, "sha256", stored->sha256);
	vx_json_set_str(line, "status", upload_status_names[stored->how]);
	vx_emit(rec, line);
	vx_json_free(line);
}

/* Folders have told their files already. */
static void emit_plan(struct vx_record *rec, const struct leaves *l)
{
	for (size_t i = 0; i < l->n; i++) {
		const struct leaf *leaf = &l->items[i];
		if (leaf->url.len && leaf->stored.sha256[0])
			plan_line(rec, leaf->where, leaf->text, leaf->url.data, &leaf->stored);
	}
}

static void emit_record(struct vx_record *rec, const struct leaves *l)
{
	bool changed = false;
	for (size_t i = 0; i < l->n; i++)
		changed = changed || l->items[i].url.len;
	if (!changed) {
		vx_emit_line(rec);
		return;
	}
	leaves_set(l, rec->json);
	for (size_t i = 0; i < l->n; i++) {
		const struct leaf *leaf = &l->items[i];
		if (leaf->stored.sha256[0] && leaf_wants_sha256(rec, leaf) && !vx_json_str(rec->json, "sha256"))
			vx_json_set_str(rec->json, "sha256", leaf->stored.sha256);
	}
	vx_emit(rec, rec->json);
}

int upload_leaves(const struct upload *o, const struct vx_record *rec, struct leaves *l, struct vx_error *err)
{
	const struct vx_json *sha256 = vx_json_get(rec->json, "sha256");
	int status = VX_OK;
	if (sha256 && has_sha256(rec) && !vx_json_text(sha256, NULL))
		return vx_error_set(err, VX_EREJECT, "sha256", "is no string");
	for (size_t i = 0; status == VX_OK && i < o->n_fields; i++)
		status = leaves_find(l, rec->json, o->fields[i], err);
	for (size_t i = 0; status == VX_OK && i < l->n; i++) {
		struct leaf *leaf = &l->items[i];
		status = local_path(rec->json, leaf->where, leaf->text, o->store, &leaf->path, err);
	}
	return status;
}

/* Every file is looked at before the first one leaves. */
static int send_leaves(
	struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, struct leaves *l, struct vx_error *err)
{
	int status = VX_OK;
	for (size_t i = 0; status == VX_OK && i < l->n; i++)
		if (l->items[i].path)
			status = put_check(o, rec, &l->items[i], err);
	for (size_t i = 0; status == VX_OK && i < l->n; i++)
		if (l->items[i].path)
			status = put_leaf(o, rec, conn, &l->items[i], err);
	return status;
}

static int rewrite_leaves(struct upload *o, struct vx_record *rec, struct leaves *l, struct vx_error *err)
{
	int status = VX_OK;
	for (size_t i = 0; status == VX_OK && i < l->n; i++) {
		struct leaf *leaf = &l->items[i];
		const char *want = leaf_wants_sha256(rec, leaf) ? vx_json_str(rec->json, "sha256") : NULL;
		if (leaf->path)
			status = rewrite_leaf(o->rewrite, leaf, err);
		if (status == VX_OK && want && leaf->stored.sha256[0] && strcasecmp(want, leaf->stored.sha256) != 0)
			status = vx_error_set(err, VX_EREJECT, "sha256", "the record says %.64s, the map %s", want,
				leaf->stored.sha256);
	}
	return status;
}

int upload_record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	struct upload *o = arg;
	struct leaves l = { 0 };
	int status = upload_leaves(o, rec, &l, err);
	if (status == VX_OK)
		status = o->rewrite ? rewrite_leaves(o, rec, &l, err) : send_leaves(o, rec, worker, &l, err);
	if (status == VX_OK && o->dry_run)
		emit_plan(rec, &l);
	else if (status == VX_OK)
		emit_record(rec, &l);
	if (status != VX_OK && status != VX_EREJECT)
		vx_provenance(rec->json, err); /* the run ends: say where */
	leaves_free(&l);
	return status;
}
