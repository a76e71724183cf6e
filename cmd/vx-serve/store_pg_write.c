/* store_pg_write: the writers' half: a transaction each, on a connection of its own. rows -> the database
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_pg_tx.h"

enum { AHEAD = 4096, GATHER_MAX = 4 << 20 };

static struct pg_tx *of(struct store_tx *tx)
{
	return (struct pg_tx *)tx;
}

static int begin(struct store *store, enum store_mode mode, struct store_tx **out, struct vx_error *err)
{
	struct pg *s = (struct pg *)store;
	struct pg_conn *c;
	PGresult *r;
	*out = NULL;
	int status = pg_begin(&s->writers, mode == STORE_CREATE ? PG_BEGIN_CREATE : PG_BEGIN_CHANGE, &c, &r, err);
	if (status != VX_OK)
		return status;
	int64_t version = pg_int(r, 0, 0);
	PQclear(r);
	if (version != STORE_SCHEMA) {
		pg_give(c); /* inside a transaction: it is closed */
		return vx_error_set(err, VX_EUNREACHABLE, NULL,
			"database: has schema version %lld by now, this vx-serve speaks %d", (long long)version,
			STORE_SCHEMA);
	}
	struct pg_tx *tx = vx_alloc(sizeof *tx);
	*tx = (struct pg_tx){ .base.ops = &pg_ops, .c = c };
	*out = &tx->base;
	return VX_OK;
}

static int note_creation(struct pg_tx *tx, struct vx_error *err)
{
	int status = tx->created ? pg_run(tx->c, PG_CREATION, NULL, NULL, err) : VX_OK;
	tx->created = false;
	return status;
}

/* commit: once it has been sent, a lost connection leaves open whether it happened. */
static int commit(struct pg_tx *tx, struct vx_error *err)
{
	PGresult *r;
	int status = pg_flush(tx, err);
	if (status == VX_OK)
		status = note_creation(tx, err);
	if (status != VX_OK)
		return status;
	status = pg_exec(tx->c->pg, "COMMIT", &r, err);
	if (status == STORE_AGAIN && PQstatus(tx->c->pg) == CONNECTION_BAD)
		return vx_error_set(err, VX_EUNREACHABLE, NULL, "database: the connection was lost at the commit");
	if (status == VX_OK && strcmp(PQcmdStatus(r), "COMMIT") != 0)
		status = vx_error_set(err, VX_EIO, NULL, "database: the commit was a %s", PQcmdStatus(r));
	if (status == VX_OK || status == VX_EIO)
		PQclear(r);
	return status;
}

static int end(struct store_tx *base, bool keep, struct vx_error *err)
{
	struct pg_tx *tx = of(base);
	struct vx_error ignored;
	int status = keep ? commit(tx, err) : VX_OK;
	if ((!keep || status != VX_OK) && PQstatus(tx->c->pg) == CONNECTION_OK)
		(void)!pg_exec(tx->c->pg, "ROLLBACK", NULL, &ignored);
	pg_give(tx->c);
	PQclear(tx->last);
	memo_clear(&tx->memo);
	vx_buf_free(&tx->rows);
	vx_buf_free(&tx->refs);
	free(tx);
	return status;
}

/* ask: a question whose answer's strings stay until the next one. */
static int ask(struct pg_tx *tx, enum pg_sql which, const char *const *values, struct vx_error *err)
{
	PGresult *before = tx->last; /* values may lie in it */
	tx->last = NULL;
	int status = pg_run(tx->c, which, values, &tx->last, err);
	PQclear(before);
	return status;
}

/* ask_all: the same, of all that was written so far too. ask_some: where the memo tells of what was written. */
static int ask_all(struct pg_tx *tx, enum pg_sql which, const char *const *values, struct vx_error *err)
{
	int status = pg_flush(tx, err);
	return status == VX_OK ? ask(tx, which, values, err) : status;
}

