/* vx_spill: text that waits outside of memory, in an unlinked temporary file, roughly first in, first out.
 *
 *	struct vx_spill *s = vx_spill_new(&err);
 *	vx_spill_put(s, text, n, &place, &err);
 *	vx_spill_get(s, place, n, buffer, &err);
 *	vx_spill_free_to(s, place + n);              // nothing in front of here is needed any more
 *
 * Reading needs no lock; putting and freeing do.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SPILL_H
#define VX_SPILL_H

#include <stdint.h>

#include "vx_err.h"

/* vx_temp_open: a file without a name, in $TMPDIR, else /tmp. The descriptor, or -1 with VX_EIO's story in err. */
int vx_temp_open(struct vx_error *err) VX_MUST_USE;

struct vx_spill;
struct vx_spill *vx_spill_new(struct vx_error *err) VX_MUST_USE; /* NULL + VX_EIO */
void vx_spill_free(struct vx_spill *s);
int vx_spill_put(struct vx_spill *s, const void *bytes, size_t n, int64_t *place, struct vx_error *err) VX_MUST_USE;
int vx_spill_get(const struct vx_spill *s, int64_t place, size_t n, void *bytes, struct vx_error *err) VX_MUST_USE;

/* vx_spill_free_to: gives the space in front of place back to the file system; when that is all, begins anew. */
void vx_spill_free_to(struct vx_spill *s, int64_t place);

#endif
