/* vx-dicom-meta: fills in what the header of a DICOM file says; records of DICOM files -> the same with fields, or with
 * --series a record a series.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dicom.h"
#include "vx_hash.h"

enum { OPT_SERIES = VX_OPT_OWN, OPT_ALLOW };

static const char usage[] =
	"usage: vx-dicom-meta [OPTION]... [FILE]...\n"
	"Fills in what the DICOM file that a record names says in front of its pixels: how it was acquired, where the "
	"slice\n"
	"lies. Reads records (of vx-scan --kind dicom, or with path_dcm) from FILE or stdin, writes them to stdout.\n"
	"\n"
	"      --series          a record a series instead of one a file: files, missing and duplicate slices, "
	"orientations,\n"
	"                        b-values; they come at the end\n"
	"      --allow FILE      which tags become what (default: dicom.json of the share folder)\n" VX_OPT_HELP;

static void percent_decode(const char *s, struct vx_buf *out)
{
	for (; *s; s++) {
		int high = *s == '%' ? vx_hex_digit(s[1]) : -1, low = high < 0 ? -1 : vx_hex_digit(s[2]);
		if (low >= 0 && high + low > 0) { /* %00 stays: no file has a NUL in its name */
			vx_buf_putc(out, (char)(high << 4 | low));
			s += 2;
		} else {
			vx_buf_putc(out, *s);
		}
	}
}

/* The path of the record's DICOM file; false: it names none. */
static bool path_of(const struct vx_json *record, struct vx_buf *path)
{
	const struct vx_json *file = vx_json_get(record, "_file");
	const char *kind = file ? vx_json_str(file, "kind") : NULL, *raw = NULL;
	const struct vx_json *said = vx_json_get(record, "path_dcm");
	size_t len;
	if (!said && kind && strcmp(kind, "dicom") == 0) {
		said = vx_json_get(file, "path");
		raw = vx_json_str(file, "path_raw");
	}
	const char *text = vx_json_text(said, &len);
	vx_buf_clear(path);
	if (!text || len == 0 || strlen(text) != len) /* no file has a NUL in its name */
		return false;
	if (raw)
		percent_decode(raw, path);
	else if (strncasecmp(text, "file:///", 8) == 0)
		percent_decode(text + 7, path);
	else
		vx_buf_puts(path, text);
	return true;
}

static int read_bytes(void *arg, void *out, size_t want, size_t *got, struct vx_error *err)
{
	return vx_gz_read(arg, out, want, got, err);
}

static int skip_bytes(void *arg, uint64_t n, uint64_t *got, struct vx_error *err)
{
	return vx_gz_skip(arg, n, got, err);
}

static int read_header(struct worker *w, struct vx_error *err)
{
	const struct vx_dicom_input in = { read_bytes, skip_bytes, w->gz };
	int st = vx_gz_open(w->gz, w->path.data, err);
	if (st == VX_OK)
		st = vx_dicom_read(w->dicom, &in, err);
	vx_gz_close(w->gz);
	return st;
}

static void say(void *rec, const char *text)
{
	vx_warn(rec, "%s", text);
}

/* A value that the record holds already stays. */
static void fill_in(struct vx_record *rec, const struct vx_json *fields, struct vx_json *details)
{
	struct vx_json_iter it = vx_json_begin(fields);
	while (vx_json_next(&it)) {
		const struct vx_json *held = vx_json_get(rec->json, it.key);
		if (!held)
			vx_json_set(rec->json, it.key, vx_json_ref(it.value));
		else if (!vx_json_equal(held, it.value))
			vx_warn(rec, "%s: the file says otherwise; the record's value stays", it.key);
	}
	vx_json_set(rec->json, "_dicom", vx_json_ref(details));
	vx_emit(rec, rec->json);
}

static int process(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	struct worker *w = worker;
	struct opts *o = arg;
	if (!path_of(rec->json, &w->path)) {
		if (vx_json_get(rec->json, "path_dcm"))
			return vx_error_set(err, VX_EREJECT, "path_dcm", "not a path");
		atomic_fetch_add(&o->passed, 1);
		vx_emit_line(rec);
		return VX_OK;
	}
	int st = read_header(w, err);
	if (st != VX_OK)
		return st;
	struct vx_json *fields = vx_dicom_fields(w->dicom, say, rec);
	struct vx_json *details = vx_dicom_details(w->dicom, say, rec);
	if (o->series)
		st = series_add(o->table, rec, fields, details, err);
	else
		fill_in(rec, fields, details);
	vx_json_free(fields);
	vx_json_free(details);
	return st;
}

/* A series is the sum of its files, in order: one thread. */
static int process_batch(struct vx_record *recs, size_t n, struct vx_job *job, void *arg, struct vx_error *err)
{
	struct opts *o = arg;
	(void)job;
	for (size_t i = 0; i < n; i++) {
		int st = process(&recs[i], o->worker, o, err);
		if (st == VX_EREJECT)
			vx_reject(&recs[i], err);
		else if (st != VX_OK)
			return st;
		vx_error_clear(err);
	}
	return VX_OK;
}

static int finish(struct vx_job *job, void *arg, struct vx_error *err)
{
	return series_emit(((struct opts *)arg)->table, job, err);
}

static void *worker_new(void *arg)
{
	struct worker *w = vx_alloc(sizeof(*w));
	w->gz = vx_gz_new();
	w->dicom = vx_dicom_new(((struct opts *)arg)->list);
	return w;
}

static void worker_free(void *worker)
{
	struct worker *w = worker;
	vx_gz_free(w->gz);
	vx_dicom_free(w->dicom);
	vx_buf_free(&w->path);
	free(w);
}

static void summary_extra(struct vx_buf *b, void *arg)
{
	long passed = atomic_load(&((struct opts *)arg)->passed);
	if (passed > 0)
		vx_buf_printf(b, ", %ld passed on as they were", passed);
}

static void parse_args(int argc, char **argv, struct opts *o)
{
	static const struct option longs[] = { { "series", no_argument, NULL, OPT_SERIES },
		{ "allow", required_argument, NULL, OPT_ALLOW }, VX_OPT_COMMON, { 0 } };
	int c;
	while ((c = getopt_long(argc, argv, VX_OPT_SHORT, longs, NULL)) != -1) {
		switch (c) {
		case OPT_SERIES:
			o->series = true;
			break;
		case OPT_ALLOW:
			o->allow = optarg;
			break;
		default:
			vx_opt_common(c, usage, &o->common);
		}
	}
}

int main(int argc, char **argv)
{
	struct opts o = { .series = false };
	struct vx_error err = VX_ERROR_INIT;
	vx_progname_set("vx-dicom-meta");
	parse_args(argc, argv, &o);
	o.list = vx_dicom_list_load(o.allow, &err);
	if (!o.list) {
		vx_message(&err);
		return vx_exit_status(err.status);
	}
	struct vx_filter f = { .arg = &o, .common = &o.common, .summary_extra = summary_extra };
	if (o.series) {
		o.table = series_new();
		o.worker = worker_new(&o);
		f.batch = process_batch;
		f.finish = finish;
		f.lossy = true;
	} else {
		f.record = process;
		f.parallel = true;
		f.worker_new = worker_new;
		f.worker_free = worker_free;
	}
	int status = vx_filter_main(&f, argv + optind);
	if (o.series)
		worker_free(o.worker);
	series_free(o.table);
	vx_dicom_list_free(o.list);
	return status;
}
