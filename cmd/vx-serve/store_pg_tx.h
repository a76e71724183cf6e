/* store_pg_tx: a transaction that writes, and the rows that it gathers: they go out together, by COPY.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_PG_TX_H
#define STORE_PG_TX_H

#include "store_pg.h"
#include "store_pg_facts.h"
#include "store_pg_memo.h"

struct pg_tx {
	struct store_tx base;
	struct pg_conn *c;
	struct memo memo;
	PGresult *last;           /* what the strings of the last answer lie in */
	struct vx_buf rows, refs; /* of COPY, as far as they have not gone out */
	bool created;             /* resources were added, and this is not written down yet */
	bool changed;             /* resources were changed or deleted: what the memo holds for lookups is no proof */
};

/* pg_gather: the row of a new resource, and of what it refers to. */
void pg_gather(struct pg_tx *tx, const struct store_row *row, const struct pg_values *values);
void pg_gather_refs(struct pg_tx *tx, const char *source, const char *const *refs, size_t n);

/* pg_flush: all that was gathered goes out: before a question that must see it, and before the end. */
int pg_flush(struct pg_tx *tx, struct vx_error *err) VX_MUST_USE;

#endif
