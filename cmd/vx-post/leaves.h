/* leaves: where two values differ, path by path, and how a value is fitted into a line.
 *
 *	struct leaves l = leaves_of_diff(diff);      // {"labels":{"old":{"1":"a"},"new":{"1":"b"}}}
 *	l.list[0]                                    // path "labels.1", old "\"a\"", new "\"b\""
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef LEAVES_H
#define LEAVES_H

#include "vx_json.h"

struct leaf {
	char *path, *old, *new; /* values as JSON, "(none)" for null and absent */
};

struct leaves {
	struct leaf *list;
	size_t n, cap;
};

struct leaves leaves_of_diff(const struct vx_json *diff); /* in the order of its members */
void leaves_free(struct leaves *l);

size_t leaf_width(const char *text); /* in columns of a terminal, a character each */

/* leaf_put: text, in at most width columns: what is longer loses its middle. Nothing in it can steer a terminal. Returns
 * the columns taken. */
size_t leaf_put(const char *text, size_t width, struct vx_buf *b);

#endif
