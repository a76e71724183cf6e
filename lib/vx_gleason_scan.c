/* vx_gleason_scan: the text of a grade -> tokens.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include "vx_gleason_scan.h"

/* What a character is, beside plain ASCII. */
enum {
	C_AT_MOST = 0x80,
	C_AT_LEAST,
	C_QUOTE,  /* nothing, but it parts tokens */
	C_LETTER, /* of no word here */
	C_IGNORE, /* zero-width, a combining mark */
	C_OTHER,
	C_ROMAN, /* C_ROMAN + 1 to 5 */
};

/* The code point at s[*at..len), *at moved behind it; 0xFFFD for a byte that is no UTF-8. */
static uint32_t next_point(const char *s, size_t len, size_t *at)
{
	const unsigned char *b = (const unsigned char *)s + *at;
	size_t left = len - *at, n = b[0] < 0xE0 ? 2 : b[0] < 0xF0 ? 3 : 4;
	uint32_t c = n == 2 ? b[0] & 0x1F : n == 3 ? b[0] & 0x0F : b[0] & 0x07;

	*at += 1;
	if (b[0] < 0x80)
		return b[0];
	if (b[0] < 0xC2 || b[0] > 0xF4 || left < n)
		return 0xFFFD;
	for (size_t i = 1; i < n; i++) {
		if ((b[i] & 0xC0) != 0x80)
			return 0xFFFD;
		c = c << 6 | (b[i] & 0x3F);
	}
	*at += n - 1;
	return c;
}

/* Latin-1 letters from U+00C0 without their marks; * is none. */
static const char base[] = "aaaaaaaceeeeiiiidnooooo*ouuuuypsaaaaaaaceeeeiiiidnooooo*ouuuuypy";

static const struct {
	uint32_t from, to;
	unsigned char is;
} ranges[] = {
	{ 0x0085, 0x0085, '\n' }, /* next line */
	{ 0x00A0, 0x00A0, ' ' },
	{ 0x00AB, 0x00AB, C_QUOTE },
	{ 0x00AD, 0x00AD, C_IGNORE }, /* soft hyphen */
	{ 0x00B4, 0x00B4, C_QUOTE },
	{ 0x00BB, 0x00BB, C_QUOTE },
	{ 0x0300, 0x036F, C_IGNORE }, /* combining marks */
	{ 0x1680, 0x1680, ' ' },
	{ 0x2000, 0x200A, ' ' },
	{ 0x200B, 0x200F, C_IGNORE },
	{ 0x2010, 0x2015, '-' },
	{ 0x2018, 0x201F, C_QUOTE },
	{ 0x2028, 0x2029, '\n' },
	{ 0x202A, 0x202E, C_IGNORE },
	{ 0x202F, 0x202F, ' ' },
	{ 0x2043, 0x2043, '-' },
	{ 0x2044, 0x2044, '/' },
	{ 0x205F, 0x205F, ' ' },
	{ 0x2060, 0x2064, C_IGNORE },
	{ 0x2066, 0x2069, C_IGNORE },
	{ 0x207A, 0x207A, '+' },
	{ 0x208A, 0x208A, '+' },
	{ 0x2212, 0x2212, '-' },
	{ 0x2215, 0x2215, '/' },
	{ 0x2248, 0x2248, '~' },
	{ 0x2264, 0x2264, C_AT_MOST },
	{ 0x2265, 0x2265, C_AT_LEAST },
	{ 0x2266, 0x2266, C_AT_MOST },
	{ 0x2267, 0x2267, C_AT_LEAST },
	{ 0x2795, 0x2795, '+' },
	{ 0x2796, 0x2796, '-' },
	{ 0x2A7D, 0x2A7D, C_AT_MOST },
	{ 0x2A7E, 0x2A7E, C_AT_LEAST },
	{ 0x3000, 0x3000, ' ' },
	{ 0xFE58, 0xFE58, '-' },
	{ 0xFE62, 0xFE62, '+' },
	{ 0xFE63, 0xFE63, '-' },
	{ 0xFE66, 0xFE66, '=' },
	{ 0xFEFF, 0xFEFF, C_IGNORE },
	{ 0xFFFD, 0xFFFD, C_OTHER },
};

