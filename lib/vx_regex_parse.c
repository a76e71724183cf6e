/* vx_regex_parse: reads the ECMA 262 syntax of a regular expression.
 * pattern text -> syntax tree (see vx_regex.h for the part of the syntax that is taken)
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_regex_parse.h"

#define MAX_DEPTH 64
#define MAX_COUNT 1000

struct parser {
	const char *start, *p, *end;
	struct vx_regex_tree *t;
	struct vx_error *err;
	int depth;
	bool failed;
};

uint32_t vx_codepoint(const char *s, size_t n, size_t *len)
{
	const unsigned char *u = (const unsigned char *)s;
	size_t need = u[0] < 0x80 ? 1 : u[0] < 0xC2 ? 0 : u[0] < 0xE0 ? 2 : u[0] < 0xF0 ? 3 : u[0] < 0xF5 ? 4 : 0;

	*len = 1;
	if (need == 1)
		return u[0];
	if (need == 0 || need > n)
		return VX_CODEPOINT_END + u[0];
	uint32_t c = u[0] & (0x7Fu >> need);
	for (size_t i = 1; i < need; i++) {
		if ((u[i] & 0xC0) != 0x80)
			return VX_CODEPOINT_END + u[0];
		c = c << 6 | (u[i] & 0x3Fu);
	}
	*len = need;
	return c;
}

static uint32_t fail(struct parser *x, const char *reason)
{
	if (!x->failed)
		(void)vx_error_set(x->err, VX_EDATA, NULL, "bad pattern at character %zu of %s: %s",
			(size_t)(x->p - x->start) + 1, x->start, reason);
	x->failed = true;
	x->p = x->end;
	return 0;
}

static uint32_t node(struct parser *x, enum vx_regex_kind kind, uint32_t left, uint32_t right)
{
	struct vx_regex_tree *t = x->t;

	if ((t->n & (t->n - 1)) == 0)
		t->nodes = vx_realloc(t->nodes, (t->n ? 2 * t->n : 8) * sizeof(*t->nodes));
	t->nodes[t->n] = (struct vx_regex_node){ .kind = kind, .left = left, .right = right };
	return (uint32_t)t->n++;
}

static void add_range(struct parser *x, uint32_t set, uint32_t lo, uint32_t hi)
{
	struct vx_regex_tree *t = x->t;

	if ((t->nranges & (t->nranges - 1)) == 0)
		t->ranges = vx_realloc(t->ranges, (t->nranges ? 2 * t->nranges : 8) * sizeof(*t->ranges));
	t->ranges[t->nranges++] = (struct vx_regex_range){ lo, hi };
	t->nodes[set].count++;
}

static uint32_t new_set(struct parser *x, bool negated)
{
	uint32_t set = node(x, RE_SET, 0, 0);

	x->t->nodes[set].first = x->t->nranges;
	x->t->nodes[set].negated = negated;
	return set;
}

static uint32_t next_char(struct parser *x)
{
	size_t len;
	uint32_t c = vx_codepoint(x->p, (size_t)(x->end - x->p), &len);

	x->p += len;
	return c;
}

/* What follows a backslash. */
static uint32_t escape(struct parser *x)
{
	static const char from[] = "nrtfv", to[] = "\n\r\t\f\v";

	if (x->p == x->end)
		return fail(x, "nothing follows the backslash");
	const char *named = strchr(from, *x->p);
	if (named) {
		x->p++;
		return (unsigned char)to[named - from];
	}
	if (!strchr("^$\\.*+?()[]{}|/-", *x->p))
		return fail(x, "this escape is not known");
	return next_char(x);
}

static uint32_t class_char(struct parser *x)
{
	if (x->p == x->end)
		return fail(x, "the class [ is not closed");
	if (*x->p != '\\')
		return next_char(x);
	x->p++;
	return escape(x);
}

/* Behind "[". */
static uint32_t class(struct parser *x)
{
	bool negated = x->p < x->end && *x->p == '^';

	x->p += negated;
	uint32_t set = new_set(x, negated);
	while (!x->failed && x->p < x->end && *x->p != ']') {
		uint32_t lo = class_char(x), hi = lo;
		if (x->end - x->p > 1 && x->p[0] == '-' && x->p[1] != ']') {
			x->p++;
			hi = class_char(x);
		}
		if (hi < lo)
			return fail(x, "the range is upside down");
		add_range(x, set, lo, hi);
	}
	if (x->p == x->end)
		return fail(x, "the class [ is not closed");
	x->p++;
	return set;
}

static uint32_t alternatives(struct parser *x);

