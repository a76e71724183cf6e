/* vx-csv: makes a table a stream. CSV, TSV and their kin -> a record a row, every cell a string.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_csv.h"
#include "vx_filter.h"

struct opts {
	struct vx_common common;
	struct vx_csv_options csv;
	bool no_header;
	const char *columns; /* their names, with commas between; NULL: the header's */
	const char *name;    /* of stdin in _source */
};

static const char usage[] =
	"usage: vx-csv [OPTION...] [FILE...]\n"
	"Writes a record for each row of the tables: a key for each column, every cell a string.\n"
	"\n"
	"  -d, --delimiter CHAR  what stands between cells: one character, or 'tab' (default: , ; tab or |, as found)\n"
	"  -e, --encoding NAME   of the text, as iconv knows it (default: UTF-8, UTF-16 or Latin-1, as found)\n"
	"      --no-header       the first row is a row like others; columns are column_1, column_2, ...\n"
	"  -c, --columns NAMES   names of the columns, with commas between, in place of the header's\n"
	"      --name NAME       what _source calls standard input (default -)\n" VX_OPT_HELP;

enum { OPT_NO_HEADER = VX_OPT_OWN, OPT_NAME };

static const struct option longs[] = {
	{ "delimiter", required_argument, NULL, 'd' },
	{ "encoding", required_argument, NULL, 'e' },
	{ "no-header", no_argument, NULL, OPT_NO_HEADER },
	{ "columns", required_argument, NULL, 'c' },
	{ "name", required_argument, NULL, OPT_NAME },
	VX_OPT_COMMON,
	{ 0 },
};

/* One table on its way through. */
struct table {
	const struct opts *o;
	struct vx_run *run;
	const char *file;        /* as messages and _source name it */
	struct vx_buf file_utf8; /* the same where the name was not UTF-8 */
	struct vx_buf keys;      /* "name": of each column, one after the other */
	size_t *ends;            /* where each of them ends */
	size_t columns;
	bool has_header;
	struct vx_buf source; /* ,"_source":{"file":"x.csv","row": */
	struct vx_buf line;
	struct vx_error err;
	long rejected;
	enum vx_status status; /* VX_EDATA: this table has no header that could be used */
};

/* ---- columns ---- */

static bool taken(const struct table *t, const char *key, size_t len)
{
	for (size_t i = 0, at = 0; i < t->columns; at = t->ends[i++])
		if (t->ends[i] - at == len && memcmp(t->keys.data + at, key, len) == 0)
			return true;
	/* The key that says where a record comes from is not the table's to give. */
	return len == strlen("\"_source\":") && memcmp(key, "\"_source\":", len) == 0;
}

/* Adds a column: without a name it is column_4, a second one of a name gets _2 behind it. */
static void add_column(struct table *t, const char *name, size_t len)
{
	struct vx_buf plain = VX_BUF_INIT, key = VX_BUF_INIT;

	if (len)
		vx_buf_add(&plain, name, len);
	else
		vx_buf_printf(&plain, "column_%zu", t->columns + 1);
	len = plain.len;
	for (long n = 2;; n++) {
		vx_buf_clear(&key);
		vx_json_put_string(&key, plain.data, plain.len);
		vx_buf_putc(&key, ':');
		if (!taken(t, key.data, key.len))
			break;
		plain.len = len;
		vx_buf_printf(&plain, "_%ld", n);
	}
	vx_buf_add(&t->keys, key.data, key.len);
	t->ends = vx_realloc(t->ends, (t->columns + 1) * sizeof *t->ends);
	t->ends[t->columns++] = t->keys.len;
	vx_buf_free(&plain);
	vx_buf_free(&key);
}

static void name_columns(struct table *t, const struct vx_csv_row *row)
{
	if (t->o->columns) {
		const char *p = t->o->columns;
		for (size_t n; n = strcspn(p, ","), true; p += n + 1) {
			add_column(t, p, n);
			if (!p[n])
				break;
		}
	} else {
		for (size_t i = 0; i < row->count; i++)
			add_column(t, row->cells[i], t->o->no_header ? 0 : row->lens[i]);
	}
}

/* ---- rows ---- */

static struct vx_json *reject_record(const struct table *t, const struct vx_csv_row *row)
{
	struct vx_json *record = vx_json_object(), *source = vx_json_object(), *cells = vx_json_array();

	vx_json_set_str(source, "file", t->file);
	vx_json_set_int(source, "row", row->row);
	vx_json_set(record, "_source", source);
	for (size_t i = 0; i < row->count; i++) {
		struct vx_buf text = VX_BUF_INIT;
		if (vx_utf8_valid(row->cells[i], row->lens[i]))
			vx_buf_add(&text, row->cells[i], row->lens[i]);
		else
			vx_csv_cp1252(&text, row->cells[i], row->lens[i]);
		vx_json_push(cells, vx_json_string_n(text.data, text.len));
		vx_buf_free(&text);
	}
	vx_json_set(record, "cells", cells);
	return record;
}

static void reject(struct table *t, const struct vx_error *err, const struct vx_csv_row *row)
{
	struct vx_json *record = reject_record(t, row);

	vx_run_reject(t->run, err, record);
	vx_json_free(record);
	t->rejected++;
}

static void emit(struct table *t, const struct vx_csv_row *row)
{
	struct vx_buf *b = &t->line;

	vx_buf_clear(b);
	vx_buf_putc(b, '{');
	for (size_t i = 0, at = 0; i < t->columns; at = t->ends[i++]) {
		if (i)
			vx_buf_putc(b, ',');
		vx_buf_add(b, t->keys.data + at, t->ends[i] - at);
		vx_json_put_string(b, row->cells[i], row->lens[i]);
	}
	vx_buf_add(b, t->source.data, t->source.len);
	vx_json_put_int(b, row->row);
	vx_buf_add(b, "}}\n", 3);
	vx_run_out(t->run, b->data, b->len, 1);
}