static unsigned char fold_wide(uint32_t c)
{
	if (c >= 0xFF01 && c <= 0xFF5E) /* full-width forms */
		c -= 0xFEE0;
	if (c < 0x80)
		return (unsigned char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
	if (c >= 0xC0 && c <= 0xFF)
		return base[c - 0xC0] == '*' ? C_OTHER : (unsigned char)base[c - 0xC0];
	if ((c >= 0x2160 && c <= 0x2164) || (c >= 0x2170 && c <= 0x2174))
		return (unsigned char)(C_ROMAN + 1 + (c & 0xF));
	if ((c >= 0x0660 && c <= 0x0669) || (c >= 0x06F0 && c <= 0x06F9))
		return (unsigned char)('0' + (c & 0xF));
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		if (c >= ranges[i].from && c <= ranges[i].to)
			return ranges[i].is;
	/* Signs below U+0100 and from U+2000 to U+2BFF (daggers, superscripts, dingbats) are no letters. */
	return c < 0x100 || (c >= 0x2000 && c < 0x2C00) ? C_OTHER : C_LETTER;
}

/* The folded character at *at, *at moved behind it and what is ignored; 0 at the end. */
static unsigned char peek(const char *s, size_t len, size_t *at)
{
	while (*at < len) {
		unsigned char c = (unsigned char)s[*at];

		if (c >= 0x80)
			c = fold_wide(next_point(s, len, at));
		else if (*at += 1, c >= 'A' && c <= 'Z')
			c = (unsigned char)(c + 32);
		if (c != C_IGNORE)
			return c ? c : C_OTHER;
	}
	return 0;
}

static bool is_digit(unsigned char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || c == C_LETTER;
}

/* Digits, and a fraction behind "." (or "," where only zeros follow: else it parts a list). */
static void take_number(const char *s, size_t len, struct vx_gleason_token *t)
{
	size_t at = t->start, behind = at;
	unsigned char c;

	t->kind = VX_GT_NUMBER;
	while (is_digit(c = peek(s, len, &at))) {
		if (t->value < 9999999)
			t->value = t->value * 10 + (c - '0');
		else
			t->value = 99999999;
		behind = at;
	}
	t->end = behind;
	if (c != '.' && c != ',')
		return;
	bool zero = true, any = false;
	unsigned char sign = c;
	while (is_digit(c = peek(s, len, &at))) {
		zero = zero && c == '0';
		any = true;
		behind = at;
	}
	if (any && (sign == '.' || zero)) {
		t->fraction = !zero;
		t->end = behind;
	}
}

static void take_word(const char *s, size_t len, struct vx_gleason_token *t)
{
	char word[20];
	size_t at = t->start, n = 0;
	unsigned char c;

	t->kind = VX_GT_WORD;
	t->end = at;
	while (is_letter(c = peek(s, len, &at))) {
		if (n < sizeof word - 1)
			word[n] = c == C_LETTER ? '?' : (char)c;
		n++;
		t->end = at;
	}
	if (n == 1)
		t->value = word[0];
	if (n >= sizeof word)
		return;
	word[n] = '\0';
	if (strcmp(word, "plus") == 0)
		t->kind = VX_GT_PLUS;
	else if (strcmp(word, "percent") == 0 || strcmp(word, "prozent") == 0 || strcmp(word, "procent") == 0)
		t->kind = VX_GT_PERCENT;
	t->word = vx_gleason_word(word, &t->value);
}

static enum vx_gleason_kind kind_of(unsigned char c)
{
	switch (c) {
	case '+':
		return VX_GT_PLUS;
	case '-':
		return VX_GT_MINUS;
	case '=':
		return VX_GT_EQUALS;
	case '/':
		return VX_GT_SLASH;
	case '(':
	case '[':
	case '{':
		return VX_GT_OPEN;
	case ')':
	case ']':
	case '}':
		return VX_GT_CLOSE;
	case ',':
	case ';':
	case ':':
	case '.':
	case '|':
	case '_':
	case '&':
		return VX_GT_SEPARATOR;
	case '<':
		return VX_GT_LESS;
	case '>':
		return VX_GT_MORE;
	case C_AT_MOST:
		return VX_GT_AT_MOST;
	case C_AT_LEAST:
		return VX_GT_AT_LEAST;
	case '%':
		return VX_GT_PERCENT;
	case '#':
		return VX_GT_HASH;
	case '?':
	case '~':
		return VX_GT_UNSURE;
	default:
		return VX_GT_OTHER;
	}
}

/* "<=" and "=<" are one sign. */
static bool joins(struct vx_gleason_token *last, const struct vx_gleason_token *t)
{
	bool less = last->kind == VX_GT_LESS || t->kind == VX_GT_LESS;
	bool more = last->kind == VX_GT_MORE || t->kind == VX_GT_MORE;

	if (!t->glued || less == more || (last->kind != VX_GT_EQUALS && t->kind != VX_GT_EQUALS))
		return false;
	last->kind = less ? VX_GT_AT_MOST : VX_GT_AT_LEAST;
	last->end = t->end;
	return true;
}

size_t vx_gleason_scan(const char *text, size_t len, struct vx_gleason_token *t, size_t max)
{
	size_t n = 0, at = 0, before = 0;
	bool glued = false;

	for (unsigned char c; before = at, (c = peek(text, len, &at));) {
		if (c == ' ' || c == '\t' || c == '"' || c == '\'' || c == '`' || c == C_QUOTE) {
			glued = false;
			continue;
		}
		if (n + 1 >= max)
			return max;
		t[n] = (struct vx_gleason_token){ .start = before, .end = at, .glued = glued };
		if (is_digit(c))
			take_number(text, len, &t[n]);
		else if (is_letter(c))
			take_word(text, len, &t[n]);
		else if (c > C_ROMAN)
			t[n].kind = VX_GT_WORD, t[n].word = VX_GW_ROMAN, t[n].value = c - C_ROMAN;
		else
			t[n].kind = c == '\n' || c == '\r' ? VX_GT_SEPARATOR : kind_of(c), t[n].value = c;
		at = t[n].end;
		glued = true;
		if (n == 0 || !joins(&t[n - 1], &t[n]))
			n++;
	}
	t[n] = (struct vx_gleason_token){ .kind = VX_GT_END, .start = len, .end = len };
	return n;
}
