/* store_pg_read: the readers' half: each on a connection of its own, each in one state of the database. query -> NDJSON
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "store_pg.h"
#include "store_select.h"

#define FETCH 1000
#define FETCH_SQL "FETCH 1000 FROM list"

/* read_begin: a snapshot on a connection of its own. */
static int read_begin(struct store *store, const char *sql, struct pg_conn **c, struct vx_error *err)
{
	return pg_begin(&((struct pg *)store)->readers, sql, c, NULL, err);
}

/* read_end: whatever is still on its way is read and dropped. A reader's failure has changed nothing: the client may
 * ask again. */
static int read_end(struct pg_conn *c, int status)
{
	struct vx_error ignored;
	PGresult *r;
	while (PQstatus(c->pg) == CONNECTION_OK && (r = PQgetResult(c->pg)))
		PQclear(r);
	if (PQstatus(c->pg) == CONNECTION_OK)
		(void)!pg_exec(c->pg, "ROLLBACK", NULL, &ignored);
	pg_give(c);
	return status == STORE_AGAIN ? VX_EUNREACHABLE : status;
}

/* put_body: the resource as the API shows it: its own fields, then the server's. */
static void put_body(const PGresult *r, struct vx_buf *out)
{
	char time[40];
	/* The canonical text is an object with an identifier, so a comma always fits before its brace. */
	vx_buf_add(out, PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0) - 1);
	vx_time_rfc3339(pg_int(r, 0, 1), 0, time);
	vx_buf_printf(out, ",\"created_at\":\"%s\"", time);
	vx_time_rfc3339(pg_int(r, 0, 2), 0, time);
	vx_buf_printf(out, ",\"updated_at\":\"%s\"}", time);
}

int pg_get(struct store *store, const char *identifier, struct vx_buf *out, struct vx_error *err)
{
	struct pg_conn *c;
	PGresult *r;
	int found = read_begin(store, PG_BEGIN_READ, &c, err);
	if (found != VX_OK)
		return found;
	if ((found = pg_run(c, PG_GET, &identifier, &r, err)) == VX_OK) {
		found = PQntuples(r);
		if (found)
			put_body(r, out);
		PQclear(r);
	}
	return read_end(c, found);
}

int pg_state_row(PGresult *r, struct store_state *out, struct vx_error *err)
{
	int status = PQntuples(r) == 1 ? VX_OK : vx_error_set(err, VX_EIO, NULL, "database: the instance has no name");
	if (status == VX_OK) {
		snprintf(out->instance, sizeof out->instance, "%s", PQgetvalue(r, 0, 0));
		out->newest = pg_int(r, 0, 1);
		out->mark = store_mark(PQgetisnull(r, 0, 2) ? NULL : PQgetvalue(r, 0, 2));
	}
	PQclear(r);
	return status;
}

int pg_state(struct store *store, int64_t since, struct store_state *out, struct vx_error *err)
{
	struct pg_conn *c;
	PGresult *r;
	char number[24];
	int status = read_begin(store, PG_BEGIN_READ, &c, err);
	if (status != VX_OK)
		return status;
	snprintf(number, sizeof number, "%" PRId64, since);
	if ((status = pg_run(c, PG_STATE, (const char *[]){ since < 0 ? NULL : number }, &r, err)) == VX_OK)
		status = pg_state_row(r, out, err);
	return read_end(c, status);
}

/* A list: a cursor of the database, of which a block of rows at a time is asked for. Rows are taken one by one as they
 * come in; between two blocks nothing but the cursor is held, however slow the client. */
struct pg_cursor {
	struct store_cursor base;
	struct pg_conn *c;
	bool export, asked, ended;
	int block; /* rows of the present block */
};

/* by_column: a field that has a column of its own is found by its index first. */
static void by_column(struct select *s, const struct pg_fact *fact, const struct store_filter *f)
{
	char *value = fact ? pg_fact_value(fact, f->json, strlen(f->json)) : NULL;
	if (!value)
		return;
	vx_buf_printf(&s->sql, "%s = ", fact->field);
	select_value(s, value);
	vx_buf_printf(&s->sql, "%s AND ",
		fact->kind == PG_FACT_DOUBLE  ? "::double precision"
		: fact->kind == PG_FACT_SMALL ? "::smallint"
					      : "");
	free(value);
}

