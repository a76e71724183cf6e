/* vx_arena: many small allocations that end together.
 *
 *	struct vx_arena a = VX_ARENA_INIT;
 *	struct row *rows = vx_arena_array(&a, n, sizeof *rows);
 *	vx_arena_reset(&a);          // all of it is void; the memory is kept for the next round
 *	vx_arena_free(&a);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_ARENA_H
#define VX_ARENA_H

#include "vx_err.h"

struct vx_arena_block;
struct vx_arena {
	struct vx_arena_block *first, *now;
	size_t used; /* of now */
};
#define VX_ARENA_INIT                                                                                                  \
	{                                                                                                              \
		.first = NULL, .now = NULL, .used = 0                                                                  \
	}

void *vx_arena_get(struct vx_arena *a, size_t size) __attribute__((returns_nonnull)); /* zeroed, aligned for any type */
void *vx_arena_array(struct vx_arena *a, size_t n, size_t size) __attribute__((returns_nonnull));
char *vx_arena_copy(struct vx_arena *a, const char *text, size_t len) __attribute__((returns_nonnull)); /* with a NUL */

/* vx_arena_reset: gives all allocations back; of the memory it keeps at most 1 MiB. */
void vx_arena_reset(struct vx_arena *a);
void vx_arena_free(struct vx_arena *a);

#endif
