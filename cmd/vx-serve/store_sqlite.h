/* What the store_sqlite files share: connections and how they fail.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_SQLITE_H
#define STORE_SQLITE_H

#include <pthread.h>
#include <sqlite3.h>

#include "store_ops.h"
#include "store_sql.h"

struct reader { /* a connection that only reads; idle ones wait in the store's list */
	struct reader *next;
	sqlite3 *db;
	sqlite3_stmt *stmt[SQL_READER_COUNT];
};

struct sqlite;
struct sqlite_tx {
	struct store_tx base;
	struct sqlite *store;
};

struct sqlite {
	struct store base;
	char *path;
	sqlite3 *db; /* the writer's */
	sqlite3_stmt *stmt[SQL_WRITER_COUNT];
	struct sqlite_tx tx; /* the one that there is at a time; its owner holds writer */
	pthread_mutex_t writer, idle_lock;
	struct reader *idle;
};

/* sqlite_fail: what db has just said, as a status: busy is VX_EUNREACHABLE, all else VX_EIO. */
int sqlite_fail(sqlite3 *db, struct vx_error *err);

/* sqlite_pragmas: the settings that every connection needs. */
int sqlite_pragmas(sqlite3 *db, struct vx_error *err) VX_MUST_USE;

int sqlite_prepare(
	sqlite3 *db, const char *const *sql, size_t n, sqlite3_stmt **stmt, struct vx_error *err) VX_MUST_USE;
void sqlite_finalize(sqlite3_stmt **stmt, size_t n);

void sqlite_bind(sqlite3_stmt *q, int i, const char *text); /* NULL binds null; text stays valid until the reset */

/* sqlite_views: a view a collection with a column a field, made again where the model has changed. */
int sqlite_views(sqlite3 *db, const struct vx_model *model, struct vx_error *err) VX_MUST_USE;

/* sqlite_layout: a file that is empty, or of an older version, becomes one of the newest; inside a transaction.
 * VX_EDATA when it is another program's, or newer than this one. */
int sqlite_layout(sqlite3 *db, struct vx_error *err) VX_MUST_USE;

int sqlite_run(sqlite3 *db, const char *sql, struct vx_error *err) VX_MUST_USE;

/* sqlite_state_row: the answer of SQL_STATE_SELECT; resets q. since as for store_state. */
int sqlite_state_row(
	sqlite3 *db, sqlite3_stmt *q, int64_t since, struct store_state *out, struct vx_error *err) VX_MUST_USE;

void sqlite_reader_close(struct reader *r);
void sqlite_close(struct store *store);

/* store_sqlite_write.c */
extern const struct store_ops sqlite_ops;

/* store_sqlite_read.c */
int sqlite_state(struct store *store, int64_t since, struct store_state *out, struct vx_error *err) VX_MUST_USE;
int sqlite_get(struct store *store, const char *identifier, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;
struct store_cursor *sqlite_query(struct store *store, const struct store_query *q, struct vx_error *err) VX_MUST_USE;
int sqlite_next(struct store_cursor *cursor, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;
void sqlite_cursor_free(struct store_cursor *cursor);
int sqlite_stats(struct store *store, void (*each)(void *arg, const char *datasource, const char *type, int64_t count),
	void *arg, struct vx_error *err) VX_MUST_USE;

#endif
