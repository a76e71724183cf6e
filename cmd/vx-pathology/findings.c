/* findings: contradictions between redundant cells, as NDJSON for machines and counted for people.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pathology.h"

#define RULES_MAX 256
#define FLUSH_AT (64 << 10)

/* What was found of one rule and severity. */
struct tally {
	char rule[64];
	const char *severity;
	long count;
	char *first; /* "marksheet.csv:17: case_ISUP '0', ..." */
};

struct findings {
	const char *path;      /* NULL: counted only */
	struct vx_atomic file; /* fd -1: there is none */
	bool is_file;
	struct vx_buf out;
	struct vx_error failed; /* status VX_OK: none */
	struct tally tallies[RULES_MAX];
	size_t n;
	long count; /* without "info" */
};

/* Opening /dev/stderr anew would write over what this process writes there, where it is a file. */
static int open_plain(struct findings *f, const char *path, struct vx_error *err)
{
	int own = strcmp(path, "/dev/stderr") == 0   ? STDERR_FILENO
		  : strcmp(path, "/dev/stdout") == 0 ? STDOUT_FILENO
						     : -1;

	f->file.fd =
		own >= 0 ? fcntl(own, F_DUPFD_CLOEXEC, 3) : open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (f->file.fd >= 0)
		return VX_OK;
	vx_error_at(err, path, 0);
	return vx_error_errno(err, VX_EIO, NULL, "cannot write");
}

struct findings *findings_new(const char *path, struct vx_error *err)
{
	struct findings *f = vx_alloc(sizeof *f);
	struct stat st;

	f->path = path;
	f->file.fd = -1;
	if (!path)
		return f;
	/* A file takes its name when it is whole, so that it may be the input. What is none, or a link (/dev/stderr), is
	 * written to: a rename would put a file in its place. */
	f->is_file = lstat(path, &st) != 0 || S_ISREG(st.st_mode);
	if (f->is_file ? vx_atomic_open(&f->file, path, err) == VX_OK : open_plain(f, path, err) == VX_OK)
		return f;
	free(f);
	return NULL;
}

void findings_free(struct findings *f)
{
	if (!f)
		return;
	if (f->is_file)
		vx_atomic_abort(&f->file); /* nothing to do once it is committed */
	else if (f->file.fd >= 0)
		close(f->file.fd);
	for (size_t i = 0; i < f->n; i++)
		free(f->tallies[i].first);
	vx_buf_free(&f->out);
	free(f);
}

static void flush(struct findings *f)
{
	struct vx_error err = VX_ERROR_INIT;

	if (f->file.fd >= 0 && f->out.len && f->failed.status == VX_OK &&
		vx_write_all(f->file.fd, f->out.data, f->out.len, &err) != VX_OK)
		f->failed = err;
	vx_buf_clear(&f->out);
}

static void put_list(struct vx_buf *b, const char *key, const struct finding *f, bool columns)
{
	vx_buf_printf(b, ",\"%s\":[", key);
	for (size_t i = 0; i < f->n; i++) {
		struct vx_slice s = columns ? slice(f->columns[i]) : f->values[i];

		if (i)
			vx_buf_putc(b, ',');
		vx_json_put_string(b, s.text ? s.text : "", s.len);
	}
	vx_buf_putc(b, ']');
}

static void put_finding(struct findings *all, const struct tool *t, const struct row *row, const struct finding *f)
{
	struct vx_buf *b = &all->out;

	vx_buf_putc(b, '{');
	put_text(b, "rule", f->rule, strlen(f->rule));
	vx_buf_printf(b, ",\"severity\":\"%s\",", f->severity);
	put_text(b, "file", row->file, strlen(row->file));
	vx_buf_printf(b, ",\"row\":%ld", row->number);
	put_list(b, "columns", f, true);
	put_list(b, "values", f, false);
	if (t->patient.len) {
		vx_buf_putc(b, ',');
		put_text(b, "patient", t->patient.text, t->patient.len);
	}
	vx_buf_putc(b, ',');
	put_text(b, "message", f->message, strlen(f->message));
	vx_buf_puts(b, "}\n");
	if (b->len > FLUSH_AT)
		flush(all);
}

static void describe(struct vx_buf *b, const struct finding *f)
{
	for (size_t i = 0; i < f->n; i++)
		vx_buf_printf(b, "%s%.100s '%.*s'", i ? ", " : "", f->columns[i],
			(int)vx_utf8_cut(f->values[i].text, f->values[i].len, 60), f->values[i].text);
	vx_buf_printf(b, "%s%s", f->n ? ": " : "", f->message);
}

static void count(struct findings *all, const struct row *row, const struct finding *f)
{
	struct tally *t = all->tallies;
	struct vx_buf first = VX_BUF_INIT;

	while (t < all->tallies + all->n && (strcmp(t->rule, f->rule) != 0 || strcmp(t->severity, f->severity) != 0))
		t++;
	if (t < all->tallies + all->n) {
		t->count++;
		return;
	}
	if (all->n == RULES_MAX)
		return;
	all->n++;
	snprintf(t->rule, sizeof t->rule, "%s", f->rule);
	t->severity = f->severity;
	t->count = 1;
	vx_buf_printf(&first, "%s:%ld: ", row->file, row->number);
	describe(&first, f);
	t->first = vx_strndup(first.data, first.len);
	vx_buf_free(&first);
}

void findings_add(struct tool *t, struct row *row, const struct finding *f)
{
	if (t->quiet_findings)
		return;
	count(t->findings, row, f);
	if (t->findings->file.fd >= 0)
		put_finding(t->findings, t, row, f);
	if (strcmp(f->severity, "info") == 0)
		return;
	t->findings->count++;
	if (!t->o->strict || row->strange)
		return;
	struct vx_buf why = VX_BUF_INIT;
	vx_buf_printf(&why, "%s: ", f->rule);
	describe(&why, f);
	row->strange = vx_arena_copy(&t->arena, why.data, why.len);
	row->strange_column = f->n ? f->columns[0] : NULL;
	vx_buf_free(&why);
}

long findings_count(const struct findings *f)
{
	return f->count;
}

static int by_severity(const void *a, const void *b)
{
	const struct tally *x = a, *y = b;
	int c = strcmp(x->severity, y->severity); /* error, info, warning */

	if (c && (*x->severity == 'i' || *y->severity == 'i'))
		return *x->severity == 'i' ? 1 : -1;
	return c ? c : strcmp(x->rule, y->rule);
}

void findings_say(struct findings *f, bool quiet)
{
	if (f->n)
		qsort(f->tallies, f->n, sizeof *f->tallies, by_severity);
	for (size_t i = 0; i < f->n; i++)
		if (!quiet || strcmp(f->tallies[i].severity, "info") != 0)
			vx_say("%s: %s: %ld time%s, first %s", f->tallies[i].severity, f->tallies[i].rule,
				f->tallies[i].count, f->tallies[i].count == 1 ? "" : "s", f->tallies[i].first);
}

int findings_end(struct findings *f, struct vx_error *err)
{
	flush(f);
	if (f->failed.status == VX_OK && (!f->is_file || vx_atomic_commit(&f->file, &f->failed) == VX_OK))
		return VX_OK;
	*err = f->failed;
	vx_error_at(err, f->path, 0);
	return VX_EIO;
}
