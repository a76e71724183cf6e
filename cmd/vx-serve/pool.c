/* pool: a fixed number of threads that do what must not be done where all bytes pass. job -> its run().
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdlib.h>

#include "pool.h"
#include "vx_err.h"

#define READERS(workers) (((workers) + 3) / 4) /* threads that take no writes */

struct queue {
	struct job *first, **end;
};

struct pool {
	pthread_mutex_t lock;
	struct queue queues[2];   /* by kind */
	pthread_cond_t read, any; /* for the threads that take no writes, for the others */
	pthread_t *threads;
	unsigned count, started;
	size_t waiting;
	bool ending;
};

static struct job *take(struct pool *p, enum pool_kind kind)
{
	struct queue *q = &p->queues[kind];
	struct job *job = q->first;
	if (!job)
		return NULL;
	q->first = job->next;
	if (!q->first)
		q->end = &q->first;
	p->waiting--;
	return job;
}

/* next: writes first where both are taken: the readers have threads of their own. NULL: the pool ends. */
static struct job *next(struct pool *p, bool reader)
{
	for (;;) {
		struct job *job = reader ? NULL : take(p, POOL_WRITE);
		if (!job)
			job = take(p, POOL_READ);
		if (job || p->ending)
			return job;
		pthread_cond_wait(reader ? &p->read : &p->any, &p->lock);
	}
}

static void *work(void *arg)
{
	struct pool *p = arg;
	struct job *job;
	pthread_mutex_lock(&p->lock);
	bool reader = p->started++ < READERS(p->count);
	while ((job = next(p, reader))) {
		pthread_mutex_unlock(&p->lock);
		job->run(job);
		pthread_mutex_lock(&p->lock);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

struct pool *pool_new(unsigned workers)
{
	struct pool *p = vx_alloc(sizeof *p);
	p->count = workers;
	p->threads = vx_alloc(workers * sizeof *p->threads);
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->read, NULL);
	pthread_cond_init(&p->any, NULL);
	for (int kind = POOL_READ; kind <= POOL_WRITE; kind++)
		p->queues[kind].end = &p->queues[kind].first;
	for (unsigned i = 0; i < workers; i++)
		if (pthread_create(&p->threads[i], NULL, work, p) != 0)
			vx_die(VX_EMEM, "no thread is to be had");
	return p;
}

void pool_put(struct pool *p, enum pool_kind kind, struct job *job)
{
	struct queue *q = &p->queues[kind];
	job->next = NULL;
	pthread_mutex_lock(&p->lock);
	*q->end = job;
	q->end = &job->next;
	p->waiting++;
	/* Both for a read: the reader that would be woken alone may be on its way to another job. */
	if (kind == POOL_READ)
		pthread_cond_signal(&p->read);
	pthread_cond_signal(&p->any);
	pthread_mutex_unlock(&p->lock);
}

size_t pool_waiting(struct pool *p)
{
	pthread_mutex_lock(&p->lock);
	size_t n = p->waiting;
	pthread_mutex_unlock(&p->lock);
	return n;
}

void pool_free(struct pool *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&p->lock);
	p->ending = true;
	pthread_cond_broadcast(&p->read);
	pthread_cond_broadcast(&p->any);
	pthread_mutex_unlock(&p->lock);
	for (unsigned i = 0; i < p->count; i++)
		pthread_join(p->threads[i], NULL);
	pthread_cond_destroy(&p->read);
	pthread_cond_destroy(&p->any);
	pthread_mutex_destroy(&p->lock);
	free(p->threads);
	free(p);
}
