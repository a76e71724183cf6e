/* store_sqlite_write: the writer's half: one transaction at a time over prepared statements. rows -> the file.
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "store_sqlite.h"

static struct sqlite *of(struct store_tx *tx)
{
	return ((struct sqlite_tx *)tx)->store;
}

/* done: runs a statement that returns no rows, and makes it ready for the next time. */
static int done(struct sqlite *s, sqlite3_stmt *q, struct vx_error *err)
{
	int status = sqlite3_step(q) == SQLITE_DONE ? VX_OK : sqlite_fail(s->db, err);
	sqlite3_reset(q);
	return status;
}

/* one_name: runs a lookup of one identifier. */
static int one_name(struct sqlite *s, sqlite3_stmt *q, char *out, struct vx_error *err)
{
	int code = sqlite3_step(q), found = 0;
	if (code == SQLITE_ROW) {
		snprintf(out, VX_IDENTIFIER_MAX + 1, "%s", (const char *)sqlite3_column_text(q, 0));
		found = 1;
	} else if (code != SQLITE_DONE) {
		found = sqlite_fail(s->db, err);
	}
	sqlite3_reset(q);
	return found;
}

static int each_name(struct sqlite *s, sqlite3_stmt *q, store_each *each, void *arg, struct vx_error *err)
{
	int code;
	while ((code = sqlite3_step(q)) == SQLITE_ROW)
		each(arg, (const char *)sqlite3_column_text(q, 0), sqlite3_column_int64(q, 1));
	int status = code == SQLITE_DONE ? VX_OK : sqlite_fail(s->db, err);
	sqlite3_reset(q);
	return status;
}

static int begin(struct store *store, enum store_mode mode, struct store_tx **tx, struct vx_error *err)
{
	struct sqlite *s = (struct sqlite *)store;
	(void)mode; /* one writer at a time in any case */
	pthread_mutex_lock(&s->writer);
	int status = done(s, s->stmt[SQL_BEGIN], err);
	if (status != VX_OK)
		pthread_mutex_unlock(&s->writer);
	*tx = status == VX_OK ? &s->tx.base : NULL;
	return status;
}

static int end(struct store_tx *tx, bool commit, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite3_reset(s->stmt[SQL_FIND]);
	int status = done(s, s->stmt[commit ? SQL_COMMIT : SQL_ROLLBACK], err);
	if (status != VX_OK && !sqlite3_get_autocommit(s->db))
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	pthread_mutex_unlock(&s->writer);
	return status;
}

static int find(struct store_tx *tx, const char *identifier, struct store_row *row, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite3_stmt *q = s->stmt[SQL_FIND];
	sqlite3_reset(q);
	sqlite_bind(q, 1, identifier);
	int code = sqlite3_step(q);
	if (code != SQLITE_ROW) {
		int status = code == SQLITE_DONE ? 0 : sqlite_fail(s->db, err);
		sqlite3_reset(q);
		return status;
	}
	*row = (struct store_row){
		.identifier = (const char *)sqlite3_column_text(q, 0),
		.type = (const char *)sqlite3_column_text(q, 1),
		.parent = (const char *)sqlite3_column_text(q, 2),
		.datasource = (const char *)sqlite3_column_text(q, 3),
		.patient = (const char *)sqlite3_column_text(q, 4),
		.level = sqlite3_column_int64(q, 5),
		.created_at = sqlite3_column_int64(q, 6),
		.updated_at = sqlite3_column_int64(q, 7),
		.body = (const char *)sqlite3_column_text(q, 8),
		.body_len = (size_t)sqlite3_column_bytes(q, 8),
	};
	return 1;
}

static int add_references(struct sqlite *s, const char *source, const char *const *refs, size_t n, struct vx_error *err)
{
	sqlite3_stmt *q = s->stmt[SQL_REFERENCE_ADD];
	for (size_t i = 0; i < n; i++) {
		sqlite_bind(q, 1, source);
		sqlite_bind(q, 2, refs[i]);
		int status = done(s, q, err);
		if (status != VX_OK)
			return status;
	}
	return VX_OK;
}

static int write_row(struct sqlite *s, enum sql which, const struct store_row *row, struct vx_error *err)
{
	sqlite3_stmt *q = s->stmt[which];
	sqlite3_reset(s->stmt[SQL_FIND]);
	sqlite_bind(q, 1, row->identifier);
	if (which == SQL_INSERT) {
		sqlite_bind(q, 2, row->type);
		sqlite3_bind_int64(q, 7, row->created_at);
	}
	sqlite_bind(q, 3, row->parent);
	sqlite_bind(q, 4, row->datasource);
	sqlite_bind(q, 5, row->patient);
	sqlite3_bind_int64(q, 6, row->level);
	sqlite3_bind_int64(q, 8, row->updated_at);
	sqlite3_bind_text(q, 9, row->body, (int)row->body_len, SQLITE_STATIC);
	return done(s, q, err);
}

static int insert(
	struct store_tx *tx, const struct store_row *row, const char *const *refs, size_t n, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	int status = write_row(s, SQL_INSERT, row, err);
	return status == VX_OK ? add_references(s, row->identifier, refs, n, err) : status;
}

static int update(
	struct store_tx *tx, const struct store_row *row, const char *const *refs, size_t n, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	int status = write_row(s, SQL_UPDATE, row, err);
	if (status != VX_OK)
		return status;
	sqlite_bind(s->stmt[SQL_REFERENCE_DROP], 1, row->identifier);
	status = done(s, s->stmt[SQL_REFERENCE_DROP], err);
	return status == VX_OK ? add_references(s, row->identifier, refs, n, err) : status;
}

