/* vx_utf8: bytes -> are they UTF-8; code points -> bytes.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_io.h"

bool vx_utf8_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + n;

	while (p < end) {
		uint64_t eight;

		/* Most of what is read is ASCII: eight at once. */
		while (end - p >= 8 && (memcpy(&eight, p, 8), (eight & UINT64_C(0x8080808080808080)) == 0))
			p += 8;
		if (p == end)
			break;

		unsigned char c = *p++;
		int more = c < 0x80                ? 0
			   : c >= 0xC2 && c < 0xE0 ? 1
			   : c >= 0xE0 && c < 0xF0 ? 2
			   : c >= 0xF0 && c < 0xF5 ? 3
						   : -1;
		unsigned char low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
		unsigned char high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;

		if (more < 0 || end - p < more)
			return false;
		for (; more > 0; more--, p++, low = 0x80, high = 0xBF)
			if (*p < low || *p > high)
				return false;
	}
	return true;
}

size_t vx_utf8_cut(const char *s, size_t n, size_t max)
{
	if (n <= max)
		return n;
	while (max > 0 && ((unsigned char)s[max] & 0xC0) == 0x80)
		max--;
	return max;
}

void vx_utf8_mend(char *message)
{
	if (vx_utf8_valid(message, strlen(message)))
		return;
	for (char *p = message; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
}

/* Of two bytes: U+0085, U+00A0. Of three: U+1680, U+2000 to U+200D, U+2028, U+2029, U+202F, U+205F, U+2060, U+3000, U+FEFF. */
static bool wide_blank(const unsigned char *p, size_t n)
{
	if (n == 2)
		return p[0] == 0xC2 && (p[1] == 0x85 || p[1] == 0xA0);
	if (n != 3)
		return false;
	if (p[0] == 0xE2 && p[1] == 0x80)
		return (p[2] >= 0x80 && p[2] <= 0x8D) || p[2] == 0xA8 || p[2] == 0xA9 || p[2] == 0xAF;
	return (p[0] == 0xE2 && p[1] == 0x81 && (p[2] == 0x9F || p[2] == 0xA0)) || memcmp(p, "\xe1\x9a\x80", 3) == 0 ||
	       memcmp(p, "\xe3\x80\x80", 3) == 0 || memcmp(p, "\xef\xbb\xbf", 3) == 0;
}

static bool ascii_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

size_t vx_utf8_blank(const char *s, size_t n)
{
	if (n == 0)
		return 0;
	if ((unsigned char)*s < 0x80)
		return ascii_blank(*s);
	for (size_t k = 2; k <= 3 && k <= n; k++)
		if (wide_blank((const unsigned char *)s, k))
			return k;
	return 0;
}

size_t vx_utf8_blank_end(const char *s, size_t n)
{
	if (n == 0)
		return 0;
	if ((unsigned char)s[n - 1] < 0x80)
		return ascii_blank(s[n - 1]);
	for (size_t k = 2; k <= 3 && k <= n; k++)
		if (wide_blank((const unsigned char *)s + n - k, k))
			return k;
	return 0;
}

void vx_utf8_put(struct vx_buf *b, uint32_t c)
{
	if (c < 0x80) {
		vx_buf_putc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		vx_buf_putc(b, (char)(0xC0 | c >> 6));
	} else {
		if (c < 0x10000) {
			vx_buf_putc(b, (char)(0xE0 | c >> 12));
		} else {
			vx_buf_putc(b, (char)(0xF0 | c >> 18));
			vx_buf_putc(b, (char)(0x80 | (c >> 12 & 63)));
		}
		vx_buf_putc(b, (char)(0x80 | (c >> 6 & 63)));
	}
	vx_buf_putc(b, (char)(0x80 | (c & 63)));
}

bool vx_utf8_lossy(struct vx_buf *out, const char *s, size_t n)
{
	bool whole = true;

	for (size_t i = 0, k; i < n; i += k) {
		/* The longest of the (at most four) bytes that are one character. */
		k = (unsigned char)s[i] < 0x80 ? 1 : 4;
		if (k > n - i)
			k = n - i;
		while (k > 1 && !((s[i + k - 1] & 0xc0) == 0x80 && vx_utf8_valid(s + i, k)))
			k--;
		if (k > 1 || (unsigned char)s[i] < 0x80) {
			vx_buf_add(out, s + i, k);
		} else {
			vx_buf_puts(out, "\xef\xbf\xbd");
			whole = false;
		}
	}
	return whole;
}
