/* vx_loop: vx_filter's loop as its parts share it: lines into batches, batches over threads, results out in input order. For
 * lib/vx_filter.c and lib/vx_loop.c only.
 *
 *	struct vx_job job = { .run = l->run };
 *	while (vx_loop_fill(l, &job)) {
 *		vx_loop_records(l, &job, worker);
 *		if (!vx_loop_commit(l, &job))
 *			break;
 *	}
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_LOOP_H
#define VX_LOOP_H

#include <pthread.h>

#include "vx_json_scan.h"
#include "vx_run.h"

struct vx_loop {
	const struct vx_filter *f;
	struct vx_run *run;
	char **files;         /* those still to be read, the current one first */
	struct vx_reader *in; /* the current one; NULL: open the next */
	long row;
	bool dry;              /* the source has no more */
	enum vx_status unread; /* what became of files that cannot be read: the run itself is the workers' meanwhile */
	size_t batch_max, batch_bytes;
	struct vx_json_scan *scan; /* where records are checked only */
	/* The ring of batches: filled at tail, taken at next, committed at head. */
	pthread_mutex_t lock;
	pthread_cond_t work, space, over;
	struct vx_job *ring;
	size_t jobs, slots, head, next, tail, bytes;
	bool end, stop, cut, committing, finished; /* cut: interrupted; what was begun is still written */
};

/* vx_loop_fill: one batch: what is there without waiting (longer than linger), at most batch_max lines. False at the end of
 * all input. vx_loop_records: the tool's record callback for each. vx_loop_commit: writes what came of them; false when the
 * run must stop. */
bool vx_loop_fill(struct vx_loop *l, struct vx_job *job);
void vx_loop_records(struct vx_loop *l, struct vx_job *job, void *worker);
bool vx_loop_commit(struct vx_loop *l, struct vx_job *job);

/* vx_loop_parallel: the whole input by so many threads. */
void vx_loop_parallel(struct vx_loop *l, int jobs);

#endif
