/* put: the file, or the folder, of one leaf -> objects in the store. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "upload.h"
#include "vx_walk.h"

/* One file, or the cleaned copy of a sidecar. */
static int put_file(struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, const char *where,
	const char *path, const char *key, const char *want, struct vx_stored *stored, struct vx_error *err)
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
	struct vx_store_conn *conn; /* NULL: files are looked at only */
	struct leaf *leaf;
	const char *key; /* of the folder, without a slash at its end */
	struct vx_error *err;
	long files;
	int status;
};

static int phi_of(struct upload *o, struct vx_record *rec, const char *where, const char *path, struct vx_error *err)
{
	const struct phi_check check = { o->rules, o->sidecars != NULL, o->phi_reject };
	return phi_check(&check, rec, where, path, &o->personal, err);
}

static int put_in_folder(struct folder *f, const char *rel, const char *path)
{
	struct vx_stored stored;
	struct vx_buf url = VX_BUF_INIT;
	char *key = vx_asprintf("%s/%s", f->key, rel);
	int status = put_file(f->o, f->rec, f->conn, f->leaf->where, path, key, NULL, &stored, f->err);
	f->leaf->stored.size += stored.size;
	if (status == VX_OK && f->o->dry_run) {
		vx_store_object_url(f->o->store, key, &url);
		plan_line(f->rec, f->leaf->where, path, url.data, &stored);
	}
	vx_buf_free(&url);
	free(key);
	return status;
}

static void files_of(
	void *worker, const struct vx_folder *view, int dirfd, size_t first, size_t last, struct vx_walk_out *out)
{
	struct folder *f = worker;
	(void)dirfd;
	(void)out;
	for (size_t i = first; f->status == VX_OK && i < last; i++) {
		char *rel = vx_asprintf("%s%s", view->rel, vx_entry_name(view, &view->entries[i]));
		char *path = vx_asprintf("%s/%s", view->root, rel);
		f->files++;
		f->status = f->conn ? put_in_folder(f, rel, path) : phi_of(f->o, f->rec, f->leaf->where, path, f->err);
		if (f->status != VX_OK)
			vx_error_at(f->err, path, 0);
		free(rel);
		free(path);
	}
}

/* A folder counts as a whole: what of it cannot be read, or is no file, is not left behind in silence. */
static bool notes_of(void *arg, const struct vx_walk_out *out)
{
	struct folder *f = arg;
	size_t at = 0;
	char level;
	const char *rel, *reason;
	while (f->status == VX_OK && vx_walk_notes(out, &at, &level, &rel, &reason))
		f->status = vx_error_set(f->err, VX_EREJECT, f->leaf->where, "%s: %s", rel, reason);
	return f->status == VX_OK;
}

static void *same(void *arg)
{
	return arg;
}

static int each_file(struct folder *f, const char *path)
{
	const struct vx_walk walk = { .worker_new = same, .files = files_of, .write = notes_of, .arg = f, .jobs = 1 };
	f->status = VX_OK;
	f->files = 0;
	const int status = vx_walk(&walk, path, NULL, f->err);
	if (f->status == VX_OK && status != VX_OK)
		f->status = vx_error_set(f->err, VX_EREJECT, f->leaf->where, "cannot be read as a folder");
	if (f->status == VX_OK && f->files == 0)
		f->status = vx_error_set(f->err, VX_EREJECT, f->leaf->where, "is a folder that holds no file");
	return f->status;
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

int put_check(struct upload *o, struct vx_record *rec, const struct leaf *leaf, struct vx_error *err)
{
	struct leaf copy = *leaf;
	struct folder f = { .o = o, .rec = rec, .leaf = &copy, .err = err };
	if (is_folder(leaf->path))
		return each_file(&f, leaf->path);
	return phi_of(o, rec, leaf->where, leaf->path, err);
}

/* The folder's own name: what a record without an identifier calls it. */
static char *base_name(const char *path)
{
	size_t end = strlen(path), begin;
	while (end > 0 && path[end - 1] == '/')
		end--;
	for (begin = end; begin > 0 && path[begin - 1] != '/';)
		begin--;
	return vx_strndup(path + begin, end - begin);
}

static int put_folder(
	struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, struct leaf *leaf, struct vx_error *err)
{
	struct vx_buf key = VX_BUF_INIT;
	const bool named = leaf->nested || o->key || vx_json_str(rec->json, "identifier");
	char *own = named ? NULL : base_name(leaf->path);
	int status =
		vx_store_key_make(o->names, rec->json, own ? own : leaf->where, own || leaf->nested, "", &key, err);
	struct folder f = { .o = o, .rec = rec, .conn = conn, .leaf = leaf, .key = key.data, .err = err };
	const char *why = status == VX_OK ? vx_store_key_check(key.data ? key.data : "") : NULL;
	if (why)
		status = vx_error_set(err, VX_EREJECT, leaf->where, "the key '%.200s' %s", key.data, why);
	if (status == VX_OK)
		status = each_file(&f, leaf->path);
	if (status == VX_OK)
		vx_store_object_url(o->store, key.data, &leaf->url);
	vx_buf_free(&key);
	free(own);
	return status;
}

int put_leaf(
	struct upload *o, struct vx_record *rec, struct vx_store_conn *conn, struct leaf *leaf, struct vx_error *err)
{
	struct vx_buf key = VX_BUF_INIT;
	if (is_folder(leaf->path))
		return put_folder(o, rec, conn, leaf, err);
	int status = vx_store_key_make(o->names, rec->json, leaf->where, leaf->nested, leaf->path, &key, err);
	if (status == VX_OK)
		status = put_file(o, rec, conn, leaf->where, leaf->path, key.data ? key.data : "",
			leaf_wants_sha256(rec, leaf) ? vx_json_str(rec->json, "sha256") : NULL, &leaf->stored, err);
	if (status == VX_OK)
		vx_store_object_url(o->store, key.data, &leaf->url);
	vx_buf_free(&key);
	return status;
}
