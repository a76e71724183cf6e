/* vx_json: printing, canonical form and equality; numbers with the fewest digits that read back equal.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <json.h>

#include "vx_json.h"
#include "vx_json_scan.h"

void vx_json_put_int(struct vx_buf *b, int64_t v)
{
	char digits[24], *p = digits + sizeof digits;
	uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	do
		*--p = (char)('0' + u % 10);
	while (u /= 10);
	if (v < 0)
		*--p = '-';
	vx_buf_add(b, p, (size_t)(digits + sizeof digits - p));
}

/* m / 10^k in positional notation. */
static void put_decimal(struct vx_buf *b, bool minus, uint64_t m, int k)
{
	char digits[48], *p = digits + sizeof digits;
	int i = 0;

	do {
		if (i++ == k && k > 0)
			*--p = '.';
		*--p = (char)('0' + m % 10);
		m /= 10;
	} while (m || i <= k);
	if (minus)
		*--p = '-';
	vx_buf_add(b, p, (size_t)(digits + sizeof digits - p));
}

/* nearbyint of what is not negative, without a call: where the last bit stands for 1, adding rounds. */
static double whole_of(double x)
{
	return x < 0x1p51 ? x + 0x1p52 - 0x1p52 : nearbyint(x);
}

/* The smallest k such that some m / 10^k is v again (as a float32 when narrow). m below 2^53 and 10^k up to 10^22 are
 * exact in a double, so that the quotient is the correctly rounded value of the decimal: what a reader will get. It is
 * looked at only where m is within half a unit of v's last place, and some more for what is rounded on the way. */
static bool put_short(struct vx_buf *b, double v, bool narrow)
{
	const double near = narrow ? 0x1.08p-24 : 0x1p-51;
	double a = fabs(v), x, m, back;
	int k;

	if (a != 0 && (a < 1e-5 || a >= 1e15))
		return false;
	for (k = 0; k <= 22; k++) {
		x = a * vx_json_powers[k];
		m = whole_of(x);
		if (m >= 0x1p53)
			return false;
		if (fabs(m - x) > x * near)
			continue;
		back = m / vx_json_powers[k];
		if (narrow ? (float)back == (float)a : back == a) {
			put_decimal(b, v < 0, (uint64_t)m, k);
			return true;
		}
	}
	return false;
}

void vx_json_put_double(struct vx_buf *b, double v)
{
	char text[40];
	int digits;

	if (!isfinite(v)) {
		vx_buf_add(b, "null", 4);
		return;
	}
	if (put_short(b, v, false))
		return;
	for (digits = 1; digits < 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, v);
		if (strtod(text, NULL) == v)
			break;
	}
	if (digits == 17)
		snprintf(text, sizeof text, "%.17g", v);
	vx_buf_puts(b, text);
}

/* digits[0] . digits[1..n) e exponent, which is negative. */
static void put_exponential(struct vx_buf *b, bool minus, const char *digits, int n, int exponent)
{
	if (minus)
		vx_buf_putc(b, '-');
	vx_buf_putc(b, digits[0]);
	if (n > 1)
		vx_buf_putc(b, '.');
	vx_buf_add(b, digits + 1, (size_t)n - 1);
	vx_buf_add(b, exponent > -10 ? "e-0" : "e-", exponent > -10 ? 3 : 2);
	vx_json_put_int(b, -exponent);
}

/* "6.1e-17" and the like, what is left of sines of 90 degrees: affines are full of them, and trying printf's digits one
 * by one takes ten times as long. False: none of the spellings tried reads back equal. */
static bool put_tiny(struct vx_buf *b, float value)
{
	/* The powers of ten beyond 10^22 are off by less. */
	const double slack = 1e-14;
	double v = fabs((double)value), scale = 1, whole = 0;
	char digits[24], *p = digits + sizeof digits;
	size_t start = b->len;
	int exponent, n, i;
	uint64_t m;

	if (!(v < 1e-5 && v > 1e-30))
		return false;
	exponent = (int)floor(log10(v));
	for (i = exponent; i < 0; i++)
		scale *= 10;
	for (n = 1; n <= 9; n++, scale *= 10) {
		whole = nearbyint(v * scale);
		if ((float)(whole / scale) == (float)v)
			break;
	}
	if (n > 9)
		return false;
	for (m = (uint64_t)whole; m; m /= 10)
		*--p = (char)('0' + m % 10);
	exponent += (int)(digits + sizeof digits - p) - n; /* 9.99 may have become 10 */
	put_exponential(b, value < 0, p, n, exponent);
	if ((float)(whole / scale * (1 - slack)) == (float)v && (float)(whole / scale * (1 + slack)) == (float)v)
		return true;
	if (strtof(b->data + start, NULL) == value)
		return true;
	b->len = start;
	b->data[start] = '\0';
	return false;
}

void vx_json_put_float(struct vx_buf *b, float v)
{
	char text[40];
	int digits;

	if (!isfinite(v)) {
		vx_buf_add(b, "null", 4);
		return;
	}
	if (put_short(b, (double)v, true) || put_tiny(b, v))
		return;
	for (digits = 1; digits < 9; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, (double)v);
		if (strtof(text, NULL) == v)
			break;
	}
	if (digits == 9)
		snprintf(text, sizeof text, "%.9g", (double)v);
	vx_buf_puts(b, text);
}