/* Behind "(". */
static uint32_t group(struct parser *x)
{
	if (x->end - x->p >= 2 && x->p[0] == '?' && x->p[1] == ':')
		x->p += 2;
	else if (x->p < x->end && *x->p == '?')
		return fail(x, "look-around and named groups are not taken");
	if (++x->depth > MAX_DEPTH)
		return fail(x, "too many groups inside each other");
	uint32_t inner = alternatives(x);
	x->depth--;
	if (x->p == x->end)
		return fail(x, "the group ( is not closed");
	x->p++;
	return inner;
}

static uint32_t atom(struct parser *x)
{
	char c = *x->p;

	if (c == '^' || c == '$' || c == '(' || c == '[' || c == '.' || c == '\\')
		x->p++;
	if (c == '^')
		return node(x, RE_START, 0, 0);
	if (c == '$')
		return node(x, RE_END, 0, 0);
	if (c == '(')
		return group(x);
	if (c == '[')
		return class(x);
	if (c != '.' && c != '\\' && strchr("*+?{}])", c))
		return fail(x, "this character must be escaped here");
	if (c == '.') { /* all but the line terminators of ECMA 262 */
		uint32_t any = new_set(x, true);
		add_range(x, any, '\n', '\n');
		add_range(x, any, '\r', '\r');
		add_range(x, any, 0x2028, 0x2029);
		return any;
	}
	uint32_t one = c == '\\' ? escape(x) : next_char(x), set = new_set(x, false);
	add_range(x, set, one, one);
	return set;
}

static uint32_t number(struct parser *x)
{
	uint32_t v = 0;

	if (x->p == x->end || *x->p < '0' || *x->p > '9')
		return fail(x, "a number is missing");
	for (; x->p < x->end && *x->p >= '0' && *x->p <= '9'; x->p++) {
		v = v * 10 + (uint32_t)(*x->p - '0');
		if (v > MAX_COUNT)
			return fail(x, "the count is above 1000");
	}
	return v;
}

/* Behind "{". */
static void counts(struct parser *x, uint32_t *min, uint32_t *max)
{
	*min = *max = number(x);
	if (x->p < x->end && *x->p == ',') {
		x->p++;
		*max = x->p < x->end && *x->p == '}' ? VX_REGEX_INFINITE : number(x);
	}
	if (x->failed)
		return;
	if (x->p == x->end || *x->p != '}')
		fail(x, "the count { is not closed");
	else if (*max < *min)
		fail(x, "the counts are upside down");
	else
		x->p++;
}

static uint32_t repeated(struct parser *x)
{
	uint32_t inner = atom(x), min = 0, max = VX_REGEX_INFINITE;

	if (x->p == x->end || !strchr("*+?{", *x->p))
		return inner;
	enum vx_regex_kind kind = x->t->nodes[inner].kind;
	if (kind == RE_START || kind == RE_END)
		return fail(x, "^ and $ cannot be repeated");
	char c = *x->p++;
	if (c == '+')
		min = 1;
	else if (c == '?')
		max = 1;
	else if (c == '{')
		counts(x, &min, &max);
	if (x->p < x->end && *x->p == '?') /* lazy: matches the same texts */
		x->p++;
	if (x->failed)
		return 0;
	uint32_t r = node(x, RE_REPEAT, inner, 0);
	x->t->nodes[r].min = min;
	x->t->nodes[r].max = max;
	return r;
}

static uint32_t sequence(struct parser *x)
{
	uint32_t all = node(x, RE_EMPTY, 0, 0);

	while (!x->failed && x->p < x->end && *x->p != '|' && *x->p != ')') {
		uint32_t one = repeated(x);
		all = node(x, RE_CAT, all, one);
	}
	return all;
}

static uint32_t alternatives(struct parser *x)
{
	uint32_t all = sequence(x);

	while (!x->failed && x->p < x->end && *x->p == '|') {
		x->p++;
		uint32_t one = sequence(x);
		all = node(x, RE_ALT, all, one);
	}
	return all;
}

int vx_regex_parse(const char *pattern, struct vx_regex_tree *tree, struct vx_error *err)
{
	struct parser x = { .start = pattern, .p = pattern, .end = pattern + strlen(pattern), .t = tree, .err = err };

	*tree = (struct vx_regex_tree){ 0 };
	tree->root = alternatives(&x);
	if (!x.failed && x.p < x.end)
		fail(&x, "this ) closes nothing");
	return x.failed ? VX_EDATA : VX_OK;
}

void vx_regex_tree_free(struct vx_regex_tree *tree)
{
	free(tree->nodes);
	free(tree->ranges);
	*tree = (struct vx_regex_tree){ 0 };
}
