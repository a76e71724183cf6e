/* vx_store_list: a bucket's list, or a walk over a folder, as one list of keys. store -> keys, sizes, ETags.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "vx_s3_list.h"
#include "vx_store_back.h"
#include "vx_store_list.h"
#include "vx_tree.h"

struct vx_store_list {
	struct vx_s3_list *objects; /* s3 */
	char *prefix;               /* the store's own, in front of the bucket's keys */
	struct vx_tree *files;      /* file; NULL: there is no folder */
	char *root, *below, *after; /* file; below "" or with a slash at its end; after "" or a key */
	struct vx_buf key;          /* file */
	struct vx_error err;        /* file: why there is nothing to walk */
};

/* What is under way is no object, nor is a link or a device; and no folder is read of which all comes before `after`. */
static bool wanted(void *arg, const char *rel, size_t rel_len, const char *name, size_t len, enum vx_entry_type type)
{
	const struct vx_store_list *l = arg;
	if (type != VX_ENTRY_FILE && type != VX_ENTRY_FOLDER)
		return false;
	if (!l->below[0] && rel_len == 0 && len == strlen(VX_STORE_TEMP) && memcmp(name, VX_STORE_TEMP, len) == 0)
		return false;
	if (type == VX_ENTRY_FILE || !l->after[0])
		return true;
	char *folder = vx_asprintf("%s%.*s%.*s/", l->below, (int)rel_len, rel, (int)len, name);
	const size_t n = strlen(folder);
	const bool all_before = strncmp(folder, l->after, n) < 0;
	free(folder);
	return !all_before;
}

static void walk_files(struct vx_store_list *l, const char *root, const char *below)
{
	struct stat st;
	l->below = below ? vx_asprintf("%s/", below) : vx_strdup("");
	l->root = vx_asprintf("%s/%s", root, l->below);
	if (stat(l->root, &st) == 0)
		l->files = vx_tree_new(
			&(struct vx_tree_options){ .path = l->root, .wanted = wanted, .arg = l, .sizes = true });
	else if (errno != ENOENT) {
		vx_error_errno(&l->err, VX_EIO, NULL, "cannot be opened as a folder");
		vx_error_at(&l->err, l->root, 0);
	}
}

struct vx_store_list *vx_store_list_new(struct vx_store *s, const char *below, const char *after)
{
	const struct vx_store_place place = vx_store_place(s);
	struct vx_store_list *l = vx_alloc(sizeof(*l));
	l->after = vx_strdup(after ? after : "");
	if (!place.s3) {
		walk_files(l, place.root, below);
		return l;
	}
	char *prefix = vx_asprintf("%s%s%s", place.prefix, below ? below : "", below ? "/" : "");
	char *behind = after ? vx_asprintf("%s%s", place.prefix, after) : NULL;
	l->prefix = vx_strdup(place.prefix);
	l->objects = vx_s3_list_new(place.s3, prefix, behind);
	free(behind);
	free(prefix);
	return l;
}

void vx_store_list_free(struct vx_store_list *l)
{
	if (!l)
		return;
	vx_s3_list_free(l->objects);
	vx_tree_free(l->files);
	vx_buf_free(&l->key);
	free(l->prefix);
	free(l->root);
	free(l->below);
	free(l->after);
	free(l);
}

static int next_object(struct vx_store_list *l, struct vx_store_entry *e, struct vx_error *err)
{
	const size_t skip = strlen(l->prefix);
	const struct vx_s3_entry *o;
	int status;
	while ((status = vx_s3_list_next(l->objects, &o, err)) > 0) {
		if (strncmp(o->key, l->prefix, skip) != 0)
			return vx_error_set(err, VX_EDATA, NULL, "the store's list has keys that were not asked for");
		*e = (struct vx_store_entry){ o->key + skip, o->size, o->etag };
		/* An object called like the prefix with its slash: what consoles make to show a folder. */
		if (e->key[0])
			break;
	}
	return status;
}

static int next_file(struct vx_store_list *l, struct vx_store_entry *e, struct vx_error *err)
{
	struct vx_tree_entry f;
	int status = 0;
	while (l->files && (status = vx_tree_next(l->files, &f, err)) > 0) {
		vx_buf_clear(&l->key);
		vx_buf_printf(&l->key, "%s%s", l->below, f.rel);
		if (f.problem)
			return vx_error_set(err, VX_EIO, NULL, "%s: %s: not all of the store can be listed",
				l->key.data, f.problem);
		*e = (struct vx_store_entry){ l->key.data, f.size, "" };
		if (strcmp(e->key, l->after) > 0)
			break;
	}
	return status;
}

int vx_store_list_next(struct vx_store_list *l, struct vx_store_entry *e, struct vx_error *err)
{
	if (l->err.status != VX_OK) {
		if (err)
			*err = l->err;
		return l->err.status;
	}
	return l->objects ? next_object(l, e, err) : next_file(l, e, err);
}
