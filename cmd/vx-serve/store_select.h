/* store_select: the SQL of a struct store_query, the same for each database but for how a field of the body is compared.
 * Whatever a client sends goes in as a parameter, never as text.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_SELECT_H
#define STORE_SELECT_H

#include "store.h"

struct select {
	struct vx_buf sql; /* $1, $2, ... in the order of their first appearance */
	char **values;     /* what they stand for */
	size_t count, cap;
};

/* filter: appends a condition on one field, without AND; type may be NULL. */
typedef void select_filter(struct select *s, const char *type, const struct store_filter *f);

void select_build(struct select *s, const struct store_query *q, select_filter *filter);
void select_free(struct select *s);

/* select_value: one more parameter, a copy of text; appends its name ($3) to the SQL. */
void select_value(struct select *s, const char *text);

#endif
