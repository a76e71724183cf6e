/* vx_cache: strings lately seen under a key, in bounded memory. What was not asked for in a while makes room.
 *
 *	struct vx_cache *c = vx_cache_new(20000, 2 << 20);
 *	vx_cache_put(c, key, n, "patient/PC00001");
 *	const char *v = vx_cache_get(c, key, n);        // NULL: never seen, or gone
 *
 * Not thread-safe.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_CACHE_H
#define VX_CACHE_H

#include "vx_err.h"

/* vx_cache_new: for about entries keys of bytes together, keys and values. */
struct vx_cache;
struct vx_cache *vx_cache_new(size_t entries, size_t bytes);
void vx_cache_free(struct vx_cache *c);

/* vx_cache_get: borrowed until the next vx_cache_put. */
const char *vx_cache_get(struct vx_cache *c, const void *key, size_t len);
void vx_cache_put(struct vx_cache *c, const void *key, size_t len, const char *value);

#endif
