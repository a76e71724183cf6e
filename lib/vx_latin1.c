/* vx_latin1: ISO 8859-1 -> UTF-8.
 * SPDX-License-Identifier: MIT */
#include "vx_latin1.h"

void vx_latin1_to_utf8(const char *s, size_t n, struct vx_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c >= 0x80)
			vx_buf_putc(out, (char)(0xC0 | c >> 6));
		vx_buf_putc(out, (char)(c < 0x80 ? c : 0x80 | (c & 0x3F)));
	}
}
