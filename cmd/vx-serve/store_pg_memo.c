/* store_pg_memo: a table of keys that lives as long as a transaction.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_pg_memo.h"
#include "vx_hash.h"

static size_t slot_of(const struct memo *m, const char *key, uint64_t hash)
{
	size_t at = hash & (m->slot_count - 1);
	while (m->slots[at].key && (m->slots[at].hash != hash || strcmp(m->slots[at].key, key) != 0))
		at = (at + 1) & (m->slot_count - 1);
	return at;
}

struct memo_entry *memo_find(const struct memo *m, const char *key)
{
	if (!m->slot_count)
		return NULL;
	struct memo_entry *e = &m->slots[slot_of(m, key, vx_hash64(key, strlen(key)))];
	return e->key ? e : NULL;
}

static void grow(struct memo *m)
{
	struct memo_entry *old = m->slots;
	size_t n = m->slot_count;
	m->slot_count = n ? n * 2 : 256;
	m->slots = vx_alloc(m->slot_count * sizeof *m->slots);
	for (size_t i = 0; i < n; i++)
		if (old[i].key)
			m->slots[slot_of(m, old[i].key, old[i].hash)] = old[i];
	free(old);
}

struct memo_entry *memo_at(struct memo *m, const char *key)
{
	uint64_t hash = vx_hash64(key, strlen(key));
	if ((m->count + 1) * 2 > m->slot_count)
		grow(m);
	struct memo_entry *e = &m->slots[slot_of(m, key, hash)];
	if (!e->key) {
		*e = (struct memo_entry){ .key = vx_strdup(key), .hash = hash, .state = MEMO_ABSENT };
		m->count++;
	}
	return e;
}

void memo_hold(struct memo *m, PGresult *r)
{
	m->held = vx_realloc(m->held, (m->held_count + 1) * sizeof(PGresult *));
	m->held[m->held_count++] = r;
}

void memo_clear(struct memo *m)
{
	for (size_t i = 0; i < m->slot_count; i++) {
		free(m->slots[i].key);
		free(m->slots[i].value);
	}
	for (size_t i = 0; i < m->held_count; i++)
		PQclear(m->held[i]);
	free(m->slots);
	free(m->held);
	*m = (struct memo){ .slots = NULL };
}
