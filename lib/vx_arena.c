/* vx_arena: blocks of memory that are handed out piece by piece.
 * SPDX-License-Identifier: MIT
 */
#include "vx_arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK (64 << 10)
#define KEPT (1 << 20)
#define ALIGN 16

struct vx_arena_block {
	struct vx_arena_block *next;
	size_t size;
	_Alignas(ALIGN) char bytes[];
};

/* The next block that has room: one that is there already, or a new one in front of those. */
static void next_block(struct vx_arena *a, size_t size)
{
	struct vx_arena_block **at = a->now ? &a->now->next : &a->first, *b = *at;

	if (!b || b->size < size) {
		size_t want = size > BLOCK ? size : BLOCK;

		b = vx_realloc(NULL, sizeof *b + want);
		b->size = want;
		b->next = *at;
		*at = b;
	}
	a->now = b;
	a->used = 0;
}

void *vx_arena_get(struct vx_arena *a, size_t size)
{
	char *p;

	if (size > SIZE_MAX / 2)
		vx_die(VX_EMEM, "out of memory");
	size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
	if (!a->now || a->now->size - a->used < size)
		next_block(a, size);
	p = a->now->bytes + a->used;
	a->used += size;
	return memset(p, 0, size);
}

void *vx_arena_array(struct vx_arena *a, size_t n, size_t size)
{
	if (size && n > SIZE_MAX / 2 / size)
		vx_die(VX_EMEM, "out of memory");
	return vx_arena_get(a, n * size);
}

char *vx_arena_copy(struct vx_arena *a, const char *text, size_t len)
{
	char *p = vx_arena_get(a, len + 1);

	if (len)
		memcpy(p, text, len);
	return p;
}

void vx_arena_reset(struct vx_arena *a)
{
	size_t kept = 0;

	for (struct vx_arena_block **at = &a->first; *at;) {
		struct vx_arena_block *b = *at;

		kept += b->size;
		if (kept > KEPT) {
			*at = b->next;
			free(b);
		} else {
			at = &b->next;
		}
	}
	a->now = NULL;
	a->used = 0;
}

void vx_arena_free(struct vx_arena *a)
{
	while (a->first) {
		struct vx_arena_block *next = a->first->next;

		free(a->first);
		a->first = next;
	}
	*a = (struct vx_arena)VX_ARENA_INIT;
}
