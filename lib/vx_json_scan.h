/* vx_json_scan: JSON to the letter of RFC 8259, checked, or checked and built as json-c's values in one pass. json-c's own
 * parser lets duplicate keys, lone surrogates, NaN and clamped integers pass even in its strict mode.
 *
 *	struct vx_json_scan *s = vx_json_scan_new();
 *	if (vx_json_scan(s, text, len, &err) == VX_OK) ...      // then vx_json_walk may cut it into slices
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_JSON_SCAN_H
#define VX_JSON_SCAN_H

#include "vx_err.h"
#include "vx_io.h"

struct vx_json_scan; /* scratch memory, for one thread */
struct vx_json_scan *vx_json_scan_new(void);
void vx_json_scan_free(struct vx_json_scan *s);

/* vx_json_scan: VX_OK when text[0..len) is exactly one JSON value. Errors: VX_EREJECT, the reason names the byte (0-based). */
int vx_json_scan(struct vx_json_scan *s, const char *text, size_t len, struct vx_error *err) VX_MUST_USE;

/* vx_json_build: the same, and *out is the value, to be put (NULL for null, and on an error). For vx_json only. A number
 * that an int64 does not hold as it is spelled is a double with its text as user data. */
struct json_object;
int vx_json_build(struct vx_json_scan *s, const char *text, size_t len, struct json_object **out,
	struct vx_error *err) VX_MUST_USE;

#endif