static int ask_some(struct pg_tx *tx, enum pg_sql which, const char *const *values, struct vx_error *err)
{
	return tx->changed ? ask_all(tx, which, values, err) : ask(tx, which, values, err);
}

static int one_name(struct pg_tx *tx, char *out)
{
	if (PQntuples(tx->last) == 0)
		return 0;
	snprintf(out, VX_IDENTIFIER_MAX + 1, "%s", PQgetvalue(tx->last, 0, 0));
	return 1;
}

static int each_name(struct pg_tx *tx, store_each *each, void *arg)
{
	for (int i = 0; i < PQntuples(tx->last); i++)
		each(arg, PQgetvalue(tx->last, i, 0), pg_int(tx->last, i, 1));
	return VX_OK;
}

static struct store_row row_at(const PGresult *r, int i)
{
	return (struct store_row){
		.identifier = PQgetvalue(r, i, 0),
		.type = PQgetvalue(r, i, 1),
		.parent = pg_text(r, i, 2),
		.datasource = pg_text(r, i, 3),
		.patient = pg_text(r, i, 4),
		.level = pg_int(r, i, 5),
		.created_at = pg_int(r, i, 6),
		.updated_at = pg_int(r, i, 7),
		.body = PQgetvalue(r, i, 8),
		.body_len = (size_t)PQgetlength(r, i, 8),
	};
}

static int ahead(struct pg_tx *tx, const char *const *identifiers, size_t n, struct vx_error *err)
{
	struct vx_buf list = VX_BUF_INIT;
	PGresult *r;
	pg_array(&list, identifiers, n);
	int status = pg_run(tx->c, PG_PREFETCH, (const char *const[]){ list.data }, &r, err);
	vx_buf_free(&list);
	if (status != VX_OK)
		return status;
	memo_hold(&tx->memo, r);
	for (size_t i = 0; i < n; i++)
		(void)memo_at(&tx->memo, identifiers[i]);
	for (int i = 0; i < PQntuples(r); i++) {
		struct memo_entry *e = memo_at(&tx->memo, PQgetvalue(r, i, 0));
		e->state = MEMO_ROW;
		e->result = r;
		e->row = i;
	}
	return VX_OK;
}

static int prefetch(struct store_tx *base, const char *const *identifiers, size_t n, struct vx_error *err)
{
	int status = VX_OK;
	for (size_t i = 0; i < n && status == VX_OK; i += AHEAD)
		status = ahead(of(base), identifiers + i, n - i < AHEAD ? n - i : AHEAD, err);
	return status;
}

static int find(struct store_tx *base, const char *identifier, struct store_row *row, struct vx_error *err)
{
	struct pg_tx *tx = of(base);
	struct memo_entry *e = memo_find(&tx->memo, identifier);
	if (e && e->state == MEMO_ABSENT)
		return 0;
	if (e && e->state == MEMO_ROW) {
		*row = row_at(e->result, e->row);
		return 1;
	}
	int status = e ? ask_all(tx, PG_FIND, &identifier, err) : ask_some(tx, PG_FIND, &identifier, err);
	if (status != VX_OK || PQntuples(tx->last) == 0)
		return status;
	*row = row_at(tx->last, 0);
	return 1;
}

static int lock_datasource(struct store_tx *base, const char *datasource, struct vx_error *err)
{
	struct pg_tx *tx = of(base);
	char *key = vx_asprintf("lock %s", datasource);
	int status = memo_find(&tx->memo, key) ? VX_OK : pg_run(tx->c, PG_LOCK_DATASOURCE, &datasource, NULL, err);
	if (status == VX_OK)
		(void)memo_at(&tx->memo, key);
	free(key);
	return status;
}

/* remember: what lookups that do not ask of the gathered rows must answer all the same. */
static void remember(struct pg_tx *tx, const char *kind, const char *a, const char *b, const char *identifier)
{
	char *key = vx_asprintf("%s %s %s", kind, a, b);
	struct memo_entry *e = memo_at(&tx->memo, key);
	free(e->value);
	e->value = vx_strdup(identifier);
	e->state = MEMO_WRITTEN;
	free(key);
}

