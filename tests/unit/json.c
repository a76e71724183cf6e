/* Unit tests of vx_json: strictness, exactness, spelling of numbers, equality.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "tap.h"
#include "vx_json.h"

static void round_trip(const char *in, const char *wanted)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf b = VX_BUF_INIT;
	struct vx_json *j;
	int status = vx_json_parse(in, strlen(in), &j, &err);

	if (status == VX_OK)
		vx_json_print(j, &b);
	ok_str(status == VX_OK ? b.data : err.reason, wanted, "%.60s", in);
	vx_json_free(j);
	vx_buf_free(&b);
}

static void refused(const char *in, size_t len, const char *reason)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_json *j;
	int status = vx_json_parse(in, len, &j, &err);

	ok(status == VX_EREJECT && !j, "refused: %.40s", in);
	ok_str(err.reason, reason, "  because: %s", reason);
	vx_json_free(j);
}
#define REFUSED(text, reason) refused(text, sizeof(text) - 1, reason)

static void test_round_trip(void)
{
	static const char *const same[] = { "{}", "[]", "null", "true", "\"\"", "0", "-1.50", "1.0", "1e400", "-0",
		"123456789012345678901234567890", "9223372036854775807", "9223372036854775808", "-9223372036854775809",
		"{\"b\":1,\"a\":[1,2,{\"c\":null}]}", "\"a/b \xC3\xA9 \xF0\x9F\x98\x80\"", "{\"\":1}", "1E5", "[[[]]]",
		"{\"a\":{\"x\":1},\"b\":{\"x\":1}}", "[\"1e+0000000000\",18446744073709551616]" };
	size_t i;

	for (i = 0; i < sizeof same / sizeof same[0]; i++)
		round_trip(same[i], same[i]);
	round_trip(" { \"a\" : [ 1 , 2 ] } ", "{\"a\":[1,2]}");
	round_trip("\"\\u00e9\\/\\n\\u0001\"", "\"\xC3\xA9/\\n\\u0001\"");
	round_trip("\"\\ud83d\\ude00\"", "\"\xF0\x9F\x98\x80\"");
	round_trip("\"a\\u0000b\"", "\"a\\u0000b\"");
}

/* Values are read without strtod where that is safe: held against it. */
static void test_decimals(void)
{
	static const char *const odd[] = { "0.1", "-0.0", "5e-324", "1.7976931348623157e308", "0.30000001192092896",
		"9007199254740991.0", "9007199254740993.0", "0.000000000000001", "123456789012345.6", "-96.25",
		"2.5E3" };
	char text[40];
	uint64_t random = 88172645463325252u;
	int wrong = 0;

	for (size_t i = 0; i < 20000; i++) {
		struct vx_json *j = NULL;
		double v, wanted;

		random ^= random << 13, random ^= random >> 7, random ^= random << 17;
		if (i < sizeof odd / sizeof odd[0])
			snprintf(text, sizeof text, "%s", odd[i]);
		else
			snprintf(text, sizeof text, "%s%u.%0*llu", random & 1 ? "-" : "",
				(unsigned)(random >> 48) >> random % 16, (int)(random % 13),
				(unsigned long long)(random >> 32));
		wanted = strtod(text, NULL);
		if (vx_json_parse(text, strlen(text), &j, NULL) != VX_OK || !vx_json_as_double(j, &v) ||
			memcmp(&v, &wanted, sizeof v) != 0)
			wrong++;
		vx_json_free(j);
	}
	ok(wrong == 0, "20,000 decimals have the values that strtod gives them (%d have not)", wrong);
}

/* Strings are read eight bytes at a time: what is special is found wherever it stands. */
static void test_strings(void)
{
	static const char *const special[] = { "\\n", "\\\"", "\\\\", "\xC3\xA9", "\x7F" };
	char text[64];

	for (size_t i = 0; i < sizeof special / sizeof special[0]; i++)
		for (int before = 0; before < 18; before += 1 + before / 9) {
			snprintf(text, sizeof text, "\"%.*s%sxyz\"", before, "aaaaaaaaaaaaaaaaaaaaaaa", special[i]);
			round_trip(text, text);
		}
	for (int before = 0; before < 10; before++) {
		snprintf(text, sizeof text, "\"%.*s\x1Fxyzxyzxyz\"", before, "~~~~~~~~~~~~~~~~~");
		struct vx_json *j;
		ok(vx_json_parse(text, strlen(text), &j, NULL) == VX_EREJECT, "control character behind %d bytes",
			before);
	}
}

static void test_refused(void)
{
	char deep[300];

	REFUSED("", "not JSON: ends too early at byte 0");
	REFUSED("{", "not JSON: ends too early at byte 1");
	REFUSED("{\"a\":1,}", "not JSON: unexpected '}' at byte 7");
	REFUSED("[1,]", "not JSON: unexpected ']' at byte 3");
	REFUSED("NaN", "not JSON: unexpected 'N' at byte 0");
	REFUSED("{'a':1}", "not JSON: unexpected ''' at byte 1");
	REFUSED("{\"a\":1} x", "not JSON: more behind the value at byte 8");
	REFUSED("{\"a\":1,\"a\":2}", "not JSON: duplicate key \"a\" at byte 7");
	REFUSED("{\"a\":1,\"\\u0061\":2}", "not JSON: duplicate key \"a\" at byte 7");
	REFUSED("01", "not JSON: more behind the value at byte 1");
	REFUSED("1.", "not JSON: ends too early at byte 2");
	REFUSED("-", "not JSON: ends too early at byte 1");
	REFUSED("+1", "not JSON: unexpected '+' at byte 0");
	REFUSED("\"\xFF\"", "not JSON: invalid UTF-8 in the string at byte 1");
	REFUSED("\"\xED\xA0\x80\"", "not JSON: invalid UTF-8 in the string at byte 1");
	REFUSED("\"\\ud800\"", "not JSON: lone surrogate at byte 1");
	REFUSED("\"\\udc00\\ud800\"", "not JSON: lone surrogate at byte 1");
	REFUSED("\"\\x\"", "not JSON: unknown escape at byte 1");
	REFUSED("\"a\tb\"", "not JSON: control character in a string at byte 2");
	REFUSED("{\"a\\u0000b\":1}", "not JSON: a key holds a NUL at byte 2");
	REFUSED("1\0", "not JSON: more behind the value at byte 1");
	memset(deep, '[', 100);
	memset(deep + 100, ']', 100);
	refused(deep, 200, "nested deeper than 64 levels");
}