/* filter: canonical JSON has one spelling a value, so that equal values are equal texts. */
static void filter(struct select *s, const char *type, const struct store_filter *f)
{
	by_column(s, type ? pg_fact_find(type, f->field) : NULL, f);
	vx_buf_puts(&s->sql, "(" PG_JSON("body") " -> ");
	select_value(s, f->field);
	if (!strcmp(f->json, "null")) {
		vx_buf_puts(&s->sql, "::text) IS NULL");
		return;
	}
	vx_buf_puts(&s->sql, "::text)::text = ");
	select_value(s, f->json);
}

static int declare(PGconn *pg, const struct store_query *q, struct vx_error *err)
{
	struct select s = { .values = NULL };
	vx_buf_puts(&s.sql, "DECLARE list NO SCROLL CURSOR FOR ");
	select_build(&s, q, filter);
	PGresult *r = PQexecParams(pg, s.sql.data, (int)s.count, NULL, (const char *const *)s.values, NULL, NULL, 0);
	int status = VX_OK;
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		status = pg_fail(pg, r, err);
	else
		PQclear(r);
	select_free(&s);
	return status;
}

struct store_cursor *pg_query(struct store *store, const struct store_query *q, struct vx_error *err)
{
	struct pg_conn *c;
	int status = read_begin(store, PG_BEGIN_READ, &c, err);
	if (status != VX_OK)
		return NULL;
	if ((status = declare(c->pg, q, err)) != VX_OK) {
		(void)read_end(c, status);
		return NULL;
	}
	struct pg_cursor *cursor = vx_alloc(sizeof *cursor);
	*cursor = (struct pg_cursor){ .base.ops = &pg_ops, .c = c, .export = q->export };
	return &cursor->base;
}

/* ask: for the next block. */
static int ask(struct pg_cursor *c, struct vx_error *err)
{
	if (!PQsendQuery(c->c->pg, FETCH_SQL) || !PQsetSingleRowMode(c->c->pg))
		return pg_fail(c->c->pg, NULL, err);
	c->asked = true;
	c->block = 0;
	return VX_OK;
}

static void put_row(const struct pg_cursor *c, const PGresult *r, struct vx_buf *out)
{
	if (c->export)
		vx_buf_add(out, PQgetvalue(r, 0, 0), (size_t)PQgetlength(r, 0, 0));
	else
		put_body(r, out);
	vx_buf_putc(out, '\n');
}

int pg_next(struct store_cursor *cursor, struct vx_buf *out, struct vx_error *err)
{
	struct pg_cursor *c = (struct pg_cursor *)cursor;
	PGconn *pg = c->c->pg;
	for (int status = VX_OK; !c->ended;) {
		if (!c->asked && (status = ask(c, err)) != VX_OK)
			return status == STORE_AGAIN ? VX_EUNREACHABLE : status;
		PGresult *r = PQgetResult(pg);
		if (!r) { /* the block's end; a short one was the last */
			c->asked = false;
			c->ended = c->block < FETCH;
			continue;
		}
		if (PQresultStatus(r) == PGRES_SINGLE_TUPLE) {
			put_row(c, r, out);
			c->block++;
			PQclear(r);
			return 1;
		}
		if (PQresultStatus(r) != PGRES_TUPLES_OK) {
			c->ended = true;
			return pg_fail(pg, r, err) == STORE_AGAIN ? VX_EUNREACHABLE : VX_EIO;
		}
		PQclear(r);
	}
	return 0;
}

void pg_cursor_free(struct store_cursor *cursor)
{
	struct pg_cursor *c = (struct pg_cursor *)cursor;
	(void)read_end(c->c, VX_OK);
	free(c);
}

int pg_stats(struct store *store, void (*each)(void *arg, const char *datasource, const char *type, int64_t count),
	void *arg, struct vx_error *err)
{
	struct pg_conn *c;
	PGresult *r;
	int status = read_begin(store, PG_BEGIN_COUNT, &c, err);
	if (status != VX_OK)
		return status;
	if ((status = pg_run(c, PG_STATS, NULL, &r, err)) == VX_OK) {
		for (int i = 0; i < PQntuples(r); i++)
			each(arg, pg_text(r, i, 0), PQgetvalue(r, i, 1), pg_int(r, i, 2));
		PQclear(r);
	}
	return read_end(c, status);
}
