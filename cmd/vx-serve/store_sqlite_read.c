/* store_sqlite_read: the readers' half: each on a connection of its own, each in one state of the file. query -> NDJSON.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_sqlite.h"

/* reader_map: what an export reads comes out of the system's own memory. Not for the writer: with a mapped file SQLite
 * asks the log for every page it reads, also for those in its cache. */
static int reader_map(sqlite3 *db, struct vx_error *err)
{
	if (sqlite3_exec(db, "PRAGMA mmap_size = 1073741824", NULL, NULL, NULL) != SQLITE_OK)
		return sqlite_fail(db, err);
	return VX_OK;
}

static struct reader *reader_open(struct sqlite *s, struct vx_error *err)
{
	struct reader *r = vx_alloc(sizeof *r);
	int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX;
	if (sqlite3_open_v2(s->path, &r->db, flags, NULL) != SQLITE_OK)
		sqlite_fail(r->db, err);
	else if (sqlite_pragmas(r->db, err) == VX_OK && reader_map(r->db, err) == VX_OK &&
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

/* reader_give: a statement left on a row would hold its state of the file, and the log could never be emptied. */
static void reader_give(struct sqlite *s, struct reader *r, sqlite3_stmt *used)
{
	sqlite3_reset(used);
	sqlite3_clear_bindings(used);
	pthread_mutex_lock(&s->idle_lock);
	r->next = s->idle;
	s->idle = r;
	pthread_mutex_unlock(&s->idle_lock);
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
	reader_give(s, r, q);
	return found;
}

struct sqlite_cursor {
	struct store_cursor base;
	struct sqlite *store;
	struct reader *reader;
	sqlite3_stmt *q;
	bool export, ended; /* a statement that is stepped behind its end begins again */
	char *low, *high, *datasource, *parent;
};

/* bounds: every identifier of the type, or every identifier at all, behind after. '0' is the character behind '/'. */
static void bounds(struct sqlite_cursor *c, const struct store_query *q)
{
	c->low = q->type ? vx_asprintf("%s/", q->type) : vx_strdup("");
	c->high = q->type ? vx_asprintf("%s0", q->type) : vx_strdup("~");
	if (q->after && strcmp(q->after, c->low) > 0) {
		free(c->low);
		c->low = vx_strdup(q->after);
	}
}

struct store_cursor *sqlite_query(struct store *store, const struct store_query *q, struct vx_error *err)
{
	struct sqlite *s = (struct sqlite *)store;
	struct reader *r = reader_take(s, err);
	if (!r)
		return NULL;
	struct sqlite_cursor *c = vx_alloc(sizeof *c);
	*c = (struct sqlite_cursor){ .base.ops = &sqlite_ops, .store = s, .reader = r, .export = q->export };
	c->q = r->stmt[q->export ? SQL_EXPORT : q->parent ? SQL_CHILDREN : SQL_LIST];
	if (q->export)
		return &c->base;
	bounds(c, q);
	c->datasource = q->datasource ? vx_strdup(q->datasource) : NULL;
	sqlite_bind(c->q, 1, c->low);
	sqlite_bind(c->q, 2, c->high);
	sqlite_bind(c->q, 3, c->datasource);
	sqlite3_bind_int64(c->q, 4, q->limit);
	if (q->parent) {
		c->parent = *q->parent ? vx_strdup(q->parent) : NULL;
		sqlite_bind(c->q, 5, c->parent);
	}
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
	reader_give(c->store, c->reader, c->q);
	free(c->low);
	free(c->high);
	free(c->datasource);
	free(c->parent);
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
	reader_give(s, r, q);
	return status;
}
