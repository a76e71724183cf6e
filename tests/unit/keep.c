/* What keeps things in bounded memory: vx_cache, vx_idset, vx_spill.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tap.h"
#include "vx_cache.h"
#include "vx_hash.h"
#include "vx_idset.h"
#include "vx_spill.h"

static void cache(void)
{
	struct vx_cache *c = vx_cache_new(1000, 20000);
	char key[2000], value[32];
	int right = 0, wrong = 0, recent = 0;

	ok(!vx_cache_get(c, "a", 1), "an empty cache knows nothing");
	vx_cache_put(c, "a", 1, "1");
	vx_cache_put(c, "a\0b", 3, "2");
	vx_cache_put(c, "", 0, "3");
	ok_str(vx_cache_get(c, "a", 1), "1", "a key");
	ok_str(vx_cache_get(c, "a\0b", 3), "2", "a key with a NUL in it is another");
	ok_str(vx_cache_get(c, "", 0), "3", "the empty key");
	vx_cache_put(c, "a", 1, "one");
	ok_str(vx_cache_get(c, "a", 1), "one", "a new value for an old key");
	for (int i = 0; i < 100000; i++) {
		int n = snprintf(key, sizeof(key), "key %d", i);
		snprintf(value, sizeof(value), "%d", i);
		vx_cache_put(c, key, (size_t)n, value);
		recent += vx_cache_get(c, key, (size_t)n) != NULL;
	}
	for (int i = 0; i < 100000; i++) {
		int n = snprintf(key, sizeof(key), "key %d", i);
		const char *got = vx_cache_get(c, key, (size_t)n);
		if (got)
			*(atoi(got) == i ? &right : &wrong) += 1;
	}
	ok(recent == 100000, "what was just put is there");
	ok(wrong == 0 && right > 300 && right < 2000, "what is still there is right, and bounded (%d kept)", right);
	memset(key, 'x', sizeof(key));
	vx_cache_put(c, key, sizeof(key), "huge");
	ok(!vx_cache_get(c, key, sizeof(key)), "a huge key is not kept, and pushes nothing out");
	ok(vx_cache_get(c, "key 99999", 9), "the last key is still there");
	vx_cache_free(c);
}

static void idset(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_idset *s = vx_idset_new(&err);
	int missing = 0, invented = 0, failed = 0;

	for (uint64_t i = 0; i < 50000; i++)
		failed += vx_idset_add(s, vx_hash64(&i, sizeof(i)), &err) != VX_OK;
	failed += vx_idset_add(s, 0, &err) != VX_OK;
	for (uint64_t i = 0; i < 100000; i++) {
		bool has = vx_idset_has(s, vx_hash64(&i, sizeof(i)));
		missing += i < 50000 && !has;
		invented += i >= 50000 && has;
	}
	ok(!failed && !missing && !invented, "a set holds what was added, over several growths, and nothing else");
	ok(vx_idset_has(s, 0), "zero too");
	vx_idset_free(s);
}

static void spill(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_spill *s = vx_spill_new(&err);
	static char in[3000], out[3000];
	int64_t places[2000], first = 0;
	int wrong = 0;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 2000; i++) {
			memset(in, i, sizeof(in));
			wrong += vx_spill_put(s, in, 1000 + (size_t)i, &places[i], &err) != VX_OK;
		}
		for (int i = 0; i < 2000; i++) {
			memset(in, i, sizeof(in));
			wrong += vx_spill_get(s, places[i], 1000 + (size_t)i, out, &err) != VX_OK ||
				 memcmp(in, out, 1000 + (size_t)i) != 0;
			vx_spill_free_to(s, places[i] + 1000 + i);
		}
		if (round == 0)
			first = places[0];
		wrong += places[0] != first;
	}
	ok(wrong == 0, "a spill file gives back what was put, and begins anew when it is empty");
	ok(vx_spill_get(s, 1 << 20, 10, out, &err) == VX_EIO, "reading what is not there is an error");
	vx_spill_free(s);
	setenv("TMPDIR", "/nonexistent/folder", 1);
	ok(!vx_spill_new(&err) && err.status == VX_EIO, "no temporary folder is an error");
}

int main(void)
{
	cache();
	idset();
	spill();
	return tap_end();
}
