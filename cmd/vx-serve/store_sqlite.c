/* store_sqlite: opens, lays out and closes the SQLite file; a view a collection. path -> struct store.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store_sqlite.h"

#define BUSY_MS 1000 /* another process may hold the file (the sqlite3 shell, a backup); then it is 503, try again */

int sqlite_fail(sqlite3 *db, struct vx_error *err)
{
	int code = sqlite3_errcode(db) & 0xff;
	bool busy = code == SQLITE_BUSY || code == SQLITE_LOCKED;
	return vx_error_set(err, busy ? VX_EUNREACHABLE : VX_EIO, NULL, "database: %s", sqlite3_errmsg(db));
}

int sqlite_run(sqlite3 *db, const char *sql, struct vx_error *err)
{
	return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? VX_OK : sqlite_fail(db, err);
}

int sqlite_pragmas(sqlite3 *db, struct vx_error *err)
{
	sqlite3_busy_timeout(db, BUSY_MS);
	return sqlite_run(db,
		"PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;"
		"PRAGMA secure_delete = OFF;",
		err);
}

int sqlite_prepare(sqlite3 *db, const char *const *sql, size_t n, sqlite3_stmt **stmt, struct vx_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (sqlite3_prepare_v3(db, sql[i], -1, SQLITE_PREPARE_PERSISTENT, &stmt[i], NULL) != SQLITE_OK)
			return sqlite_fail(db, err);
	return VX_OK;
}

void sqlite_finalize(sqlite3_stmt **stmt, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sqlite3_finalize(stmt[i]);
}

