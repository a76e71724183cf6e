/* vx_template: names out of paths, and identifiers out of names.
 *
 * A pattern is held against a whole relative path:
 *	{name}        one or more characters, none of them "/"
 *	{name:REGEX}  what the POSIX extended regular expression matches
 *	*             any characters but "/"       ** any characters
 *	all else      itself
 * A template is text with {name} in it, filled in from a record.
 *
 *	struct vx_pattern *p = vx_pattern_new("{patient}_{study}.nii.gz", &err);
 *	if (vx_pattern_match(p, "10032_1000032.nii.gz", json_object)) ...   // adds "patient" and "study"
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_TEMPLATE_H
#define VX_TEMPLATE_H

#include "vx_err.h"
#include "vx_io.h"
#include "vx_json.h"

struct vx_pattern;
struct vx_pattern *vx_pattern_new(
	const char *text, struct vx_error *err) VX_MUST_USE; /* NULL + VX_EUSAGE with the reason */
void vx_pattern_free(struct vx_pattern *p);
const char *vx_pattern_text(const struct vx_pattern *p);
size_t vx_pattern_names(const struct vx_pattern *p); /* how many captures */
const char *vx_pattern_name(const struct vx_pattern *p, size_t i);

/* vx_pattern_match: whether path matches; then captures (NULL: not wanted) takes a string a name. */
bool vx_pattern_match(const struct vx_pattern *p, const char *path, struct vx_json *captures);

/* vx_pattern_match_at: the same without json: start[i], end[i] are byte offsets of capture i (room for vx_pattern_names). */
bool vx_pattern_match_at(const struct vx_pattern *p, const char *path, size_t *start, size_t *end);

/* vx_pattern_explain: why path does not match, as one clause: "study: nothing matches [0-9]+ at 'abc'". */
void vx_pattern_explain(const struct vx_pattern *p, const char *path, struct vx_buf *why);

struct vx_template;
struct vx_template *vx_template_new(const char *text, struct vx_error *err) VX_MUST_USE; /* NULL + VX_EUSAGE */
void vx_template_free(struct vx_template *t);

/* vx_template_expand: appends text with each {name} filled in. lookup returns the value of a name (borrowed until the
 * next call), or NULL: then VX_EREJECT with field = the name and reason "{name} has no value".
 * encode: the values go through vx_identifier_encode, "/" kept only where the whole value may hold it (name "rel", "dir"). */
int vx_template_expand(const struct vx_template *t, const char *(*lookup)(void *arg, const char *name), void *arg,
	bool encode, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;

/* vx_template_record: the lookup that tools share, for use as arg of vx_template_expand with vx_template_lookup:
 * own names first, then _match.<name>, then the record's own <name>, then a dotted path. Numbers count by their spelling. */
struct vx_template_record {
	const struct vx_json *record;
	const char *const (*own)[2]; /* {name, value} pairs, ended by {NULL, NULL}; may be NULL */
	struct vx_buf scratch;       /* zero-initialise; vx_buf_free when done */
};
const char *vx_template_lookup(void *template_record, const char *name);

/* vx_identifier_encode: s as segments of an identifier: bytes outside A-Za-z0-9._- become +XX (upper-case hex, "+" itself
 * too, so that two names never meet), "/" stays when slash is true. A segment "." or ".." has its first dot encoded. */
void vx_identifier_encode(struct vx_buf *out, const char *s, size_t n, bool slash);

/* vx_identifier_fit: out (a whole identifier) is cut to 255 bytes, keeping it unique by 16 hex digits of its SHA-256. */
void vx_identifier_fit(struct vx_buf *identifier);

#endif
