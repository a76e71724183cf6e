/* vx_cell: the text of a table's cell -> nothing, a number, a whole number, a day; or why it is none.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vx_cell.h"
#include "vx_json_scan.h"
#include "vx_utf8.h"

#define SHOWN 40
#define LONGEST 320 /* characters of a number: 1e300 written out has 301 */

static int no(struct vx_slice cell, const char *what, struct vx_error *err)
{
	if (cell.len == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "is empty, %s is needed", what);
	return vx_error_set(err, VX_EREJECT, NULL, "'%.*s%s' is not %s", (int)vx_utf8_cut(cell.text, cell.len, SHOWN),
		cell.text, cell.len > SHOWN ? "..." : "", what);
}

struct vx_slice vx_cell_trim(const char *text, size_t len)
{
	size_t n;

	while ((n = vx_utf8_blank(text, len))) {
		text += n;
		len -= n;
	}
	while ((n = vx_utf8_blank_end(text, len)))
		len -= n;
	return (struct vx_slice){ text, len };
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool vx_cell_blank(const char *text, size_t len)
{
	/* The last two are the dashes that spreadsheets make of "-" and "--". */
	static const char *const words[] = { "-", "--", "n/a", "na", "#n/a", "nan", "null", "\xe2\x80\x93",
		"\xe2\x80\x94" };

	if (len == 0)
		return true;
	if (len > 4 || is_digit(*text))
		return false;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strlen(words[i]) == len && strncasecmp(words[i], text, len) == 0)
			return true;
	return false;
}

/* A number as it is spelled: its digits without the point as long as a double holds them exactly, and the power of ten. */
struct spelled {
	bool minus, exact;
	uint64_t digits;
	int exponent;
};

static const char *mantissa(const char *p, const char *end, char decimal, struct spelled *n)
{
	const char *begin = p, *point = NULL;

	for (; p < end; p++) {
		if (*p == decimal && !point) {
			point = p;
			continue;
		}
		if (!is_digit(*p))
			break;
		if (n->digits >= UINT64_C(1) << 49) /* ten times that and a digit is below 2^53 no more */
			n->exact = false;
		n->digits = n->digits * 10 + (uint64_t)(*p - '0');
	}
	if (point)
		n->exponent = -(int)(p - point - 1);
	return p - begin > (point ? 1 : 0) ? p : NULL;
}

static const char *exponent(const char *p, const char *end, struct spelled *n)
{
	bool minus = p < end && *p == '-';
	const char *begin;
	int e = 0;

	if (p < end && (*p == '-' || *p == '+'))
		p++;
	for (begin = p; p < end && is_digit(*p); p++)
		e = e < 10000 ? e * 10 + (*p - '0') : e;
	n->exponent += minus ? -e : e;
	return p > begin ? p : NULL;
}

/* false: not spelled as a number. */
static bool spell(struct vx_slice cell, char decimal, struct spelled *n)
{
	const char *p = cell.text, *end = p + cell.len;

	*n = (struct spelled){ .minus = p < end && *p == '-', .exact = true };
	if (p < end && (*p == '-' || *p == '+'))
		p++;
	p = mantissa(p, end, decimal, n);
	if (p && p < end && (*p == 'e' || *p == 'E'))
		p = exponent(p + 1, end, n);
	return p == end;
}

static double convert(struct vx_slice cell, char decimal)
{
	char copy[LONGEST + 1];

	memcpy(copy, cell.text, cell.len);
	copy[cell.len] = '\0';
	if (decimal != '.' && strchr(copy, decimal))
		*strchr(copy, decimal) = '.';
	return strtod(copy, NULL);
}

int vx_cell_number(const char *text, size_t len, char decimal, double *v, struct vx_error *err)
{
	struct vx_slice cell = vx_cell_trim(text, len);
	struct spelled n;

	if (cell.len > LONGEST || !spell(cell, decimal, &n))
		return no(cell, decimal == ',' ? "a number with a decimal comma" : "a number", err);
	/* Two numbers that a double holds exactly: their product or quotient is the double nearest to the decimal. */
	if (n.exact && n.exponent <= 0 && n.exponent >= -22)
		*v = (double)n.digits / vx_json_powers[-n.exponent];
	else if (n.exact && n.exponent > 0 && n.exponent <= 22)
		*v = (double)n.digits * vx_json_powers[n.exponent];
	else
		*v = fabs(convert(cell, decimal));
	if (n.minus && *v != 0)
		*v = -*v;
	if (fabs(*v) > 1e300)
		return no(cell, "a number of a size that can be meant", err);
	return VX_OK;
}

int vx_cell_integer(const char *text, size_t len, char decimal, int64_t *v, struct vx_error *err)
{
	double d;
	int status = vx_cell_number(text, len, decimal, &d, err);

	if (status != VX_OK)
		return status;
	if (d != floor(d))
		return no(vx_cell_trim(text, len), "a whole number", err);
	if (fabs(d) >= 9007199254740992.0) /* 2^53: from there on not every whole number is a double */
		return no(vx_cell_trim(text, len), "a whole number of a size that can be meant", err);
	*v = (int64_t)d;
	return VX_OK;
}

