/* Unit tests of vx_template: patterns, explanations, templates, identifier encoding.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tap.h"
#include "vx_resource.h"
#include "vx_template.h"

static void match(const char *pattern, const char *path, const char *wanted)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_pattern *p = vx_pattern_new(pattern, &err);
	struct vx_json *captures = vx_json_object();
	struct vx_buf b = VX_BUF_INIT;

	if (!p)
		vx_buf_puts(&b, err.reason);
	else if (vx_pattern_match(p, path, captures))
		vx_json_print(captures, &b);
	else
		vx_pattern_explain(p, path, &b);
	ok_str(b.data, wanted, "%s on %s", pattern, path);
	vx_buf_free(&b);
	vx_json_free(captures);
	vx_pattern_free(p);
}

static void test_patterns(void)
{
	match("{patient}_{study}.nii.gz", "10032_1000032.nii.gz", "{\"patient\":\"10032\",\"study\":\"1000032\"}");
	match("{patient}/{study}/{name}.nii.gz", "a/b/t2.nii.gz",
		"{\"patient\":\"a\",\"study\":\"b\",\"name\":\"t2\"}");
	match("{a:[0-9]{4}}-{b}", "2020-x", "{\"a\":\"2020\",\"b\":\"x\"}");
	match("{a:(x|y)+}{b:[0-9]}", "xyx7", "{\"a\":\"xyx\",\"b\":\"7\"}");
	match("{a:[}]}b", "}b", "{\"a\":\"}\"}");
	match("**/{name}.nii", "x/y/t2.nii", "{\"name\":\"t2\"}");
	match("**/{name}.nii", "t2.nii", "{\"name\":\"t2\"}");
	match("sub-*/{name}.nii", "sub-01/t2.nii", "{\"name\":\"t2\"}");
	match("a.b+c/{x}", "a.b+c/1", "{\"x\":\"1\"}");
	match("a.b/{x}", "aXb/1", "'a.b/' expected before the end of 'aXb/1'");
	match("{p}/{s:[0-9]+}.nii", "a/b.nii", "s: nothing matches [0-9]+ at 'b.nii'");
	match("{p}.nii", "a/b.nii", "'.nii' expected before the end of '/b.nii'");
	match("{p}.nii", "b.nii.gz", "'.gz' is left over");
	match("{p", "x", "'{' is never closed in '{p'");
	match("{}", "x", "'' is no name in '{}'");
	match("{a}{a}", "x", "captured twice in '{a}{a}'");
	match("{a:[}", "x", "'[' is no regular expression: Invalid regular expression");
	match("{a:(}", "x", "'(' is no regular expression: Unmatched ( or \\(");
}

static void expand(const char *text, const char *record, bool encode, const char *wanted)
{
	static const char *const own[][2] = { { "patient", "PC00001" }, { NULL, NULL } };
	struct vx_error err = VX_ERROR_INIT;
	struct vx_template *t = vx_template_new(text, &err);
	struct vx_template_record r = { .own = own };
	struct vx_buf b = VX_BUF_INIT;
	struct vx_json *j;

	if (vx_json_parse(record, strlen(record), &j, &err) != VX_OK)
		ok(0, "parse %s", record);
	r.record = j;
	if (!t || vx_template_expand(t, vx_template_lookup, &r, encode, &b, &err) != VX_OK) {
		vx_buf_clear(&b);
		vx_buf_puts(&b, err.reason);
	}
	ok_str(b.data, wanted, "%s over %s", text, record);
	vx_template_free(t);
	vx_json_free(j);
	vx_buf_free(&r.scratch);
	vx_buf_free(&b);
}

static void test_templates(void)
{
	expand("volume/{patient}/{study}", "{\"_match\":{\"study\":\"s 1\",\"patient\":\"x\"}}", true,
		"volume/PC00001/s+201");
	expand("{_match.patient}", "{\"_match\":{\"patient\":\"x/y\"}}", true, "x+2Fy");
	expand("{n}-{d}", "{\"n\":12,\"d\":1.50}", false, "12-1.50");
	expand("{rel}", "{\"rel\":\"a b/c\"}", true, "a+20b/c");
	expand("{x}", "{\"x\":null}", true, "{x} has no value");
	expand("{x}", "{\"x\":\"\"}", true, "{x} has no value");
	expand("{x}", "{\"x\":[1]}", true, "{x} has no value");
	expand("{x y}", "{}", true, "'x y' is no name in '{x y}'");
}

static void encode(const char *s, bool slash, const char *wanted)
{
	struct vx_buf b = VX_BUF_INIT;

	vx_identifier_encode(&b, s, strlen(s), slash);
	ok_str(b.data, wanted, "encode %s", s);
	vx_buf_free(&b);
}

static void test_encode(void)
{
	struct vx_buf b = VX_BUF_INIT;
	int i;

	encode("t2 axial", false, "t2+20axial");
	encode("a+b", false, "a+2Bb");
	encode("\xC3\xA9", false, "+C3+A9");
	encode("a/b", false, "a+2Fb");
	encode("a/../.b/.", true, "a/+2E./.b/+2E");
	encode("...", false, "...");
	encode("..", false, "+2E.");
	vx_buf_puts(&b, "volume/");
	for (i = 0; i < 100; i++)
		vx_buf_puts(&b, "+C3+A9");
	vx_identifier_fit(&b);
	ok(b.len <= VX_IDENTIFIER_MAX && b.len > 240 && b.data[b.len - 17] == '-',
		"a long identifier is cut and kept unique");
	vx_buf_free(&b);
	for (i = 0; i < 300; i++)
		vx_buf_putc(&b, i % 2 ? '+' : '/');
	vx_identifier_fit(&b);
	ok(b.len <= 18 && b.data[b.len - 17] == '-', "one with no place to cut it is all but its hash");
	vx_buf_free(&b);
}

int main(void)
{
	test_patterns();
	test_templates();
	test_encode();
	return tap_end();
}
