/* mirror: what mirror.c and mirror_verify.c share: a tree of files and a list of keys that go by side by side.
 *
 *	char *path = mirror_path(rec->json), *key = mirror_key(m, path + strlen(m->root) + 1);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MIRROR_H
#define MIRROR_H

#include "upload.h"
#include "vx_globs.h"
#include "vx_store_list.h"
#include "vx_tree.h"

/* Which files count: used by one thread. */
struct mirror_filter {
	struct vx_globs *excludes, *includes;
};

struct mirror {
	struct upload *o;
	char *root; /* of the tree: absolute, "" for the file system's */
	struct mirror_filter walk, keys;
	struct vx_tree *tree;
	struct vx_store_list *list; /* NULL: there is none, or it does not pay */
	struct vx_store_entry at;   /* its present entry */
	bool has_at;
	long strangers, files;
	struct extras *extras; /* NULL: nothing is deleted */
	bool whole;            /* both sides were read to their ends, without a gap */
	bool gaps;
	/* Of --verify. */
	struct vx_tree_entry ahead; /* the tree's present entry */
	bool has_ahead, ended;
	char **gap_keys; /* what the tree could not tell of, and may come in the list: those keys, and all below them */
	size_t n_gaps, gap_room;
};

/* mirror_advance: the list's next entry becomes its present one; has_at is false at its end. */
int mirror_advance(struct mirror *m, struct vx_error *err) VX_MUST_USE;

/* mirror_has_room_for: whether a key of the list would be that of a file of the tree. */
bool mirror_has_room_for(struct mirror *m, const char *key);

/* mirror_add_path: path (and path_raw) of a file, for its record. mirror_path: the path as the system has it, to be freed.
 * mirror_key: the key of a path below the tree, to be freed. */
void mirror_add_path(const struct mirror *m, const char *rel, struct vx_json *record);
char *mirror_path(const struct vx_json *record);
char *mirror_key(const struct mirror *m, const char *rel);

#endif
