/* vx_placeholder: what stands for a file whose content was not fetched: pointers of Git LFS, pointers and links of
 * git-annex. Each looks like the file itself until it is read.
 *
 *	const char *what = vx_placeholder(bytes, n);                 // of the file's first bytes
 *	if (what)
 *		return vx_error_set(err, VX_EREJECT, NULL, "%s", what); // "a Git LFS pointer: ..."
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_PLACEHOLDER_H
#define VX_PLACEHOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vx_err.h"

/* No placeholder is smaller or larger than this, bytes: other files need not be looked at. */
#define VX_PLACEHOLDER_MIN 16
#define VX_PLACEHOLDER_MAX 1024

/* vx_placeholder: what begins with these n bytes, as a reason; NULL: no placeholder.
 * Source: git-lfs docs/spec.md, "The Pointer"; git-annex "pointer file" (an unlocked file, or a link where there are none). */
const char *vx_placeholder(const void *bytes, size_t n);

/* vx_placeholder_fd: the same of an open file of size bytes; its offset stays. */
const char *vx_placeholder_fd(int fd, uint64_t size);

/* vx_placeholder_at: of the file name below the folder dirfd, which may be a link: a pointer by its content, or
 * git-annex's link to a content that is not here; with follow false links are not looked behind. NULL: neither. */
const char *vx_placeholder_at(int dirfd, const char *name, bool follow);

/* vx_placeholder_no_file: VX_EREJECT for a path that open(2) refused: it is such a link, else what errno says. */
int vx_placeholder_no_file(const char *path, struct vx_error *err);

#endif
