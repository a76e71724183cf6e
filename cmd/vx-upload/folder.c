/* folder: the files of a folder, one by one; and the key of a leaf's file or folder. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "upload.h"
#include "vx_walk.h"

struct walk {
	const char *where;
	folder_file *file;
	void *arg;
	struct vx_error *err;
	long files;
	int status;
};

static void files_of(
	void *worker, const struct vx_folder *view, int dirfd, size_t first, size_t last, struct vx_walk_out *out)
{
	struct walk *w = worker;
	(void)dirfd;
	(void)out;
	for (size_t i = first; w->status == VX_OK && i < last; i++) {
		char *rel = vx_asprintf("%s%s", view->rel, vx_entry_name(view, &view->entries[i]));
		char *path = vx_asprintf("%s/%s", view->root, rel);
		w->files++;
		w->status = w->file(w->arg, rel, path, w->err);
		if (w->status != VX_OK)
			vx_error_at(w->err, path, 0);
		free(rel);
		free(path);
	}
}

/* A folder counts as a whole: what of it cannot be read, or is no file, is not left behind in silence. */
static bool notes_of(void *arg, const struct vx_walk_out *out)
{
	struct walk *w = arg;
	size_t at = 0;
	char level;
	const char *rel, *reason;
	while (w->status == VX_OK && vx_walk_notes(out, &at, &level, &rel, &reason))
		w->status = vx_error_set(w->err, VX_EREJECT, w->where, "%s: %s", rel, reason);
	return w->status == VX_OK;
}

static void *same(void *arg)
{
	return arg;
}

int folder_each(const char *path, const char *where, folder_file *file, void *arg, struct vx_error *err)
{
	struct walk w = { .where = where, .file = file, .arg = arg, .err = err };
	const struct vx_walk walk = { .worker_new = same, .files = files_of, .write = notes_of, .arg = &w, .jobs = 1 };
	const int status = vx_walk(&walk, path, NULL, err);
	if (w.status == VX_OK && status != VX_OK)
		w.status = vx_error_set(err, VX_EREJECT, where, "cannot be read as a folder");
	if (w.status == VX_OK && w.files == 0)
		w.status = vx_error_set(err, VX_EREJECT, where, "is a folder that holds no file");
	return w.status;
}

bool folder_is(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
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

static int folder_key(const struct upload *o, const struct vx_record *rec, const struct leaf *leaf, struct vx_buf *key,
	struct vx_error *err)
{
	const bool named = leaf->nested || o->key || vx_json_str(rec->json, "identifier");
	char *own = named ? NULL : base_name(leaf->path);
	int status = vx_store_key_make(o->names, rec->json, own ? own : leaf->where, own || leaf->nested, "", key, err);
	const char *why = status == VX_OK ? vx_store_key_check(key->data ? key->data : "") : NULL;
	if (why)
		status = vx_error_set(err, VX_EREJECT, leaf->where, "the key '%.200s' %s", key->data, why);
	free(own);
	return status;
}

int leaf_key(const struct upload *o, const struct vx_record *rec, const struct leaf *leaf, struct vx_buf *key,
	struct vx_error *err)
{
	if (folder_is(leaf->path))
		return folder_key(o, rec, leaf, key, err);
	return vx_store_key_make(o->names, rec->json, leaf->where, leaf->nested, leaf->path, key, err);
}
