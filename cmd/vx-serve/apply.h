/* apply: one item of a batch into the database, within a transaction.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef APPLY_H
#define APPLY_H

#include "create.h"

struct create { /* one run over a batch */
	struct store_tx *tx;
	struct batch *batch;
	const struct create_options *how;
	int64_t now;
};

/* apply_item: gives a pending item its status, and writes what that says. ITEM_WAITING: what it refers to is lifted.
 * A negative status: the database failed. */
int apply_item(struct create *c, struct item *it, struct vx_error *err) VX_MUST_USE;

/* apply_lift: takes what the item is to change out of the way: its row stays, without parent, references and all that
 * must be unique, until apply_item puts the item in its place. */
int apply_lift(struct create *c, struct item *it, struct vx_error *err) VX_MUST_USE;

/* apply_aside: for good, of a resource that is to be deleted, while others that are to move still lie below it or refer to
 * it: all but its name goes, so that nothing of it is in their way. 1 done, 0 not there. */
int apply_aside(struct store_tx *tx, const char *identifier, int64_t now, struct vx_error *err) VX_MUST_USE;

#endif
