/* vx_url: bytes -> percent-encoded text.
 * SPDX-License-Identifier: MIT */
#include "vx_url.h"

void vx_url_escape(struct vx_buf *out, const char *s, size_t n, bool slash)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			     c == '_' || c == '.' || c == '~' || (slash && c == '/');
		if (plain) {
			vx_buf_putc(out, s[i]);
		} else {
			vx_buf_putc(out, '%');
			vx_buf_putc(out, hex[c >> 4]);
			vx_buf_putc(out, hex[c & 15]);
		}
	}
}