/* At most `most` digits, n of them; -1: there is none. */
static int take_digits(const char **p, const char *end, int most, int *n)
{
	int v = 0;

	for (*n = 0; *n < most && *p < end && is_digit(**p); (*p)++, (*n)++)
		v = v * 10 + (**p - '0');
	return *n ? v : -1;
}

/* The three numbers of a day as they stand, with the same separator between, or eight digits in a row. */
struct day {
	int value[3], digits[3];
};

static const char *take_packed_day(const char *p, const char *end, struct day *d)
{
	static const int widths[] = { 4, 2, 2 };

	for (int i = 0; i < 3; i++) {
		d->value[i] = take_digits(&p, end, widths[i], &d->digits[i]);
		if (d->digits[i] != widths[i])
			return NULL;
	}
	return p < end && is_digit(*p) ? NULL : p;
}

static const char *take_day(const char *p, const char *end, struct day *d)
{
	const char *packed = take_packed_day(p, end, d);
	char separator = '\0';

	if (packed)
		return packed;
	for (int i = 0; i < 3; i++) {
		d->value[i] = take_digits(&p, end, 4, &d->digits[i]);
		if (d->value[i] < 0)
			return NULL;
		if (i == 2)
			break;
		if (p == end || (separator ? *p != separator : *p != '-' && *p != '/' && *p != '.'))
			return NULL;
		separator = *p++;
	}
	return p < end && is_digit(*p) ? NULL : p;
}

static const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && *p == ' ')
		p++;
	return p;
}

/* hh:mm with what may follow: seconds, a fraction of them, AM or PM, a zone. NULL: it is no time. */
static const char *take_time(const char *p, const char *end)
{
	int n, hour = take_digits(&p, end, 2, &n);

	if (hour < 0 || hour > 24)
		return NULL;
	for (int i = 0; i < 2 && p < end && *p == ':'; i++) {
		p++;
		if (take_digits(&p, end, 2, &n) > 60 || n != 2)
			return NULL;
		if (i == 1 && end - p > 1 && *p == '.' && is_digit(p[1]))
			for (p++; p < end && is_digit(*p);)
				p++;
	}
	p = skip_blanks(p, end);
	if (end - p >= 2 && (strncasecmp(p, "am", 2) == 0 || strncasecmp(p, "pm", 2) == 0))
		return p + 2;
	if (p < end && *p == 'Z')
		return p + 1;
	if (p < end && (*p == '+' || *p == '-'))
		for (p++; p < end && (is_digit(*p) || *p == ':');)
			p++;
	return p;
}

static bool day_exists(int y, int m, int d)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;

	return m >= 1 && m <= 12 && d >= 1 && d <= days[m - 1] + (m == 2 && leap);
}

/* Which of the numbers is the year, the month, the day; false: the order does not say. */
static bool arrange(const struct day *d, enum vx_cell_date order, int ymd[3])
{
	static const int places[][3] = { { 0, 1, 2 }, { 2, 1, 0 }, { 2, 0, 1 } };
	const int *at = places[d->digits[0] == 4 ? VX_DATE_YMD : order];

	if (d->digits[at[0]] != 4 || d->digits[at[1]] > 2 || d->digits[at[2]] > 2)
		return false;
	for (int i = 0; i < 3; i++)
		ymd[i] = d->value[at[i]];
	return true;
}

int vx_cell_date(const char *text, size_t len, enum vx_cell_date order, char out[11], struct vx_error *err)
{
	static const char *const forms[] = { "a date of the form YYYY-MM-DD",
		"a date of the form DD.MM.YYYY or YYYY-MM-DD", "a date of the form MM/DD/YYYY or YYYY-MM-DD" };
	struct vx_slice cell = vx_cell_trim(text, len);
	const char *p, *end = cell.text + cell.len;
	struct day d;
	int ymd[3];

	p = take_day(cell.text, end, &d);
	if (p && p < end)
		p = *p == 'T' || *p == ' ' ? take_time(skip_blanks(p + 1, end), end) : NULL;
	if (p != end || !arrange(&d, order, ymd))
		return no(cell, forms[order], err);
	if (!day_exists(ymd[0], ymd[1], ymd[2]))
		return no(cell, "a day that exists", err);
	/* What a spreadsheet or a database writes for no day: 1899-12-30, 9999-12-31. */
	if (ymd[0] < 1900 || ymd[0] > 2199)
		return no(cell, "a day of the years 1900 to 2199", err);
	memcpy(out, "0000-00-00", 11);
	for (int i = 3; i >= 0; i--, ymd[0] /= 10)
		out[i] = (char)('0' + ymd[0] % 10);
	for (int i = 1; i < 3; i++) {
		out[3 * i + 2] = (char)('0' + ymd[i] / 10);
		out[3 * i + 3] = (char)('0' + ymd[i] % 10);
	}
	return VX_OK;
}
