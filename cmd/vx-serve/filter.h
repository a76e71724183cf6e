/* filter: the fields by which a list can be narrowed, and what a query says of them. Knows neither HTTP nor SQL.
 * in: a type, a field, text; out: the value as canonical JSON
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef FILTER_H
#define FILTER_H

#include "vx_resource.h"

/* filter_names: others (NULL-terminated), then every field of the type that holds a single value: text, a number, true or
 * false. NULL-terminated; the array is to be freed. */
const char **filter_names(const struct vx_type *t, const char *const *others);

/* filter_value: what text says of the field, one of filter_names, appended to json: a string as it is, a number or
 * boolean as JSON writes it; nothing at all is null, the field absent.
 * Errors: VX_EREJECT: no value that this field can have, with the schema's reason. */
int filter_value(const struct vx_type *t, const char *field, const char *text, struct vx_buf *json,
	struct vx_error *err) VX_MUST_USE;

#endif
