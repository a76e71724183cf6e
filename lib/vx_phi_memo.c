/* vx_phi_memo: texts and what was found in them, in a table whose places newer texts take from older ones.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_err.h"
#include "vx_phi_memo.h"

/* A sidecar of dcm2niix has some 80 keys and 40 texts; few of either are longer than a UID. */
enum { PLACES = 1 << 11, WORDS = 8, TEXT_MAX = 8 * WORDS };

struct place {
	uint64_t text[WORDS]; /* with zeros behind it */
	uint8_t len, ask;
	struct vx_phi_judged judged;
};

struct vx_phi_memo {
	struct place places[PLACES];
};

struct vx_phi_memo *vx_phi_memo_new(void)
{
	return vx_alloc(sizeof(struct vx_phi_memo));
}

void vx_phi_memo_free(struct vx_phi_memo *memo)
{
	free(memo);
}

struct vx_phi_judged *vx_phi_recall(struct vx_phi_memo *memo, enum vx_phi_ask ask, const char *text, size_t len)
{
	uint64_t words[WORDS], hash = len * 8 + (uint64_t)ask;
	const size_t n = (len + 7) / 8;
	if (!memo || len > TEXT_MAX)
		return NULL;
	if (n > 0)
		words[n - 1] = 0;
	memcpy(words, text, len);
	for (size_t i = 0; i < n; i++) {
		hash = (hash ^ words[i]) * 0x9E3779B97F4A7C15U;
		hash ^= hash >> 29;
	}
	struct place *p = &memo->places[hash >> 32 & (PLACES - 1)];
	if (p->judged.known && p->len == len && p->ask == (uint8_t)ask && memcmp(p->text, words, 8 * n) == 0)
		return &p->judged;
	memcpy(p->text, words, 8 * n);
	p->len = (uint8_t)len;
	p->ask = (uint8_t)ask;
	p->judged = (struct vx_phi_judged){ .known = false };
	return &p->judged;
}
