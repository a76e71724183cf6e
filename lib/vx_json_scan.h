/* vx_json_scan: is this text JSON, to the letter of RFC 8259? The gate in front of json-c, which is more lenient than
 * its strict mode says: it lets duplicate keys, lone surrogates, NaN and clamped integers pass. Used by vx_json only.
 *
 *	struct vx_json_scan *s = vx_json_scan_new();
 *	if (vx_json_scan(s, text, len, &inexact, &err) == VX_OK) ...
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

/* vx_json_scan: VX_OK when text[0..len) is exactly one JSON value.
 * Out: inexact  the number of integers that json-c would change (beyond 64 bits, or "-0")
 * Errors: VX_EREJECT, the reason names the byte (0-based). */
int vx_json_scan(struct vx_json_scan *s, const char *text, size_t len, size_t *inexact, struct vx_error *err) VX_MUST_USE;

/* vx_json_scan_exact: text that has passed, with VX_JSON_EXACT behind each of those integers: json-c then takes them as
 * numbers with a text of their own, and the printer leaves the suffix out. */
#define VX_JSON_EXACT "e+0000000000"
void vx_json_scan_exact(const char *text, size_t len, struct vx_buf *out);

#endif
