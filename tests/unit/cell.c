/* Unit tests of vx_cell. SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "tap.h"
#include "vx_cell.h"

static struct vx_error err;

static const char *trimmed(const char *text)
{
	static char out[64];
	struct vx_slice s = vx_cell_trim(text, strlen(text));

	snprintf(out, sizeof out, "[%.*s]", (int)s.len, s.text);
	return out;
}

static void test_trim(void)
{
	ok_str(trimmed(""), "[]", "nothing");
	ok_str(trimmed(" \t\r\n\v\f "), "[]", "blanks only");
	ok_str(trimmed("  a b\t"), "[a b]", "blanks at both ends, not within");
	ok_str(trimmed("\xc2\xa0 3+4 \xc2\xa0"), "[3+4]", "no-break spaces");
	ok_str(trimmed("\xef\xbb\xbf\xe2\x80\x8b"
		       "7\xe3\x80\x80\xe2\x80\xaf"),
		"[7]", "byte order mark, zero-width, wide");
	ok_str(trimmed("\xe2\x80\xa8x\xe1\x9a\x80\xe2\x81\xa0"), "[x]", "line separator, ogham, word joiner");
	ok_str(trimmed("\xc3\xa0\xc2"), "[\xc3\xa0\xc2]", "a letter that ends in the same byte, and half a character");
	ok_str(trimmed("\xe2\x80\x93"), "[\xe2\x80\x93]", "a dash is no blank");
}

static bool blank(const char *text)
{
	return vx_cell_blank(text, strlen(text));
}

static void test_blank(void)
{
	ok(blank("") && blank("-") && blank("--"), "nothing and dashes say nothing");
	ok(blank("N/A") && blank("na") && blank("#N/A") && blank("NaN") && blank("NULL"), "nor do the words for it");
	ok(blank("\xe2\x80\x93") && blank("\xe2\x80\x94"), "nor long dashes");
	ok(!blank("0") && !blank("no") && !blank("none") && !blank("n") && !blank("---"), "the rest says something");
	ok(!vx_cell_blank("null", 3), "the length counts");
}

/* The number's shortest spelling, or the reason. */
static const char *number(const char *text, char decimal)
{
	static char out[1100];
	double v;

	err = (struct vx_error)VX_ERROR_INIT;
	if (vx_cell_number(text, strlen(text), decimal, &v, &err) != VX_OK)
		return err.status == VX_EREJECT ? err.reason : "another status";
	snprintf(out, sizeof out, "%.17g", v);
	return out;
}

static void test_number(void)
{
	ok_str(number("12.5", '.'), "12.5", "a fraction");
	ok_str(number("12,5", ','), "12.5", "with a comma");
	ok_str(number(" 12\xc2\xa0", '.'), "12", "blanks around it");
	ok_str(number("-3", '.'), "-3", "minus");
	ok_str(number("+3", '.'), "3", "plus");
	ok_str(number("-0", '.'), "0", "no negative zero");
	ok_str(number(".5", '.'), "0.5", "no digit before the point");
	ok_str(number("5.", '.'), "5", "none behind it");
	ok_str(number("0007", '.'), "7", "leading zeros");
	ok_str(number("1e3", '.'), "1000", "an exponent");
	ok_str(number("1,5E-2", ','), "0.014999999999999999", "with a comma too");
	ok_str(number("1e300", '.'), "1.0000000000000001e+300", "the largest");
	ok_str(number("0.00000000000000000000000000001", '.'), "9.9999999999999994e-30",
		"beyond the exact powers of ten");
	ok_str(number("12345678901234567890.5", '.'), "1.2345678901234567e+19", "beyond the exact digits");
	ok_str(number("12,5", '.'), "'12,5' is not a number", "a comma where the mapping says point");
	ok_str(number("12.5", ','), "'12.5' is not a number with a decimal comma", "a point where it says comma");
	ok_str(number("1,234.5", '.'), "'1,234.5' is not a number", "thousands");
	ok_str(number("1.2.3", '.'), "'1.2.3' is not a number", "two points");
	ok_str(number("5 mm", '.'), "'5 mm' is not a number", "a unit");
	ok_str(number("<5", '.'), "'<5' is not a number", "a bound");
	ok_str(number("nan", '.'), "'nan' is not a number", "nan");
	ok_str(number("-inf", '.'), "'-inf' is not a number", "inf");
	ok_str(number("0x10", '.'), "'0x10' is not a number", "hexadecimal");
	ok_str(number("1e", '.'), "'1e' is not a number", "an exponent without digits");
	ok_str(number("--1", '.'), "'--1' is not a number", "two signs");
	ok_str(number(".", '.'), "'.' is not a number", "a point alone");
	ok_str(number("-", '.'), "'-' is not a number", "a sign alone");
	ok_str(number("", '.'), "is empty, a number is needed", "nothing");
	ok_str(number("1e301", '.'), "'1e301' is not a number of a size that can be meant", "too large");
	ok_str(number("-1e99999999999", '.'), "'-1e99999999999' is not a number of a size that can be meant",
		"far too large");
	ok_str(number("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9\xc3\xa9", '.'),
		"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' is not a number",
		"a long text is cut between characters");
}

/* Every short decimal is the double that strtod finds. */
static void test_exact(void)
{
	unsigned state = 1, differ = 0;
	char text[64];
	double v;

	for (int i = 0; i < 200000; i++) {
		int whole, places;
		state = state * 1103515245u + 12345u;
		whole = (int)(state >> 8 & 0xFFFFF) * (i % 7 ? 1 : 1000);
		places = (int)(state >> 28);
		snprintf(text, sizeof text, "%d.%0*u", whole, places, state >> 16);
		differ += vx_cell_number(text, strlen(text), '.', &v, NULL) != VX_OK || v != strtod(text, NULL);
		snprintf(text, sizeof text, "%de%d", whole, places - 12 + i % 5 * 8);
		differ += vx_cell_number(text, strlen(text), '.', &v, NULL) != VX_OK || v != strtod(text, NULL);
	}
	ok(differ == 0, "400,000 numbers are the doubles nearest to them (%u differ)", differ);
}

