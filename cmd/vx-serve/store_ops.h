/* store_ops: what a database behind store.h has to offer; store.c hands each call on to it. Contracts: store.h.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_OPS_H
#define STORE_OPS_H

#include "store.h"

struct store_ops {
	void (*close)(struct store *s);
	int (*begin)(struct store *s, enum store_mode mode, struct store_tx **tx, struct vx_error *err);
	int (*end)(struct store_tx *tx, bool commit, struct vx_error *err);
	int (*prefetch)(struct store_tx *tx, const char *const *identifiers, size_t n, struct vx_error *err);
	int (*lock_datasource)(struct store_tx *tx, const char *datasource, struct vx_error *err);
	int (*find)(struct store_tx *tx, const char *identifier, struct store_row *row, struct vx_error *err);
	int (*insert)(struct store_tx *tx, const struct store_row *row, const char *const *refs, size_t n,
		struct vx_error *err);
	int (*update)(struct store_tx *tx, const struct store_row *row, const char *const *refs, size_t n,
		struct vx_error *err);
	int (*refresh)(struct store_tx *tx, const char *identifier, struct vx_error *err);
	int (*dependents)(
		struct store_tx *tx, const char *identifier, store_each *each, void *arg, struct vx_error *err);
	int (*targets)(struct store_tx *tx, const char *identifier, store_each *each, void *arg, struct vx_error *err);
	int (*event_root)(struct store_tx *tx, const char *patient, char *out, struct vx_error *err);
	int (*specimen_child)(struct store_tx *tx, const char *specimen, char *out, struct vx_error *err);
	int (*shorthand_owner)(struct store_tx *tx, const char *shorthand, char *out, struct vx_error *err);
	int (*patient)(
		struct store_tx *tx, const char *datasource, const char *external_uid, char *out, struct vx_error *err);
	int (*last_patient)(struct store_tx *tx, const char *shorthand, char *out, struct vx_error *err);
	int (*delete)(struct store_tx *tx, const char *identifier, bool recursive, store_each *each, void *arg,
		struct vx_error *err);
	int (*tx_state)(struct store_tx *tx, struct store_state *out, struct vx_error *err);
	int (*state)(struct store *s, int64_t since, struct store_state *out, struct vx_error *err);
	int (*get)(struct store *s, const char *identifier, struct vx_buf *out, struct vx_error *err);
	struct store_cursor *(*query)(struct store *s, const struct store_query *q, struct vx_error *err);
	int (*next)(struct store_cursor *c, struct vx_buf *out, struct vx_error *err);
	void (*cursor_free)(struct store_cursor *c);
	int (*stats)(struct store *s, void (*each)(void *arg, const char *datasource, const char *type, int64_t count),
		void *arg, struct vx_error *err);
};

/* The first member of what each database keeps of its own. */
struct store {
	const struct store_ops *ops;
};
struct store_tx {
	const struct store_ops *ops;
};
struct store_cursor {
	const struct store_ops *ops;
};

struct store *store_sqlite_open(const char *path, const struct vx_model *model, struct vx_error *err) VX_MUST_USE;
int store_pg_name_check(const char *uri, struct vx_error *err) VX_MUST_USE;
struct store *store_pg_open(const char *uri, const struct vx_model *model, struct vx_error *err) VX_MUST_USE;

/* store_mark: of the text that tells the row of a number from others that may have had it; NULL: there is none. */
uint64_t store_mark(const char *text);

#endif