static int recall(struct pg_tx *tx, const char *kind, const char *a, const char *b, char *out)
{
	if (tx->changed)
		return 0;
	char *key = vx_asprintf("%s %s %s", kind, a, b);
	const struct memo_entry *e = memo_find(&tx->memo, key);
	free(key);
	if (!e)
		return 0;
	snprintf(out, VX_IDENTIFIER_MAX + 1, "%s", e->value);
	return 1;
}

static void written(struct pg_tx *tx, const struct store_row *row)
{
	struct memo_entry *e = memo_at(&tx->memo, row->identifier);
	e->state = MEMO_WRITTEN;
}

static int insert(
	struct store_tx *base, const struct store_row *row, const char *const *refs, size_t n, struct vx_error *err)
{
	struct pg_tx *tx = of(base);
	struct pg_values v;
	pg_values_of(row, &v);
	if (!strcmp(row->type, "datasource") && v.text[0])
		remember(tx, "shorthand", v.text[0], "", row->identifier);
	if (!strcmp(row->type, "patient") && v.text[1])
		remember(tx, "uid", row->datasource, v.text[1], row->identifier);
	if (!strcmp(row->type, "specimen") && row->patient && !strcmp(row->patient, row->parent))
		remember(tx, "root", row->patient, "", row->identifier);
	pg_gather(tx, row, &v);
	pg_values_free(&v);
	pg_gather_refs(tx, row->identifier, refs, n);
	written(tx, row);
	tx->created = true;
	return tx->rows.len + tx->refs.len > GATHER_MAX ? pg_flush(tx, err) : VX_OK;
}

static int update(
	struct store_tx *base, const struct store_row *row, const char *const *refs, size_t n, struct vx_error *err)
{
	struct pg_tx *tx = of(base);
	char level[24], updated[24];
	struct pg_values v;
	snprintf(level, sizeof level, "%lld", (long long)row->level);
	snprintf(updated, sizeof updated, "%lld", (long long)row->updated_at);
	pg_values_of(row, &v);
	const char *values[7 + PG_FACTS] = { row->identifier, row->parent, row->datasource, row->patient, level,
		updated, row->body };
	for (size_t i = 0; i < PG_FACTS; i++)
		values[7 + i] = v.text[i];
	int status = ask_all(tx, PG_UPDATE, values, err);
	if (status == VX_OK)
		status = ask(tx, PG_REFERENCE_DROP, &row->identifier, err);
	pg_values_free(&v);
	pg_gather_refs(tx, row->identifier, refs, n);
	written(tx, row);
	tx->changed = true;
	return status;
}

static int refresh(struct store_tx *base, const char *identifier, struct vx_error *err)
{
	struct pg_tx *tx = of(base);
	int status = ask_all(tx, PG_REFRESH, &identifier, err);
	if (status != VX_OK)
		return status;
	memo_at(&tx->memo, identifier)->state = MEMO_WRITTEN;
	return strcmp(PQcmdTuples(tx->last), "0") != 0;
}

static int dependents(struct store_tx *base, const char *identifier, store_each *each, void *arg, struct vx_error *err)
{
	int status = ask_all(of(base), PG_DEPENDENTS, &identifier, err);
	return status == VX_OK ? each_name(of(base), each, arg) : status;
}

static int targets(struct store_tx *base, const char *identifier, store_each *each, void *arg, struct vx_error *err)
{
	int status = ask_all(of(base), PG_TARGETS, &identifier, err);
	return status == VX_OK ? each_name(of(base), each, arg) : status;
}

static int event_root(struct store_tx *base, const char *patient, char *out, struct vx_error *err)
{
	if (recall(of(base), "root", patient, "", out))
		return 1;
	int status = ask_some(of(base), PG_EVENT_ROOT, &patient, err);
	return status == VX_OK ? one_name(of(base), out) : status;
}

