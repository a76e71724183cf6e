/* vx-validate: checks resources against the data model.
 * resources (NDJSON) -> the valid ones as they were read; the others rejected with every error
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vx_filter.h"
#include "vx_refs.h"
#include "vx_spill.h"

struct opts {
	struct vx_common common;
	const struct vx_model *model;
	struct vx_refs *refs; /* NULL: each resource by itself */
};

static const char usage[] =
	"usage: vx-validate [OPTION...] [FILE...]\n"
	"Checks resources (NDJSON) against the data model and prints the valid ones as they were read.\n"
	"\n"
	"  -R, --refs            check also what resources refer to: missing ones, cycles, second event roots;\n"
	"                        prints nothing before all input has been read\n"
	"  -K, --known FILE      identifiers that exist elsewhere, one a line, or an export (NDJSON); means "
	"--refs\n" VX_OPT_HELP;

/* The type of a record, or the one error that it has none. */
static const struct vx_type *type_of(
	const struct vx_model *m, const struct vx_json *json, struct vx_schema_error **first)
{
	const struct vx_json *identifier = vx_json_get(json, "identifier");
	size_t len = 0;
	const char *text = vx_json_text(identifier, &len);
	const char *reason = text ? vx_identifier_check(text, len) : "is no string";
	const struct vx_type *t = reason ? NULL : vx_model_type_of(m, text);

	if (!vx_json_has(json, "identifier"))
		vx_schema_error_add(first, "identifier", false, NULL, "is missing");
	else if (!t)
		vx_schema_error_add(
			first, "identifier", true, identifier, "%s", reason ? reason : "begins with no known type");
	return t;
}

/* All errors on one line; the first one's field is left to err->field. */
static void tell(const struct vx_schema_error *first, struct vx_error *err)
{
	struct vx_buf b = VX_BUF_INIT;
	size_t left = 0;

	for (const struct vx_schema_error *e = first; e; e = e->next) {
		size_t before = b.len;
		if (e != first)
			vx_buf_printf(&b, "; %s%s", e->field, *e->field ? ": " : "");
		vx_buf_puts(&b, e->reason);
		if (*e->value)
			vx_buf_printf(&b, " (%s)", e->value);
		if (left || (before && b.len > sizeof(err->reason) - 32)) {
			b.len = before;
			left++;
		}
	}
	if (left)
		vx_buf_printf(&b, "; and %zu more", left);
	b.data[b.len] = '\0';
	(void)vx_error_set(err, VX_EREJECT, first->field, "%s", b.data);
	vx_buf_free(&b);
}

/* For the dead-letter file: the errors one by one. The key is private, so a mended record can be sent through again. */
static void attach(struct vx_json *json, const struct vx_schema_error *first)
{
	struct vx_json *list = vx_json_array();

	for (const struct vx_schema_error *e = first; e; e = e->next) {
		struct vx_json *one = vx_json_object();
		vx_json_set_str(one, "field", e->field);
		vx_json_set_str(one, "value", *e->value ? e->value : NULL);
		vx_json_set_str(one, "reason", e->reason);
		vx_json_push(list, one);
	}
	vx_json_set(json, "_errors", list);
}

/* A record that names no source of its own is known by its identifier. */
static void place(const struct vx_record *rec, struct vx_error *err)
{
	const char *identifier = vx_json_str(rec->json, "identifier");

	if (!vx_json_str(vx_json_get(rec->json, "_source"), "file") &&
		!vx_json_str(vx_json_get(rec->json, "_file"), "rel") && identifier && *identifier)
		vx_error_at(err, identifier, 0);
	else if (!vx_provenance(rec->json, err))
		vx_error_at(err, rec->input, rec->row);
}

static void warn(void *arg, const char *code, const char *field)
{
	if (strcmp(code, "local_path")) /* vx-upload may still come */
		vx_warn(arg, "%s: %s", field, vx_resource_warning_text(code));
}

static int process(struct vx_record *rec, void *worker, void *arg, struct vx_error *err)
{
	const struct opts *o = arg;
	struct vx_schema_error *first = NULL;
	const struct vx_type *t = type_of(o->model, rec->json, &first);

	(void)worker;
	if (t)
		first = vx_resource_check(o->model, t, rec->json);
	if (t && !first && o->refs)
		first = vx_refs_check(o->refs, t, rec->json);
	if (!first) {
		vx_resource_warnings(t, rec->json, warn, rec);
		vx_emit_line(rec);
		return VX_OK;
	}
	tell(first, err);
	place(rec, err);
	attach(rec->json, first);
	vx_schema_error_free(first);
	vx_reject_json(rec->job, rec->json, err);
	return VX_OK;
}

/* The first reading for --refs: a line's resource goes into the graph. The second one says what is wrong. */
static void note_line(struct opts *o, const char *line, size_t len)
{
	struct vx_json *json = NULL;
	struct vx_schema_error *first = NULL;

	if (vx_json_parse(line, len, &json, NULL) != VX_OK)
		return;
	const struct vx_type *t = type_of(o->model, json, &first);
	if (t) {
		first = vx_resource_check(o->model, t, json);
		vx_refs_add(o->refs, t, json, first ? VX_REFS_REJECTED : VX_REFS_VALID);
	}
	vx_schema_error_free(first);
	vx_json_free(json);
}

