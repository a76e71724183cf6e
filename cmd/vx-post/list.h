/* list: names in a temporary file, to be read from either end: each stands between two bytes that hold its length.
 *
 *	status = list_add(&l, "volume/a", true, &err);
 *	for (int64_t place = l.end; place > 0;)
 *		status = list_get(&l, &place, true, name, &doomed, &err);    // the last first
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef LIST_H
#define LIST_H

#include "vx_resource.h"
#include "vx_spill.h"

struct list { /* zero-initialise */
	struct vx_spill *file;
	int64_t end;
	long n; /* how many are doomed */
};

/* list_add: a name, and whether it is doomed. VX_EIO. */
int list_add(struct list *l, const char *name, bool doomed, struct vx_error *err) VX_MUST_USE;

/* list_get: the name that begins at *place, or with back the one that ends there; *place moves on. VX_EIO. */
int list_get(const struct list *l, int64_t *place, bool back, char name[VX_IDENTIFIER_MAX + 1], bool *doomed,
	struct vx_error *err) VX_MUST_USE;

void list_free(struct list *l);

#endif
