/* vx_filter: the one loop: lines into batches, batches over threads, results out in input order.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vx_json_scan.h"
#include "vx_loop.h"

enum { BATCH = 256, BATCH_BYTES = 256 << 10, NO_NDJSON_AFTER = 100 };

static bool open_next(struct vx_loop *l)
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

static void close_current(struct vx_loop *l)
{
	vx_reader_close(l->in);
	l->in = NULL;
	l->files++;
}

static bool is_blank(const char *line, size_t len)
{
	return strspn(line, " \t\r") >= len;
}

static void job_add_line(struct vx_loop *l, struct vx_job *job, const char *line, size_t len)
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

/* The end of the input is seen once, and not asked for again. */
static bool source_line(struct vx_loop *l, struct vx_job *job, struct vx_buf *line)
{
	struct vx_error err = VX_ERROR_INIT;
	int got;

	vx_buf_clear(line);
	if (l->dry)
		return false;
	got = l->f->source(line, l->f->arg, &err);
	if (got < 0) {
		vx_message(&err);
		l->unread = (enum vx_status)got;
	}
	l->dry = got <= 0;
	if (got > 0) {
		l->row++;
		job_add_line(l, job, line->data, line->len);
	}
	return got > 0;
}

static void job_lines_found(struct vx_job *job)
{
	size_t i, at = 0;

	for (i = 0; i < job->n; i++) {
		job->recs[i].line = job->text.data + at;
		at += job->recs[i].len + 1;
	}
}

static bool job_fill_source(struct vx_loop *l, struct vx_job *job)
{
	struct vx_buf line = VX_BUF_INIT;

	job->run = l->run;
	while (job->n < l->batch_max && job->text.len < l->batch_bytes && source_line(l, job, &line))
		;
	vx_buf_free(&line);
	job_lines_found(job);
	return job->n > 0;
}

/* Until one of its limits is reached, or the input pauses. */
bool vx_loop_fill(struct vx_loop *l, struct vx_job *job)
{
	struct vx_error err = VX_ERROR_INIT;
	size_t len;
	char *line;

	if (l->f->source)
		return job_fill_source(l, job);
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
	job_lines_found(job);
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

void vx_loop_records(struct vx_loop *l, struct vx_job *job, void *worker)
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

static void job_batch(struct vx_loop *l, struct vx_job *job)
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
static bool is_no_ndjson(struct vx_loop *l, long at_least)
{
	struct vx_counts c = vx_run_counts(l->run);

	return c.in >= at_least && c.in > 0 && c.malformed == c.in;
}

/* Commits a job; returns false when the run must stop. */
bool vx_loop_commit(struct vx_loop *l, struct vx_job *job)
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

static void run_serial(struct vx_loop *l)
{
	struct vx_job job = { .run = l->run };
	void *worker = l->f->worker_new ? l->f->worker_new(l->f->arg) : NULL;
	bool going = true;

	while (going && vx_loop_fill(l, &job)) {
		if (l->f->batch)
			job_batch(l, &job);
		else
			vx_loop_records(l, &job, worker);
		going = vx_loop_commit(l, &job);
	}
	l->stop = !going;
	if (l->f->worker_free && worker)
		l->f->worker_free(worker);
	vx_job_free(&job);
}

static void finish(struct vx_loop *l)
{
	struct vx_job job = { .run = l->run };
	struct vx_error err = VX_ERROR_INIT;
	int status = l->f->finish(&job, l->f->arg, &err);

	if (status != VX_OK && status != VX_EREJECT)
		job_fatal(&job, status, &err);
	vx_loop_commit(l, &job);
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
static void check_counts(struct vx_loop *l)
{
	struct vx_counts c = vx_run_counts(l->run);

	if (l->f->lossy || l->stop || l->cut || c.in == c.out + c.rejected)
		return;
	vx_say("counts do not agree: %ld in, %ld out, %ld rejected: please report this", c.in, c.out, c.rejected);
	vx_run_note(l->run, VX_EIO);
}

static int end(struct vx_loop *l)
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
	if (l->cut)
		vx_buf_puts(&summary, "; interrupted: run again to go on");
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
	struct vx_loop l = { .f = f, .files = *files ? files : stdin_only };
	bool parallel = f->parallel && f->record;
	int jobs = !parallel ? 1 : f->common->jobs ? f->common->jobs : f->default_jobs ? f->default_jobs : vx_cpus();

	if (!f->source)
		vx_run_spare_inputs(f->common, l.files);
	l.run = vx_run_new(f->common, &err);
	if (!l.run) {
		vx_message(&err);
		return vx_exit_status(VX_EIO);
	}
	vx_run_expect(l.run, f->source ? 0 : input_bytes(l.files), f->progress_extra, f->arg);
	l.batch_max = f->batch_max ? f->batch_max : BATCH;
	l.batch_bytes = f->batch_bytes ? f->batch_bytes : BATCH_BYTES;
	l.scan = f->text ? vx_json_scan_new() : NULL;
	if (jobs > 1)
		vx_loop_parallel(&l, jobs);
	else
		run_serial(&l);
	if (l.in)
		close_current(&l);
	vx_run_note(l.run, l.unread);
	if (f->finish && !l.stop && !l.cut)
		finish(&l);
	if (!l.stop && !l.cut && is_no_ndjson(&l, 1)) {
		vx_say("the input is no NDJSON: none of its lines is a JSON object");
		vx_run_note(l.run, VX_EDATA);
	}
	check_counts(&l);
	vx_json_scan_free(l.scan);
	return end(&l);
}
