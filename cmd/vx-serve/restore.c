/* restore: lines of a back-up in batches into the database; what is refused because something else is still in its way is
 * tried again once all others are in. NDJSON, gzip or not -> resources
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "create.h"
#include "restore.h"
#include "vx_backup.h"
#include "vx_spill.h"

#define BATCH_LINES 1000
#define LATER_LINES 20000 /* records that change places have to be in one transaction */
#define BATCH_BYTES (4u << 20)
#define LATER_BYTES (32u << 20)
#define TOLD_MOST 20 /* refused resources that are told one by one */

enum pass {
	PASS_LOOK,  /* production: whether all that is there is the back-up's */
	PASS_FIRST, /* over the file */
	PASS_LATER, /* over what was refused */
	PASS_LAST,  /* the same, and what is refused now stays so */
};

struct restore {
	struct store *store;
	const struct vx_model *model;
	const struct restore_options *how;
	struct vx_backup *backup;
	enum pass pass;
	struct vx_buf lines; /* of the batch */
	long rows[LATER_LINES];
	size_t count;
	FILE *later; /* "ROW LINE"; NULL: nothing was refused */
	long deferred, created, unchanged, updated, refused, in;
};

static void tell(const struct restore *r, long row, const struct item *it)
{
	static const char *const words[] = { [ITEM_CONFLICT] = "conflict", [ITEM_ORPHAN] = "orphan" };
	const char *word = it->status < ITEM_WAITING && words[it->status] ? words[it->status] : "invalid";
	struct vx_error err = VX_ERROR_INIT;
	struct vx_json *first = NULL;
	if (it->errors.len) {
		struct vx_buf list = VX_BUF_INIT;
		vx_buf_printf(&list, "[%s]", it->errors.data);
		if (vx_json_parse(list.data, list.len, &first, NULL) != VX_OK)
			first = NULL;
		vx_buf_free(&list);
	}
	const struct vx_json *e = vx_json_type(first) == VX_ARRAY ? vx_json_at(first, 0) : NULL;
	const char *reason = e ? vx_json_str(e, "reason") : NULL;
	vx_error_set(&err, VX_EREJECT, e ? vx_json_str(e, "field") : NULL, "%s: %s%s%s", word,
		it->shown ? it->shown : "", it->shown ? ": " : "", reason ? reason : "is there with other content");
	vx_error_at(&err, r->how->file, row);
	vx_message(&err);
	vx_json_free(first);
}

static int defer(struct restore *r, long row, const char *line, size_t len, struct vx_error *err)
{
	if (!r->later) {
		int fd = vx_temp_open(err);
		if (fd < 0)
			return VX_EIO;
		r->later = fdopen(fd, "w+");
	}
	r->deferred++;
	if (fprintf(r->later, "%ld ", row) > 0 && fwrite(line, 1, len, r->later) == len && putc('\n', r->later) != EOF)
		return VX_OK;
	return vx_error_errno(err, VX_EIO, NULL, "cannot write a temporary file");
}

/* What became of one item; line is what it was read from. */
static int count(struct restore *r, const struct item *it, long row, const char *line, size_t len, struct vx_error *err)
{
	switch (it->status) {
	case ITEM_CREATED:
		r->created++;
		return VX_OK;
	case ITEM_UNCHANGED:
		r->unchanged++;
		return VX_OK;
	case ITEM_UPDATED:
		r->updated++;
		return VX_OK;
	default:
		if (r->pass == PASS_LOOK)
			return VX_OK;
		if (r->pass != PASS_LAST && it->name && it->status != ITEM_CONFLICT)
			return defer(r, row, line, len, err);
		if (r->refused++ < TOLD_MOST)
			tell(r, row, it);
		return VX_OK;
	}
}

