/* suggest_map: a mapping while it is being drawn up.
 * SPDX-License-Identifier: MIT */
#ifndef SUGGEST_MAP_H
#define SUGGEST_MAP_H

#include "suggest_plan.h"

struct suggest_draft {
	struct suggest_plan *p;
	struct vx_json *workup, *component, *root;
};

/* suggest_part: where what a column says belongs: component or workup. */
struct vx_json *suggest_part(struct suggest_draft *d, size_t column);

/* suggest_object_in: the object of this name in obj, made when it is not there.
 * suggest_set_column: obj's key names the column, unless it is NO_COLUMN. */
struct vx_json *suggest_object_in(struct vx_json *obj, const char *key);
void suggest_set_column(struct suggest_draft *d, struct vx_json *obj, const char *key, size_t column);

/* suggest_parts: procedure, location, grade, date and assessor. */
void suggest_parts(struct suggest_draft *d);

/* suggest_numbers: lengths, percentages, counts. suggest_psa: NULL: there is none; to be freed. suggest_others: all
 * that goes to other_data; last, since it takes what nobody else took. */
void suggest_numbers(struct suggest_draft *d);
struct vx_json *suggest_psa(struct suggest_draft *d);
void suggest_others(struct suggest_draft *d);

#endif