static void test_many_keys(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf b = VX_BUF_INIT;
	struct vx_json *j;
	int i;

	vx_buf_putc(&b, '{');
	for (i = 0; i < 100000; i++)
		vx_buf_printf(&b, "\"k%d\":%d,", i, i);
	vx_buf_puts(&b, "\"k77\":0}");
	ok(vx_json_parse(b.data, b.len, &j, &err) == VX_EREJECT, "a duplicate among 100,000 keys is found");
	ok(strstr(err.reason, "duplicate key \"k77\"") != NULL, "  and named");
	vx_buf_free(&b);
}

static void number(double v, const char *wanted)
{
	struct vx_buf b = VX_BUF_INIT;

	vx_json_put_double(&b, v);
	ok_str(b.data, wanted, "double %s", wanted);
	vx_buf_free(&b);
}

static void test_numbers(void)
{
	struct vx_buf b = VX_BUF_INIT;
	unsigned i, bad = 0;
	uint64_t seed = 1;

	number(0.1, "0.1");
	number(0.1 + 0.2, "0.30000000000000004");
	number(3, "3");
	number(-0.0, "0");
	number(1e-7, "1e-07");
	number(1e300, "1e+300");
	number(123456789.125, "123456789.125");
	number(NAN, "null");
	number(-INFINITY, "null");
	vx_json_put_float(&b, 0.3f);
	ok_str(b.data, "0.3", "float32 0.3 is 0.3");
	vx_buf_clear(&b);
	vx_json_put_float(&b, -6.7147157e-19f);
	ok_str(b.data, "-6.7147157e-19", "a tiny float32");
	for (i = 0; i < 200000; i++) {
		union {
			uint64_t u;
			double d;
			float f;
		} x;

		seed = seed * 6364136223846793005u + 1442695040888963407u;
		x.u = seed ^ seed >> 29;
		if (i & 1)
			x.d = (double)(int32_t)(seed >> 32) / 1000.0;
		vx_buf_clear(&b);
		vx_json_put_double(&b, x.d);
		bad += isfinite(x.d) && strtod(b.data, NULL) != x.d;
		vx_buf_clear(&b);
		vx_json_put_float(&b, x.f);
		bad += isfinite(x.f) && strtof(b.data, NULL) != x.f;
		x.f *= 1e-7f;
		vx_buf_clear(&b);
		vx_json_put_float(&b, x.f);
		bad += isfinite(x.f) && strtof(b.data, NULL) != x.f;
	}
	ok(bad == 0, "200,000 doubles and floats read back equal");
	vx_buf_free(&b);
}

static void equal(const char *x, const char *y, bool wanted)
{
	struct vx_json *a, *b;

	if (vx_json_parse(x, strlen(x), &a, NULL) != VX_OK || vx_json_parse(y, strlen(y), &b, NULL) != VX_OK)
		ok(0, "parse %s %s", x, y);
	ok(vx_json_equal(a, b) == wanted, "%s %s %s", x, wanted ? "equals" : "differs from", y);
	vx_json_free(a);
	vx_json_free(b);
}

static void test_values(void)
{
	struct vx_json *j;
	int64_t i = 0;
	double d = 0;

	equal("1", "1.0", true);
	equal("100", "1e2", true);
	equal("{\"a\":1,\"b\":2}", "{\"b\":2.0,\"a\":1}", true);
	equal("[1,2]", "[2,1]", false);
	equal("9007199254740993", "9007199254740992", false);
	equal("123456789012345678901", "123456789012345678902", false);
	equal("\"a\"", "\"b\"", false);
	equal("null", "0", false);
	if (vx_json_parse("{\"a\":{\"b\":[{\"c\":3.0}]},\"s\":\"x\",\"n\":null}", 43, &j, NULL) != VX_OK)
		return;
	ok(vx_json_as_int(vx_json_path(j, "a.b.0.c"), &i) && i == 3,
		"a path leads through objects and arrays; 3.0 is 3");
	ok(vx_json_path(j, "a.b.1.c") == NULL && vx_json_path(j, "s.x") == NULL, "a path to nowhere is NULL");
	ok(vx_json_has(j, "n") && !vx_json_get(j, "n") && !vx_json_has(j, "m"), "null is there, missing is not");
	ok(!vx_json_get_double(j, "s", &d), "a string is no number");
	vx_json_set_double(j, "s", 2.5);
	vx_json_del(j, "a");
	{
		struct vx_buf b = VX_BUF_INIT;

		vx_json_print(j, &b);
		ok_str(b.data, "{\"s\":2.5,\"n\":null}", "set replaces in place");
		vx_buf_free(&b);
	}
	vx_json_free(j);
}

int main(void)
{
	test_round_trip();
	test_decimals();
	test_strings();
	test_refused();
	test_many_keys();
	test_numbers();
	test_values();
	return tap_end();
}
