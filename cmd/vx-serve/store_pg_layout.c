/* store_pg_layout: brings a database to the newest layout. an empty or older database -> share/sql/postgresql applied
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_layout.h"
#include "store_pg.h"

static int rollback(PGconn *pg, int status)
{
	struct vx_error ignored;
	(void)!pg_exec(pg, "ROLLBACK", NULL, &ignored);
	return status;
}

/* version: of the layout that is there: 0 none. VX_EDATA when the tables are not ours, or newer than we are. */
static int version(PGconn *pg, const struct layouts *all, int *newest, struct vx_error *err)
{
	PGresult *r;
	/* A table is opened on the way: only then does a session hear of tables that came while it waited for a lock. */
	int status = pg_exec(pg,
		"SELECT to_regclass('layout') IS NOT NULL, to_regclass('resource') IS NOT NULL FROM pg_class LIMIT 1",
		&r, err);
	if (status != VX_OK)
		return status;
	bool ours = *PQgetvalue(r, 0, 0) == 't', theirs = *PQgetvalue(r, 0, 1) == 't';
	PQclear(r);
	*newest = 0;
	if (!ours && theirs)
		return vx_error_set(err, VX_EDATA, NULL, "is another program's database: it has a table resource");
	if (!ours)
		return VX_OK;
	if ((status = pg_exec(pg, "SELECT version, checksum FROM layout ORDER BY 1", &r, err)) != VX_OK)
		return status;
	for (int i = 0; i < PQntuples(r) && status == VX_OK; i++) {
		*newest = (int)pg_int(r, i, 0);
		status = layouts_same(all, *newest, PQgetvalue(r, i, 1), err);
	}
	PQclear(r);
	return status;
}

static int note(PGconn *pg, const struct layout *l, struct vx_error *err)
{
	char number[16];
	snprintf(number, sizeof number, "%d", l->version);
	const char *const values[] = { number, l->name, l->checksum };
	PGresult *r = PQexecParams(pg, "INSERT INTO layout (version, name, checksum) VALUES ($1::int, $2, $3)", 3, NULL,
		values, NULL, NULL, 0);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		return pg_fail(pg, r, err);
	PQclear(r);
	return VX_OK;
}

static int apply(PGconn *pg, const struct layouts *all, int from, struct vx_error *err)
{
	int status = pg_exec(pg,
		"CREATE TABLE IF NOT EXISTS layout (version int PRIMARY KEY, name text NOT NULL, checksum text NOT "
		"NULL, "
		"applied_at timestamptz NOT NULL DEFAULT now())",
		NULL, err);
	for (size_t i = (size_t)from; i < all->count && status == VX_OK; i++)
		if ((status = pg_exec(pg, all->list[i].sql.data, NULL, err)) == VX_OK)
			status = note(pg, &all->list[i], err);
	return status;
}

/* renew: under a lock, so that of several servers that begin at once one does it; the others find it done. */
static int renew(PGconn *pg, const struct layouts *all, const struct vx_model *model, struct vx_error *err)
{
	int from, status = pg_exec(pg, PG_BEGIN_LAYOUT, NULL, err);
	if (status != VX_OK)
		return rollback(pg, status);
	if ((status = version(pg, all, &from, err)) == VX_OK && from < STORE_SCHEMA)
		status = apply(pg, all, from, err);
	if (status == VX_OK)
		status = pg_views(pg, model, err);
	return status == VX_OK ? pg_exec(pg, "COMMIT", NULL, err) : rollback(pg, status);
}

/* fresh: nothing is to be done. Looked at without a lock first: neither needs the role the right to lay out tables then,
 * nor must those wait who write. */
static int fresh(PGconn *pg, const struct layouts *all, const struct vx_model *model, struct vx_error *err)
{
	int now, status = version(pg, all, &now, err);
	if (status != VX_OK)
		return status;
	return now == STORE_SCHEMA ? pg_views_made(pg, model, err) : 0;
}

int pg_layout(PGconn *pg, const struct vx_model *model, struct vx_error *err)
{
	struct layouts all;
	int status = layouts_load(&all, "postgresql", err);
	if (status == VX_OK && (status = fresh(pg, &all, model, err)) >= 0)
		status = status ? VX_OK : renew(pg, &all, model, err);
	layouts_free(&all);
	return status;
}
