/* vx_json_number: the text of a JSON number -> its value, exact.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <json.h>

#include "vx_json_scan.h"

const double vx_json_powers[23] = { 1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14,
	1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };

/* Whether an int64 holds this integer as it is spelled: not beyond 64 bits, no negative zero. */
static bool integer_fits(const char *p, size_t n)
{
	bool minus = *p == '-';

	p += minus;
	n -= minus;
	if (n == 1 && *p == '0')
		return !minus;
	return n < 19 || (n == 19 && memcmp(p, minus ? "9223372036854775808" : "9223372036854775807", 19) <= 0);
}

/* The digits of a short number without sign and exponent, as if it had no point, and how many stand behind the point.
 * -1: it is no such number. */
static int64_t digits_of(const char *p, size_t n, int *places)
{
	int64_t digits = 0;
	size_t point = n - 1;

	if (n > 17)
		return -1;
	for (size_t i = 0; i < n; i++) {
		if (p[i] == '.')
			point = i;
		else if (p[i] >= '0' && p[i] <= '9')
			digits = digits * 10 + (p[i] - '0');
		else
			return -1;
	}
	*places = (int)(n - 1 - point);
	return digits < INT64_C(1) << 53 ? digits : -1;
}

/* What an int64 does not hold keeps its text beside its value. Digits and powers of ten that a double holds exactly make
 * the quotient the nearest double to the decimal, which is what strtod would find. */
struct json_object *vx_json_number(const char *text, size_t n, bool whole, struct vx_buf *scratch)
{
	bool minus = *text == '-';
	int places;
	int64_t digits = digits_of(text + minus, n - minus, &places);
	double v;

	if (whole && digits >= 0 && !(minus && digits == 0))
		return json_object_new_int64(minus ? -digits : digits);
	vx_buf_clear(scratch);
	vx_buf_add(scratch, text, n);
	if (whole && integer_fits(text, n))
		return json_object_new_int64(strtoll(scratch->data, NULL, 10));
	if (digits >= 0)
		v = (minus ? -(double)digits : (double)digits) / vx_json_powers[places];
	else
		v = strtod(scratch->data, NULL);
	return json_object_new_double_s(v, scratch->data);
}
