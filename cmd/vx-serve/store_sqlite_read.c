/* store_sqlite_read: the readers' half: each on a connection of its own, each in one state of the file. query -> NDJSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_select.h"
#include "store_sqlite.h"

static struct reader *reader_open(struct sqlite *s, struct vx_error *err)
{
	struct reader *r = vx_alloc(sizeof *r);
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(s->path, &r->db, flags, NULL) != SQLITE_OK)
		sqlite_fail(r->db, err);
	else if (sqlite_pragmas(r->db, err) == VX_OK &&
		 sqlite_prepare(r->db, sql_reader, SQL_READER_COUNT, r->stmt, err) == VX_OK)
		return r;
	sqlite_reader_close(r);
	return NULL;
}

static struct reader *reader_take(struct sqlite *s, struct vx_error *err)
{
	pthread_mutex_lock(&s->idle_lock);
	struct reader *r = s->idle;
	if (r)
		s->idle = r->next;
	pthread_mutex_unlock(&s->idle_lock);
	return r ? r : reader_open(s, err);
}

static void reader_give(struct sqlite *s, struct reader *r)
{
	pthread_mutex_lock(&s->idle_lock);
	r->next = s->idle;
	s->idle = r;
	pthread_mutex_unlock(&s->idle_lock);
}

/* ready: a statement left on a row would hold its state of the file, and the log could never be emptied. */
static void ready(sqlite3_stmt *used)
{
	sqlite3_reset(used);
	sqlite3_clear_bindings(used);
}

/* put_body: the resource as the API shows it: its own fields, then the server's. */
static void put_body(sqlite3_stmt *q, struct vx_buf *out)
{
	char time[40];
	/* The canonical text is an object with an identifier, so a comma always fits before its brace. */
	vx_buf_add(out, sqlite3_column_text(q, 0), (size_t)sqlite3_column_bytes(q, 0) - 1);
	vx_time_rfc3339(sqlite3_column_int64(q, 1), 0, time);
	vx_buf_printf(out, ",\"created_at\":\"%s\"", time);
	vx_time_rfc3339(sqlite3_column_int64(q, 2), 0, time);
	vx_buf_printf(out, ",\"updated_at\":\"%s\"}", time);
}

int sqlite_get(struct store *store, const char *identifier, struct vx_buf *out, struct vx_error *err)
{
	struct sqlite *s = (struct sqlite *)store;
	struct reader *r = reader_take(s, err);
	if (!r)
		return VX_EIO;
	sqlite3_stmt *q = r->stmt[SQL_GET];
	sqlite_bind(q, 1, identifier);
	int code = sqlite3_step(q), found = 0;
	if (code == SQLITE_ROW) {
		put_body(q, out);
		found = 1;
	} else if (code != SQLITE_DONE) {
		found = sqlite_fail(r->db, err);
	}
	ready(q);
	reader_give(s, r);
	return found;
}

int sqlite_state_row(sqlite3 *db, sqlite3_stmt *q, int64_t since, struct store_state *out, struct vx_error *err)
{
	int status = VX_OK;
	if (since >= 0)
		sqlite3_bind_int64(q, 1, since);
	else
		sqlite3_bind_null(q, 1);
	if (sqlite3_step(q) == SQLITE_ROW) {
		snprintf(out->instance, sizeof out->instance, "%s", (const char *)sqlite3_column_text(q, 0));
		out->newest = sqlite3_column_int64(q, 1);
		out->mark = store_mark((const char *)sqlite3_column_text(q, 2));
	} else {
		status = sqlite_fail(db, err);
	}
	ready(q);
	return status;
}

int sqlite_state(struct store *store, int64_t since, struct store_state *out, struct vx_error *err)
{
	struct sqlite *s = (struct sqlite *)store;
	struct reader *r = reader_take(s, err);
	if (!r)
		return VX_EIO;
	int status = sqlite_state_row(r->db, r->stmt[SQL_STATE], since, out, err);
	reader_give(s, r);
	return status;
}

struct sqlite_cursor {
	struct store_cursor base;
	struct sqlite *store;
	struct reader *reader;
	sqlite3_stmt *q;
	struct select select;
	bool export, ended; /* a statement that is stepped behind its end begins again */
};

/* filter: the canonical form has one spelling for a value, so that equal values are equal texts. */
static void filter(struct select *s, const char *type, const struct store_filter *f)
{
	(void)type;
	char *path = vx_asprintf("$.\"%s\"", f->field);
	vx_buf_puts(&s->sql, "body -> ");
	select_value(s, path);
	free(path);
	if (!strcmp(f->json, "null")) {
		vx_buf_puts(&s->sql, " IS NULL");
		return;
	}
	vx_buf_puts(&s->sql, " = ");
	select_value(s, f->json);
}

struct store_cursor *sqlite_query(struct store *store, const struct store_query *q, struct vx_error *err)
{
	struct sqlite *s = (struct sqlite *)store;
	struct reader *r = reader_take(s, err);
	if (!r)
		return NULL;
	struct sqlite_cursor *c = vx_alloc(sizeof *c);
	*c = (struct sqlite_cursor){ .base.ops = &sqlite_ops, .store = s, .reader = r, .export = q->export };
	select_build(&c->select, q, filter);
	if (sqlite3_prepare_v2(r->db, c->select.sql.data, -1, &c->q, NULL) != SQLITE_OK) {
		sqlite_fail(r->db, err);
		sqlite_cursor_free(&c->base);
		return NULL;
	}
	for (size_t i = 0; i < c->select.count; i++)
		sqlite_bind(c->q, (int)i + 1, c->select.values[i]);
	return &c->base;
}

int sqlite_next(struct store_cursor *cursor, struct vx_buf *out, struct vx_error *err)
{
	struct sqlite_cursor *c = (struct sqlite_cursor *)cursor;
	int code = c->ended ? SQLITE_DONE : sqlite3_step(c->q);
	if (code != SQLITE_ROW)
		c->ended = true;
	if (code == SQLITE_DONE)
		return 0;
	if (code != SQLITE_ROW)
		return sqlite_fail(c->reader->db, err);
	if (c->export)
		vx_buf_add(out, sqlite3_column_text(c->q, 0), (size_t)sqlite3_column_bytes(c->q, 0));
	else
		put_body(c->q, out);
	vx_buf_putc(out, '\n');
	return 1;
}

void sqlite_cursor_free(struct store_cursor *cursor)
{
	struct sqlite_cursor *c = (struct sqlite_cursor *)cursor;
	sqlite3_finalize(c->q);
	reader_give(c->store, c->reader);
	select_free(&c->select);
	free(c);
}

int sqlite_stats(struct store *store, void (*each)(void *arg, const char *datasource, const char *type, int64_t count),
	void *arg, struct vx_error *err)
{
	struct sqlite *s = (struct sqlite *)store;
	struct reader *r = reader_take(s, err);
	if (!r)
		return VX_EIO;
	sqlite3_stmt *q = r->stmt[SQL_STATS];
	int code;
	while ((code = sqlite3_step(q)) == SQLITE_ROW)
		each(arg, (const char *)sqlite3_column_text(q, 0), (const char *)sqlite3_column_text(q, 1),
			sqlite3_column_int64(q, 2));
	int status = code == SQLITE_DONE ? VX_OK : sqlite_fail(r->db, err);
	ready(q);
	reader_give(s, r);
	return status;
}