static int specimen_child(struct store_tx *base, const char *specimen, char *out, struct vx_error *err)
{
	int status = ask_all(of(base), PG_SPECIMEN_CHILD, &specimen, err);
	return status == VX_OK ? one_name(of(base), out) : status;
}

static int shorthand_owner(struct store_tx *base, const char *shorthand, char *out, struct vx_error *err)
{
	char *key = pg_key(shorthand, strlen(shorthand));
	int status = VX_OK, known = recall(of(base), "shorthand", key, "", out);
	if (!known)
		status = ask_some(of(base), PG_SHORTHAND, (const char *const[]){ key }, err);
	free(key);
	return known ? known : status == VX_OK ? one_name(of(base), out) : status;
}

static int patient(
	struct store_tx *base, const char *datasource, const char *external_uid, char *out, struct vx_error *err)
{
	char *key = pg_key(external_uid, strlen(external_uid));
	int status = VX_OK, known = recall(of(base), "uid", datasource, key, out);
	if (!known)
		status = ask_some(of(base), PG_PATIENT, (const char *const[]){ datasource, key }, err);
	free(key);
	return known ? known : status == VX_OK ? one_name(of(base), out) : status;
}

static int last_patient(struct store_tx *base, const char *shorthand, char *out, struct vx_error *err)
{
	int status = ask_all(of(base), PG_LAST_PATIENT, &shorthand, err);
	return status == VX_OK ? one_name(of(base), out) : status;
}

/* delete_refused: VX_EREJECT when something would be left without what it stands on. */
static int delete_refused(struct pg_tx *tx, const char *identifier, bool recursive, struct vx_error *err)
{
	int status = VX_OK;
	if (!recursive) {
		if ((status = ask(tx, PG_CHILD, &identifier, err)) != VX_OK)
			return status;
		if (PQntuples(tx->last))
			return vx_error_set(err, VX_EREJECT, NULL,
				"has children, %s the first; ?recursive=1 deletes them too",
				PQgetvalue(tx->last, 0, 0));
	}
	if ((status = ask(tx, PG_DOOMED_REFERRED, &identifier, err)) == VX_OK && PQntuples(tx->last))
		return vx_error_set(
			err, VX_EREJECT, NULL, "%s refers to it or to what is below it", PQgetvalue(tx->last, 0, 0));
	return status;
}

static int delete_all(struct store_tx *base, const char *identifier, bool recursive, store_each *each, void *arg,
	struct vx_error *err)
{
	struct pg_tx *tx = of(base);
	int status = ask_all(tx, PG_FIND, &identifier, err);
	if (status != VX_OK || PQntuples(tx->last) == 0)
		return status;
	memo_clear(&tx->memo);
	tx->changed = true;
	if ((status = delete_refused(tx, identifier, recursive, err)) != VX_OK ||
		(status = ask(tx, PG_DOOMED, &identifier, err)) != VX_OK ||
		(status = each_name(tx, each, arg)) != VX_OK ||
		(status = ask(tx, PG_DELETE_REFERENCES, &identifier, err)) != VX_OK ||
		(status = ask(tx, PG_DELETE_RESOURCES, &identifier, err)) != VX_OK)
		return status;
	return 1;
}

static int tx_state(struct store_tx *base, struct store_state *out, struct vx_error *err)
{
	struct pg_tx *tx = of(base);
	int status = note_creation(tx, err);
	if (status != VX_OK || (status = ask(tx, PG_STATE, (const char *[]){ NULL }, err)) != VX_OK)
		return status;
	status = pg_state_row(tx->last, out, err);
	tx->last = NULL;
	return status;
}

const struct store_ops pg_ops = {
	.close = pg_close,
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
	.state = pg_state,
	.get = pg_get,
	.query = pg_query,
	.next = pg_next,
	.cursor_free = pg_cursor_free,
	.stats = pg_stats,
};
