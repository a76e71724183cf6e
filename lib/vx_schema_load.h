/* vx_schema_load: a schema being read, between vx_schema_load.c and vx_schema_keyword.c only.
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SCHEMA_LOAD_H
#define VX_SCHEMA_LOAD_H

#include "vx_schema_node.h"

struct vx_schema_loader {
	struct vx_schema *s;
	const char *dir;
	struct vx_error *err;
	const char *file;          /* the document that is being read */
	const struct vx_json *top; /* its root */
	struct vx_buf path;        /* where in it, dotted */
	int depth, status;
};

/* vx_schema_fail: the first error counts; reason is about the present path. */
void vx_schema_fail(struct vx_schema_loader *l, const char *reason);

/* vx_schema_compile: the node of a schema, made where it was not seen before; step lengthens the path. */
struct vx_schema_node *vx_schema_compile(struct vx_schema_loader *l, const struct vx_json *json, const char *step);

/* vx_schema_target: what a $ref leads to: file beside the present one (NULL: that one), fragment a JSON pointer in it.
 * Returns NULL after vx_schema_fail; top takes the root of the file. */
const struct vx_json *vx_schema_target(
	struct vx_schema_loader *l, const char *file, const char *fragment, const struct vx_json **top);

/* vx_schema_keyword: reads one keyword of schema into n. */
void vx_schema_keyword(struct vx_schema_loader *l, struct vx_schema_node *n, const char *name, const struct vx_json *v,
	const struct vx_json *schema);

#endif
