/* store_sqlite_layout: brings a SQLite file to the newest layout. an empty or older file -> share/sql/sqlite applied
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>
#include <time.h>

#include "store_layout.h"
#include "store_sqlite.h"

static int one_int(sqlite3 *db, const char *sql, int64_t *value, struct vx_error *err)
{
	sqlite3_stmt *q = NULL;
	int status = VX_OK;
	if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK || sqlite3_step(q) != SQLITE_ROW)
		status = sqlite_fail(db, err);
	else
		*value = sqlite3_column_int64(q, 0);
	sqlite3_finalize(q);
	return status;
}

/* note: what was applied, and when. */
static int note(sqlite3 *db, const struct layout *l, struct vx_error *err)
{
	sqlite3_stmt *q = NULL;
	char pragmas[96];
	snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d;", SQL_APPLICATION_ID,
		l->version);
	if (sqlite3_prepare_v2(db, "INSERT INTO layout VALUES (?1, ?2, ?3, ?4)", -1, &q, NULL) != SQLITE_OK)
		return sqlite_fail(db, err);
	sqlite3_bind_int(q, 1, l->version);
	sqlite_bind(q, 2, l->name);
	sqlite_bind(q, 3, l->checksum);
	sqlite3_bind_int64(q, 4, time(NULL));
	int status = sqlite3_step(q) == SQLITE_DONE ? VX_OK : sqlite_fail(db, err);
	sqlite3_finalize(q);
	return status == VX_OK ? sqlite_run(db, pragmas, err) : status;
}

/* check: what was applied is what we know. A file of version 1 may be from before this was written down. */
static int check(sqlite3 *db, const struct layouts *all, struct vx_error *err)
{
	sqlite3_stmt *q = NULL;
	int code = 0, status = VX_OK;
	if (sqlite3_prepare_v2(db, "SELECT version, checksum FROM layout ORDER BY 1", -1, &q, NULL) != SQLITE_OK)
		return sqlite_fail(db, err);
	while (status == VX_OK && (code = sqlite3_step(q)) == SQLITE_ROW)
		status = layouts_same(all, sqlite3_column_int64(q, 0), (const char *)sqlite3_column_text(q, 1), err);
	if (status == VX_OK && code != SQLITE_DONE)
		status = sqlite_fail(db, err);
	sqlite3_finalize(q);
	return status;
}

static int apply(sqlite3 *db, const struct layouts *all, int64_t version, struct vx_error *err)
{
	int status = VX_OK;
	if (version < (int64_t)all->count || version == 0)
		status = sqlite_run(db, SQL_LAYOUT_TABLE, err);
	if (status == VX_OK && version > 0)
		status = check(db, all, err);
	for (size_t i = (size_t)version; i < all->count && status == VX_OK; i++)
		if ((status = sqlite_run(db, all->list[i].sql.data, err)) == VX_OK)
			status = note(db, &all->list[i], err);
	return status;
}

int sqlite_layout(sqlite3 *db, struct vx_error *err)
{
	int64_t id, version, objects;
	struct layouts all;
	int status;
	if ((status = one_int(db, "PRAGMA application_id", &id, err)) != VX_OK ||
		(status = one_int(db, "PRAGMA user_version", &version, err)) != VX_OK ||
		(status = one_int(db, "SELECT count(*) FROM sqlite_master", &objects, err)) != VX_OK)
		return status;
	if (id != SQL_APPLICATION_ID && (objects || id || version))
		return vx_error_set(err, VX_EDATA, NULL, "is another program's database");
	if (version < 0 || version > STORE_SCHEMA)
		return layouts_newer(version, err);
	status = layouts_load(&all, "sqlite", err);
	if (status == VX_OK)
		status = apply(db, &all, version, err);
	layouts_free(&all);
	return status;
}