static int spool_line(int spool, struct vx_buf *held, const char *line, size_t len, struct vx_error *err)
{
	vx_buf_add(held, line, len);
	vx_buf_putc(held, '\n');
	if (held->len < 1 << 18)
		return VX_OK;
	int status = vx_write_all(spool, held->data, held->len, err);
	vx_buf_clear(held);
	return status;
}

/* Reads an input for the graph, and copies it to spool unless that is -1. */
static void note_input(struct opts *o, const char *path, int spool)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_reader *in = vx_reader_open(path, &err);
	struct vx_buf held = VX_BUF_INIT;
	int got = 0, status = VX_OK;
	char *line;
	size_t len;

	if (!in) /* the second reading says so, and goes on */
		return;
	while (status == VX_OK && (got = vx_reader_line(in, &line, &len, &err)) == 1) {
		note_line(o, line, len);
		if (spool >= 0)
			status = spool_line(spool, &held, line, len, &err);
	}
	if (status == VX_OK && held.len)
		status = vx_write_all(spool, held.data, held.len, &err);
	if (status == VX_OK && spool >= 0 && got < 0)
		status = got;
	vx_buf_free(&held);
	vx_reader_close(in);
	if (status != VX_OK)
		vx_die(VX_EIO, "%s: %s", *err.file ? err.file : "temporary file", err.reason);
}

/* Standard input is read twice: from where it stands if it is a file, else from a copy. */
static void note_stdin(struct opts *o)
{
	struct vx_error err = VX_ERROR_INIT;
	struct stat st;
	off_t at = fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) ? lseek(STDIN_FILENO, 0, SEEK_CUR) : -1;
	int spool = at < 0 ? vx_temp_open(&err) : -1;

	if (at < 0 && spool < 0)
		vx_die(VX_EIO, "%s", err.reason);
	note_input(o, "-", spool);
	if (spool >= 0 && dup2(spool, STDIN_FILENO) < 0)
		vx_die(VX_EIO, "cannot read the temporary file");
	if (spool >= 0)
		close(spool);
	if (lseek(STDIN_FILENO, at < 0 ? 0 : at, SEEK_SET) < 0)
		vx_die(VX_EIO, "cannot read the input again");
}

static void note_all(struct opts *o, char **files)
{
	struct stat st;

	if (!*files)
		note_stdin(o);
	for (; *files; files++) {
		if (!strcmp(*files, "-"))
			note_stdin(o);
		else if (stat(*files, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
			vx_die(VX_EUSAGE, "--refs reads its input twice, and %s is no file: give it on standard input",
				*files);
		else
			note_input(o, *files, -1);
	}
	vx_refs_settle(o->refs);
}

static bool known_name(struct opts *o, const char *line, size_t len)
{
	char *name = vx_strndup(line, len);
	bool good = !vx_identifier_check(name, len) && vx_model_type_of(o->model, name);

	if (good)
		vx_refs_add_name(o->refs, name);
	free(name);
	return good;
}

static bool known_line(struct opts *o, const char *line, size_t len)
{
	struct vx_json *json = NULL;
	struct vx_schema_error *none = NULL;
	const struct vx_type *t = NULL;

	while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (len == 0)
		return true;
	if (line[0] != '{')
		return known_name(o, line, len);
	if (vx_json_parse(line, len, &json, NULL) == VX_OK)
		t = type_of(o->model, json, &none);
	if (t)
		vx_refs_add(o->refs, t, json, VX_REFS_KNOWN);
	vx_schema_error_free(none);
	vx_json_free(json);
	return t;
}

static void read_known(struct opts *o, const char *path)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_reader *in = vx_reader_open(path, &err);
	int got = VX_EIO;
	char *line;
	size_t len;

	for (long row = 1; in && (got = vx_reader_line(in, &line, &len, &err)) == 1; row++)
		if (!known_line(o, line, len))
			vx_die(VX_EDATA, "%s:%ld: neither an identifier nor a resource", path, row);
	vx_reader_close(in);
	if (got < 0)
		vx_die(VX_EIO, "%s: %s", path, err.reason);
}

static void parse_args(int argc, char **argv, struct opts *o)
{
	static const struct option longs[] = { { "refs", no_argument, NULL, 'R' },
		{ "known", required_argument, NULL, 'K' }, VX_OPT_COMMON, { 0 } };
	int c;

	while ((c = getopt_long(argc, argv, "RK:" VX_OPT_SHORT, longs, NULL)) != -1) {
		if ((c == 'R' || c == 'K') && !o->refs)
			o->refs = vx_refs_new(o->model);
		if (c == 'K')
			read_known(o, optarg);
		else if (c != 'R')
			vx_opt_common(c, usage, &o->common);
	}
}

int main(int argc, char **argv)
{
	struct vx_error err = VX_ERROR_INIT;
	struct opts o = { 0 };

	vx_progname_set("vx-validate");
	struct vx_model *model = vx_model_load(&err);
	if (!model) {
		vx_message(&err);
		return vx_exit_status(err.status);
	}
	o.model = model;
	parse_args(argc, argv, &o);
	if (o.refs)
		note_all(&o, argv + optind);
	struct vx_filter f = {
		.record = process, .arg = &o, .common = &o.common, .parallel = true, .noun = "resources"
	};
	int status = vx_filter_main(&f, argv + optind);
	vx_refs_free(o.refs);
	vx_model_free(model);
	return status;
}
