/* pool: a fixed number of threads that do what must not be done where all bytes pass. job -> its run().
 * in: jobs, of two kinds; out: each run once, on some thread. Some threads take only what reads, so that a pile of
 * writes, which wait for one another, never stands in the way of a look at one resource.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef POOL_H
#define POOL_H

#include <stddef.h>

enum pool_kind { POOL_READ, POOL_WRITE };

struct job {
	struct job *next;
	void (*run)(struct job *job); /* the job is its own from here on: run() may free it */
};

struct pool;
struct pool *pool_new(unsigned workers); /* at least 2 */
void pool_free(struct pool *p);          /* runs what still waits, then ends the threads; NULL is allowed */

void pool_put(struct pool *p, enum pool_kind kind, struct job *job);
size_t pool_waiting(struct pool *p);

#endif
