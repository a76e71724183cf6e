/* vx_filter: the one loop all filters share: NDJSON in, records to the tool, NDJSON out in input order, rejects,
 * progress, summary, exit status.
 *
 *	static int process(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
 *	{
 *		if (!vx_json_str(rec->json, "path_nii"))
 *			return vx_error_set(err, VX_EREJECT, "path_nii", "missing");
 *		vx_emit(rec, rec->json);
 *		return VX_OK;
 *	}
 *	int main(int argc, char **argv)
 *	{
 *		struct vx_filter f = { .record = process, .arg = &o, .common = &o.common, .parallel = true };
 *		return vx_filter_main(&f, argv + optind);
 *	}
 *
 * The loop reads stdin or the files named ("-" is stdin). Lines that are blank are skipped. A line that is no JSON
 * object costs only itself; when the first 100 lines and more all are none, the stream is none (exit 65). Memory does not
 * grow with the number of records. Output is flushed whenever the input pauses.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_FILTER_H
#define VX_FILTER_H

#include <signal.h>

#include "vx_err.h"
#include "vx_json.h"
#include "vx_opt.h"

struct vx_job; /* a batch of records on its way through, with its output and its messages */

/* One record. The tool may change json; line stays as it was read. Both are valid until the callback returns
 * (keep json longer with vx_json_ref). */
struct vx_record {
	struct vx_json *json;
	const char *line; /* line[0..len), without newline */
	size_t len;
	const char *input; /* the input's name, "-" for stdin */
	long row;          /* its line there, 1-based */
	void *tag;         /* the tool's own, NULL at first */
	struct vx_job *job;
};

struct vx_filter {
	/* Exactly one of the two. A negative return other than VX_EREJECT (VX_EUNREACHABLE, VX_EREFUSED, VX_EIO ...) ends
	 * the run with that status once what is before it has been written.
	 * record: one record; with parallel it is called from several threads at once, output stays in order.
	 *         VX_EREJECT: the loop rejects the record with err.
	 * batch:  up to batch_max records at once, in order, from one thread; rejects with vx_reject, emits with vx_emit. */
	int (*record)(struct vx_record *rec, void *worker, void *arg, struct vx_error *err);
	int (*batch)(struct vx_record *recs, size_t n, struct vx_job *job, void *arg, struct vx_error *err);
	/* source: the records come from here instead of files and stdin: the next line, appended to line without a newline: 1;
	 * 0 at the end; an error ends the input. In the main thread. It may wait, and a batch waits with it: set batch_max. */
	int (*source)(struct vx_buf *line, void *arg, struct vx_error *err);
	/* finish: after the last record, to emit what was held back (by vx_emit_job). May be NULL. */
	int (*finish)(struct vx_job *job, void *arg, struct vx_error *err);
	/* A worker's own state (a decompressor, a connection): made and freed in its thread. May be NULL. */
	void *(*worker_new)(void *arg);
	void (*worker_free)(void *worker);

	void *arg; /* handed to every callback */
	const struct vx_common *common;
	bool parallel;      /* record may run in several threads: common->jobs, default_jobs, else one a processor */
	int default_jobs;   /* 0: one a processor (set it where waiting, not computing, is the work) */
	size_t batch_max;   /* records a batch: default 256; fewer where one record takes long */
	size_t batch_bytes; /* bytes of input a batch: default 256 KiB */
	/* interrupted: once it is not 0, no record is begun; those that are, are finished. NULL: a signal ends it all. */
	const volatile sig_atomic_t *interrupted;
	size_t window;    /* with parallel: batches that may be done behind one that is not, in 8 MiB; default: few */
	int linger_ms;    /* how long a batch that is not full waits for more input: default 0 */
	bool lossy;       /* the tool may emit more or fewer records than it read: no count check */
	bool text;        /* with batch: records are checked, but not built: json is NULL (see vx_json_walk) */
	const char *noun; /* for the summary, default "records" */
	/* before_summary: what else is to be said at the end, behind all rejects and warnings. May be NULL. */
	void (*before_summary)(void *arg);
	/* summary_extra: appends ", 3 created" to the summary line. May be NULL. */
	void (*summary_extra)(struct vx_buf *b, void *arg);
	/* progress_extra: appends ", 12.3 MB" to the progress line, from any thread, while records are under way. May be NULL. */
	void (*progress_extra)(struct vx_buf *b, double seconds, void *arg);
};

