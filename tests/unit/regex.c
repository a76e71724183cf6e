/* Tests of vx_regex: each line a pattern, a text, and whether ECMA 262 has it match.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "vx_regex.h"
#include "tap.h"

static const struct {
	const char *pattern, *text;
	bool match;
} cases[] = {
	{ "", "", true },
	{ "", "abc", true },
	{ "b", "abc", true },
	{ "^b", "abc", false },
	{ "c$", "abc", true },
	{ "b$", "abc", false },
	{ "^abc$", "abc\n", false }, /* where Python's $ would match */
	{ "^$", "", true },
	{ "^$", "a", false },
	{ "$", "abc", true },
	{ "^", "abc", true },
	{ "a^", "a", false },
	{ "$a", "a", false },
	{ "(^|,)x(,|$)", "a,x", true },
	{ "(^|,)x(,|$)", "ax", false },
	{ "^a*$", "aaaa", true },
	{ "^a*$", "", true },
	{ "^a+$", "", false },
	{ "^a?b$", "b", true },
	{ "^a?b$", "aab", false },
	{ "^(ab|cd)+$", "abcdab", true },
	{ "^(ab|cd)+$", "abc", false },
	{ "^(?:a|)b$", "b", true },
	{ "^a{3}$", "aaa", true },
	{ "^a{3}$", "aaaa", false },
	{ "^a{2,}$", "a", false },
	{ "^a{2,}$", "aaaaaaa", true },
	{ "^a{2,4}$", "aaaaa", false },
	{ "^a{0}$", "", true },
	{ "^(a{2}){2}$", "aaaa", true },
	{ "^(a*)*$", "aaa", true },
	{ "^(a|b)*?c$", "abac", true },
	{ "^[a-c_-]+$", "a-b_c", true },
	{ "^[^a-c]$", "d", true },
	{ "^[^a-c]$", "b", false },
	{ "^[^a]$", "\n", true },
	{ "^[\\]\\\\-]$", "]", true },
	{ "^.$", "\n", false },
	{ "^.$", "\xc3\xa9", true }, /* one code point, not two bytes */
	{ "^..$", "\xc3\xa9", false },
	{ "^.$", "\xf0\x9f\xa7\xa0", true },
	{ "^.$", "\xe2\x80\xa8", false }, /* U+2028, a line terminator */
	{ "^[\xc3\xa0-\xc3\xbf]+$", "\xc3\xa9\xc3\xbc", true },
	{ "^[\xc3\xa0-\xc3\xbf]+$", "\xc3\x89", false },
	{ "^\\.\\*\\$$", ".*$", true },
	{ "aab", "aaab", true },
	{ "^(/|[a-z][a-z0-9+.-]*://)[^\\n\\r]", "s3://b", true },
	{ "^(/|[a-z][a-z0-9+.-]*://)[^\\n\\r]", "s3://", false },
	{ "^(/|[a-z][a-z0-9+.-]*://)[^\\n\\r]", "data/a.nii", false },
};

static const char *const refused[] = { "^[]x]$", "(", ")", "a)", "[", "[a", "a{", "a{2", "a{3,2}", "*a", "+", "?",
	"a**", "a++", "a+{2}", "\\", "\\d", "\\w", "\\s", "\\b", "\\1", "(?=a)", "(?!a)", "(?<n>a)", "]", "}", "{1}",
	"[b-a]", "a{70000}", "^*", "$+", "((a{100}){100}){100}" };

/* Text on which a backtracking matcher would run for ever. */
static void test_limits(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_regex *re = vx_regex_new("^(a|a|a)*$", &err);
	char text[101];

	memset(text, 'a', 100);
	text[100] = 'b';
	ok(re && !vx_regex_match(re, text, sizeof text), "a search beyond all limits ends");
	vx_regex_free(re);
}

static void test_bytes(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_regex *re = vx_regex_new("^a[^b]c$", &err);

	ok(re && vx_regex_match(re, "a\0c", 3), "a NUL byte is a character like others");
	ok(re && vx_regex_match(re, "a\xffg", 2) == false, "bytes that are no UTF-8 do not crash");
	ok_str(vx_regex_text(re), "^a[^b]c$", "the pattern can be had back");
	vx_regex_free(re);
	vx_regex_free(NULL);
}

/* What a text lacks, and what it need not have. */
static void test_needs(void)
{
	static const struct {
		const char *pattern, *text;
		bool may;
	} needs[] = { { "abc", "cba", true }, { "abc", "ab", false }, { "ab?c*d+", "ad", true },
		{ "(^|[^a-z])(born|dob)", "1.2.3", false }, { "(^|[^a-z])(born|dob)", "odb", true },
		{ "(a|b?)c", "c", true }, { "(a|b|)", "", true }, { "x{0,3}y{2}", "y", true }, { "x{1,3}", "y", false },
		{ "[^a]", "a", true /* sets of nearly all bytes are not kept */ }, { "[^a]", "b", true },
		{ "[0-9]", "a", false }, { "[a-\xc3\xa9]", "\xc3\xa9", true }, { "\xc3\xa9*", "", true },
		{ "\xc3\xa9", "e", false }, { "\\.", ".", true }, { "\\.", "a", false }, { "[\\n\\]x-]", "-", true },
		{ "(?:(a|b)c|[d-f]{2})", "fe", true }, { "(?:(a|b)c|[d-f]{2})", "g", false }, { "a|.|b", "z", true } };
	for (size_t i = 0; i < sizeof(needs) / sizeof(*needs); i++) {
		struct vx_error err = VX_ERROR_INIT;
		struct vx_regex *re = vx_regex_new(needs[i].pattern, &err);
		const struct vx_regex_bytes bytes = vx_regex_bytes_of(needs[i].text, strlen(needs[i].text));
		ok(re && vx_regex_may_match(re, &bytes) == needs[i].may, "%s %s match '%s'", needs[i].pattern,
			needs[i].may ? "may" : "cannot", needs[i].text);
		vx_regex_free(re);
	}
}

int main(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct vx_error err = VX_ERROR_INIT;
		struct vx_regex *re = vx_regex_new(cases[i].pattern, &err);
		const struct vx_regex_bytes bytes = vx_regex_bytes_of(cases[i].text, strlen(cases[i].text));
		ok(re && vx_regex_match(re, cases[i].text, strlen(cases[i].text)) == cases[i].match &&
				(!cases[i].match || vx_regex_may_match(re, &bytes)),
			"%s %s '%s' %s", cases[i].pattern, cases[i].match ? "matches" : "does not match",
			strchr(cases[i].text, '\n') ? "(a newline)" : cases[i].text, err.reason);
		vx_regex_free(re);
	}
	for (size_t i = 0; i < sizeof(refused) / sizeof(*refused); i++) {
		struct vx_error err = VX_ERROR_INIT;
		struct vx_regex *re = vx_regex_new(refused[i], &err);
		ok(!re && err.status == VX_EDATA && err.reason[0], "%s is refused: %s", refused[i], err.reason);
		vx_regex_free(re);
	}
	test_bytes();
	test_limits();
	test_needs();
	return tap_end();
}
