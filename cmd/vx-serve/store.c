/* store: opens the database that a name means, and hands every call on to it. path or URI -> struct store
 *
 * SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "store_ops.h"
#include "vx_hash.h"

static bool is_uri(const char *db)
{
	return !strncmp(db, "postgresql://", 13) || !strncmp(db, "postgres://", 11);
}

int store_name_check(const char *db, struct vx_error *err)
{
	return is_uri(db) ? store_pg_name_check(db, err) : VX_OK;
}

struct store *store_open(const char *db, const struct vx_model *model, struct vx_error *err)
{
	return is_uri(db) ? store_pg_open(db, model, err) : store_sqlite_open(db, model, err);
}

void store_close(struct store *s)
{
	s->ops->close(s);
}

int store_begin(struct store *s, enum store_mode mode, struct store_tx **tx, struct vx_error *err)
{
	return s->ops->begin(s, mode, tx, err);
}

int store_end(struct store_tx *tx, bool commit, struct vx_error *err)
{
	return tx->ops->end(tx, commit, err);
}

int store_prefetch(struct store_tx *tx, const char *const *identifiers, size_t n, struct vx_error *err)
{
	return tx->ops->prefetch(tx, identifiers, n, err);
}

int store_lock_datasource(struct store_tx *tx, const char *datasource, struct vx_error *err)
{
	return tx->ops->lock_datasource(tx, datasource, err);
}

int store_find(struct store_tx *tx, const char *identifier, struct store_row *row, struct vx_error *err)
{
	return tx->ops->find(tx, identifier, row, err);
}

int store_insert(
	struct store_tx *tx, const struct store_row *row, const char *const *refs, size_t n, struct vx_error *err)
{
	return tx->ops->insert(tx, row, refs, n, err);
}

int store_update(
	struct store_tx *tx, const struct store_row *row, const char *const *refs, size_t n, struct vx_error *err)
{
	return tx->ops->update(tx, row, refs, n, err);
}

int store_refresh(struct store_tx *tx, const char *identifier, struct vx_error *err)
{
	return tx->ops->refresh(tx, identifier, err);
}

int store_dependents(struct store_tx *tx, const char *identifier, store_each *each, void *arg, struct vx_error *err)
{
	return tx->ops->dependents(tx, identifier, each, arg, err);
}

int store_targets(struct store_tx *tx, const char *identifier, store_each *each, void *arg, struct vx_error *err)
{
	return tx->ops->targets(tx, identifier, each, arg, err);
}

int store_event_root(struct store_tx *tx, const char *patient, char *out, struct vx_error *err)
{
	return tx->ops->event_root(tx, patient, out, err);
}

int store_specimen_child(struct store_tx *tx, const char *specimen, char *out, struct vx_error *err)
{
	return tx->ops->specimen_child(tx, specimen, out, err);
}

int store_shorthand_owner(struct store_tx *tx, const char *shorthand, char *out, struct vx_error *err)
{
	return tx->ops->shorthand_owner(tx, shorthand, out, err);
}

int store_patient(
	struct store_tx *tx, const char *datasource, const char *external_uid, char *out, struct vx_error *err)
{
	return tx->ops->patient(tx, datasource, external_uid, out, err);
}

int store_last_patient(struct store_tx *tx, const char *shorthand, char *out, struct vx_error *err)
{
	return tx->ops->last_patient(tx, shorthand, out, err);
}

int store_delete(
	struct store_tx *tx, const char *identifier, bool recursive, store_each *each, void *arg, struct vx_error *err)
{
	return tx->ops->delete (tx, identifier, recursive, each, arg, err);
}

uint64_t store_mark(const char *text)
{
	return text ? vx_hash64(text, strlen(text)) | 1 : 0;
}

int store_state(struct store *s, int64_t since, struct store_state *out, struct vx_error *err)
{
	return s->ops->state(s, since, out, err);
}

int store_tx_state(struct store_tx *tx, struct store_state *out, struct vx_error *err)
{
	return tx->ops->tx_state(tx, out, err);
}

int store_get(struct store *s, const char *identifier, struct vx_buf *out, struct vx_error *err)
{
	return s->ops->get(s, identifier, out, err);
}

struct store_cursor *store_query(struct store *s, const struct store_query *q, struct vx_error *err)
{
	return s->ops->query(s, q, err);
}

int store_next(struct store_cursor *c, struct vx_buf *out, struct vx_error *err)
{
	return c->ops->next(c, out, err);
}

void store_cursor_free(struct store_cursor *c)
{
	c->ops->cursor_free(c);
}

int store_stats(struct store *s, void (*each)(void *arg, const char *datasource, const char *type, int64_t count),
	void *arg, struct vx_error *err)
{
	return s->ops->stats(s, each, arg, err);
}
