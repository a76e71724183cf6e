/* access: a line a request, as NDJSON in a file or as text on stderr, without personal data: the route's pattern instead
 * of the path, no query, no header of the client's but a request id of hexadecimal digits.
 * in: requests, from the event thread, which never waits here; out: lines, written by a thread of its own. When they are
 * not taken, they are dropped and counted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "vx_io.h"

struct access_entry {
	const char *id, *route, *method;
	const char *token; /* the name that the token file gives it; "": none */
	uint64_t origin;   /* where it came from: shown only as a hash that changes with each start */
	unsigned status;
	double seconds;
	uint64_t in, out;
	bool cut; /* the connection ended first */
};

struct access;

/* access_open: path "-": stderr; NULL: text on stderr. VX_EIO. */
struct access *access_open(const char *path, struct vx_error *err) VX_MUST_USE;
void access_add(struct access *a, const struct access_entry *e);
void access_reopen(struct access *a);   /* the next line goes into a file newly opened; NULL is allowed */
uint64_t access_lost(struct access *a); /* lines dropped so far */
void access_close(struct access *a);    /* after all lines are written; NULL is allowed */

#endif
