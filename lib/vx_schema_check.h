/* vx_schema_check: a check under way, between vx_schema.c and vx_schema_scalar.c only.
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SCHEMA_CHECK_H
#define VX_SCHEMA_CHECK_H

#include "vx_schema_node.h"

/* A check under way. tail NULL: only the verdict is wanted, the first error ends it. */
struct vx_schema_check {
	const struct vx_schema *s;
	const struct vx_json *top; /* the record, whose hidden fields are passed over */
	bool skip;
	struct vx_schema_error **tail;
	struct vx_buf path;
};

/* Notes an error at the present path, lengthened by step where that is not NULL. */
#define VX_SCHEMA_REPORT(c, step, has_value, v, ...)                                                                   \
	do {                                                                                                           \
		if ((c)->tail) {                                                                                       \
			size_t report_old = vx_schema_push(c, step);                                                   \
			(c)->tail = vx_schema_error_add(                                                               \
				(c)->tail, (c)->path.data ? (c)->path.data : "", has_value, v, __VA_ARGS__);           \
			vx_schema_pop(c, report_old);                                                                  \
		}                                                                                                      \
	} while (0)

/* vx_schema_push: the path grows by step (NULL: by nothing); vx_schema_pop takes it back to what push returned. */
size_t vx_schema_push(struct vx_schema_check *c, const char *step);
void vx_schema_pop(struct vx_schema_check *c, size_t old);

/* The parts of a check that look at one value and not into it. t is the value's type. */
bool vx_schema_type_holds(
	struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v, enum vx_json_type t);
bool vx_schema_enum_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v);
bool vx_schema_const_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v);
bool vx_schema_number_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v);
bool vx_schema_string_holds(struct vx_schema_check *c, const struct vx_schema_node *n, const struct vx_json *v);

#endif
