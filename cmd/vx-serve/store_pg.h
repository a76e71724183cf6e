/* What the store_pg files share: connections, the pools they wait in, prepared statements, and how they fail.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_PG_H
#define STORE_PG_H

#include <libpq-fe.h>
#include <pthread.h>

#include "store_ops.h"
#include "store_pg_sql.h"

struct pg_conn {
	struct pg_conn *next;
	struct pg_pool *pool;
	PGconn *pg;
	bool prepared[PG_COUNT];
};

/* Connections of one kind: at most max are open; who finds none waits a while. Few are kept when there is little to do:
 * several servers share what PostgreSQL has. */
struct pg_pool {
	const char *uri;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	struct pg_conn *idle;
	unsigned open, idle_count, max;
};

struct pg {
	struct store base;
	char *uri;
	struct pg_pool writers, readers;
};

/* pg_connect: NULL and VX_EUNREACHABLE, or VX_EREFUSED where the server is there but will not have us. */
PGconn *pg_connect(const char *uri, struct vx_error *err) VX_MUST_USE;

void pg_pool_init(struct pg_pool *p, const char *uri, unsigned max);
void pg_pool_free(struct pg_pool *p); /* closes what is idle; nothing may be out */

/* pg_take: a connection that works, as far as can be told without asking; VX_EUNREACHABLE when there is none to be had.
 * pg_give: takes it back; one that is broken or inside a transaction is closed. */
int pg_take(struct pg_pool *p, struct pg_conn **c, struct vx_error *err) VX_MUST_USE;
void pg_give(struct pg_conn *c);

/* pg_begin: takes a connection and runs sql, which begins a transaction and ends in a SELECT, or nothing that a lost
 * connection could leave half done; a connection that proves dead is replaced. result may be NULL. */
int pg_begin(
	struct pg_pool *p, const char *sql, struct pg_conn **c, PGresult **result, struct vx_error *err) VX_MUST_USE;

/* pg_fail: what became of r (freed; NULL: of the connection), as a status: STORE_AGAIN, VX_EUNREACHABLE,
 * VX_EREFUSED (the role lacks a right) or VX_EIO. */
int pg_fail(PGconn *pg, PGresult *r, struct vx_error *err);

/* pg_exec: one or more statements without parameters. pg_run: a prepared one; values are texts, NULL is null.
 * result (may be NULL: not wanted) is to be cleared. */
int pg_exec(PGconn *pg, const char *sql, PGresult **result, struct vx_error *err) VX_MUST_USE;
int pg_run(struct pg_conn *c, enum pg_sql which, const char *const *values, PGresult **result,
	struct vx_error *err) VX_MUST_USE;

/* pg_text: a cell, NULL where it is null. */
const char *pg_text(const PGresult *r, int row, int column);
int64_t pg_int(const PGresult *r, int row, int column);

/* pg_array: a list of texts as PostgreSQL spells an array. */
void pg_array(struct vx_buf *b, const char *const *list, size_t n);

/* store_pg_layout.c: a database that is empty, or of an older version, becomes one of the newest. */
int pg_layout(PGconn *pg, const struct vx_model *model, struct vx_error *err) VX_MUST_USE;

/* pg_views: a view a collection; inside a transaction. pg_views_made: 1 when all are there as the model has them. */
int pg_views(PGconn *pg, const struct vx_model *model, struct vx_error *err) VX_MUST_USE;
int pg_views_made(PGconn *pg, const struct vx_model *model, struct vx_error *err) VX_MUST_USE;

/* store_pg_write.c */
extern const struct store_ops pg_ops;

/* store_pg_read.c */
int pg_state_row(PGresult *r, struct store_state *out, struct vx_error *err) VX_MUST_USE; /* clears r */
int pg_state(struct store *store, int64_t since, struct store_state *out, struct vx_error *err) VX_MUST_USE;
int pg_get(struct store *store, const char *identifier, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;
struct store_cursor *pg_query(struct store *store, const struct store_query *q, struct vx_error *err) VX_MUST_USE;
int pg_next(struct store_cursor *cursor, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;
void pg_cursor_free(struct store_cursor *cursor);
int pg_stats(struct store *store, void (*each)(void *arg, const char *datasource, const char *type, int64_t count),
	void *arg, struct vx_error *err) VX_MUST_USE;
void pg_close(struct store *store);

#endif
