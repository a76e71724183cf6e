/* vx_run: output in whole lines, the dead-letter file, counted warnings, progress, and how a run ends.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vx_run.h"

enum { MAX_WARNINGS = 200, OUT_CHUNK = 65536 };

struct vx_run {
	const struct vx_common *common;
	int rejects_fd; /* -1: none */
	bool progress, progress_shown, out_failed;
	double started, progress_at;
	uint64_t expected, taken; /* bytes of input; expected is 0 where that is not known */
	void (*progress_more)(struct vx_buf *b, double seconds, void *arg);
	void *progress_arg;
	long fail_at; /* VX_FAIL_AT: die after this many records; 0: never */
	struct vx_counts counts;
	enum vx_status status;
	struct vx_warnings warnings;
	struct vx_job own; /* for tools without the loop */
};

static bool wants_progress(const struct vx_common *common)
{
	struct stat st;

	if (common->quiet || common->progress < 0)
		return false;
	/* In a pipe the last tool's progress says it all; several would overwrite each other. */
	return common->progress > 0 ||
	       (isatty(STDERR_FILENO) && (fstat(STDOUT_FILENO, &st) != 0 || !S_ISFIFO(st.st_mode)));
}

void vx_run_spare_inputs(const struct vx_common *common, char **files)
{
	static char dash[] = "-";
	char *stdin_only[] = { dash, NULL };
	const char *rejects = common->rejects;
	struct stat out, in;

	if (!rejects || stat(rejects, &out) != 0 || !S_ISREG(out.st_mode))
		return;
	for (files = *files ? files : stdin_only; *files; files++)
		if ((strcmp(*files, "-") == 0 ? fstat(STDIN_FILENO, &in) : stat(*files, &in)) == 0 &&
			in.st_dev == out.st_dev && in.st_ino == out.st_ino)
			vx_die(VX_EUSAGE, "--rejects: %s is an input", rejects);
}

struct vx_run *vx_run_new(const struct vx_common *common, struct vx_error *err)
{
	struct vx_run *run = vx_alloc(sizeof *run);
	const char *fail_at = getenv("VX_FAIL_AT");

