/* vx_regex: a syntax tree becomes an automaton of states (Thompson), that a table of sets of states (subset construction).
 * pattern, text -> does it match
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_regex.h"
#include "vx_regex_parse.h"

#define MAX_NFA 4000
#define MAX_DFA 2000
#define MAX_WORK 100000000u

enum { MATCHED = 1, MATCHED_AT_END = 2, DEAD = 4 };

struct vx_regex {
	char *text;
	unsigned char ascii[128]; /* class of an ASCII code point */
	uint32_t *bounds;         /* class i holds the code points bounds[i] .. bounds[i + 1] - 1 */
	size_t classes;
	uint16_t *next; /* next[state * classes + class] */
	unsigned char *flags;
	size_t states;
};

/* A state of the automaton: what kind it is, where it leads. */
struct nfa_state {
	enum { N_SET, N_SPLIT, N_START, N_END, N_MATCH } kind;
	uint32_t out, out2; /* out2: N_SPLIT only */
	uint32_t set;       /* N_SET: node of the tree */
};

struct build {
	struct vx_regex_tree tree;
	struct vx_regex *re;
	struct nfa_state *nfa;
	size_t n, words, work;
	uint64_t *sets; /* one bit set of automaton states a table state */
	uint32_t *stack;
	uint32_t start;
	bool too_large;
};

static uint32_t add_state(struct build *b, int kind, uint32_t out, uint32_t out2)
{
	if (b->n == MAX_NFA) {
		b->too_large = true;
		return 0;
	}
	b->nfa[b->n] = (struct nfa_state){ .out = out, .out2 = out2 };
	b->nfa[b->n].kind = (unsigned)kind;
	return (uint32_t)b->n++;
}

static uint32_t emit(struct build *b, uint32_t node, uint32_t then);

static uint32_t emit_repeat(struct build *b, const struct vx_regex_node *r, uint32_t then)
{
	if (r->max == VX_REGEX_INFINITE) {
		uint32_t loop = add_state(b, N_SPLIT, 0, then), body = emit(b, r->left, loop);
		b->nfa[loop].out = body;
		then = loop;
	} else {
		for (uint32_t i = r->min, end = then; i < r->max && !b->too_large; i++) {
			uint32_t body = emit(b, r->left, then);
			then = add_state(b, N_SPLIT, body, end);
		}
	}
	for (uint32_t i = 0; i < r->min && !b->too_large; i++)
		then = emit(b, r->left, then);
	return then;
}

/* Emits the states of a node in front of the state then; returns the first. */
static uint32_t emit(struct build *b, uint32_t node, uint32_t then)
{
	const struct vx_regex_node *r = &b->tree.nodes[node];

	if (b->too_large)
		return 0;
	for (; r->kind == RE_CAT; r = &b->tree.nodes[node]) { /* leans left: a loop, where recursion could run deep */
		then = emit(b, r->right, then);
		node = r->left;
	}
	if (r->kind == RE_ALT) {
		uint32_t left = emit(b, r->left, then), right = emit(b, r->right, then);
		return add_state(b, N_SPLIT, left, right);
	}
	if (r->kind == RE_REPEAT)
		return emit_repeat(b, r, then);
	if (r->kind == RE_EMPTY)
		return then;
	uint32_t s = add_state(b, r->kind == RE_SET ? N_SET : r->kind == RE_START ? N_START : N_END, then, 0);
	b->nfa[s].set = node;
	return s;
}

static bool in_set(const struct vx_regex_tree *t, uint32_t node, uint32_t c)
{
	const struct vx_regex_node *r = &t->nodes[node];
	bool found = false;

	for (size_t i = r->first; i < r->first + r->count && !found; i++)
		found = c >= t->ranges[i].lo && c <= t->ranges[i].hi;
	return found != r->negated;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static size_t class_of(const struct vx_regex *re, uint32_t c)
{
	size_t lo = 0, hi = re->classes;

	while (hi - lo > 1) {
		size_t mid = lo + (hi - lo) / 2;
		if (re->bounds[mid] <= c)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

/* Code points that no set of the expression tells apart share a class. False: more classes than a byte can number. */
static bool find_classes(struct build *b)
{
	struct vx_regex *re = b->re;
	size_t n = 0;

	re->bounds = vx_alloc((2 * b->tree.nranges + 2) * sizeof(*re->bounds));
	re->bounds[n++] = 0;
	re->bounds[n++] = VX_CODEPOINT_END; /* bytes that are no UTF-8 */
	for (size_t i = 0; i < b->tree.nranges; i++) {
		re->bounds[n++] = b->tree.ranges[i].lo;
		re->bounds[n++] = b->tree.ranges[i].hi + 1;
	}
	qsort(re->bounds, n, sizeof(*re->bounds), by_number);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || re->bounds[i] != re->bounds[re->classes - 1])
			re->bounds[re->classes++] = re->bounds[i];
	if (re->classes > 256)
		return false;
	for (uint32_t c = 0; c < 128; c++)
		re->ascii[c] = (unsigned char)class_of(re, c);
	return true;
}

static bool has_bit(const uint64_t *set, uint32_t i)
{
	return set[i / 64] >> (i % 64) & 1;
}

/* Adds state s to set with all that is reached from it without a character. */
static void reach(struct build *b, uint64_t *set, uint32_t s, bool at_start, bool at_end)
{
	size_t top = 0;

	b->stack[top++] = s;
	while (top) {
		s = b->stack[--top];
		if (has_bit(set, s))
			continue;
		set[s / 64] |= (uint64_t)1 << (s % 64);
		b->work++;
		const struct nfa_state *n = &b->nfa[s];
		if (n->kind == N_SPLIT)
			b->stack[top++] = n->out2;
		if (n->kind == N_SPLIT || (n->kind == N_START && at_start) || (n->kind == N_END && at_end))
			b->stack[top++] = n->out;
	}
}

static bool holds_match(const struct build *b, const uint64_t *set)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->nfa[i].kind == N_MATCH && has_bit(set, i))
			return true;
	return false;
}

