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

/* suggest_parts: procedure, location, grade, date and assessor. */
void suggest_parts(struct suggest_draft *d);

#endif
