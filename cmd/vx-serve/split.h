/* split: the values of a JSON array, of a sequence of values, or of lines, one at a time, without building the whole.
 *
 *	split_begin(&s, body, len, false);
 *	while ((more = split_next(&s, &text, &n, err)) == 1) ... text[0..n) ...
 *
 * A value's text is found by its brackets and quotes alone; whether it is JSON is for the parser to say. If every value
 * is, so is the array.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef SPLIT_H
#define SPLIT_H

#include "vx_err.h"

/* Values of one body. Each costs the server far more memory than its text: a million "{}" are 3 MB of body. */
#define SPLIT_MOST 100000

struct split {
	const char *at, *end, *begin;
	size_t count;
	bool lines, array, closed, first;
};

void split_begin(struct split *s, const char *text, size_t len, bool lines);

/* split_next: 1 and a value, 0 at the end, VX_EREJECT when the array is none, VX_EDATA after
 * SPLIT_MOST values. Blank lines are no values. */
int split_next(struct split *s, const char **text, size_t *len, struct vx_error *err) VX_MUST_USE;

#endif
