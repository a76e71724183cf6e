/* vx_regex: PCRE2, held to the syntax that every reader of a JSON Schema understands alike.
 * SPDX-License-Identifier: MIT */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "vx_regex.h"
#include "vx_regex_needs.h"

struct vx_regex {
	char *text;
	pcre2_code *code;
	struct vx_regex_needs needs;
};

static const char *refused_escape(char c)
{
	if ((c >= '0' && c <= '9') || c == 'k')
		return "a back reference";
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? strchr("nrtfv", c) ? NULL : "not a portable escape"
								: NULL;
}

/* What PCRE2 would take in a meaning of its own. Returns the reason and sets at; NULL: nothing. */
static const char *not_portable(const char *p, const char **at)
{
	bool in_class = false;

	for (; *p; p++) {
		*at = p;
		if (*p == '\\') {
			if (!p[1])
				return "a backslash at the end";
			if (refused_escape(p[1]))
				return refused_escape(p[1]);
			p++;
		} else if (in_class) {
			if (*p == '[' && p[1] && strchr(":.=", p[1]))
				return "a POSIX class";
			in_class = *p != ']';
		} else if (*p == '[') {
			in_class = true;
			p += p[1] == '^';
		} else if (*p == '(' && ((p[1] == '?' && p[2] != ':') || p[1] == '*')) {
			return "look-around or another extension";
		} else if (strchr("*+?}", *p) && p[1] && strchr("*+{", p[1])) {
			return "a quantifier behind a quantifier";
		} else if (*p == ']') {
			return "']' without '['";
		} else if (*p == '{') {
			size_t n = strspn(p + 1, "0123456789,");

			if (n == 0 || p[1] == ',' || p[1 + n] != '}')
				return "'{' begins no quantifier";
			p += n + 1;
			if (p[1] && strchr("*+{", p[1]))
				return "a quantifier behind a quantifier";
		} else if (*p == '}') {
			return "'}' without '{'";
		}
	}
	return NULL;
}

static pcre2_code *compile(const char *pattern, struct vx_error *err)
{
	pcre2_compile_context *ctx = pcre2_compile_context_create(NULL);
	unsigned char why[160];
	PCRE2_SIZE offset = 0;
	pcre2_code *code;
	int number = 0;

	if (!ctx)
		vx_die(VX_EMEM, "out of memory");
	pcre2_set_newline(ctx, PCRE2_NEWLINE_ANY);
	code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
		PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALLOW_EMPTY_CLASS | PCRE2_NO_START_OPTIMIZE, &number, &offset,
		ctx);
	pcre2_compile_context_free(ctx);
	if (!code) {
		pcre2_get_error_message(number, why, sizeof why);
		vx_error_set(err, VX_EDATA, NULL, "'%s' is no regular expression: %s at byte %zu", pattern, (char *)why,
			offset);
	}
	return code;
}

struct vx_regex *vx_regex_new(const char *pattern, struct vx_error *err)
{
	const char *at = pattern, *why = not_portable(pattern, &at);
	struct vx_regex *re;
	pcre2_code *code;

	if (why) {
		vx_error_set(err, VX_EDATA, NULL, "'%s' is no portable regular expression: %s at byte %zu", pattern,
			why, (size_t)(at - pattern));
		return NULL;
	}
	code = compile(pattern, err);
	if (!code)
		return NULL;
	/* Where the machine cannot compile it to its own code, it is interpreted: slower, otherwise the same. */
	(void)pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
	re = vx_alloc(sizeof *re);
	re->code = code;
	re->text = vx_strdup(pattern);
	re->needs = vx_regex_needs_of(pattern);
	return re;
}

void vx_regex_free(struct vx_regex *re)
{
	if (!re)
		return;
	pcre2_code_free(re->code);
	free(re->text);
	free(re);
}

static pthread_key_t thread_data;

static void free_data(void *data)
{
	pcre2_match_data_free(data);
}

static void make_key(void)
{
	if (pthread_key_create(&thread_data, free_data) != 0)
		vx_die(VX_EMEM, "out of memory");
}

/* What a match needs to work with: one a thread, freed at its end. */
static pcre2_match_data *match_data(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pcre2_match_data *data;

	pthread_once(&once, make_key);
	data = pthread_getspecific(thread_data);
	if (data)
		return data;
	data = pcre2_match_data_create(1, NULL);
	if (!data || pthread_setspecific(thread_data, data) != 0)
		vx_die(VX_EMEM, "out of memory");
	return data;
}

bool vx_regex_match(const struct vx_regex *re, const char *text, size_t len)
{
	return pcre2_match(re->code, (PCRE2_SPTR)text, len, 0, 0, match_data(), NULL) >= 0;
}

struct vx_regex_bytes vx_regex_bytes_of(const char *text, size_t len)
{
	struct vx_regex_bytes bytes = { { 0 } };

	for (size_t i = 0; i < len; i++)
		bytes.has[(unsigned char)text[i] >> 6] |= UINT64_C(1) << ((unsigned char)text[i] & 63);
	return bytes;
}

bool vx_regex_may_match(const struct vx_regex *re, const struct vx_regex_bytes *bytes)
{
	for (int i = 0; i < re->needs.n; i++) {
		const uint64_t *set = re->needs.sets[i].has, *has = bytes->has;

		if (((set[0] & has[0]) | (set[1] & has[1]) | (set[2] & has[2]) | (set[3] & has[3])) == 0)
			return false;
	}
	return true;
}

const char *vx_regex_text(const struct vx_regex *re)
{
	return re->text;
}
