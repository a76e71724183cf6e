/* vx_json_lines: where in a JSON text something stands, for messages about files that people write by hand.
 *
 *	long line = vx_json_line(text, len, "component.grade.gleason");
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_JSON_LINES_H
#define VX_JSON_LINES_H

#include <stddef.h>

/* vx_json_line: the line (1-based) of a dotted path's key or item in text[0..len), which is known to be JSON; keys may hold dots
 * themselves. Where the path leads to nothing, the line of what is nearest above it. */
long vx_json_line(const char *text, size_t len, const char *path);

/* vx_json_line_at: the line of byte `at`; column (may be NULL): its place there, 1-based, in characters. */
long vx_json_line_at(const char *text, size_t len, size_t at, long *column);

#endif
