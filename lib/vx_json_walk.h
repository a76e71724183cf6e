/* vx_json_walk: the members of an object and the items of an array, as slices of a text that is known to be JSON
 * (vx_json_scan has passed it). Nothing is built: for tools that pass most of a record on as it came.
 *
 *	struct vx_json_walk w = vx_json_walk_begin(text, len);
 *	struct vx_slice key, value;
 *	while (vx_json_walk_member(&w, &key, &value))
 *		if (vx_slice_is(key, "identifier")) ...      // value.text[0..len) is "\"volume/a\"", quotes included
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_JSON_WALK_H
#define VX_JSON_WALK_H

#include <string.h>

#include "vx_err.h"
#include "vx_io.h"

struct vx_slice {
	const char *text;
	size_t len;
};

struct vx_json_walk {
	const char *p, *end;
};

/* vx_json_walk_begin: in front of the first member or item of text; of a text that is neither object nor array there
 * are none. Blanks around it are skipped. */
struct vx_json_walk vx_json_walk_begin(const char *text, size_t len);

/* vx_json_walk_member: the next member of an object. key is what stands between its quotes, escapes and all; value is
 * the value's text without blanks around it. false at the end, and on text that is no JSON after all (never beyond it). */
bool vx_json_walk_member(struct vx_json_walk *w, struct vx_slice *key, struct vx_slice *value);

/* vx_json_walk_item: the next item of an array, in the same way. */
bool vx_json_walk_item(struct vx_json_walk *w, struct vx_slice *value);

/* vx_slice_string: a string value's text without its quotes; false when it is no string, or holds an escape. */
bool vx_slice_string(struct vx_slice value, struct vx_slice *inside);

static inline bool vx_slice_is(struct vx_slice s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.text, text, s.len) == 0;
}

#endif
