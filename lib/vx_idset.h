/* vx_idset: a set of 64-bit hashes that takes no memory: it lives in an unlinked temporary file.
 *
 *	struct vx_idset *s = vx_idset_new(&err);
 *	if (vx_idset_add(s, vx_hash64(id, n), &err) != VX_OK) ...
 *	if (vx_idset_has(s, vx_hash64(id, n))) ...
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_IDSET_H
#define VX_IDSET_H

#include <stdint.h>

#include "vx_err.h"

struct vx_idset;
struct vx_idset *vx_idset_new(struct vx_error *err) VX_MUST_USE; /* in $TMPDIR, else /tmp; NULL + VX_EIO */
void vx_idset_free(struct vx_idset *s);
int vx_idset_add(struct vx_idset *s, uint64_t hash, struct vx_error *err) VX_MUST_USE; /* VX_EIO */
bool vx_idset_has(const struct vx_idset *s, uint64_t hash);

#endif
