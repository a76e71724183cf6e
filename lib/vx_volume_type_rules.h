/* vx_volume_type_rules: the rules of volume types in memory; for lib/vx_volume_type*.c only.
 *
 *	for (size_t i = 0; i < types->n; i++)
 *		if (holds(&types->rules[i])) return types->rules[i].type;
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_VOLUME_TYPE_RULES_H
#define VX_VOLUME_TYPE_RULES_H

#include <stdint.h>

#include "vx_err.h"

enum { TYPE_FIELDS_MAX = 32, TYPE_TOGETHER_MAX = 4 };

/* Words as vx_type_words makes them; '#' stands for a digit. */
struct type_terms {
	char **text;
	size_t n;
};

struct type_condition {
	size_t fields[TYPE_TOGETHER_MAX]; /* indices of vx_volume_types.fields */
	size_t n_fields;
	struct type_terms has, lacks;
	uint32_t asks; /* a bit a field, one of which has to have a value; 0: none needs to */
	double min, max;
	bool number;  /* min or max is given */
	bool missing; /* none of the fields may be there */
};

struct type_rule {
	char *name, *type;
	struct type_condition *when;
	size_t n;
};

struct vx_volume_types {
	struct type_rule *rules;
	size_t n;
	char *fields[TYPE_FIELDS_MAX]; /* each name that a condition asks for, once */
	size_t n_fields;
};

#endif
