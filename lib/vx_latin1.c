/* vx_latin1: ISO 8859-1 -> UTF-8.
 * SPDX-License-Identifier: MIT */
#include "vx_latin1.h"

void vx_latin1_to_utf8(const char *s, size_t n, struct vx_buf *out)
{
	for (size_t i = 0; i < n; i++)
		vx_utf8_put(out, (unsigned char)s[i]);
}
