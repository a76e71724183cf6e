/* vx_regex: the regular expressions of JSON Schema's "pattern", by PCRE2.
 *
 * Taken is what means the same in ECMA 262 (with its u flag), Python and PCRE2: literals, . [..] [^..] ( ) (?: ) | * + ?
 * {m,n} (also lazy), ^ $, and the escapes \n \r \t \f \v and of punctuation. What means different things elsewhere (\d \w
 * \s \b, back references, look-around, possessive quantifiers) is refused. A match may lie anywhere in the text, as
 * "pattern" wants it; ^ and $ are its very start and end, also where it ends with a newline.
 *
 *	struct vx_regex *re = vx_regex_new("^[a-z]+/[0-9]{2}$", &err);
 *	if (vx_regex_match(re, text, len)) ...
 *	vx_regex_free(re);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_REGEX_H
#define VX_REGEX_H

#include <stdint.h>

#include "vx_err.h"

struct vx_regex;

/* vx_regex_new: compiles pattern (UTF-8). NULL + VX_EDATA with the place and the reason. A compiled expression is
 * read-only: many threads may use it at once. To be freed. */
struct vx_regex *vx_regex_new(const char *pattern, struct vx_error *err) VX_MUST_USE;
void vx_regex_free(struct vx_regex *re);

/* vx_regex_match: whether the expression matches somewhere in text[0..len), which may hold NUL bytes. Text that is no
 * UTF-8 matches nothing, nor does text on which the search would take beyond PCRE2's limits. */
bool vx_regex_match(const struct vx_regex *re, const char *text, size_t len);

/* Many expressions on one text: which bytes it holds tells most of those that cannot match. vx_regex_may_match: false:
 * vx_regex_match would be. */
struct vx_regex_bytes {
	uint64_t has[4]; /* a bit a byte */
};
struct vx_regex_bytes vx_regex_bytes_of(const char *text, size_t len);
bool vx_regex_may_match(const struct vx_regex *re, const struct vx_regex_bytes *bytes);

const char *vx_regex_text(const struct vx_regex *re); /* the pattern as it was given */

#endif
