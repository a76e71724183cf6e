/* vx_tree: the files of a folder tree one by one, in the byte order of their paths, for whoever asks for the next. vx_walk
 * reads them in a thread of its own, a bounded way ahead.
 *
 *	struct vx_tree *t = vx_tree_new(&(struct vx_tree_options){ .path = "data" });
 *	struct vx_tree_entry e;
 *	while ((status = vx_tree_next(t, &e, &err)) > 0)
 *		puts(e.problem ? e.problem : e.rel);
 *	vx_tree_free(t);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_TREE_H
#define VX_TREE_H

#include "vx_walk.h"

struct vx_tree_options {
	const char *path;
	/* wanted: whether a file, or a folder with all that is in it, belongs to the tree; rel is the folder's path below the
	 * root, name is no C string. In one thread, not the caller's. NULL: all do. */
	bool (*wanted)(
		void *arg, const char *rel, size_t rel_len, const char *name, size_t len, enum vx_entry_type type);
	void *arg;
	bool follow; /* symbolic links */
	bool sizes;  /* look them up; what is gone by then is left out */
};

struct vx_tree_entry {
	const char *rel; /* path below the root; until the next call */
	const char
		*problem; /* why there is no file to be had, or not all that is below: vx_walk's notes; NULL: a file */
	uint64_t size;    /* bytes, where they were asked for */
};

struct vx_tree;
struct vx_tree *vx_tree_new(const struct vx_tree_options *o) VX_MUST_USE; /* what o points to must outlive it */
void vx_tree_free(struct vx_tree *t);                                     /* at any time; NULL is allowed */

/* vx_tree_next: 1 and an entry; 0 at the end. Files rise; what a folder has of problems comes in front of all that is in it. Errors: VX_EIO: the folder itself cannot be opened. */
int vx_tree_next(struct vx_tree *t, struct vx_tree_entry *e, struct vx_error *err) VX_MUST_USE;

#endif
