/* vx_cache: keys and values in sets of a few ways; within a set the one not used for longest goes.
 * SPDX-License-Identifier: MIT
 */
#include "vx_cache.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"

#define WAYS 8

struct slot {
	char *key; /* len bytes, then the value and its NUL; NULL: free */
	uint32_t len, size;
	uint64_t used; /* when, in calls */
};

struct vx_cache {
	struct slot *slots;
	size_t sets, bytes, max, hand;
	uint64_t now;
};

struct vx_cache *vx_cache_new(size_t entries, size_t bytes)
{
	struct vx_cache *c = vx_alloc(sizeof(*c));

	for (c->sets = 1; c->sets * WAYS < entries; c->sets *= 2)
		continue;
	c->slots = vx_alloc(c->sets * WAYS * sizeof(struct slot));
	c->max = bytes;
	return c;
}

void vx_cache_free(struct vx_cache *c)
{
	if (!c)
		return;
	for (size_t i = 0; i < c->sets * WAYS; i++)
		free(c->slots[i].key);
	free(c->slots);
	free(c);
}

static struct slot *set_of(struct vx_cache *c, const void *key, size_t len)
{
	return c->slots + (vx_hash64(key, len) & (c->sets - 1)) * WAYS;
}

const char *vx_cache_get(struct vx_cache *c, const void *key, size_t len)
{
	struct slot *s = set_of(c, key, len);

	for (int i = 0; i < WAYS; i++) {
		if (s[i].key && s[i].len == len && memcmp(s[i].key, key, len) == 0) {
			s[i].used = ++c->now;
			return s[i].key + len;
		}
	}
	return NULL;
}

static void drop(struct vx_cache *c, struct slot *s)
{
	c->bytes -= s->size;
	free(s->key);
	*s = (struct slot){ .key = NULL };
}

void vx_cache_put(struct vx_cache *c, const void *key, size_t len, const char *value)
{
	struct slot *set = set_of(c, key, len), *s = set;
	size_t n = strlen(value), size = len + n + 1;

	if (size > c->max / 16) /* one huge key must not push all others out */
		return;
	for (int i = 0; i < WAYS; i++) {
		if (set[i].key && set[i].len == len && memcmp(set[i].key, key, len) == 0) {
			s = &set[i];
			break;
		}
		if (!set[i].key || (s->key && set[i].used < s->used))
			s = &set[i];
	}
	drop(c, s);
	for (; c->bytes + size > c->max; c->hand = (c->hand + 1) % (c->sets * WAYS))
		drop(c, &c->slots[c->hand]);
	s->key = vx_realloc(NULL, size);
	memcpy(s->key, key, len);
	memcpy(s->key + len, value, n + 1);
	s->len = (uint32_t)len;
	s->size = (uint32_t)size;
	s->used = ++c->now;
	c->bytes += size;
}
