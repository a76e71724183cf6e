/* vx_filter: the one loop: lines into batches, batches over threads, results out in input order.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vx_json_scan.h"
#include "vx_run.h"

enum {
	BATCH = 256,
	BATCH_BYTES = 256 << 10,
	NO_NDJSON_AFTER = 100,
	TICK_MS = 500,          /* between two lines of progress, where the tool has more to say than records */
	WINDOW_BYTES = 8 << 20, /* of batches on their way, where the tool names a window */
	JOB_KEEPS = 4 << 10     /* of each buffer of a job that is over, there */
};

struct loop {
	const struct vx_filter *f;
	struct vx_run *run;
	char **files;         /* those still to be read, the current one first */
	struct vx_reader *in; /* the current one; NULL: open the next */
	long row;
	enum vx_status unread; /* what became of files that cannot be read: the run itself is the workers' meanwhile */
	size_t batch_max, batch_bytes;
	struct vx_json_scan *scan; /* where records are checked only */
	/* The ring of batches: filled at tail, taken at next, committed at head. */
	pthread_mutex_t lock;
	pthread_cond_t work, space, over;
	struct vx_job *ring;
	size_t jobs, slots, head, next, tail, bytes;
	bool end, stop, committing, finished;
};

static bool open_next(struct loop *l)
{
	struct vx_error err = VX_ERROR_INIT;

	while (!l->in && *l->files) {
		l->row = 0;
		l->in = vx_reader_open(*l->files, &err);
		if (!l->in) {
			vx_message(&err);
			l->unread = VX_EIO;
			l->files++;
		}
	}
	return l->in != NULL;
}

static void close_current(struct loop *l)
{
	vx_reader_close(l->in);
	l->in = NULL;
	l->files++;
}

static bool is_blank(const char *line, size_t len)
{
	return strspn(line, " \t\r") >= len;
}

static void job_add_line(struct loop *l, struct vx_job *job, const char *line, size_t len)
{
	struct vx_record *rec;

	if (job->n == job->room) {
		job->room = job->room ? job->room * 2 : l->batch_max < 64 ? l->batch_max : 64;
		job->recs = vx_realloc(job->recs, job->room * sizeof *job->recs);
	}
	rec = &job->recs[job->n++];
	*rec = (struct vx_record){ .len = len, .input = *l->files, .row = l->row, .job = job };
	/* The text may still move while lines are added: line is set once the batch is whole. */
	vx_buf_add(&job->text, line, len);
	vx_buf_putc(&job->text, '\0');
	job->in++;
}

/* One batch: what is there without waiting (longer than linger), at most batch_max lines. False at the end of all input. */
static bool job_fill(struct loop *l, struct vx_job *job)
{
	struct vx_error err = VX_ERROR_INIT;
	size_t len, i, at = 0;
	char *line;

	job->run = l->run;
	while (job->n < l->batch_max && job->text.len < l->batch_bytes && open_next(l)) {
		int got;

		if (job->n > 0 && !vx_reader_ready(l->in, l->f->linger_ms))
			break;
		got = vx_reader_line(l->in, &line, &len, &err);
		if (got == 1) {
			l->row++;
			if (!is_blank(line, len))
				job_add_line(l, job, line, len);
			continue;
		}
		if (got < 0) {
			vx_message(&err);
			l->unread = VX_EIO;
		}
		close_current(l);
	}
	for (i = 0; i < job->n; i++) {
		job->recs[i].line = job->text.data + at;
		at += job->recs[i].len + 1;
	}
	return job->n > 0;
}

/* The line is an object: then its first character says so, blanks aside. */
static bool check_text(struct vx_json_scan *scan, struct vx_record *rec, struct vx_error *err)
{
	if (vx_json_scan(scan, rec->line, rec->len, err) != VX_OK)
		return false;
	if (rec->line[strspn(rec->line, " \t\r")] == '{')
		return true;
	/* Built only to say what it is. */
	return vx_json_parse(rec->line, rec->len, &rec->json, err) == VX_OK && vx_json_type(rec->json) == VX_OBJECT;
}