static const char *integer(const char *text)
{
	static char out[64];
	int64_t v;

	err = (struct vx_error)VX_ERROR_INIT;
	if (vx_cell_integer(text, strlen(text), '.', &v, &err) != VX_OK)
		return err.reason;
	snprintf(out, sizeof out, "%lld", (long long)v);
	return out;
}

static void test_integer(void)
{
	ok_str(integer("12"), "12", "a whole number");
	ok_str(integer("12.0"), "12", "with a fraction of nothing");
	ok_str(integer("-3"), "-3", "below zero");
	ok_str(integer("1.2e1"), "12", "with an exponent");
	ok_str(integer("9007199254740991"), "9007199254740991", "the largest");
	ok_str(integer("12.5"), "'12.5' is not a whole number", "a fraction");
	ok_str(integer("9007199254740993"), "'9007199254740993' is not a whole number of a size that can be meant",
		"beyond 2^53");
	ok_str(integer("x"), "'x' is not a number", "no number");
}

static const char *date(const char *text, enum vx_cell_date order)
{
	static char out[11];

	err = (struct vx_error)VX_ERROR_INIT;
	return vx_cell_date(text, strlen(text), order, out, &err) == VX_OK ? out : err.reason;
}

static void test_date(void)
{
	ok_str(date("2020-01-31", VX_DATE_YMD), "2020-01-31", "ISO 8601");
	ok_str(date("2020/1/5", VX_DATE_YMD), "2020-01-05", "slashes, one digit");
	ok_str(date("2020.01.05", VX_DATE_DMY), "2020-01-05", "the year first, under another order");
	ok_str(date("20200105", VX_DATE_MDY), "2020-01-05", "eight digits");
	ok_str(date(" 2020-01-05 00:00:00 ", VX_DATE_YMD), "2020-01-05", "a time is dropped");
	ok_str(date("2020-01-05T13:05:59.123+02:00", VX_DATE_YMD), "2020-01-05", "with fraction and zone");
	ok_str(date("2020-01-05T13:05Z", VX_DATE_YMD), "2020-01-05", "Z");
	ok_str(date("1/5/2020 12:00:00 AM", VX_DATE_MDY), "2020-01-05", "AM");
	ok_str(date("5.1.2020", VX_DATE_DMY), "2020-01-05", "day first");
	ok_str(date("01-05-2020", VX_DATE_MDY), "2020-01-05", "month first");
	ok_str(date("29.02.2020", VX_DATE_DMY), "2020-02-29", "a leap day");
	ok_str(date("29.02.2000", VX_DATE_DMY), "2000-02-29", "of a leap century");
	ok_str(date("29.02.1900", VX_DATE_DMY), "'29.02.1900' is not a day that exists", "not of each century");
	ok_str(date("2021-02-29", VX_DATE_YMD), "'2021-02-29' is not a day that exists", "nor each year");
	ok_str(date("31.04.2020", VX_DATE_DMY), "'31.04.2020' is not a day that exists", "April");
	ok_str(date("13/01/2020", VX_DATE_MDY), "'13/01/2020' is not a day that exists", "no month 13");
	ok_str(date("0000-00-00", VX_DATE_YMD), "'0000-00-00' is not a day that exists", "zeros");
	ok_str(date("5.1.2020", VX_DATE_YMD), "'5.1.2020' is not a date of the form YYYY-MM-DD",
		"day first, not declared");
	ok_str(date("5.1.20", VX_DATE_DMY), "'5.1.20' is not a date of the form DD.MM.YYYY or YYYY-MM-DD",
		"a short year");
	ok_str(date("1/5/20", VX_DATE_MDY), "'1/5/20' is not a date of the form MM/DD/YYYY or YYYY-MM-DD",
		"a short year");
	ok_str(date("2020-01/05", VX_DATE_YMD), "'2020-01/05' is not a date of the form YYYY-MM-DD", "two separators");
	ok_str(date("2020-01", VX_DATE_YMD), "'2020-01' is not a date of the form YYYY-MM-DD", "no day");
	ok_str(date("20200105120000", VX_DATE_YMD), "'20200105120000' is not a date of the form YYYY-MM-DD",
		"fourteen digits");
	ok_str(date("2020-01-05x", VX_DATE_YMD), "'2020-01-05x' is not a date of the form YYYY-MM-DD",
		"more behind it");
	ok_str(date("2020-01-05 99:00", VX_DATE_YMD), "'2020-01-05 99:00' is not a date of the form YYYY-MM-DD",
		"no time");
	ok_str(date("2020-01-05 10:7", VX_DATE_YMD), "'2020-01-05 10:7' is not a date of the form YYYY-MM-DD",
		"half a minute");
	ok_str(date("2020-01-051", VX_DATE_YMD), "'2020-01-051' is not a date of the form YYYY-MM-DD",
		"three digits of a day");
	ok_str(date("43835", VX_DATE_YMD), "'43835' is not a date of the form YYYY-MM-DD",
		"a spreadsheet's count of days");
	ok_str(date("", VX_DATE_YMD), "is empty, a date of the form YYYY-MM-DD is needed", "nothing");
	ok(vx_cell_date("2020-01-05", 7, VX_DATE_YMD, (char[11]){ 0 }, NULL) == VX_EREJECT, "the length counts");
}

int main(void)
{
	test_trim();
	test_blank();
	test_number();
	test_exact();
	test_integer();
	test_date();
	return tap_end();
}
