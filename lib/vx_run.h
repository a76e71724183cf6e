/* vx_run: what one run of a tool keeps: counts, rejects, warnings, progress, the exit status. Internal to vx_filter and
 * vx_run; tools use the calls in vx_filter.h.
 *
 *	struct vx_job job = { .run = run };      // collect output, rejects, messages of a batch, on any thread
 *	vx_run_commit(run, &job);                // write them, in order, one thread at a time
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_RUN_H
#define VX_RUN_H

#include "vx_filter.h"

/* Equal warnings, counted; where names the first of them. */
struct vx_warning {
	char *text, *where;
	long count;
};

struct vx_warnings {
	struct vx_warning *list;
	size_t n;
};

/* A batch on its way: text is the input lines, the rest what came of them. */
struct vx_job {
	struct vx_run *run;
	struct vx_record *recs;
	size_t n, room;
	struct vx_buf text;
	struct vx_buf out, rejects, messages; /* messages: NUL-separated lines */
	struct vx_warnings warnings;
	size_t bytes; /* what it takes, as vx_filter last counted */
	long in, emitted, rejected, malformed;
	struct vx_error *fatal; /* why the run ends here; NULL: it does not */
	bool done;
	bool left; /* not begun, because the run was interrupted */
};

void vx_job_clear(struct vx_job *job);
void vx_job_free(struct vx_job *job);

/* vx_run_commit: writes what job holds and clears it. VX_EIO when stdout or the rejects file fails. */
int vx_run_commit(struct vx_run *run, struct vx_job *job);

struct vx_counts {
	long in, out, rejected, malformed;
};
struct vx_counts vx_run_counts(const struct vx_run *run);
enum vx_status vx_run_status(const struct vx_run *run);
double vx_run_seconds(const struct vx_run *run);

/* Progress beyond the number of records. vx_run_expect: how many bytes of input there are in all, for the time that is left;
 * more (may be NULL) appends ", 12.3 MB" when it is shown. vx_run_tick: shows it anew, where it is shown at all: true. */
void vx_run_expect(
	struct vx_run *run, uint64_t bytes, void (*more)(struct vx_buf *b, double seconds, void *arg), void *arg);
bool vx_run_tick(struct vx_run *run);

#endif
