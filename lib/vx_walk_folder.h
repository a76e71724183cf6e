/* vx_walk_folder: inside vx_walk: one folder, opened, read, sorted. Not for others.
 * SPDX-License-Identifier: MIT */
#ifndef VX_WALK_FOLDER_H
#define VX_WALK_FOLDER_H

#include <stdatomic.h>

#include "vx_walk.h"

/* What all folders of one walk share. */
struct vx_walk_tree {
	const struct vx_walk *walk;
	char *root; /* absolute */
	int root_fd;
	const char *const *only;
};

struct vx_walk_folder {
	struct vx_folder view;         /* what callers see */
	struct vx_walk_folder *parent; /* kept while links are followed, to find loops */
	dev_t dev;
	ino_t ino;
	atomic_int refs;
	char *rel, *names;
	struct vx_entry *entries;
};

/* vx_walk_folder_read: opens and reads the folder that is entry e of parent (parent NULL: the root). Returns it with
 * one reference and its descriptor in *fd, or NULL when there is nothing to go through. Problems are noted in out.
 * scratch: memory to be used again. */
struct vx_walk_folder *vx_walk_folder_read(struct vx_walk_tree *tree, struct vx_walk_folder *parent,
	const struct vx_entry *e, void *worker, struct vx_buf *scratch, struct vx_walk_out *out, int *fd);

struct vx_walk_folder *vx_walk_folder_ref(struct vx_walk_folder *f);
void vx_walk_folder_free(struct vx_walk_folder *f); /* gives a reference back */

/* vx_walk_folder_open: a descriptor of f, to be closed by the caller; -1 and errno when it is gone. None is kept
 * from piece to piece, so that a deep tree needs no more of them than a flat one. */
int vx_walk_folder_open(const struct vx_walk_tree *tree, const struct vx_walk_folder *f);

#endif
