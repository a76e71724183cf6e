/* vx_fold: a character of UTF-8 -> a letter without case, accent and width, a break, a sign.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "vx_fold.h"

/* U+00C0 to U+00FF; '*': no letter, '+': two letters, in pairs[]. */
static const char latin1[] = "aaaa+a+ceeeeiiiidnoooo+*+uuu+y++aaaa+a+ceeeeiiiidnoooo+*+uuu+y+y";
/* U+0100 to U+017F. */
static const char extended[] = "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii++jjkkklllllll"
			       "lllnnnnnnnnnoooooo++rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";
_Static_assert(sizeof latin1 == 65 && sizeof extended == 129, "a letter a code point");

static const struct {
	uint32_t c;
	char letters[3];
} pairs[] = { { 0xC4, "ae" }, { 0xC6, "ae" }, { 0xD6, "oe" }, { 0xD8, "oe" }, { 0xDC, "ue" }, { 0xDE, "th" },
	{ 0xDF, "ss" }, { 0xE4, "ae" }, { 0xE6, "ae" }, { 0xF6, "oe" }, { 0xF8, "oe" }, { 0xFC, "ue" }, { 0xFE, "th" },
	{ 0x132, "ij" }, { 0x133, "ij" }, { 0x152, "oe" }, { 0x153, "oe" }, { 0x1E9E, "ss" } };

static void put(struct vx_folded *f, const char *text, size_t len)
{
	f->kind = VX_FOLD_WORD;
	f->len = (unsigned char)len;
	memcpy(f->text, text, len);
}

static void fold_pair(uint32_t c, struct vx_folded *f)
{
	for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
		if (pairs[i].c == c)
			put(f, pairs[i].letters, 2);
}

static void fold_ascii(unsigned char c, struct vx_folded *f)
{
	f->len = 1;
	f->text[0] = (char)c;
	if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
		f->kind = VX_FOLD_WORD;
	} else if (c >= 'A' && c <= 'Z') {
		f->kind = VX_FOLD_WORD;
		f->text[0] = (char)(c + 'a' - 'A');
	} else if (c && strchr("+<>=?&", c)) {
		f->kind = VX_FOLD_SIGN;
		if (c == '&')
			f->text[0] = '+';
	} else {
		f->kind = VX_FOLD_BREAK;
		f->len = 0;
	}
}

/* The code point at s, and its length; 0: no UTF-8. */
static size_t decode(const unsigned char *s, size_t n, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;

	if (!len || n < len)
		return 0;
	*c = s[0] & (0xFFu >> (len + 1));
	for (size_t i = 1; i < len; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 0;
		*c = *c << 6 | (s[i] & 0x3Fu);
	}
	return *c >= least[len] && *c <= 0x10FFFF && (*c & ~0x7FFu) != 0xD800 ? len : 0; /* RFC 3629 */
}

static bool is_unseen(uint32_t c)
{
	return c == 0xAD || (c >= 0x300 && c <= 0x36F) || (c >= 0x200B && c <= 0x200F) ||
	       (c >= 0x2060 && c <= 0x2064) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

/* Blanks and punctuation of Latin-1, General Punctuation, arrows, mathematics and shapes, CJK punctuation. Fractions,
 * superscript and Roman numerals are not among them: they tell texts apart. */
static bool is_break(uint32_t c)
{
	return (c >= 0x80 && c <= 0xA9) || (c >= 0xAB && c <= 0xB1) || c == 0xB4 || (c >= 0xB6 && c <= 0xB8) ||
	       c == 0xBB || c == 0xBF || c == 0xD7 || c == 0xF7 || (c >= 0x2000 && c <= 0x206F) ||
	       (c >= 0x2190 && c <= 0x245F) || (c >= 0x2500 && c <= 0x2BFF) || (c >= 0x3000 && c <= 0x3004) ||
	       (c >= 0x3008 && c <= 0x3020) || c == 0x1680;
}

static void fold_wide(const char *s, size_t len, uint32_t c, struct vx_folded *f)
{
	if (c >= 0xFF01 && c <= 0xFF5E) {
		fold_ascii((unsigned char)(c - 0xFF00 + 0x20), f);
	} else if (c >= 0xC0 && c <= 0xFF && latin1[c - 0xC0] != '*' && latin1[c - 0xC0] != '+') {
		put(f, latin1 + (c - 0xC0), 1);
	} else if (c >= 0x100 && c <= 0x17F && extended[c - 0x100] != '+') {
		put(f, extended + (c - 0x100), 1);
	} else if (is_unseen(c)) {
		f->kind = VX_FOLD_NONE;
	} else if (is_break(c)) {
		f->kind = VX_FOLD_BREAK;
	} else {
		put(f, s, len);
		fold_pair(c, f);
	}
}

/* A combining diaeresis behind a, o or u is an umlaut, as where both are one character. */
static size_t fold_umlaut(const char *s, size_t n, struct vx_folded *f)
{
	if (n < 3 || (unsigned char)s[1] != 0xCC || (unsigned char)s[2] != 0x88 || !f->len ||
		!strchr("aou", f->text[0]))
		return 1;
	f->text[1] = 'e';
	f->len = 2;
	return 3;
}

size_t vx_fold_next(const char *s, size_t n, struct vx_folded *f)
{
	unsigned char first = (unsigned char)s[0];
	uint32_t c;
	size_t len;

	f->len = 0;
	if (first < 0x80) {
		fold_ascii(first, f);
		return n > 1 && (unsigned char)s[1] == 0xCC ? fold_umlaut(s, n, f) : 1;
	}
	len = decode((const unsigned char *)s, n, &c);
	if (len)
		fold_wide(s, len, c, f);
	else
		put(f, "\xEF\xBF\xBD", 3);
	return len ? len : 1;
}
