/* record: the files of one record -> the store; the record with their URLs, or a line of the plan each.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "upload.h"

/* One field of a record whose file is in the store (or would be). */
struct done {
	const char *field;
	char *path;
	struct vx_buf url;
	struct vx_stored stored;
};

const char *const upload_status_names[] = { "created", "unchanged", "updated" };

/* Whether the record's model has the hash of its image. */
static bool has_sha256(const struct vx_record *rec)
{
	const char *identifier = vx_json_str(rec->json, "identifier");
	return identifier &&
	       (strncasecmp(identifier, "volume/", 7) == 0 || strncasecmp(identifier, "voxelmap/", 9) == 0);
}

/* Puts the file at done->path, or the cleaned copy of a sidecar. */
static int put(struct vx_record *rec, const char *field, const char *key, struct vx_store_conn *conn,
	const struct upload *o, struct done *done, struct vx_error *err)
{
	const char *want = strcmp(field, "path_nii") == 0 && has_sha256(rec) ? vx_json_str(rec->json, "sha256") : NULL;
	if (!o->sidecars || !is_sidecar(field, done->path))
		return vx_store_put(conn, key, done->path, want, &done->stored, err);
	struct vx_buf text = VX_BUF_INIT;
	struct vx_json *left_out = vx_json_array();
	bool latin1 = false;
	int status = sidecars_clean(o->sidecars, done->path, &text, left_out, &latin1, err);
	if (status == VX_OK && latin1)
		vx_warn(rec, "the sidecar is not UTF-8: read as Latin-1");
	if (status == VX_OK)
		status = vx_store_put_bytes(conn, key, text.data, text.len, want, &done->stored, err);
	if (status == VX_OK)
		sidecars_count(o->sidecars, left_out);
	vx_json_free(left_out);
	vx_buf_free(&text);
	return status;
}

/* Uploads the file of one field; done->field stays NULL when there is nothing to do. */
static int upload_field(struct vx_record *rec, const char *field, struct vx_store_conn *conn, const struct upload *o,
	struct done *done, struct vx_error *err)
{
	const struct vx_json *value = vx_json_path(rec->json, field);
	size_t len = 0;
	const char *text = vx_json_text(value, &len);
	struct vx_buf key = VX_BUF_INIT;
	if (!value)
		return VX_OK;
	if (!text)
		return vx_error_set(
			err, VX_EREJECT, field, "is no string but %s", vx_json_type_name(vx_json_type(value)));
	if (strlen(text) != len)
		return vx_error_set(err, VX_EREJECT, field, "holds a NUL character");
	int status = local_path(rec->json, field, text, o->store, &done->path, err);
	if (status != VX_OK || !done->path)
		return status;
	status = vx_store_key_make(o->names, rec->json, field, done->path, &key, err);
	if (status == VX_OK) {
		status = put(rec, field, key.data ? key.data : "", conn, o, done, err);
		if (status != VX_OK && err->field[0] == '\0')
			snprintf(err->field, sizeof(err->field), "%s", field);
	}
	if (status == VX_OK) {
		done->field = field;
		vx_store_object_url(o->store, key.data, &done->url);
	}
	vx_buf_free(&key);
	return status;
}

/* Replaces the member that a dotted path names; its parent is there. */
static void set_path(struct vx_json *record, const char *path, const char *value)
{
	const char *dot = strrchr(path, '.');
	if (vx_json_has(record, path) || !dot) {
		vx_json_set_str(record, path, value);
		return;
	}
	char *parent = vx_strndup(path, (size_t)(dot - path));
	vx_json_set_str(vx_json_path(record, parent), dot + 1, value);
	free(parent);
}

/* Whether set_path can: items of arrays cannot be named. */
static bool settable(const struct vx_json *record, const char *path)
{
	const char *dot = strrchr(path, '.');
	if (vx_json_has(record, path) || !dot)
		return true;
	char *parent = vx_strndup(path, (size_t)(dot - path));
	bool object = vx_json_type(vx_json_path(record, parent)) == VX_OBJECT;
	free(parent);
	return object;
}

static void emit_plan(struct vx_record *rec, const struct done *done, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!done[i].field)
			continue;
		struct vx_json *line = vx_json_object();
		vx_json_set_str(line, "identifier", vx_json_str(rec->json, "identifier"));
		vx_json_set_str(line, "field", done[i].field);
		vx_json_set_str(line, "path", vx_json_text(vx_json_path(rec->json, done[i].field), NULL));
		vx_json_set_str(line, "url", done[i].url.data);
		vx_json_set_int(line, "size", (int64_t)done[i].stored.size);
		vx_json_set_str(line, "sha256", done[i].stored.sha256);
		vx_json_set_str(line, "status", upload_status_names[done[i].stored.how]);
		vx_emit(rec, line);
		vx_json_free(line);
	}
}

static void emit_record(struct vx_record *rec, const struct done *done, size_t n)
{
	bool changed = false;
	for (size_t i = 0; i < n; i++) {
		if (!done[i].field)
			continue;
		set_path(rec->json, done[i].field, done[i].url.data);
		if (strcmp(done[i].field, "path_nii") == 0 && has_sha256(rec) && !vx_json_str(rec->json, "sha256"))
			vx_json_set_str(rec->json, "sha256", done[i].stored.sha256);
		changed = true;
	}
	if (changed)
		vx_emit(rec, rec->json);
	else
		vx_emit_line(rec);
}

int upload_record(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	struct upload *o = arg;
	struct done done[FIELDS_MAX] = { 0 };
	const struct vx_json *sha256 = vx_json_get(rec->json, "sha256");
	int status = VX_OK;
	if (sha256 && has_sha256(rec) && !vx_json_text(sha256, NULL))
		status = vx_error_set(err, VX_EREJECT, "sha256", "is no string");
	const struct phi_check check = { o->rules, o->store, o->sidecars != NULL, o->phi_reject };
	for (size_t i = 0; status == VX_OK && i < o->n_fields; i++)
		status = phi_check(&check, rec, o->fields[i], &o->personal, err);
	for (size_t i = 0; status == VX_OK && i < o->n_fields; i++) {
		if (!settable(rec->json, o->fields[i]) && vx_json_path(rec->json, o->fields[i]))
			status = vx_error_set(err, VX_EREJECT, o->fields[i], "is an item of a list, not a field");
		else
			status = upload_field(rec, o->fields[i], worker, o, &done[i], err);
	}
	if (status == VX_OK && o->dry_run)
		emit_plan(rec, done, o->n_fields);
	else if (status == VX_OK)
		emit_record(rec, done, o->n_fields);
	if (status != VX_OK && status != VX_EREJECT)
		vx_provenance(rec->json, err); /* the run ends: say where */
	for (size_t i = 0; i < o->n_fields; i++) {
		atomic_fetch_add(&o->parts_sent, done[i].stored.parts_sent);
		atomic_fetch_add(&o->parts_kept, done[i].stored.parts_kept);
		if (done[i].field) {
			atomic_fetch_add(&o->files[done[i].stored.how], 1);
			atomic_fetch_add(&o->bytes[done[i].stored.how], (long)done[i].stored.size);
		}
		free(done[i].path);
		vx_buf_free(&done[i].url);
	}
	return status;
}
