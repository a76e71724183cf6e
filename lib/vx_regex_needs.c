/* vx_regex_needs: an expression -> sets of bytes, of each of which a text that matches holds one.
 * SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "vx_regex_needs.h"

enum { BEYOND_ASCII = 0x80, LARGE = 200 /* nearly every text holds one of so many */ };

static void add(struct vx_regex_bytes *set, int from, int to)
{
	for (int c = from; c <= to; c++)
		set->has[c >> 6] |= UINT64_C(1) << (c & 63);
}

static int size_of(const struct vx_regex_bytes *set)
{
	int n = 0;
	for (int i = 0; i < 4; i++)
		n += __builtin_popcountll(set->has[i]);
	return n;
}

/* The character at *p, also an escaped one; BEYOND_ASCII stands for all of those, however long. */
static int next_character(const char **p)
{
	static const char names[] = "nrtfv", meant[] = "\n\r\t\f\v";
	const bool escaped = **p == '\\';
	*p += escaped;
	const char *name = escaped && **p ? strchr(names, **p) : NULL;
	const int c = name ? meant[name - names] : (unsigned char)**p;
	*p += **p != '\0';
	while (c >= BEYOND_ASCII && ((unsigned char)**p & 0xC0) == 0x80)
		++*p;
	return c < BEYOND_ASCII ? c : BEYOND_ASCII;
}

static void add_characters(struct vx_regex_bytes *set, int from, int to)
{
	add(set, from, to < BEYOND_ASCII ? to : 0xFF);
}

/* *p is behind "[". */
static struct vx_regex_bytes class_of(const char **p)
{
	struct vx_regex_bytes set = { { 0 } };
	const bool negated = **p == '^';
	*p += negated;
	while (**p && **p != ']') {
		const int from = next_character(p);
		int to = from;
		if (**p == '-' && (*p)[1] && (*p)[1] != ']') {
			++*p;
			to = next_character(p);
		}
		add_characters(&set, from, to);
	}
	*p += **p == ']';
	for (int i = 0; negated && i < 4; i++)
		set.has[i] = ~set.has[i];
	if (negated)
		add(&set, BEYOND_ASCII, 0xFF);
	return set;
}

/* What stands behind an item; true: it may be missing. */
static bool skip_quantifier(const char **p)
{
	bool optional = **p == '*' || **p == '?';
	if (**p == '{') {
		optional = strtol(*p + 1, NULL, 10) == 0;
		*p += strcspn(*p, "}");
		*p += **p == '}';
	} else if (optional || **p == '+') {
		++*p;
	} else {
		return false;
	}
	*p += **p == '?'; /* lazy */
	return optional;
}

/* The smallest sets are kept: they say most. */
static void need(struct vx_regex_needs *needs, const struct vx_regex_bytes *set)
{
	int most = 0;
	if (size_of(set) > LARGE)
		return;
	if (needs->n < VX_REGEX_NEEDS) {
		needs->sets[needs->n++] = *set;
		return;
	}
	for (int i = 1; i < needs->n; i++)
		if (size_of(&needs->sets[i]) > size_of(&needs->sets[most]))
			most = i;
	if (size_of(set) < size_of(&needs->sets[most]))
		needs->sets[most] = *set;
}

/* The smallest of the sets; an empty one where nothing is needed. */
static struct vx_regex_bytes best_of(const struct vx_regex_needs *needs)
{
	struct vx_regex_bytes best = { { 0 } };
	for (int i = 0; i < needs->n; i++)
		if (i == 0 || size_of(&needs->sets[i]) < size_of(&best))
			best = needs->sets[i];
	return best;
}

/* Groups in groups: PCRE2 takes 250 of them at most. */
static struct vx_regex_needs alternatives_of(const char **p);

/* *p is behind "(". */
static bool group_needs(const char **p, struct vx_regex_bytes *set)
{
	if (strncmp(*p, "?:", 2) == 0)
		*p += 2;
	const struct vx_regex_needs inner = alternatives_of(p);
	*p += **p == ')';
	*set = best_of(&inner);
	return inner.n > 0;
}

/* One item after the other, up to "|", ")" or the end. */
static struct vx_regex_needs sequence_of(const char **p)
{
	struct vx_regex_needs needs = { .n = 0 };
	while (**p && **p != '|' && **p != ')') {
		struct vx_regex_bytes set = { { 0 } };
		bool needed = true;
		if (**p == '(') {
			++*p;
			needed = group_needs(p, &set);
		} else if (**p == '[') {
			++*p;
			set = class_of(p);
		} else if (strchr("^$.", **p)) {
			++*p;
			needed = false;
		} else {
			const int c = next_character(p);
			add_characters(&set, c, c);
		}
		if (!skip_quantifier(p) && needed)
			need(&needs, &set);
	}
	return needs;
}

/* Of alternatives a text has one: it holds what that needs. Where one needs nothing, neither do all of them. */
static struct vx_regex_needs alternatives_of(const char **p)
{
	struct vx_regex_needs needs = sequence_of(p);
	while (**p == '|') {
		++*p;
		const struct vx_regex_needs other = sequence_of(p);
		struct vx_regex_bytes any = best_of(&needs);
		const struct vx_regex_bytes best = best_of(&other);
		const bool both = needs.n > 0 && other.n > 0;
		for (int i = 0; i < 4; i++)
			any.has[i] |= best.has[i];
		needs.n = 0;
		if (both)
			need(&needs, &any);
	}
	return needs;
}

struct vx_regex_needs vx_regex_needs_of(const char *pattern)
{
	return alternatives_of(&pattern);
}
