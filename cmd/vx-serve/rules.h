/* rules: the rules of the data model that reach beyond one record (vx_resource_check has the others). Numbers are those of the data model.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RULES_H
#define RULES_H

#include "batch.h"
#include "store.h"

/* rules_stored: what only the database shows, once parent and references are known to be there; exists: the item would
 * replace a stored resource. Leaves errors in the item. VX_OK, or the database's failure. */
int rules_stored(struct store_tx *tx, struct batch *b, struct item *it, bool exists, struct vx_error *err) VX_MUST_USE;

/* name_load: what the database knows of a name, asked once an age. */
int name_load(struct store_tx *tx, struct batch *b, struct name *name, struct vx_error *err) VX_MUST_USE;
void name_fill(struct batch *b, struct name *name, const struct store_row *row);

#endif