static int refresh(struct store_tx *tx, const char *identifier, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite_bind(s->stmt[SQL_REFRESH], 1, identifier);
	int status = done(s, s->stmt[SQL_REFRESH], err);
	return status == VX_OK ? sqlite3_changes(s->db) > 0 : status;
}

static int dependents(struct store_tx *tx, const char *identifier, store_each *each, void *arg, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite_bind(s->stmt[SQL_DEPENDENTS], 1, identifier);
	return each_name(s, s->stmt[SQL_DEPENDENTS], each, arg, err);
}

static int targets(struct store_tx *tx, const char *identifier, store_each *each, void *arg, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite_bind(s->stmt[SQL_TARGETS], 1, identifier);
	return each_name(s, s->stmt[SQL_TARGETS], each, arg, err);
}

static int event_root(struct store_tx *tx, const char *patient, char *out, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite_bind(s->stmt[SQL_EVENT_ROOT], 1, patient);
	return one_name(s, s->stmt[SQL_EVENT_ROOT], out, err);
}

static int specimen_child(struct store_tx *tx, const char *specimen, char *out, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite_bind(s->stmt[SQL_SPECIMEN_CHILD], 1, specimen);
	return one_name(s, s->stmt[SQL_SPECIMEN_CHILD], out, err);
}

static int shorthand_owner(struct store_tx *tx, const char *shorthand, char *out, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite_bind(s->stmt[SQL_SHORTHAND], 1, shorthand);
	return one_name(s, s->stmt[SQL_SHORTHAND], out, err);
}

static int patient(
	struct store_tx *tx, const char *datasource, const char *external_uid, char *out, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite_bind(s->stmt[SQL_PATIENT], 1, datasource);
	sqlite_bind(s->stmt[SQL_PATIENT], 2, external_uid);
	return one_name(s, s->stmt[SQL_PATIENT], out, err);
}

static int last_patient(struct store_tx *tx, const char *shorthand, char *out, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	sqlite_bind(s->stmt[SQL_LAST_PATIENT], 1, shorthand);
	return one_name(s, s->stmt[SQL_LAST_PATIENT], out, err);
}

/* delete_refused: VX_EREJECT when something would be left without what it stands on. */
static int delete_refused(struct sqlite *s, const char *identifier, bool recursive, struct vx_error *err)
{
	char other[VX_IDENTIFIER_MAX + 1];
	int found;
	if (!recursive) {
		sqlite_bind(s->stmt[SQL_CHILD], 1, identifier);
		if ((found = one_name(s, s->stmt[SQL_CHILD], other, err)) != 0)
			return found < 0 ? found
					 : vx_error_set(err, VX_EREJECT, NULL,
						   "has children, %s the first; "
						   "?recursive=1 deletes them too",
						   other);
	}
	if ((found = one_name(s, s->stmt[SQL_DOOMED_REFERRED], other, err)) > 0)
		return vx_error_set(err, VX_EREJECT, NULL, "%s refers to it or to what is below it", other);
	return found;
}

static int delete_all(
	struct store_tx *tx, const char *identifier, bool recursive, store_each *each, void *arg, struct vx_error *err)
{
	struct sqlite *s = of(tx);
	struct store_row row;
	int status = find(tx, identifier, &row, err);
	if (status <= 0)
		return status;
	sqlite3_reset(s->stmt[SQL_FIND]);
	sqlite_bind(s->stmt[SQL_DOOMED_FILL], 1, identifier);
	if ((status = done(s, s->stmt[SQL_DOOMED_CLEAR], err)) != VX_OK ||
		(status = done(s, s->stmt[SQL_DOOMED_FILL], err)) != VX_OK ||
		(status = delete_refused(s, identifier, recursive, err)) != VX_OK ||
		(status = each_name(s, s->stmt[SQL_DOOMED_LIST], each, arg, err)) != VX_OK ||
		(status = done(s, s->stmt[SQL_DELETE_REFERENCES], err)) != VX_OK ||
		(status = done(s, s->stmt[SQL_DELETE_RESOURCES], err)) != VX_OK)
		return status;
	return 1;
}

static int tx_state(struct store_tx *tx, struct store_state *out, struct vx_error *err)
{
	return sqlite_state_row(of(tx)->db, of(tx)->stmt[SQL_TX_STATE], -1, out, err);
}

/* Both are nothing to a file of our own: a lookup costs no way there and back, and nobody else writes meanwhile. */
static int prefetch(struct store_tx *tx, const char *const *identifiers, size_t n, struct vx_error *err)
{
	(void)tx, (void)identifiers, (void)n, (void)err;
	return VX_OK;
}

static int lock_datasource(struct store_tx *tx, const char *datasource, struct vx_error *err)
{
	(void)tx, (void)datasource, (void)err;
	return VX_OK;
}

const struct store_ops sqlite_ops = {
	.close = sqlite_close,
	.begin = begin,
	.end = end,
	.prefetch = prefetch,
	.lock_datasource = lock_datasource,
	.find = find,
	.insert = insert,
	.update = update,
	.refresh = refresh,
	.dependents = dependents,
	.targets = targets,
	.event_root = event_root,
	.specimen_child = specimen_child,
	.shorthand_owner = shorthand_owner,
	.patient = patient,
	.last_patient = last_patient,
	.delete = delete_all,
	.tx_state = tx_state,
	.state = sqlite_state,
	.get = sqlite_get,
	.query = sqlite_query,
	.next = sqlite_next,
	.cursor_free = sqlite_cursor_free,
	.stats = sqlite_stats,
};
