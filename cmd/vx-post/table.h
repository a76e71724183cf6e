/* table: results as a person reads them: each change with what differs, equal changes once, counts a collection at the
 * end. Memory does not grow with the results.
 *
 *	struct table *t = table_new(model, false);
 *	table_take(t, type, "volume/a", "updated", result, &out);    // result NULL: there is no more to say
 *	table_end(t, &out);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef TABLE_H
#define TABLE_H

#include "vx_resource.h"

/* table_new: as wide as $COLUMNS says, else the terminal, else 100; colours only on a terminal without $NO_COLOR.
 * every: names also what is created or unchanged, and repeats equal changes. */
struct table;
struct table *table_new(const struct vx_model *model, bool every);
void table_free(struct table *t);

/* table_take: one result; lines about it, if any, are appended to out. */
void table_take(struct table *t, const struct vx_type *type, const char *identifier, const char *status,
	const struct vx_json *result, struct vx_buf *out);

/* table_end: what was told once for many, and the counts. */
void table_end(struct table *t, struct vx_buf *out);

#endif
