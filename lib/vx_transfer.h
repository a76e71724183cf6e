/* vx_transfer: many HTTP requests at once on a bounded number of connections. One thread of its own moves all bytes; any
 * number of other threads hand it requests and wait for their answers. Knows nothing of S3.
 *
 *	struct vx_transfer *t = vx_transfer_new(&(struct vx_transfer_options){ .connections = 16, .http.retry_for = 60 });
 *	struct vx_transfer_request r = { .prepare = sign, .judge = judge, .arg = &mine };
 *	struct vx_transfer_job *one = vx_transfer_start(t, &r), *two = vx_transfer_start(t, &s);
 *	status = vx_transfer_wait(one, &answer, &err);       // each job once, in any order, by any thread
 *	...
 *	vx_transfer_free(t);                                 // once no job is left
 *
 * Requests begin in the order in which they were started. Failures that another attempt may heal are tried again as in
 * vx_http, while the others go on. A server that says "slow down" gets half as many requests at once, and then one more
 * for each round that it serves.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_TRANSFER_H
#define VX_TRANSFER_H

#include <stdint.h>

#include "vx_http.h"

enum { VX_TRANSFER_CONNECTIONS = 16, VX_TRANSFER_CONNECTIONS_MAX = 256 };

struct vx_transfer_options {
	struct vx_http_options http; /* copied */
	int connections;             /* requests in flight at most; 0: VX_TRANSFER_CONNECTIONS */
	uint64_t limit_rate;         /* bytes a second, sent and received, over all; 0: no limit */
};

struct vx_transfer;
struct vx_transfer *vx_transfer_new(const struct vx_transfer_options *o);
void vx_transfer_free(struct vx_transfer *t);

enum vx_transfer_verdict {
	VX_TRANSFER_DONE,      /* an answer, whatever it says */
	VX_TRANSFER_AGAIN,     /* after a pause, as long as retry_for allows */
	VX_TRANSFER_SLOW,      /* the same, and with fewer requests at once */
	VX_TRANSFER_AGAIN_NOW, /* what was wrong with the request has been mended; judge says so finitely often */
};

/* Both callbacks run in the engine's thread, one at a time, and must not wait. */
struct vx_transfer_request {
	/* prepare: fills in q for the next attempt. What q points to stays until the next call, or until after
	 * vx_transfer_wait. */
	void (*prepare)(void *arg, struct vx_http_request *q);
	/* judge: what to make of an answer; NULL: vx_transfer_judge. */
	enum vx_transfer_verdict (*judge)(void *arg, const struct vx_http_response *a);
	void *arg;
};

/* vx_transfer_judge: 429 and 503 are SLOW, 502 and 504 AGAIN, all else DONE. */
enum vx_transfer_verdict vx_transfer_judge(const struct vx_http_response *a);

struct vx_transfer_job;
struct vx_transfer_job *vx_transfer_start(struct vx_transfer *t, const struct vx_transfer_request *r);

/* vx_transfer_wait: frees the job; what a held before is freed too.
 * Errors: as vx_http_do says, and VX_EIO when the file to send is shorter than it should be. */
int vx_transfer_wait(struct vx_transfer_job *job, struct vx_http_response *a, struct vx_error *err) VX_MUST_USE;

/* For progress; any thread, any time. */
struct vx_transfer_stats {
	uint64_t sent;          /* bytes of bodies, those sent again counted again */
	long requests, retries; /* attempts, and how many of them were not the first */
	int in_flight, at_most; /* at_most: as the server bears it now */
};
struct vx_transfer_stats vx_transfer_stats(struct vx_transfer *t);

#endif