/* flush: the batch, in one transaction. */
static int flush(struct restore *r, struct vx_error *err)
{
	struct create_options how = { .on_conflict = r->how->production ? CREATE_REJECT : CREATE_REPLACE,
		.dry_run = r->pass == PASS_LOOK };
	struct batch batch;
	batch_init(&batch, r->model, NULL);
	int status = r->count ? batch_read(&batch, r->lines.data, r->lines.len, true, err) : VX_OK;
	if (status == VX_OK && r->count)
		status = create_run(r->store, &batch, &how, err);
	const char *line = r->lines.data;
	for (size_t i = 0; i < batch.count && status == VX_OK; i++) {
		size_t len = strcspn(line, "\n");
		status = count(r, &batch.items[i], r->rows[i], line, len, err);
		line += len + 1;
	}
	batch_free(&batch);
	r->count = 0;
	vx_buf_clear(&r->lines);
	return status == STORE_AGAIN ? VX_EUNREACHABLE : status;
}

/* add: one line into the batch. A NUL byte would end what SQLite and strlen see of it: such a line is no JSON. */
static int add(struct restore *r, long row, const char *line, size_t len, struct vx_error *err)
{
	bool later = r->pass >= PASS_LATER;
	if (strnlen(line, len) < len) {
		if (r->pass == PASS_FIRST && r->refused++ < TOLD_MOST)
			vx_say("%s:%ld: holds a NUL byte", r->how->file, row);
		return VX_OK;
	}
	vx_buf_add(&r->lines, line, len);
	vx_buf_putc(&r->lines, '\n');
	r->rows[r->count++] = row;
	if (r->count < (later ? LATER_LINES : BATCH_LINES) && r->lines.len < (later ? LATER_BYTES : BATCH_BYTES))
		return VX_OK;
	return flush(r, err);
}

/* take: a line of the file: into the batch, or past it. */
static int take(struct restore *r, long row, const char *line, size_t len, struct vx_error *err)
{
	int status = vx_backup_line(r->backup, line, len, err);
	vx_error_at(err, r->how->file, row);
	if (status == VX_BACKUP_SKIP)
		return VX_OK;
	r->in++;
	if (status == VX_BACKUP_TAKE)
		return add(r, row, line, len, err);
	if (status != VX_EREJECT)
		return status;
	if (r->refused++ < TOLD_MOST)
		vx_message(err);
	return VX_OK;
}

static int read_all(struct restore *r, struct vx_backup_file *f, struct vx_error *err)
{
	const char *line;
	size_t len;
	long row = 0;
	int got, status = VX_OK;
	r->backup = vx_backup_new(r->how->subset, err);
	if (!r->backup)
		return VX_EIO;
	while (status == VX_OK && (got = vx_backup_read(f, &line, &len, err)) != 0) {
		if (got < 0) {
			vx_error_at(err, r->how->file, row);
			status = got;
		} else if (row++, strspn(line, " \t\r") < len) {
			status = take(r, row, line, len, err);
		}
	}
	/* What came before the damage is good, and saves a second run the work. */
	int flushed = flush(r, status == VX_OK ? err : &(struct vx_error)VX_ERROR_INIT);
	return status == VX_OK ? flushed : status;
}

/* again: a pass over what was refused. */
static int again(struct restore *r, struct vx_error *err)
{
	struct vx_reader *in;
	FILE *file = r->later;
	char *line, *text;
	size_t len;
	int got = 0, status = fflush(file) == 0 ? VX_OK : VX_EIO;
	r->later = NULL;
	r->deferred = 0;
	rewind(file);
	in = vx_reader_fd(dup(fileno(file)));
	while (status == VX_OK && (got = vx_reader_line(in, &line, &len, err)) == 1) {
		long row = strtol(line, &text, 10);
		status = add(r, row, text + 1, len - (size_t)(text + 1 - line), err);
	}
	vx_reader_close(in);
	fclose(file);
	if (status == VX_OK && got < 0)
		status = got;
	return status == VX_OK ? flush(r, err) : status;
}

/* settle: passes for as long as they help; what is left then has its last chance, and is told. */
static int settle(struct restore *r, struct vx_error *err)
{
	long before = LONG_MAX;
	int status = VX_OK;
	while (r->deferred > 0 && status == VX_OK) {
		r->pass = r->deferred < before ? PASS_LATER : PASS_LAST;
		before = r->deferred;
		status = again(r, err);
	}
	return status;
}

static void add_up(void *arg, const char *datasource, const char *type, int64_t n)
{
	(void)datasource, (void)type;
	*(int64_t *)arg += n;
}