/* The number of the table state for the set behind the last one: an old one, or the last becomes new. */
static size_t settle(struct build *b, bool at_start)
{
	struct vx_regex *re = b->re;
	uint64_t *fresh = b->sets + re->states * b->words, *end = fresh + b->words;

	/* The very start differs from what looks like it later: ^ holds there, also at the end of an empty text. */
	for (size_t i = at_start ? re->states : 1; i < re->states; i++)
		if (!memcmp(b->sets + i * b->words, fresh, b->words * sizeof(*fresh)))
			return i;
	if (re->states == MAX_DFA) {
		b->too_large = true;
		return 0;
	}
	memcpy(end, fresh, b->words * sizeof(*fresh));
	memset(fresh, 0, b->words * sizeof(*fresh));
	for (uint32_t i = 0; i < b->n; i++)
		if (has_bit(end, i))
			reach(b, fresh, i, at_start, true);
	re->flags[re->states] =
		(unsigned char)((holds_match(b, end) ? MATCHED : 0) | (holds_match(b, fresh) ? MATCHED_AT_END : 0));
	memcpy(fresh, end, b->words * sizeof(*fresh));
	return re->states++;
}

static void fill_row(struct build *b, size_t state)
{
	struct vx_regex *re = b->re;
	bool dead = !re->flags[state];

	for (size_t c = 0; c < re->classes && !b->too_large; c++) {
		const uint64_t *from = b->sets + state * b->words;
		uint64_t *to = b->sets + re->states * b->words;
		memset(to, 0, b->words * sizeof(*to));
		for (uint32_t i = 0; i < b->n; i++)
			if (b->nfa[i].kind == N_SET && has_bit(from, i) &&
				in_set(&b->tree, b->nfa[i].set, re->bounds[c]))
				reach(b, to, b->nfa[i].out, false, false);
		reach(b, to, b->start, false, false); /* the match may begin at any character */
		size_t target = settle(b, false);
		re->next[state * re->classes + c] = (uint16_t)target;
		dead = dead && target == state;
		b->work += b->n;
		b->too_large |= b->work > MAX_WORK;
	}
	if (dead)
		re->flags[state] = DEAD;
}

static void make_table(struct build *b)
{
	struct vx_regex *re = b->re;

	b->words = (b->n + 63) / 64;
	b->sets = vx_alloc((MAX_DFA + 2) * b->words * sizeof(*b->sets));
	b->stack = vx_alloc((2 * b->n + 2) * sizeof(*b->stack));
	re->flags = vx_alloc(MAX_DFA);
	re->next = vx_alloc(MAX_DFA * re->classes * sizeof(*re->next));
	reach(b, b->sets, b->start, true, false);
	settle(b, true);
	for (size_t i = 0; i < re->states && !b->too_large; i++)
		fill_row(b, i);
	re->next = vx_realloc(re->next, re->states * re->classes * sizeof(*re->next));
	re->flags = vx_realloc(re->flags, re->states);
}

struct vx_regex *vx_regex_new(const char *pattern, struct vx_error *err)
{
	struct build b = { .re = vx_alloc(sizeof(*b.re)) };
	int status = vx_regex_parse(pattern, &b.tree, err);

	if (status == VX_OK) {
		b.nfa = vx_alloc(MAX_NFA * sizeof(*b.nfa));
		b.start = emit(&b, b.tree.root, add_state(&b, N_MATCH, 0, 0));
		if (!b.too_large && find_classes(&b))
			make_table(&b);
		else
			b.too_large = true;
		if (b.too_large)
			status = vx_error_set(err, VX_EDATA, NULL, "the pattern is too complex: %s", pattern);
	}
	vx_regex_tree_free(&b.tree);
	free(b.nfa);
	free(b.sets);
	free(b.stack);
	b.re->text = vx_strdup(pattern);
	if (status == VX_OK)
		return b.re;
	vx_regex_free(b.re);
	return NULL;
}

void vx_regex_free(struct vx_regex *re)
{
	if (!re)
		return;
	free(re->text);
	free(re->bounds);
	free(re->next);
	free(re->flags);
	free(re);
}

bool vx_regex_match(const struct vx_regex *re, const char *text, size_t len)
{
	size_t state = 0;

	for (size_t i = 0; i < len;) {
		if (re->flags[state] & (MATCHED | DEAD))
			return re->flags[state] & MATCHED;
		size_t step = 1, class;
		if ((unsigned char)text[i] < 128)
			class = re->ascii[(unsigned char)text[i]];
		else
			class = class_of(re, vx_codepoint(text + i, len - i, &step));
		state = re->next[state * re->classes + class];
		i += step;
	}
	return re->flags[state] & (MATCHED | MATCHED_AT_END);
}

const char *vx_regex_text(const struct vx_regex *re)
{
	return re->text;
}
