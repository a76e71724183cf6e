/* vx-scan: finds the files of a dataset, says what each is and captures names out of its path. folders -> records.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>

#include "vx_filter.h"

#include "scan.h"

/* ---- the walk's pieces, in order ---- */

struct output {
	struct opts *o;
	struct vx_run *run;
	const char *shown; /* the root as it was given, for messages */
	double flushed;    /* when the output was last flushed */
	long counts[4], rejected;
};

static void take_note(struct output *out, char level, const char *rel, const char *reason)
{
	struct vx_error err = VX_ERROR_INIT;
	size_t n = strlen(out->shown);
	const char *slash = *rel && n && out->shown[n - 1] != '/' ? "/" : "";
	char *path = out->o->only ? vx_strdup(out->shown) : vx_asprintf("%s%s%s", out->shown, slash, rel);

	vx_error_set(&err, VX_EREJECT, NULL, "%s", reason);
	vx_error_at(&err, path, 0);
	if (level == 'e') {
		vx_message(&err);
	} else if (level == 'w') {
		vx_run_warn(out->run, &err);
	} else {
		struct vx_buf text = VX_BUF_INIT;
		struct vx_json *record = vx_json_object(), *file = vx_json_object();
		vx_utf8_lossy(&text, rel, strlen(rel));
		vx_json_set(file, "rel", vx_json_string_n(text.data ? text.data : "", text.len));
		vx_json_set(record, "_file", file);
		vx_run_reject(out->run, &err, record);
		vx_json_free(record);
		vx_buf_free(&text);
		out->rejected++;
	}
	free(path);
}

static bool write_piece(void *arg, const struct vx_walk_out *piece)
{
	struct output *out = arg;
	const char *rel, *reason;
	size_t at = 0;
	char level;

	for (size_t i = 0; i < 4; i++)
		out->counts[i] += piece->counts[i];
	if (piece->text.len)
		vx_run_out(out->run, piece->text.data, piece->text.len, piece->records);
	while (vx_walk_notes(piece, &at, &level, &rel, &reason))
		take_note(out, level, rel, reason);
	/* The first records go out at once, and whoever reads is never kept waiting for long. */
	if (vx_now() - out->flushed > 0.05) {
		vx_run_flush(out->run);
		out->flushed = vx_now();
	}
	return !vx_run_failed(out->run);
}

static void flush(void *arg)
{
	struct output *out = arg;

	vx_run_flush(out->run);
	out->flushed = vx_now();
}

/* ---- one argument ---- */

/* A file is its folder, of which only it and what may belong to it are looked at. */
static int walk_file(struct vx_walk *walk, struct output *out, const char *path, struct vx_error *err)
{
	static const char *const beside[] = { ".json", ".bval", ".bvec", ".hdr", ".hdr.gz", ".img", ".img.gz", ".nii",
		".nii.gz", "" };
	enum { N = sizeof beside / sizeof beside[0] };
	char *copy = vx_strdup(path), *folder = vx_strdup(path), *name = basename(copy);
	const struct vx_suffix *s = vx_suffix_of(name, strlen(name));
	int stem = (int)(strlen(name) - (s ? s->len : 0)), status;
	char *names[N + 2] = { name };
	size_t n = 1;

	for (size_t i = 0; i < N; i++) {
		names[n] = vx_asprintf("%.*s%s", stem, name, beside[i]);
		if (strcmp(names[n], name) == 0)
			free(names[n]);
		else
			n++;
	}
	names[n] = NULL;
	out->o->only = name;
	walk->follow = true; /* it was named */
	status = vx_walk(walk, dirname(folder), (const char *const *)names, err);
	walk->follow = out->o->follow;
	out->o->only = NULL;
	while (n > 1)
		free(names[--n]);
	free(copy);
	free(folder);
	return status;
}

static int walk_argument(struct vx_walk *walk, struct output *out, const char *path, struct vx_error *err)
{
	struct stat st;
	char *real = realpath(path, NULL);
	int status;

	out->shown = path;
	if (!real || stat(path, &st) != 0) {
		status = vx_error_errno(err, VX_EIO, NULL, "cannot be opened");
		vx_error_at(err, path, 0);
		free(real);
		return status;
	}
	if (!S_ISDIR(st.st_mode))
		*strrchr(real, '/') = '\0';
	out->o->root_name = strrchr(real, '/') && strrchr(real, '/')[1] ? strrchr(real, '/') + 1 : "root";
	if (S_ISDIR(st.st_mode)) {
		status = vx_walk(walk, path, NULL, err);
	} else if (S_ISREG(st.st_mode)) {
		status = walk_file(walk, out, path, err);
	} else {
		status = vx_error_set(err, VX_EIO, NULL, "is neither a file nor a folder");
		vx_error_at(err, path, 0);
	}
	free(real);
	return status;
}

static void put_count(struct vx_buf *b, long count, const char *text)
{
	if (count)
		vx_buf_printf(b, ", %ld %s", count, text);
}

static int scan(struct opts *o, char **paths)
{
	struct vx_error err = VX_ERROR_INIT;
	struct output out = { .o = o, .run = vx_run_new(&o->common, &err) };
	struct vx_walk walk = { .mark = scan_mark,
		.files = scan_files,
		.write = write_piece,
		.idle = flush,
		.worker_new = scan_worker_new,
		.worker_free = scan_worker_free,
		.arg = &out,
		.follow = o->follow,
		.jobs = o->common.jobs ? o->common.jobs : vx_cpus() };
	struct vx_buf summary = VX_BUF_INIT;
	double started = vx_now();
	int status;

	if (!out.run) {
		vx_message(&err);
		return vx_exit_status(VX_EIO);
	}
	for (; *paths && !vx_run_failed(out.run); paths++) {
		if (walk_argument(&walk, &out, *paths, &err) != VX_OK) {
			vx_message(&err);
			vx_run_note(out.run, VX_EIO);
		}
	}
	vx_run_flush(out.run);
	vx_buf_printf(&summary, "%ld files out", vx_run_count(out.run));
	put_count(&summary, out.rejected, "rejected");
	put_count(&summary, out.counts[COUNT_UNMATCHED], "matched no pattern");
	put_count(&summary, out.counts[COUNT_OLD], "not newer");
	put_count(&summary, out.counts[COUNT_YOUNG], "changed just now, left for the next run");
	vx_buf_printf(&summary, ", %.1f s", vx_now() - started);
	status = vx_run_end(out.run, summary.data);
	vx_buf_free(&summary);
	return status;
}

int main(int argc, char **argv)
{
	struct opts o = { 0 };
	int status;

	vx_progname_set("vx-scan");
	scan_parse_args(argc, argv, &o);
	status = scan(&o, argv + optind);
	scan_free_opts(&o);
	return status;
}
