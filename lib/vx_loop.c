/* vx_loop: batches over threads: a ring that is filled at one end, worked on in any order, and written in input order.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <time.h>

#include "vx_loop.h"

enum {
	STOP_CHECK_MS = 100,    /* between two looks at whether the run is interrupted */
	TICK_MS = 500,          /* between two lines of progress, where the tool has more to say than records */
	WINDOW_BYTES = 8 << 20, /* of batches on their way, where the tool names a window */
	JOB_KEEPS = 4 << 10     /* of each buffer of a job that is over, there */
};

static size_t job_bytes(const struct vx_job *job)
{
	return job->text.cap + job->out.cap + job->rejects.cap + job->messages.cap;
}

/* A wide window has many jobs: one that is over does not keep what a large record took. */
static void job_shrink(struct vx_job *job)
{
	struct vx_buf *bufs[] = { &job->text, &job->out, &job->rejects, &job->messages };
	size_t i;

	for (i = 0; i < sizeof bufs / sizeof bufs[0]; i++)
		if (bufs[i]->cap > JOB_KEEPS)
			vx_buf_free(bufs[i]);
}

/* Called with the lock held: commits what is done at the head, in order; one thread at a time. */
static void commit_ready(struct vx_loop *l)
{
	if (l->committing)
		return;
	l->committing = true;
	while (l->head < l->next && l->ring[l->head % l->slots].done) {
		struct vx_job *job = &l->ring[l->head % l->slots];
		bool going = false;
		size_t bytes = job->bytes;

		l->stop |= job->left;
		if (!l->stop) {
			pthread_mutex_unlock(&l->lock);
			going = vx_loop_commit(l, job);
			pthread_mutex_lock(&l->lock);
		} else {
			vx_job_clear(job);
		}
		if (l->f->window)
			job_shrink(job);
		l->stop |= !going;
		l->bytes -= bytes;
		l->head++;
		pthread_cond_broadcast(&l->space);
	}
	l->committing = false;
}

/* Called with the lock held. */
static bool interrupted(struct vx_loop *l)
{
	l->cut |= l->f->interrupted && *l->f->interrupted;
	return l->cut;
}

static void *work(void *arg)
{
	struct vx_loop *l = arg;
	void *worker = l->f->worker_new ? l->f->worker_new(l->f->arg) : NULL;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		struct vx_job *job;

		while (l->next == l->tail && !l->end)
			pthread_cond_wait(&l->work, &l->lock);
		if (l->next == l->tail)
			break;
		job = &l->ring[l->next++ % l->slots];
		job->left = interrupted(l);
		if (!l->stop && !job->left) {
			pthread_mutex_unlock(&l->lock);
			vx_loop_records(l, job, worker);
			pthread_mutex_lock(&l->lock);
		}
		job->done = true;
		l->bytes -= job->bytes;
		job->bytes = job_bytes(job);
		l->bytes += job->bytes;
		commit_ready(l);
	}
	pthread_mutex_unlock(&l->lock);
	if (l->f->worker_free && worker)
		l->f->worker_free(worker);
	return NULL;
}

/* A window is bounded by its bytes too, but never so that a worker has nothing to do. */
static bool is_full(const struct vx_loop *l)
{
	return l->tail - l->head == l->slots ||
	       (l->f->window && l->bytes > WINDOW_BYTES && l->tail - l->head > l->jobs * 2);
}

/* Waits for input, or for an interruption, whichever thread gets its signal. False: interrupted. */
static bool wait_for_input(const struct vx_loop *l)
{
	while (l->in && !*l->f->interrupted && !vx_reader_ready(l->in, STOP_CHECK_MS))
		;
	return !*l->f->interrupted;
}

/* The main thread reads; a batch is filled outside the lock, because its slot belongs to nobody else yet. */
static void feed(struct vx_loop *l)
{
	bool more = true;

	while (more) {
		struct vx_job *job = &l->ring[l->tail % l->slots];

		pthread_mutex_lock(&l->lock);
		while (!l->stop && is_full(l))
			pthread_cond_wait(&l->space, &l->lock);
		more = !l->stop && !interrupted(l);
		pthread_mutex_unlock(&l->lock);
		if (more && l->f->interrupted)
			more = wait_for_input(l);
		if (more)
			more = vx_loop_fill(l, job);
		pthread_mutex_lock(&l->lock);
		if (more) {
			job->bytes = job_bytes(job);
			l->bytes += job->bytes;
			l->tail++;
		}
		l->end = !more;
		if (l->end)
			pthread_cond_broadcast(&l->work);
		else
			pthread_cond_signal(&l->work);
		pthread_mutex_unlock(&l->lock);
	}
}

/* Shows progress while nothing is committed, as long as it is shown at all. */
static void *tick(void *arg)
{
	struct vx_loop *l = arg;
	bool shown = true;

	pthread_mutex_lock(&l->lock);
	while (!l->finished && shown) {
		struct timespec until;

		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += TICK_MS * 1000000L;
		until.tv_sec += until.tv_nsec / 1000000000;
		until.tv_nsec %= 1000000000;
		pthread_cond_timedwait(&l->over, &l->lock, &until);
		if (l->committing)
			continue;
		l->committing = true;
		pthread_mutex_unlock(&l->lock);
		shown = vx_run_tick(l->run);
		pthread_mutex_lock(&l->lock);
		l->committing = false;
		commit_ready(l);
	}
	pthread_mutex_unlock(&l->lock);
	return NULL;
}

void vx_loop_parallel(struct vx_loop *l, int jobs)
{
	pthread_t *threads = vx_alloc((size_t)jobs * sizeof *threads), ticker;
	bool ticks;
	size_t i;
	int n;

	l->jobs = (size_t)jobs;
	l->slots = l->f->window > l->jobs * 2 + 2 ? l->f->window : l->jobs * 2 + 2;
	l->ring = vx_alloc(l->slots * sizeof *l->ring);
	pthread_mutex_init(&l->lock, NULL);
	pthread_cond_init(&l->work, NULL);
	pthread_cond_init(&l->space, NULL);
	pthread_cond_init(&l->over, NULL);
	for (n = 0; n < jobs; n++)
		if (pthread_create(&threads[n], NULL, work, l) != 0)
			break;
	if (n == 0)
		vx_die(VX_EMEM, "cannot start a thread");
	ticks = l->f->progress_extra && pthread_create(&ticker, NULL, tick, l) == 0;
	feed(l);
	while (n > 0)
		pthread_join(threads[--n], NULL);
	pthread_mutex_lock(&l->lock);
	l->finished = true;
	pthread_cond_signal(&l->over);
	pthread_mutex_unlock(&l->lock);
	if (ticks)
		pthread_join(ticker, NULL);
	for (i = 0; i < l->slots; i++)
		vx_job_free(&l->ring[i]);
	free(l->ring);
	free(threads);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->work);
	pthread_cond_destroy(&l->space);
	pthread_cond_destroy(&l->over);
}
