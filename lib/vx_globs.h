/* vx_globs: patterns that choose files of a tree, as --exclude and --include take them. One with a slash is held against the
 * path below the root, one without against the name alone; a folder that matches is chosen with all that is in it.
 *
 *	struct vx_globs *g = vx_globs_new((const char *[]){ "*.tmp", "derived/" }, 2, &err);
 *	if (vx_globs_match(g, "derived/", 8, "t1.nii", 6, false)) ...
 *	vx_globs_free(g);
 *
 * One thread at a time.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_GLOBS_H
#define VX_GLOBS_H

#include <stdbool.h>
#include <stddef.h>

#include "vx_err.h"

struct vx_globs;
/* vx_globs_new: texts as vx_pattern_new takes them. NULL + VX_EUSAGE when one is no pattern. */
struct vx_globs *vx_globs_new(const char *const *texts, size_t n, struct vx_error *err) VX_MUST_USE;
void vx_globs_free(struct vx_globs *g); /* NULL is allowed */

bool vx_globs_any(const struct vx_globs *g); /* false: there is no pattern in it */

/* vx_globs_match: rel[0..rel_len) is the folder's path below the root, "" or with a slash at its end; name[0..len) is in it. */
bool vx_globs_match(struct vx_globs *g, const char *rel, size_t rel_len, const char *name, size_t len, bool is_folder);

/* vx_globs_match_path: whether a file is chosen by itself or by any folder that it is in. */
bool vx_globs_match_path(struct vx_globs *g, const char *path);

#endif
