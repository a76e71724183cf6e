/* vx_regex_parse: the syntax tree of a regular expression, between vx_regex.c and vx_regex_parse.c only.
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_REGEX_PARSE_H
#define VX_REGEX_PARSE_H

#include <stdint.h>

#include "vx_err.h"

#define VX_REGEX_INFINITE UINT32_MAX
#define VX_CODEPOINT_END 0x110000u

/* Code points lo..hi, both included. */
struct vx_regex_range {
	uint32_t lo, hi;
};

enum vx_regex_kind { RE_EMPTY, RE_SET, RE_START, RE_END, RE_CAT, RE_ALT, RE_REPEAT };

struct vx_regex_node {
	enum vx_regex_kind kind;
	uint32_t left, right; /* CAT, ALT: both; REPEAT: left. Indices into nodes */
	uint32_t min, max;    /* REPEAT */
	size_t first, count;  /* SET: ranges[first..first+count) */
	bool negated;         /* SET: all code points but these */
};

struct vx_regex_tree {
	struct vx_regex_node *nodes;
	size_t n;
	struct vx_regex_range *ranges;
	size_t nranges;
	uint32_t root;
};

/* vx_regex_parse: pattern into tree (to be freed with vx_regex_tree_free, also after an error). VX_EDATA. */
int vx_regex_parse(const char *pattern, struct vx_regex_tree *tree, struct vx_error *err) VX_MUST_USE;
void vx_regex_tree_free(struct vx_regex_tree *tree);

/* vx_codepoint: the code point at s (well-formed UTF-8, n > 0 bytes left); *len takes its bytes. Bytes that are no
 * UTF-8 count as one code point each, beyond all real ones. */
uint32_t vx_codepoint(const char *s, size_t n, size_t *len);

#endif
