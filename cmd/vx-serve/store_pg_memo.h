/* store_pg_memo: what one transaction knows without asking: rows that were fetched ahead, names that are not there, and
 * what it has written itself. Nobody else changes or deletes meanwhile (see STORE_CREATE), so that it stays true.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_PG_MEMO_H
#define STORE_PG_MEMO_H

#include <libpq-fe.h>
#include <stdint.h>

#include "vx_err.h"

enum memo_state { MEMO_ABSENT, MEMO_ROW, MEMO_WRITTEN };

struct memo_entry {
	char *key;
	uint64_t hash;
	enum memo_state state;
	PGresult *result; /* MEMO_ROW: borrowed from memo_hold */
	int row;
	char *value; /* MEMO_WRITTEN: what a lookup by this key answers; may be NULL */
};

struct memo {
	struct memo_entry *slots; /* open addressing, a power of two */
	size_t slot_count, count;
	PGresult **held;
	size_t held_count;
};

/* memo_find: NULL: nothing is known of key. memo_at: the entry, made (MEMO_ABSENT) where there is none; valid until the
 * next memo_at. */
struct memo_entry *memo_find(const struct memo *m, const char *key);
struct memo_entry *memo_at(struct memo *m, const char *key);

void memo_hold(struct memo *m, PGresult *r); /* r is cleared with the memo */
void memo_clear(struct memo *m);

#endif
