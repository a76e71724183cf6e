/* metrics: what has happened so far, counted, for GET /v1/metrics.
 * in: events, from any thread; out: the text format of Prometheus, 0.0.4. Labels are patterns and words of ours, never
 * what a client sent.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef METRICS_H
#define METRICS_H

#include "guard.h"
#include "vx_io.h"

struct metrics;
struct metrics *metrics_new(void);
void metrics_free(struct metrics *m); /* NULL is allowed */

struct metrics_request {
	const char *route, *method; /* strings that live for ever */
	unsigned status;
	double seconds;        /* all in all */
	double waited, worked; /* for a worker, with it; waited less than 0: needed none */
	bool change;           /* it was one that may write */
	uint64_t in, out;      /* bytes of the bodies */
};
void metrics_request(struct metrics *m, const struct metrics_request *r);

/* metrics_count: n more of one kind. what is one of ours: a string that lives for ever. */
enum metrics_family { METRICS_REFUSED /* by reason */, METRICS_RESOURCES /* by result status */, METRICS_FAMILIES };
void metrics_count(struct metrics *m, enum metrics_family family, const char *what, uint64_t n);

struct metrics_now { /* what is counted elsewhere */
	uint64_t in_flight, waiting, streams, connections, body_bytes, log_lost;
	uint64_t dropped[GUARD_REASONS];
};
void metrics_print(struct metrics *m, const struct metrics_now *now, struct vx_buf *out);

#endif
