/* vx_latin1: text of unknown encoding that is not UTF-8, taken for ISO 8859-1: every byte is the code point of its value.
 *
 *	if (!vx_utf8_valid(s, n))
 *		vx_latin1_to_utf8(s, n, &utf8);   // "Pr\xfcfung" -> "Pr\xc3\xbc" "fung"
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_LATIN1_H
#define VX_LATIN1_H

#include "vx_io.h"

/* vx_latin1_to_utf8: s[0..n) as UTF-8, appended to out. */
void vx_latin1_to_utf8(const char *s, size_t n, struct vx_buf *out);

#endif
