/* put: the file, or the folder, of one leaf -> objects in the store. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "upload.h"

int put_file(struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, const char *where, const char *path,
	const char *key, const char *want, struct vx_stored *stored, struct vx_error *err)
{
	struct vx_buf text = VX_BUF_INIT;
	bool latin1 = false;
	int status;
	memset(stored, 0, sizeof(*stored));
	if (!o->sidecars || !is_sidecar(where, path))
		status = vx_store_put(conn, key, path, want, stored, err);
	else {
		struct vx_json *left_out = vx_json_array();
		status = sidecars_clean(o->sidecars, path, &text, left_out, &latin1, err);
		if (status == VX_OK && latin1)
			vx_warn(rec, "the sidecar is not UTF-8: read as Latin-1");
		if (status == VX_OK)
			status = vx_store_put_bytes(conn, key, text.data, text.len, want, stored, err);
		if (status == VX_OK)
			sidecars_count(o->sidecars, left_out);
		vx_json_free(left_out);
	}
	vx_buf_free(&text);
	if (status != VX_OK && err->field[0] == '\0')
		snprintf(err->field, sizeof(err->field), "%s", where);
	atomic_fetch_add(&o->parts_sent, stored->parts_sent);
	atomic_fetch_add(&o->parts_kept, stored->parts_kept);
	if (status == VX_OK) {
		atomic_fetch_add(&o->files[stored->how], 1);
		atomic_fetch_add(&o->bytes[stored->how], (long)stored->size);
	}
	return status;
}

/* What is done with each file of a folder. */
struct folder {
	struct upload *o;
	struct vx_record *rec;
	struct vx_store_conn *conn;
	struct leaf *leaf;
	const char *key; /* of the folder, without a slash at its end */
};

int put_phi(struct upload *o, struct vx_record *rec, const char *where, const char *path, struct vx_error *err)
{
	const struct phi_check check = { o->rules, o->sidecars != NULL, o->phi_reject };
	return phi_check(&check, rec, where, path, &o->personal, err);
}

static int put_in_folder(void *arg, const char *rel, const char *path, struct vx_error *err)
{
	struct folder *f = arg;
	struct vx_stored stored;
	struct vx_buf url = VX_BUF_INIT;
	char *key = vx_asprintf("%s/%s", f->key, rel);
	int status = put_file(f->o, f->rec, f->conn, f->leaf->where, path, key, NULL, &stored, err);
	f->leaf->stored.size += stored.size;
	if (status == VX_OK && f->o->dry_run) {
		vx_store_object_url(f->o->store, key, &url);
		plan_line(f->rec, f->leaf->where, path, url.data, &stored);
	}
	vx_buf_free(&url);
	free(key);
	return status;
}

static int check_in_folder(void *arg, const char *rel, const char *path, struct vx_error *err)
{
	const struct folder *f = arg;
	(void)rel;
	return put_phi(f->o, f->rec, f->leaf->where, path, err);
}

int put_check(struct upload *o, struct vx_record *rec, const struct leaf *leaf, struct vx_error *err)
{
	struct leaf copy = *leaf;
	struct folder f = { .o = o, .rec = rec, .leaf = &copy };
	if (folder_is(leaf->path))
		return folder_each(leaf->path, leaf->where, check_in_folder, &f, err);
	return put_phi(o, rec, leaf->where, leaf->path, err);
}

int put_leaf(
	struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, struct leaf *leaf, struct vx_error *err)
{
	struct vx_buf key = VX_BUF_INIT;
	int status = leaf_key(o, rec, leaf, &key, err);
	struct folder f = { .o = o, .rec = rec, .conn = conn, .leaf = leaf, .key = key.data };
	if (status == VX_OK && folder_is(leaf->path))
		status = folder_each(leaf->path, leaf->where, put_in_folder, &f, err);
	else if (status == VX_OK)
		status = put_file(o, rec, conn, leaf->where, leaf->path, key.data ? key.data : "",
			leaf_wants_sha256(rec, leaf) ? vx_json_str(rec->json, "sha256") : NULL, &leaf->stored, err);
	if (status == VX_OK)
		vx_store_object_url(o->store, key.data, &leaf->url);
	vx_buf_free(&key);
	return status;
}
