/* vx_schema: JSON Schema 2020-12, the part of it that share/schema uses. An unknown keyword is an error, never ignored.
 *
 * Understood: $schema $id (at the top) $defs $ref (same file, file beside it) type enum const minimum maximum
 * exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern (see vx_regex.h) items prefixItems minItems
 * maxItems uniqueItems properties patternProperties additionalProperties propertyNames required dependentRequired
 * minProperties maxProperties anyOf allOf oneOf not if then else. For people only, as the standard has it: title
 * description default examples $comment format deprecated. Our own: x-vx, an object; at the top its "server" lists
 * fields that only the server sets, beside a pattern its "reason" says what is wrong where that does not match.
 *
 *	struct vx_schema *s = vx_schema_load(dir, "volume.json", &err);
 *	struct vx_schema_error *e = vx_schema_check(s, record);   // NULL: valid
 *	for (i = e; i; i = i->next) ... i->field, i->reason
 *	vx_schema_error_free(e);
 *
 * A loaded schema is read-only: many threads may check against it at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SCHEMA_H
#define VX_SCHEMA_H

#include "vx_err.h"
#include "vx_json.h"

struct vx_schema;

/* vx_schema_load: reads dir/name and the files it refers to ($ref "common.json#/$defs/identifier").
 * Errors: VX_EIO (no such file), VX_EDATA (no JSON, an unknown keyword, a $ref to nothing), with file and field. */
struct vx_schema *vx_schema_load(const char *dir, const char *name, struct vx_error *err) VX_MUST_USE;
void vx_schema_free(struct vx_schema *s);

/* vx_schema_new: the same from a value that was parsed already (copied); $ref within it only. */
struct vx_schema *vx_schema_new(const struct vx_json *json, struct vx_error *err) VX_MUST_USE;

/* The schema's own JSON (for defaults, property order, SQL views, docs). Borrowed. */
const struct vx_json *vx_schema_json(const struct vx_schema *s);

struct vx_schema_error {
	struct vx_schema_error *next;
	char *field;  /* dotted path: "labels.2", "shape.0"; "" for the record itself */
	char *value;  /* the value as JSON, shortened to 80 bytes; "" where it is missing */
	char *reason; /* "is not one of isup, cspca, ..." */
};

/* vx_schema_check: all errors, in the order of the schema's properties; NULL when valid. To be freed.
 * Top-level fields that begin with "_" (private) or that x-vx names as the server's are not looked at when skip_private. */
struct vx_schema_error *vx_schema_check(const struct vx_schema *s, const struct vx_json *value, bool skip_private);
void vx_schema_error_free(struct vx_schema_error *e); /* the whole list; NULL is allowed */

/* vx_schema_field_types: what a top-level field may be, as bits 1 << enum vx_json_type ("number" has both of its kinds);
 * 0: no such field. vx_schema_field_check: the errors of a value as that field's, as vx_schema_check would tell them. */
unsigned vx_schema_field_types(const struct vx_schema *s, const char *field);
struct vx_schema_error *vx_schema_field_check(
	const struct vx_schema *s, const char *field, const struct vx_json *value);

/* vx_schema_error_add: one more error at *tail; value may be NULL (null). Returns the new tail. */
struct vx_schema_error **vx_schema_error_add(struct vx_schema_error **tail, const char *field, bool has_value,
	const struct vx_json *value, const char *fmt, ...) VX_PRINTF(5, 6);

#endif
