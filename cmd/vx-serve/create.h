/* create: the items of a batch into the database, all in one transaction. struct batch -> each item's status
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CREATE_H
#define CREATE_H

#include "batch.h"
#include "store.h"

/* What becomes of an item that is there with other content.
 * CREATE_UPDATE: it replaces what is stored, but for a default_split of which it says nothing.
 * CREATE_REPLACE: it replaces all of it, for clones; and what stands in an item's way only until the whole batch is in
 * (two patients that change names, a tree turned round) is no obstacle. */
enum create_conflict { CREATE_REJECT, CREATE_UPDATE, CREATE_REPLACE };

/* What the database was called in front of the batch and behind it, in the same transaction. */
struct create_states {
	struct store_state was, is;
};

struct create_options {
	enum create_conflict on_conflict;
	bool dry_run;
	bool split_locked;            /* production: no item sets or changes a default_split */
	struct create_states *states; /* NULL: nobody asks */
};

/* create_run: VX_OK when every item has its status and what is valid is committed (dry_run: nothing is). Else the
 * database failed and nothing was written. */
int create_run(struct store *s, struct batch *b, const struct create_options *how, struct vx_error *err) VX_MUST_USE;

#endif