void vx_json_put_string(struct vx_buf *b, const char *s, size_t n)
{
	static const char short_escapes[32] = { ['\b'] = 'b', ['\f'] = 'f', ['\n'] = 'n', ['\r'] = 'r', ['\t'] = 't' };
	size_t done = 0, i = (size_t)(vx_json_plain(s, s + n) - s);
	char *to = vx_buf_reserve(b, n + 2);

	if (i == n) { /* nothing to escape, as nearly always */
		*to = '"';
		if (n > 0)
			memcpy(to + 1, s, n);
		memcpy(to + 1 + n, "\"", 2);
		b->len += n + 2;
		return;
	}
	vx_buf_putc(b, '"');
	for (; i < n; i++) {
		unsigned char c = (unsigned char)s[i];

		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		vx_buf_add(b, s + done, i - done);
		done = i + 1;
		vx_buf_putc(b, '\\');
		if (c >= 0x20)
			vx_buf_putc(b, (char)c);
		else if (short_escapes[c])
			vx_buf_putc(b, short_escapes[c]);
		else
			vx_buf_printf(b, "u%04x", c);
	}
	vx_buf_add(b, s + done, n - done);
	vx_buf_putc(b, '"');
}

static void put_number(struct vx_buf *b, struct json_object *o, bool canonical)
{
	const char *text;
	double v;

	if (json_object_get_type(o) == json_type_int) {
		vx_json_put_int(b, json_object_get_int64(o));
		return;
	}
	text = json_object_get_userdata(o); /* the spelling that it came with */
	v = json_object_get_double(o);
	/* Beyond what a double holds, the text is all there is: integers past 2^53, and 1e999. */
	if (text && (!canonical || !isfinite(v) || (fabs(v) >= 0x1p53 && text[strspn(text, "-0123456789")] == '\0')))
		vx_buf_puts(b, text);
	else if (canonical && v == floor(v) && fabs(v) < 0x1p53)
		vx_json_put_int(b, (int64_t)v);
	else
		vx_json_put_double(b, v);
}

static int by_key(const void *a, const void *b)
{
	return strcmp(lh_entry_k(*(struct lh_entry *const *)a), lh_entry_k(*(struct lh_entry *const *)b));
}

static void put(struct vx_buf *b, struct json_object *o, bool canonical);

static void put_object(struct vx_buf *b, struct json_object *o, bool canonical)
{
	size_t n = (size_t)json_object_object_length(o), i = 0;
	struct lh_entry *few[64], **all = n <= 64 ? few : vx_alloc(n * sizeof *all), *e;

	for (e = lh_table_head(json_object_get_object(o)); e; e = lh_entry_next(e))
		all[i++] = e;
	if (canonical)
		qsort(all, n, sizeof *all, by_key);
	vx_buf_putc(b, '{');
	for (i = 0; i < n; i++) {
		const char *key = lh_entry_k(all[i]);

		if (i)
			vx_buf_putc(b, ',');
		vx_json_put_string(b, key, strlen(key));
		vx_buf_putc(b, ':');
		put(b, lh_entry_v(all[i]), canonical);
	}
	vx_buf_putc(b, '}');
	if (all != few)
		free(all);
}

static void put(struct vx_buf *b, struct json_object *o, bool canonical)
{
	size_t n, i;

	switch (json_object_get_type(o)) {
	case json_type_null:
		vx_buf_add(b, "null", 4);
		break;
	case json_type_boolean:
		vx_buf_puts(b, json_object_get_boolean(o) ? "true" : "false");
		break;
	case json_type_int:
	case json_type_double:
		put_number(b, o, canonical);
		break;
	case json_type_string:
		vx_json_put_string(b, json_object_get_string(o), (size_t)json_object_get_string_len(o));
		break;
	case json_type_array:
		n = json_object_array_length(o);
		vx_buf_putc(b, '[');
		for (i = 0; i < n; i++) {
			if (i)
				vx_buf_putc(b, ',');
			put(b, json_object_array_get_idx(o, i), canonical);
		}
		vx_buf_putc(b, ']');
		break;
	case json_type_object:
		put_object(b, o, canonical);
		break;
	}
}

void vx_json_print(const struct vx_json *j, struct vx_buf *b)
{
	put(b, (struct json_object *)(uintptr_t)j, false);
}

void vx_json_canonical(const struct vx_json *j, struct vx_buf *b)
{
	put(b, (struct json_object *)(uintptr_t)j, true);
}

bool vx_json_equal(const struct vx_json *a, const struct vx_json *b)
{
	struct vx_buf x = VX_BUF_INIT, y = VX_BUF_INIT;
	size_t n, m;
	const char *s = vx_json_text(a, &n), *t = vx_json_text(b, &m);
	bool equal;

	if (a == b)
		return true;
	if (s || t) /* as most are that are compared: the names of a schema's enum */
		return s && t && n == m && memcmp(s, t, n) == 0;
	vx_json_canonical(a, &x);
	vx_json_canonical(b, &y);
	equal = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
	vx_buf_free(&x);
	vx_buf_free(&y);
	return equal;
}