/* look: production is restored into an empty database, or into one that a killed restore has left. */
static int look(struct restore *r, struct vx_backup_file *f, int64_t there, struct vx_error *err)
{
	int status = VX_OK;
	if (!r->how->production || there == 0)
		return VX_OK;
	bool readable = strcmp(r->how->file, "-") != 0;
	if (readable) {
		r->pass = PASS_LOOK;
		status = read_all(r, f, err);
		vx_backup_free(r->backup);
		r->backup = NULL;
		readable = vx_backup_again(f);
	}
	if (status == VX_OK && (!readable || r->unchanged != there))
		status = vx_error_set(err, VX_EREFUSED, NULL,
			"this deployment is production, and holds %" PRId64
			" resources%s: it is restored into an empty database",
			there, readable ? ", not all of them the back-up's" : "");
	r->in = r->refused = r->created = r->unchanged = r->updated = 0;
	return status;
}

/* The one datasource that the back-up holds, though nobody asked for this one alone; NULL: it is no such part. */
static const char *part(const struct restore *r)
{
	const char *only = vx_backup_only(r->backup);
	return only && (!r->how->subset || strcmp(only, r->how->subset) != 0) ? only : NULL;
}

static void summary(const struct restore *r, double seconds)
{
	char outside[VX_IDENTIFIER_MAX + 64] = "";
	if (r->how->subset)
		snprintf(outside, sizeof outside, ", %ld outside of %s", vx_backup_skipped(r->backup), r->how->subset);
	if (!r->how->quiet)
		vx_say("%s: %ld resources in: %ld created, %ld unchanged, %ld updated, %ld refused%s, %.1f s",
			r->how->file, r->in, r->created, r->unchanged, r->updated, r->refused, outside, seconds);
	if (part(r) && !r->how->quiet)
		vx_say("%s: is a back-up of %s alone", r->how->file, part(r));
	if (vx_backup_state(r->backup) == VX_BACKUP_UNKNOWN)
		vx_say("warning: %s has no end record (/v1/export?check=1): whether it is whole is not known",
			r->how->file);
}

/* extra: what the database has beyond the back-up stays, but is told. */
static int extra(struct restore *r, struct vx_error *err)
{
	int64_t there = 0, ours = r->created + r->unchanged + r->updated;
	if (r->how->subset || r->refused || part(r))
		return VX_OK;
	int status = store_stats(r->store, add_up, &there, err);
	if (status == VX_OK && there > ours)
		vx_say("the database has %" PRId64 " resource%s that the back-up has not: they stay", there - ours,
			there - ours == 1 ? "" : "s");
	return status;
}

static int load(struct restore *r, struct vx_backup_file *f, struct vx_error *err)
{
	double started = vx_now();
	int64_t there = 0;
	int status = store_stats(r->store, add_up, &there, err);
	if (status == VX_OK)
		status = look(r, f, there, err);
	if (status != VX_OK)
		return status;
	r->pass = PASS_FIRST;
	status = read_all(r, f, err);
	if (status != VX_OK)
		return status;
	status = settle(r, err);
	if (status != VX_OK)
		return status;
	summary(r, vx_now() - started);
	if (r->refused > TOLD_MOST)
		vx_say("%s: %ld more were refused", r->how->file, r->refused - TOLD_MOST);
	return extra(r, err);
}

int restore_run(struct store *s, const struct vx_model *model, const struct restore_options *o)
{
	struct vx_error err = VX_ERROR_INIT;
	struct restore *r = vx_alloc(sizeof *r);
	*r = (struct restore){ .store = s, .model = model, .how = o };
	struct vx_backup_file *f = vx_backup_open(o->file, &err);
	int status = f ? load(r, f, &err) : VX_EIO;
	if (status != VX_OK) {
		err.status = status;
		if (!err.file[0])
			vx_error_at(&err, o->file, 0);
		vx_message(&err);
	} else if (r->refused > 0) {
		status = VX_EREJECT;
	} else if (r->in == 0 && vx_backup_state(r->backup) != VX_BACKUP_WHOLE) {
		vx_say("%s: is empty", o->file);
		status = VX_EDATA;
	}
	if (r->later)
		fclose(r->later);
	vx_backup_close(f);
	vx_backup_free(r->backup);
	vx_buf_free(&r->lines);
	free(r);
	return status;
}