void sqlite_bind(sqlite3_stmt *q, int i, const char *text)
{
	if (text)
		sqlite3_bind_text(q, i, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(q, i);
}

/* put_name: a name inside a SQL string or a quoted name; our schemas hold no quotes, a user's might. */
static void put_name(struct vx_buf *b, const char *name, char quote)
{
	for (; *name; name++) {
		if (*name == quote)
			vx_buf_putc(b, quote);
		vx_buf_putc(b, *name);
	}
}

static bool is_column(const char *field)
{
	return !strcmp(field, "identifier") || !strcmp(field, "parent_identifier");
}

static void view_sql(const struct vx_type *t, struct vx_buf *sql)
{
	vx_buf_puts(sql, "CREATE VIEW \"");
	put_name(sql, t->collection, '"');
	vx_buf_puts(sql, "\" AS SELECT identifier, parent_identifier, datasource, patient");
	struct vx_json_iter it = vx_json_begin(vx_json_get(vx_schema_json(t->schema), "properties"));
	while (vx_json_next(&it)) {
		if (is_column(it.key))
			continue;
		vx_buf_puts(sql, ", json_extract(body, '$.\"");
		put_name(sql, it.key, '\'');
		vx_buf_puts(sql, "\"') AS \"");
		put_name(sql, it.key, '"');
		vx_buf_putc(sql, '"');
	}
	vx_buf_puts(sql, ", strftime('%Y-%m-%dT%H:%M:%SZ', created_at, 'unixepoch') AS created_at"
			 ", strftime('%Y-%m-%dT%H:%M:%SZ', updated_at, 'unixepoch') AS updated_at"
			 " FROM resource WHERE type = '");
	put_name(sql, t->name, '\'');
	vx_buf_putc(sql, '\'');
	/* The bounds let a query by collection use the index on identifier. */
	vx_buf_printf(sql, " AND identifier > '%s/' AND identifier < '%s0'", t->name, t->name);
}

static int view_make(sqlite3 *db, const char *name, const char *sql, struct vx_error *err)
{
	sqlite3_stmt *q = NULL;
	if (sqlite3_prepare_v2(db, "SELECT sql FROM sqlite_master WHERE type = 'view' AND name = ?1", -1, &q, NULL) !=
		SQLITE_OK)
		return sqlite_fail(db, err);
	sqlite_bind(q, 1, name);
	bool there = sqlite3_step(q) == SQLITE_ROW;
	bool same = there && !strcmp((const char *)sqlite3_column_text(q, 0), sql);
	sqlite3_finalize(q);
	if (same)
		return VX_OK;
	if (there) {
		struct vx_buf drop = VX_BUF_INIT;
		vx_buf_puts(&drop, "DROP VIEW \"");
		put_name(&drop, name, '"');
		vx_buf_putc(&drop, '"');
		int status = sqlite_run(db, drop.data, err);
		vx_buf_free(&drop);
		if (status != VX_OK)
			return status;
	}
	return sqlite_run(db, sql, err);
}

int sqlite_views(sqlite3 *db, const struct vx_model *model, struct vx_error *err)
{
	struct vx_buf sql = VX_BUF_INIT;
	int status = VX_OK;
	for (size_t i = 0; i < vx_model_types(model) && status == VX_OK; i++) {
		const struct vx_type *t = vx_model_type(model, i);
		vx_buf_clear(&sql);
		view_sql(t, &sql);
		status = view_make(db, t->collection, sql.data, err);
	}
	vx_buf_free(&sql);
	return status;
}

/* file_begin: the layout and the views in one transaction, so that a stop halfway leaves nothing behind. */
static int file_begin(sqlite3 *db, const struct vx_model *model, struct vx_error *err)
{
	/* Pages of 8 KiB hold about ten volumes; the size counts only while the file is empty. */
	int status = sqlite_run(db,
		"PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA cache_size = -65536;"
		"PRAGMA wal_autocheckpoint = 4000; PRAGMA journal_size_limit = 67108864;"
		"BEGIN IMMEDIATE;",
		err);
	if (status != VX_OK)
		return status;
	if ((status = sqlite_layout(db, err)) == VX_OK)
		status = sqlite_views(db, model, err);
	if (status == VX_OK)
		return sqlite_run(
			db, "COMMIT; CREATE TEMP TABLE doomed (identifier TEXT PRIMARY KEY) WITHOUT ROWID;", err);
	sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

/* damage_check: a file that was cut short or overwritten would answer some questions and fail at others. A large one is
 * not read through at every start: what is wrong with it shows when it is used. */
static int damage_check(sqlite3 *db, const char *path, struct vx_error *err)
{
	enum { CHECKED_MAX = 64 << 20 };
	struct stat st;
	sqlite3_stmt *q = NULL;
	int status = VX_OK;
	if (stat(path, &st) != 0 || st.st_size == 0 || st.st_size > CHECKED_MAX)
		return VX_OK;
	if (sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &q, NULL) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW)
		status = sqlite_fail(db, err);
	else if (strcmp((const char *)sqlite3_column_text(q, 0), "ok") != 0)
		status = vx_error_set(err, VX_EDATA, NULL, "is damaged: %s", (const char *)sqlite3_column_text(q, 0));
	sqlite3_finalize(q);
	return status;
}

struct store *store_sqlite_open(const char *path, const struct vx_model *model, struct vx_error *err)
{
	sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); /* else every allocation of every thread takes one lock */
	struct sqlite *s = vx_alloc(sizeof *s);
	s->base.ops = &sqlite_ops;
	s->tx = (struct sqlite_tx){ .base.ops = &sqlite_ops, .store = s };
	s->path = vx_strdup(path);
	pthread_mutex_init(&s->writer, NULL);
	pthread_mutex_init(&s->idle_lock, NULL);
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
	int status = VX_OK;
	if (sqlite3_open_v2(path, &s->db, flags, NULL) != SQLITE_OK)
		status = sqlite_fail(s->db, err);
	else if (sqlite3_db_readonly(s->db, "main") == 1) /* how SQLite opens what it may not write */
		status = vx_error_set(err, VX_EIO, NULL, "may not be written");
	if (status == VX_OK && (status = sqlite_pragmas(s->db, err)) == VX_OK &&
		(status = damage_check(s->db, path, err)) == VX_OK && (status = file_begin(s->db, model, err)) == VX_OK)
		status = sqlite_prepare(s->db, sql_writer, SQL_WRITER_COUNT, s->stmt, err);
	if (status == VX_OK)
		return &s->base;
	if (s->db && sqlite3_errcode(s->db) == SQLITE_NOTADB)
		vx_error_set(err, VX_EDATA, NULL, "is no database");
	if (s->db && sqlite3_errcode(s->db) == SQLITE_CORRUPT)
		vx_error_set(err, VX_EDATA, NULL, "is damaged: %s", sqlite3_errmsg(s->db));
	vx_error_at(err, path, 0);
	sqlite_close(&s->base);
	return NULL;
}

void sqlite_reader_close(struct reader *r)
{
	sqlite_finalize(r->stmt, SQL_READER_COUNT);
	sqlite3_close(r->db);
	free(r);
}

void sqlite_close(struct store *store)
{
	struct sqlite *s = (struct sqlite *)store;
	while (s->idle) {
		struct reader *r = s->idle;
		s->idle = r->next;
		sqlite_reader_close(r);
	}
	sqlite_finalize(s->stmt, SQL_WRITER_COUNT);
	/* The last connection to leave moves the log into the file and removes it. */
	sqlite3_close(s->db);
	pthread_mutex_destroy(&s->writer);
	pthread_mutex_destroy(&s->idle_lock);
	free(s->path);
	free(s);
}
