/* vx_utf8: what vx needs to know of UTF-8: is it, where may it be cut, how is a character written.
 *
 *	if (vx_utf8_valid(s, n))
 *		n = vx_utf8_cut(s, n, 80);   // at most 80 bytes, whole characters
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_UTF8_H
#define VX_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vx_buf;

/* vx_utf8_valid: whether s[0..n) is well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms). */
bool vx_utf8_valid(const char *s, size_t n);

/* vx_utf8_cut: n, or where that is more than max the most bytes of s, at most max, that do not end inside a character. */
size_t vx_utf8_cut(const char *s, size_t n, size_t max);

/* vx_utf8_lossy: s[0..n) as UTF-8, appended to out: U+FFFD for each byte that is none; true when nothing had to be replaced. */
bool vx_utf8_lossy(struct vx_buf *out, const char *s, size_t n);

/* vx_utf8_mend: a message for people that is not UTF-8 (cut, or from elsewhere) gets "?" for all that is not ASCII. */
void vx_utf8_mend(char *message);

/* vx_utf8_blank: how many bytes at the front of s[0..n) are one blank; 0: none. Also those that spreadsheets and web pages
 * leave behind: no-break, zero-width, ideographic and typographic spaces, byte order marks.
 * vx_utf8_blank_end: the same at the end of s[0..n). */
size_t vx_utf8_blank(const char *s, size_t n);
size_t vx_utf8_blank_end(const char *s, size_t n);

/* vx_utf8_put: the code point c (at most 0x10FFFF, no surrogate), appended to b. */
void vx_utf8_put(struct vx_buf *b, uint32_t c);

#endif
