/* create: the items of a batch into the database, all in one transaction. struct batch -> each item's status
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef CREATE_H
#define CREATE_H

#include "batch.h"
#include "store.h"

/* create_run: VX_OK when every item has its status and what is valid is committed (dry_run: nothing is). Else the
 * database failed and nothing was written. update: different content replaces what is stored. */
int create_run(struct store *s, struct batch *b, bool update, bool dry_run, struct vx_error *err) VX_MUST_USE;

#endif