/* vx_filter_main: runs the loop over files (a NULL-terminated list; empty: stdin), closes stdout, says the summary.
 * Returns the exit status. */
int vx_filter_main(const struct vx_filter *f, char **files);

/* Output: a record, or its line as it was read, or bytes that are a whole line already (newline added). */
void vx_emit(struct vx_record *rec, const struct vx_json *json);
void vx_emit_line(struct vx_record *rec);
void vx_emit_job(struct vx_job *job, const struct vx_json *json);
void vx_emit_bytes(struct vx_job *job, const char *line, size_t len);

/* vx_emit_flush: writes what the job holds once that is some hundred KiB, so that a finish callback may emit without end;
 * for finish only. VX_EIO. */
int vx_emit_flush(struct vx_job *job, struct vx_error *err) VX_MUST_USE;

/* vx_filter_clean: for finish: whether all input was read, and nothing of it rejected. */
bool vx_filter_clean(const struct vx_job *job);

/* vx_reject: the record goes to the dead-letter file and a line about it to stderr; counts towards exit status 1.
 * Where err has no file, it is taken from the record: _source (file, row), else _file.rel, else path_nii, else
 * path_dcm, else identifier, else path, else the input's line. */
void vx_reject(struct vx_record *rec, const struct vx_error *err);
void vx_reject_json(struct vx_job *job, const struct vx_json *json, const struct vx_error *err); /* for one held back */

/* vx_reject_line: the same for one that is known as its text only; err names file and row. */
void vx_reject_line(struct vx_job *job, const char *line, size_t len, const struct vx_error *err);

/* vx_warn: a warning about a record. Warnings with equal text are shown once and counted: "(and 41 more)". */
void vx_warn(struct vx_record *rec, const char *fmt, ...) VX_PRINTF(2, 3);
void vx_warn_job(struct vx_job *job, const struct vx_json *json, const char *fmt, ...) VX_PRINTF(3, 4);

/* vx_provenance: fills err->file and err->row from the record as vx_reject says; false when it names nothing. */
bool vx_provenance(const struct vx_json *json, struct vx_error *err);

/* For tools that do not read NDJSON (vx-scan, vx-csv) but write it: the same rejects, warnings, counts, progress and end.
 * One thread at a time. vx_run_rejects counts apart from what comes out. */
struct vx_run;
/* vx_run_spare_inputs: wrong usage (64) where --rejects names one of files (empty: stdin), which it would empty before it is
 * read. Before vx_run_new. */
void vx_run_spare_inputs(const struct vx_common *common, char **files);
struct vx_run *vx_run_new(
	const struct vx_common *common, struct vx_error *err) VX_MUST_USE; /* opens --rejects; NULL on VX_EIO */
void vx_run_out(
	struct vx_run *run, const char *bytes, size_t len, long records); /* whole lines; buffered, see vx_run_flush */
void vx_run_flush(struct vx_run *run);
void vx_run_reject(
	struct vx_run *run, const struct vx_error *err, const struct vx_json *record); /* record may be NULL */
void vx_run_warn(struct vx_run *run, const struct vx_error *err);                      /* counted, as vx_warn */
void vx_run_note(struct vx_run *run, enum vx_status status); /* the run's status is at least as bad as this */
bool vx_run_failed(const struct vx_run *run);                /* stdout is gone: stop */
long vx_run_count(const struct vx_run *run);                 /* records written so far */
int vx_run_end(
	struct vx_run *run, const char *summary); /* summary line (NULL: none), closes stdout, frees; the exit status */

#endif
