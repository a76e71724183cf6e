/* vx_regex: the regular expressions of JSON Schema's "pattern", as a table that is made once and only read afterwards.
 *
 * The syntax is the part of ECMA 262 (with its u flag) that needs no memory: literals, . [..] [^..] ( ) (?: ) | * + ? {m,n}
 * (also lazy), ^ $, and the escapes \n \r \t \f \v and of punctuation. What means different things elsewhere (\d \w \s \b,
 * back references, look-around) is refused. A match may lie anywhere in the text, as "pattern" wants it; ^ and $
 * are its very start and end, also where it ends with a newline. Time is linear in the text, whatever the expression.
 *
 *	struct vx_regex *re = vx_regex_new("^[a-z]+/[0-9]{2}$", &err);
 *	if (vx_regex_match(re, text, len)) ...
 *	vx_regex_free(re);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_REGEX_H
#define VX_REGEX_H

#include "vx_err.h"

struct vx_regex;

/* vx_regex_new: compiles pattern (UTF-8). NULL + VX_EDATA with the place and the reason, also where the table would be
 * too large. A compiled expression is read-only: many threads may use it at once. To be freed. */
struct vx_regex *vx_regex_new(const char *pattern, struct vx_error *err) VX_MUST_USE;
void vx_regex_free(struct vx_regex *re);

/* vx_regex_match: whether the expression matches somewhere in text[0..len), which is UTF-8 and may hold NUL bytes. */
bool vx_regex_match(const struct vx_regex *re, const char *text, size_t len);

const char *vx_regex_text(const struct vx_regex *re); /* the pattern as it was given */

#endif