/* Parses a record, or with scan only checks it; one that is no JSON object is rejected here. */
static bool record_parse(struct vx_json_scan *scan, struct vx_record *rec)
{
	struct vx_error err;

	vx_error_clear(&err);
	if (scan ? check_text(scan, rec, &err)
		 : vx_json_parse(rec->line, rec->len, &rec->json, &err) == VX_OK &&
				vx_json_type(rec->json) == VX_OBJECT)
		return true;
	if (err.status == VX_OK)
		vx_error_set(
			&err, VX_EREJECT, NULL, "not a JSON object but %s", vx_json_type_name(vx_json_type(rec->json)));
	vx_json_free(rec->json);
	rec->json = NULL;
	vx_error_at(&err, rec->input, rec->row);
	vx_reject(rec, &err);
	return false;
}

static void job_fatal(struct vx_job *job, int status, const struct vx_error *err)
{
	job->fatal = vx_alloc(sizeof *job->fatal);
	*job->fatal = *err;
	job->fatal->status = (enum vx_status)status;
	if (!err->reason[0])
		vx_error_set(job->fatal, (enum vx_status)status, NULL, "stopped");
}

static void job_records(struct loop *l, struct vx_job *job, void *worker)
{
	struct vx_error err = VX_ERROR_INIT;
	size_t i;
	int status;

	for (i = 0; i < job->n; i++) {
		struct vx_record *rec = &job->recs[i];

		if (!record_parse(NULL, rec))
			continue;
		err.status = VX_OK;
		err.file[0] = err.field[0] = err.reason[0] = '\0';
		err.row = 0;
		status = l->f->record(rec, worker, l->f->arg, &err);
		if (status == VX_EREJECT) {
			vx_reject(rec, &err);
		} else if (status != VX_OK) {
			job_fatal(job, status, &err);
			return;
		}
		vx_json_free(rec->json);
		rec->json = NULL;
	}
}

static void job_batch(struct loop *l, struct vx_job *job)
{
	struct vx_error err = VX_ERROR_INIT;
	size_t i, good = 0;
	int status;

	for (i = 0; i < job->n; i++)
		if (record_parse(l->scan, &job->recs[i]))
			job->recs[good++] = job->recs[i];
	job->n = good;
	status = good ? l->f->batch(job->recs, good, job, l->f->arg, &err) : VX_OK;
	if (status != VX_OK && status != VX_EREJECT)
		job_fatal(job, status, &err);
}

/* A stream in which nothing is JSON is no NDJSON: better to stop than to reject a million lines one by one. */
static bool is_no_ndjson(struct loop *l, long at_least)
{
	struct vx_counts c = vx_run_counts(l->run);

	return c.in >= at_least && c.in > 0 && c.malformed == c.in;
}

/* Commits a job; returns false when the run must stop. */
static bool commit(struct loop *l, struct vx_job *job)
{
	bool fatal = job->fatal != NULL;

	if (vx_run_commit(l->run, job) != VX_OK || fatal)
		return false;
	if (is_no_ndjson(l, NO_NDJSON_AFTER)) {
		vx_say("the input is no NDJSON: none of its first %d lines is a JSON object", NO_NDJSON_AFTER);
		vx_run_note(l->run, VX_EDATA);
		return false;
	}
	return true;
}