	run->common = common;
	run->rejects_fd = -1;
	run->started = run->progress_at = vx_now();
	run->progress = wants_progress(common);
	run->fail_at = fail_at ? atol(fail_at) : 0;
	run->own.run = run;
	if (common->rejects) {
		run->rejects_fd = open(common->rejects, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
		if (run->rejects_fd < 0) {
			vx_error_errno(err, VX_EIO, NULL, "cannot open");
			vx_error_at(err, common->rejects, 0);
			free(run);
			return NULL;
		}
	}
	return run;
}

static void warnings_free(struct vx_warnings *w)
{
	size_t i;

	for (i = 0; i < w->n; i++) {
		free(w->list[i].text);
		free(w->list[i].where);
	}
	free(w->list);
	*w = (struct vx_warnings){ NULL, 0 };
}

/* Adds count equal warnings; returns true when the text is new. Past MAX_WARNINGS different texts they are lumped. */
static bool warnings_add(struct vx_warnings *w, const char *text, const char *where, long count)
{
	static const char other[] = "other warnings, too many kinds to list";
	size_t i;

	for (;;) {
		for (i = 0; i < w->n; i++) {
			if (strcmp(w->list[i].text, text) == 0) {
				w->list[i].count += count;
				return false;
			}
		}
		if (w->n < MAX_WARNINGS || text == other)
			break;
		text = other;
	}
	w->list = vx_realloc(w->list, (w->n + 1) * sizeof *w->list);
	w->list[w->n++] = (struct vx_warning){ vx_strdup(text), vx_strdup(where), count };
	return true;
}

void vx_job_clear(struct vx_job *job)
{
	struct vx_buf *bufs[] = { &job->text, &job->out, &job->rejects, &job->messages };
	size_t i;

	for (i = 0; i < job->n; i++)
		vx_json_free(job->recs[i].json);
	for (i = 0; i < sizeof bufs / sizeof bufs[0]; i++) {
		if (bufs[i]->cap > 1 << 20) /* one huge record must not stay for ever */
			vx_buf_free(bufs[i]);
		vx_buf_clear(bufs[i]);
	}
	warnings_free(&job->warnings);
	job->n = 0;
	job->in = job->emitted = job->rejected = job->malformed = 0;
	free(job->fatal);
	job->fatal = NULL;
	job->done = false;
}

void vx_job_free(struct vx_job *job)
{
	vx_job_clear(job);
	vx_buf_free(&job->text);
	vx_buf_free(&job->out);
	vx_buf_free(&job->rejects);
	vx_buf_free(&job->messages);
	free(job->recs);
	job->recs = NULL;
	job->room = 0;
}

bool vx_provenance(const struct vx_json *json, struct vx_error *err)
{
	const struct vx_json *source = vx_json_get(json, "_source");
	const char *name = vx_json_str(source, "file");
	int64_t row = 0;

	if (name)
		vx_json_get_int(source, "row", &row);
	if (!name)
		name = vx_json_str(vx_json_get(json, "_file"), "rel");
	if (!name)
		name = vx_json_str(json, "path_nii");
	if (!name)
		name = vx_json_str(json, "path_dcm");
	if (!name)
		name = vx_json_str(json, "identifier");
	if (!name)
		name = vx_json_str(json, "path");
	if (!name)
		return false;
	vx_error_at(err, name, (long)row);
	return true;
}

/* {"tool","reason","field"?,"file"?,"row"?,"record"}: record is a JSON value, or the line that could not be read: a string
 * where it is UTF-8, else under "record_latin1", a character a byte, so that not a bit of it is lost. */
static void put_reject(struct vx_buf *b, const struct vx_error *err, const char *json, size_t len, bool is_json)
{
	size_t i;

	vx_buf_puts(b, "{\"tool\":");
	vx_json_put_string(b, vx_progname(), strlen(vx_progname()));
	vx_buf_puts(b, ",\"reason\":");
	vx_json_put_string(b, err->reason, strlen(err->reason));
	if (err->field[0] && vx_utf8_valid(err->field, strlen(err->field))) {
		vx_buf_puts(b, ",\"field\":");
		vx_json_put_string(b, err->field, strlen(err->field));
	}
	if (err->file[0] && vx_utf8_valid(err->file, strlen(err->file))) {
		vx_buf_puts(b, ",\"file\":");
		vx_json_put_string(b, err->file, strlen(err->file));
	}
	if (err->row > 0)
		vx_buf_printf(b, ",\"row\":%ld", err->row);
	if (is_json) {
		vx_buf_puts(b, ",\"record\":");
		vx_buf_add(b, json, len);
	} else if (vx_utf8_valid(json, len)) {
		vx_buf_puts(b, ",\"record\":");
		vx_json_put_string(b, json, len);
	} else {
		vx_buf_puts(b, ",\"record_latin1\":\"");
		for (i = 0; i < len; i++)
			vx_buf_printf(b, "\\u%04x", (unsigned char)json[i]);
		vx_buf_putc(b, '"');
	}
	vx_buf_puts(b, "}\n");
}

static void add_reject(struct vx_job *job, struct vx_error *err, const char *json, size_t len, bool is_json)
{
	char text[6000];

	/* What comes from a damaged line may be no UTF-8; the dead-letter file stays JSON. */
	vx_utf8_mend(err->reason);
	vx_error_format(err, text, sizeof text);
	vx_buf_add(&job->messages, text, strlen(text) + 1);
	put_reject(&job->rejects, err, json, len, is_json);
	job->rejected++;
}

void vx_reject(struct vx_record *rec, const struct vx_error *err)
{
	struct vx_error e = *err;

	if (!e.file[0] && !vx_provenance(rec->json, &e))
		vx_error_at(&e, rec->input, rec->row);
	add_reject(rec->job, &e, rec->line, rec->len, rec->json != NULL);
	rec->job->malformed += rec->json == NULL;
}

void vx_reject_json(struct vx_job *job, const struct vx_json *json, const struct vx_error *err)
{
	struct vx_error e = *err;
	struct vx_buf b = VX_BUF_INIT;

	if (!e.file[0])
		vx_provenance(json, &e);
	vx_json_print(json, &b);
	add_reject(job, &e, b.data, b.len, true);
	vx_buf_free(&b);
}

void vx_reject_line(struct vx_job *job, const char *line, size_t len, const struct vx_error *err)
{
	struct vx_error e = *err;

	add_reject(job, &e, line, len, true);
}

#define FLUSH_BYTES (256 << 10)

int vx_emit_flush(struct vx_job *job, struct vx_error *err)
{
	if (job->out.len + job->rejects.len + job->messages.len < FLUSH_BYTES || vx_run_commit(job->run, job) == VX_OK)
		return VX_OK;
	return vx_error_set(err, VX_EIO, NULL, "cannot write the output");
}

bool vx_filter_clean(const struct vx_job *job)
{
	return vx_run_counts(job->run).rejected == 0 && vx_run_status(job->run) == VX_OK;
}

static void add_warning(struct vx_job *job, struct vx_error *where, const char *fmt, va_list args)
{
	char text[1024];

	vsnprintf(text, sizeof text, fmt, args);
	where->field[0] = where->reason[0] = '\0';
	{
		char place[4400];

		vx_error_format(where, place, sizeof place);
		warnings_add(&job->warnings, text, place, 1);
	}
}

void vx_warn(struct vx_record *rec, const char *fmt, ...)
{
	struct vx_error where = VX_ERROR_INIT;
	va_list args;

	if (!vx_provenance(rec->json, &where))
		vx_error_at(&where, rec->input, rec->row);
	va_start(args, fmt);
	add_warning(rec->job, &where, fmt, args);
	va_end(args);
}

void vx_warn_job(struct vx_job *job, const struct vx_json *json, const char *fmt, ...)
{
	struct vx_error where = VX_ERROR_INIT;
	va_list args;

	vx_provenance(json, &where);
	va_start(args, fmt);
	add_warning(job, &where, fmt, args);
	va_end(args);
}

void vx_emit_bytes(struct vx_job *job, const char *line, size_t len)
{
	vx_buf_add(&job->out, line, len);
	vx_buf_putc(&job->out, '\n');
	job->emitted++;
}

void vx_emit_job(struct vx_job *job, const struct vx_json *json)
{
	vx_json_print(json, &job->out);
	vx_buf_putc(&job->out, '\n');
	job->emitted++;
}

void vx_emit(struct vx_record *rec, const struct vx_json *json)
{
	vx_emit_job(rec->job, json);
}

void vx_emit_line(struct vx_record *rec)
{
	vx_emit_bytes(rec->job, rec->line, rec->len);
}

static void progress_clear(struct vx_run *run)
{
	if (run->progress_shown && write(STDERR_FILENO, "\r\033[K", 4) < 0)
		run->progress = false;
	run->progress_shown = false;
}

/* How long the rest of the input will take, if it is like what was read. */
static void put_time_left(struct vx_buf *b, const struct vx_run *run, double seconds)
{
	double left;
	long n;

	if (seconds < 2 || run->taken == 0 || run->expected <= run->taken)
		return;
	left = seconds * (double)(run->expected - run->taken) / (double)run->taken;
	n = left < 1e8 ? (long)left : 100000000;
	if (n >= 3600)
		vx_buf_printf(b, ", %ld:%02ld:%02ld left", n / 3600, n / 60 % 60, n % 60);
	else
		vx_buf_printf(b, ", %ld:%02ld left", n / 60, n % 60);
}

static void progress_show(struct vx_run *run)
{
	double now = vx_now(), seconds = now - run->started;
	struct vx_buf text = VX_BUF_INIT;

	if (!run->progress || now - run->progress_at < 0.2)
		return;
	run->progress_at = now;
	vx_buf_printf(&text, "\r\033[K%s: %ld records, %.0f/s", vx_progname(), run->counts.out,
		(double)run->counts.out / (seconds > 0 ? seconds : 1));
	if (run->counts.rejected)
		vx_buf_printf(&text, ", %ld rejected", run->counts.rejected);
	if (run->progress_more)
		run->progress_more(&text, seconds, run->progress_arg);
	put_time_left(&text, run, seconds);
	vx_buf_putc(&text, ' ');
	if (write(STDERR_FILENO, text.data, text.len) < 0)
		run->progress = false;
	run->progress_shown = true;
	vx_buf_free(&text);
}

void vx_run_expect(
	struct vx_run *run, uint64_t bytes, void (*more)(struct vx_buf *b, double seconds, void *arg), void *arg)
{
	run->expected = bytes;
	run->progress_more = more;
	run->progress_arg = arg;
}

bool vx_run_tick(struct vx_run *run)
{
	progress_show(run);
	return run->progress;
}

/* VX_FAIL_AT=N: faults on order, for whoever tests that a script survives them. */
static void fail_on_order(struct vx_run *run, struct vx_job *job)
{
	const char *p = job->out.data;
	long left = run->fail_at - run->counts.out;

	if (run->fail_at <= 0 || job->emitted < left)
		return;
	for (; left > 0; left--)
		p = strchr(p, '\n') + 1;
	if (vx_write_all(STDOUT_FILENO, job->out.data, (size_t)(p - job->out.data), NULL) == VX_OK)
		raise(SIGKILL);
}

static int write_out(struct vx_run *run, int fd, const char *name, struct vx_buf *b)
{
	struct vx_error err = VX_ERROR_INIT;

	if (b->len == 0 || fd < 0)
		return VX_OK;
	if (vx_write_all(fd, b->data, b->len, &err) == VX_OK)
		return VX_OK;
	vx_error_at(&err, name, 0);
	progress_clear(run);
	vx_message(&err);
	run->out_failed = true;
	run->status = vx_status_worse(run->status, VX_EIO);
	return VX_EIO;
}

int vx_run_commit(struct vx_run *run, struct vx_job *job)
{
	int status = VX_OK;
	const char *m;
	size_t i;

	if (run->fail_at > 0)
		fail_on_order(run, job);
	if (!run->out_failed)
		status = write_out(run, STDOUT_FILENO, "stdout", &job->out);
	if (job->messages.len > 0 || job->warnings.n > 0)
		progress_clear(run);
	for (m = job->messages.data; m && m < job->messages.data + job->messages.len; m += strlen(m) + 1)
		vx_say("%s", m);
	for (i = 0; i < job->warnings.n; i++) {
		const struct vx_warning *w = &job->warnings.list[i];

		if (warnings_add(&run->warnings, w->text, w->where, w->count))
			vx_say("%swarning: %s", w->where, w->text);
	}
	if (status == VX_OK)
		status = write_out(run, run->rejects_fd, run->common->rejects, &job->rejects);
	run->counts.in += job->in;
	run->counts.out += job->emitted;
	run->counts.rejected += job->rejected;
	run->counts.malformed += job->malformed;
	if (job->rejected > 0)
		run->status = vx_status_worse(run->status, VX_EREJECT);
	if (job->fatal) {
		progress_clear(run);
		vx_message(job->fatal);
		run->status = vx_status_worse(run->status, job->fatal->status);
	}
	run->taken += job->text.len;
	progress_show(run);
	vx_job_clear(job);
	return status;
}

struct vx_counts vx_run_counts(const struct vx_run *run)
{
	return run->counts;
}

enum vx_status vx_run_status(const struct vx_run *run)
{
	return run->status;
}

double vx_run_seconds(const struct vx_run *run)
{
	return vx_now() - run->started;
}

void vx_run_out(struct vx_run *run, const char *bytes, size_t len, long records)
{
	vx_buf_add(&run->own.out, bytes, len);
	run->own.emitted += records;
	if (run->own.out.len >= OUT_CHUNK)
		vx_run_flush(run);
}

void vx_run_flush(struct vx_run *run)
{
	if (vx_run_commit(run, &run->own) != VX_OK)
		run->out_failed = true;
}

void vx_run_reject(struct vx_run *run, const struct vx_error *err, const struct vx_json *record)
{
	struct vx_error e = *err;
	struct vx_buf b = VX_BUF_INIT;

	vx_json_print(record, &b);
	add_reject(&run->own, &e, b.data, b.len, true);
	vx_buf_free(&b);
	vx_run_flush(run);
}

void vx_run_warn(struct vx_run *run, const struct vx_error *err)
{
	struct vx_error where = *err;
	char place[4400];

	where.field[0] = where.reason[0] = '\0';
	vx_error_format(&where, place, sizeof place);
	warnings_add(&run->own.warnings, err->reason, place, 1);
}

void vx_run_note(struct vx_run *run, enum vx_status status)
{
	run->status = vx_status_worse(run->status, status);
}

bool vx_run_failed(const struct vx_run *run)
{
	return run->out_failed;
}

long vx_run_count(const struct vx_run *run)
{
	return run->counts.out + run->own.emitted;
}

static void say_more_warnings(const struct vx_run *run)
{
	size_t i;

	for (i = 0; i < run->warnings.n; i++)
		if (run->warnings.list[i].count > 1)
			vx_say("warning: %s (and %ld more)", run->warnings.list[i].text,
				run->warnings.list[i].count - 1);
}

int vx_run_end(struct vx_run *run, const char *summary)
{
	int status;

	vx_run_flush(run);
	progress_clear(run);
	/* A stdout that was closed from the start matters only to a tool that had something to say. */
	if (close(STDOUT_FILENO) != 0 && errno != EBADF && !run->out_failed) {
		vx_say("stdout: cannot write: %s", strerror(errno));
		run->status = vx_status_worse(run->status, VX_EIO);
	}
	if (run->rejects_fd >= 0 && close(run->rejects_fd) != 0) {
		vx_say("%s: cannot write: %s", run->common->rejects, strerror(errno));
		run->status = vx_status_worse(run->status, VX_EIO);
	}
	say_more_warnings(run);
	if (summary && !run->common->quiet)
		vx_say("%s", summary);
	status = vx_exit_status(run->status);
	vx_job_free(&run->own);
	warnings_free(&run->warnings);
	free(run);
	return status;
}
