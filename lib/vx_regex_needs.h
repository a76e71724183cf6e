/* vx_regex_needs: which bytes a text must hold for an expression to match; for lib/vx_regex.c only.
 *
 *	struct vx_regex_needs needs = vx_regex_needs_of("^[a-z]+/[0-9]{2}$");   // a letter, a slash, a digit
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_REGEX_NEEDS_H
#define VX_REGEX_NEEDS_H

#include "vx_regex.h"

enum { VX_REGEX_NEEDS = 4 };

/* Of each set one byte at least is in every text that matches. */
struct vx_regex_needs {
	struct vx_regex_bytes sets[VX_REGEX_NEEDS];
	int n;
};

/* vx_regex_needs_of: of a pattern that vx_regex_new has taken. */
struct vx_regex_needs vx_regex_needs_of(const char *pattern);

#endif
