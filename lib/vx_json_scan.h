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

#include <endian.h>
#include <stdint.h>
#include <string.h>

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

/* vx_json_plain: past the characters of a string that stand for themselves and are one byte: at the first quote,
 * backslash, control character or byte that is no ASCII, or at end. Eight bytes at a time: of a byte that is one of
 * these, the top bit is set in stops. A subtraction may borrow from the bytes behind such a one, never from those before
 * it, so the lowest bit set is right. */
static inline const char *vx_json_plain(const char *p, const char *end)
{
	const uint64_t ones = UINT64_MAX / 255, tops = ones * 0x80;

	for (; end - p >= 8; p += 8) {
		uint64_t w, stops;

		memcpy(&w, p, 8);
		w = le64toh(w);
		stops = (w | (w - ones * ' ') | ((w ^ ones * '"') - ones) | ((w ^ ones * '\\') - ones)) & tops;
		if (stops)
			return p + __builtin_ctzll(stops) / 8;
	}
	while (p < end && (unsigned char)*p >= ' ' && (unsigned char)*p < 0x80 && *p != '"' && *p != '\\')
		p++;
	return p;
}

/* 10^0 .. 10^22: the powers of ten that a double holds exactly. */
extern const double vx_json_powers[23];

/* vx_json_number: the value of text[0..n), which is spelled as a JSON number; whole: without point and exponent. NULL:
 * out of memory. */
struct json_object *vx_json_number(const char *text, size_t n, bool whole, struct vx_buf *scratch);

#endif