static bool take_row(void *arg, const struct vx_csv_row *row)
{
	struct table *t = arg;

	if (!t->has_header) {
		name_columns(t, row);
		t->has_header = true;
		if (!t->o->no_header) {
			if (row->count == t->columns)
				return true;
			vx_error_set(&t->err, VX_EDATA, NULL, "the header has %zu columns, --columns names %zu",
				row->count, t->columns);
			vx_error_at(&t->err, t->file, row->row);
			t->status = VX_EDATA;
			return false;
		}
	}
	if (row->count == t->columns) {
		emit(t, row);
	} else {
		vx_error_set(
			&t->err, VX_EREJECT, NULL, "%zu cells where there are %zu columns", row->count, t->columns);
		vx_error_at(&t->err, t->file, row->row);
		reject(t, &t->err, row);
	}
	return !vx_run_failed(t->run);
}

static bool take_bad(void *arg, const struct vx_error *err, const struct vx_csv_row *row)
{
	struct table *t = arg;

	t->err = *err;
	vx_error_at(&t->err, t->file, err->row);
	if (!t->has_header && !t->o->no_header && !t->o->columns) {
		/* Without a header no row behind it has names. */
		t->err.status = t->status = VX_EDATA;
		return false;
	}
	t->has_header |= !t->o->no_header;
	reject(t, &t->err, row);
	return !vx_run_failed(t->run);
}

static void take_warning(void *arg, const struct vx_error *err)
{
	struct table *t = arg;

	t->err = *err;
	vx_error_at(&t->err, t->file, err->row);
	vx_run_warn(t->run, &t->err);
}

static void flush(void *arg)
{
	vx_run_flush(((struct table *)arg)->run);
}

/* ---- tables ---- */

static void read_table(struct table *t, const char *path)
{
	struct vx_csv_handler h = { .row = take_row, .bad = take_bad, .warn = take_warning, .idle = flush, .arg = t };
	enum vx_status status;

	vx_buf_clear(&t->file_utf8);
	t->file = strcmp(path, "-") == 0 && t->o->name ? t->o->name : path;
	if (!vx_utf8_valid(t->file, strlen(t->file))) {
		vx_csv_cp1252(&t->file_utf8, t->file, strlen(t->file));
		t->file = t->file_utf8.data;
	}
	t->has_header = false;
	t->status = VX_OK;
	t->columns = 0;
	vx_buf_clear(&t->keys);
	vx_buf_clear(&t->source);
	vx_buf_puts(&t->source, ",\"_source\":{\"file\":");
	vx_json_put_string(&t->source, t->file, strlen(t->file));
	vx_buf_puts(&t->source, ",\"row\":");
	status = (enum vx_status)vx_csv_read(path, &t->o->csv, &h, &t->err);
	if (status != VX_OK)
		t->status = status;
	if (t->status != VX_OK) {
		vx_message(&t->err);
		vx_run_note(t->run, t->status);
	}
}

static int run(const struct opts *o, char **paths)
{
	static char *stdin_only[] = { "-", NULL };
	struct table t = { .o = o, .err = VX_ERROR_INIT };
	struct vx_buf summary = VX_BUF_INIT;
	double started = vx_now();
	int status;

	vx_run_spare_inputs(&o->common, paths);
	t.run = vx_run_new(&o->common, &t.err);
	if (!t.run) {
		vx_message(&t.err);
		return vx_exit_status(VX_EIO);
	}
	for (paths = *paths ? paths : stdin_only; *paths && !vx_run_failed(t.run); paths++)
		read_table(&t, *paths);
	vx_run_flush(t.run);
	vx_buf_printf(&summary, "%ld rows out", vx_run_count(t.run));
	if (t.rejected)
		vx_buf_printf(&summary, ", %ld rejected", t.rejected);
	vx_buf_printf(&summary, ", %.1f s", vx_now() - started);
	status = vx_run_end(t.run, summary.data);
	vx_buf_free(&summary);
	vx_buf_free(&t.file_utf8);
	vx_buf_free(&t.keys);
	vx_buf_free(&t.source);
	vx_buf_free(&t.line);
	free(t.ends);
	return status;
}

/* ---- options ---- */

static char parse_delimiter(const char *arg)
{
	if (strcmp(arg, "tab") == 0 || strcmp(arg, "\\t") == 0)
		return '\t';
	if (!arg[0] || arg[1] || strchr("\"\r\n", arg[0]) || (unsigned char)arg[0] >= 0x80)
		vx_die(VX_EUSAGE, "--delimiter: '%s' is no single character", arg);
	return arg[0];
}

static void parse_args(int argc, char **argv, struct opts *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "d:e:c:" VX_OPT_SHORT, longs, NULL)) != -1) {
		switch (c) {
		case 'd':
			o->csv.delimiter = parse_delimiter(optarg);
			break;
		case 'e':
			o->csv.encoding = optarg;
			break;
		case OPT_NO_HEADER:
			o->no_header = true;
			break;
		case 'c':
			o->columns = optarg;
			if (!vx_utf8_valid(optarg, strlen(optarg)))
				vx_die(VX_EUSAGE, "--columns: not UTF-8");
			break;
		case OPT_NAME:
			o->name = optarg;
			break;
		default:
			vx_opt_common(c, usage, &o->common);
		}
	}
}

int main(int argc, char **argv)
{
	struct opts o = { 0 };

	vx_progname_set("vx-csv");
	parse_args(argc, argv, &o);
	return run(&o, argv + optind);
}