static void run_serial(struct loop *l)
{
	struct vx_job job = { .run = l->run };
	void *worker = l->f->worker_new ? l->f->worker_new(l->f->arg) : NULL;
	bool going = true;

	while (going && job_fill(l, &job)) {
		if (l->f->batch)
			job_batch(l, &job);
		else
			job_records(l, &job, worker);
		going = commit(l, &job);
	}
	l->stop = !going;
	if (l->f->worker_free && worker)
		l->f->worker_free(worker);
	vx_job_free(&job);
}

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
static void commit_ready(struct loop *l)
{
	if (l->committing)
		return;
	l->committing = true;
	while (l->head < l->next && l->ring[l->head % l->slots].done) {
		struct vx_job *job = &l->ring[l->head % l->slots];
		bool going = false;
		size_t bytes = job->bytes;

		if (!l->stop) {
			pthread_mutex_unlock(&l->lock);
			going = commit(l, job);
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

static void *work(void *arg)
{
	struct loop *l = arg;
	void *worker = l->f->worker_new ? l->f->worker_new(l->f->arg) : NULL;

	pthread_mutex_lock(&l->lock);
	for (;;) {
		struct vx_job *job;

		while (l->next == l->tail && !l->end)
			pthread_cond_wait(&l->work, &l->lock);
		if (l->next == l->tail)
			break;
		job = &l->ring[l->next++ % l->slots];
		if (!l->stop) {
			pthread_mutex_unlock(&l->lock);
			job_records(l, job, worker);
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
static bool is_full(const struct loop *l)
{
	return l->tail - l->head == l->slots ||
	       (l->f->window && l->bytes > WINDOW_BYTES && l->tail - l->head > l->jobs * 2);
}

/* The main thread reads; a batch is filled outside the lock, because its slot belongs to nobody else yet. */
static void feed(struct loop *l)
{
	bool more = true;

	while (more) {
		struct vx_job *job = &l->ring[l->tail % l->slots];

		pthread_mutex_lock(&l->lock);
		while (!l->stop && is_full(l))
			pthread_cond_wait(&l->space, &l->lock);
		more = !l->stop;
		pthread_mutex_unlock(&l->lock);
		if (more)
			more = job_fill(l, job);
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
	struct loop *l = arg;
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

static void run_parallel(struct loop *l, int jobs)
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

static void finish(struct loop *l)
{
	struct vx_job job = { .run = l->run };
	struct vx_error err = VX_ERROR_INIT;
	int status = l->f->finish(&job, l->f->arg, &err);

	if (status != VX_OK && status != VX_EREJECT)
		job_fatal(&job, status, &err);
	commit(l, &job);
	vx_job_free(&job);
}

/* Bytes of all inputs; 0 when one of them is no file, and so has no end that is known. */
static uint64_t input_bytes(char **files)
{
	uint64_t sum = 0;
	struct stat st;

	for (; *files; files++) {
		bool is_stdin = strcmp(*files, "-") == 0;
		off_t at = is_stdin ? lseek(STDIN_FILENO, 0, SEEK_CUR) : 0;
		if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(*files, &st)) != 0 || !S_ISREG(st.st_mode))
			return 0;
		sum += (uint64_t)(st.st_size > at ? st.st_size - at : 0);
	}
	return sum;
}

/* Nothing is lost in silence: what went in came out or was rejected. */
static void check_counts(struct loop *l)
{
	struct vx_counts c = vx_run_counts(l->run);

	if (l->f->lossy || l->stop || c.in == c.out + c.rejected)
		return;
	vx_say("counts do not agree: %ld in, %ld out, %ld rejected: please report this", c.in, c.out, c.rejected);
	vx_run_note(l->run, VX_EIO);
}

static int end(struct loop *l)
{
	struct vx_counts c = vx_run_counts(l->run);
	struct vx_buf summary = VX_BUF_INIT;
	int status;

	if (l->f->before_summary)
		l->f->before_summary(l->f->arg);
	vx_buf_printf(&summary, "%ld %s in, %ld out, %ld rejected", c.in, l->f->noun ? l->f->noun : "records", c.out,
		c.rejected);
	if (l->f->summary_extra)
		l->f->summary_extra(&summary, l->f->arg);
	vx_buf_printf(&summary, ", %.1f s", vx_run_seconds(l->run));
	status = vx_run_end(l->run, summary.data);
	vx_buf_free(&summary);
	return status;
}

int vx_filter_main(const struct vx_filter *f, char **files)
{
	static char dash[] = "-";
	char *stdin_only[] = { dash, NULL };
	struct vx_error err = VX_ERROR_INIT;
	struct loop l = { .f = f, .files = *files ? files : stdin_only };
	bool parallel = f->parallel && f->record;
	int jobs = !parallel ? 1 : f->common->jobs ? f->common->jobs : f->default_jobs ? f->default_jobs : vx_cpus();

	vx_run_spare_inputs(f->common, l.files);
	l.run = vx_run_new(f->common, &err);
	if (!l.run) {
		vx_message(&err);
		return vx_exit_status(VX_EIO);
	}
	vx_run_expect(l.run, input_bytes(l.files), f->progress_extra, f->arg);
	l.batch_max = f->batch_max ? f->batch_max : BATCH;
	l.batch_bytes = f->batch_bytes ? f->batch_bytes : BATCH_BYTES;
	l.scan = f->text ? vx_json_scan_new() : NULL;
	if (jobs > 1)
		run_parallel(&l, jobs);
	else
		run_serial(&l);
	if (l.in)
		close_current(&l);
	vx_run_note(l.run, l.unread);
	if (f->finish && !l.stop)
		finish(&l);
	if (!l.stop && is_no_ndjson(&l, 1)) {
		vx_say("the input is no NDJSON: none of its lines is a JSON object");
		vx_run_note(l.run, VX_EDATA);
	}
	check_counts(&l);
	vx_json_scan_free(l.scan);
	return end(&l);
}
