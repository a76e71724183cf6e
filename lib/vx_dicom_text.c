/* vx_dicom_text: text of DICOM's character sets -> UTF-8, by iconv and the lists of terms and escape sequences.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <iconv.h>
#include <string.h>

#include "vx_dicom_parts.h"
#include "vx_latin1.h"

static const char *codec_of(const struct vx_dicom_list *list, const char *term, size_t len)
{
	while (len > 0 && (term[len - 1] == ' ' || term[len - 1] == 0))
		len--;
	while (len > 0 && *term == ' ') {
		term++;
		len--;
	}
	for (size_t i = 0; i < list->n_charsets; i++)
		if (strlen(list->charsets[i].term) == len && memcmp(list->charsets[i].term, term, len) == 0)
			return list->charsets[i].codec;
	return len == 0 ? "ASCII" : NULL;
}

void dicom_text_begin(struct dicom_text *t, const char *terms, size_t len)
{
	const char *first = memchr(terms, '\\', len);
	size_t n = len < sizeof(t->terms) ? len : sizeof(t->terms) - 1;
	memcpy(t->terms, terms, n);
	while (n > 0 && (t->terms[n - 1] == ' ' || t->terms[n - 1] == 0))
		n--;
	t->terms[n] = '\0';
	t->codec = codec_of(t->list, terms, first ? (size_t)(first - terms) : len);
	t->unknown = !t->codec;
	if (!t->codec || strcmp(t->codec, "ASCII") == 0)
		t->codec = NULL;
	t->extended = first != NULL;
}

void dicom_text_free(struct dicom_text *t)
{
	for (size_t i = 0; i < t->n_open; i++)
		iconv_close((iconv_t)t->open[i].iconv);
	t->n_open = 0;
}

/* Kept open: to open one costs more than a header. NULL: this system has none of that name. */
static iconv_t *opened(struct dicom_text *t, const char *codec)
{
	for (size_t i = 0; i < t->n_open; i++)
		if (strcmp(t->open[i].codec, codec) == 0)
			return (iconv_t *)&t->open[i].iconv;
	iconv_t made = iconv_open("UTF-8", codec);
	if (made == (iconv_t)-1)
		return NULL;
	size_t limit = sizeof(t->open) / sizeof(t->open[0]);
	if (t->n_open == limit)
		iconv_close((iconv_t)t->open[--t->n_open].iconv);
	t->open[t->n_open].codec = codec;
	t->open[t->n_open].iconv = made;
	return (iconv_t *)&t->open[t->n_open++].iconv;
}

/* One stretch in one encoding; a byte that is none of its becomes U+FFFD. */
static void convert(struct dicom_text *t, const char *codec, const char *s, size_t n, struct vx_buf *out, bool *guessed)
{
	iconv_t *cd = opened(t, codec);
	char *in = (char *)(uintptr_t)s; /* iconv takes it without const and leaves it alone */
	size_t left = n;
	if (!cd) {
		*guessed = true;
		vx_latin1_to_utf8(s, n, out);
		return;
	}
	iconv(*cd, NULL, NULL, NULL, NULL);
	while (left > 0) {
		size_t room = left * 4 + 16;
		char *to = vx_buf_reserve(out, room), *at = to;
		size_t st = iconv(*cd, &in, &left, &at, &room);
		out->len += (size_t)(at - to);
		if (st == (size_t)-1 && errno != E2BIG) {
			*guessed = true;
			vx_buf_puts(out, "\xef\xbf\xbd");
			in++;
			left--;
		}
	}
	vx_buf_puts(out, "");
}

static const struct dicom_escape *escape_at(const struct vx_dicom_list *list, const char *s, size_t n)
{
	for (size_t i = 0; i < list->n_escapes; i++) {
		size_t len = strlen(list->escapes[i].sequence);
		if (len <= n && memcmp(list->escapes[i].sequence, s, len) == 0)
			return &list->escapes[i];
	}
	return NULL;
}

/* ISO 2022: each escape sequence holds until the next, and no further than a backslash (PS3.5 6.1.2.5.3). */
static void convert_extended(struct dicom_text *t, const char *s, size_t n, struct vx_buf *out, bool *guessed)
{
	const char *first = t->codec ? t->codec : "ASCII", *codec = first;
	for (size_t at = 0; at < n;) {
		const struct dicom_escape *escape = escape_at(t->list, s + at, n - at);
		size_t from = at;
		if (escape) {
			codec = escape->codec;
			at += strlen(escape->sequence);
			from = escape->keep ? from : at;
		} else if (s[at] == '\033') {
			*guessed = true;
			at++;
			from = at;
		} else if (s[at] == '\\') {
			codec = first;
			at++;
		}
		/* Two bytes that are one character may hold a backslash. */
		while (at < n && s[at] != '\033' && (s[at] != '\\' || (escape && escape->keep)))
			at++;
		if (at > from)
			convert(t, codec, s + from, at - from, out, guessed);
	}
}

static bool is_ascii(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)s[i] >= 0x80 || s[i] == '\033')
			return false;
	return true;
}

void dicom_text_decode(struct dicom_text *t, const char *s, size_t n, struct vx_buf *out, bool *guessed)
{
	if (is_ascii(s, n)) {
		vx_buf_add(out, s, n);
	} else if (memchr(s, '\033', n)) {
		convert_extended(t, s, n, out, guessed);
	} else if (t->codec && strcmp(t->codec, "UTF-8") != 0) {
		convert(t, t->codec, s, n, out, guessed);
	} else if (vx_utf8_valid(s, n)) {
		*guessed |= !t->codec;
		vx_buf_add(out, s, n);
	} else {
		*guessed = true;
		vx_latin1_to_utf8(s, n, out);
	}
}
