/* store: what vx-serve asks of a database, whichever it is: store_sqlite.c, store_pg.c. The rules of the data model live
 * above it, SQL below it. in: resources in canonical form; out: rows, cursors, counts.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_H
#define STORE_H

#include "vx_resource.h"

#define STORE_SCHEMA 3 /* the layout of the tables, told by /v1/health */

struct store;

/* One resource as it is stored. Strings may be NULL where the column is. */
struct store_row {
	const char *identifier, *type, *parent;
	const char *datasource, *patient; /* the ancestors, a datasource's or a patient's own name included */
	int64_t level;                    /* 0, or 1 + the highest level of its parent and what it refers to */
	const char *body;                 /* canonical JSON */
	size_t body_len;
	int64_t created_at, updated_at; /* seconds since the epoch */
};

/* Calls return VX_OK, or VX_EIO (the database failed; reason says why), VX_EUNREACHABLE (it is away or busy: the client
 * is to try again) or STORE_AGAIN. Calls that look something up return 1 (found), 0 (not there) or a negative status. */

/* STORE_AGAIN: another transaction was in the way, and nothing of this one has happened: end it (store_end, commit
 * false) and run it again from its beginning. err tells why, as VX_EUNREACHABLE. */
#define STORE_AGAIN (-1000)
#define STORE_ATTEMPTS 8 /* then the client is told to come again */

/* store_name_check: whether db may stand on a command line, which everybody on the machine can read: VX_EUSAGE for a URI
 * with a password in it, or one that is none. */
int store_name_check(const char *db, struct vx_error *err) VX_MUST_USE;

/* store_open: db is a file, or a URI that begins with postgresql:// or postgres://. */
struct store *store_open(const char *db, const struct vx_model *model, struct vx_error *err) VX_MUST_USE;
void store_close(struct store *s); /* nobody may use it any more */

/* A transaction that writes. STORE_CREATE: resources are only added, so that several may run side by side where the
 * database can; STORE_CHANGE: they may also be changed, moved or deleted: it runs alone.
 * store_end ends it and frees tx, whatever it returns. After VX_EUNREACHABLE from a commit nobody knows whether it
 * happened. */
enum store_mode { STORE_CREATE, STORE_CHANGE };
struct store_tx;
int store_begin(struct store *s, enum store_mode mode, struct store_tx **tx, struct vx_error *err) VX_MUST_USE;
int store_end(struct store_tx *tx, bool commit, struct vx_error *err) VX_MUST_USE;

/* store_prefetch: these will be looked for by store_find: a database far away can answer for all of them at once. */
int store_prefetch(struct store_tx *tx, const char *const *identifiers, size_t n, struct vx_error *err) VX_MUST_USE;

/* store_lock_datasource: until the end nobody else numbers patients of it. */
int store_lock_datasource(struct store_tx *tx, const char *datasource, struct vx_error *err) VX_MUST_USE;

/* Rows and strings that come back are valid until the next call. Each call sees what those before it have written. */
int store_find(struct store_tx *tx, const char *identifier, struct store_row *row, struct vx_error *err) VX_MUST_USE;
int store_insert(struct store_tx *tx, const struct store_row *row, const char *const *refs, size_t n,
	struct vx_error *err) VX_MUST_USE;
int store_update(struct store_tx *tx, const struct store_row *row, const char *const *refs, size_t n,
	struct vx_error *err) VX_MUST_USE;

/* store_refresh: level, datasource and patient again from the parent and the references; 1 when one has changed. */
int store_refresh(struct store_tx *tx, const char *identifier, struct vx_error *err) VX_MUST_USE;

/* Neighbours, each handed to each(): store_dependents children and what refers to it; store_targets the other way. */
typedef void store_each(void *arg, const char *identifier, int64_t level);
int store_dependents(
	struct store_tx *tx, const char *identifier, store_each *each, void *arg, struct vx_error *err) VX_MUST_USE;
int store_targets(
	struct store_tx *tx, const char *identifier, store_each *each, void *arg, struct vx_error *err) VX_MUST_USE;

/* Lookups: the answer is copied into out (VX_IDENTIFIER_MAX + 1 bytes). */
int store_event_root(struct store_tx *tx, const char *patient, char *out, struct vx_error *err) VX_MUST_USE;
int store_specimen_child(struct store_tx *tx, const char *specimen, char *out, struct vx_error *err) VX_MUST_USE;
int store_shorthand_owner(struct store_tx *tx, const char *shorthand, char *out, struct vx_error *err) VX_MUST_USE;
int store_patient(struct store_tx *tx, const char *datasource, const char *external_uid, char *out,
	struct vx_error *err) VX_MUST_USE;
int store_last_patient(struct store_tx *tx, const char *shorthand, char *out, struct vx_error *err) VX_MUST_USE;

/* store_delete: the resource and, when recursive, all below it, handed to each() in order of their identifiers.
 * 1 done, 0 not there, VX_EREJECT with the reason in err when something still depends on what would go. */
int store_delete(struct store_tx *tx, const char *identifier, bool recursive, store_each *each, void *arg,
	struct vx_error *err) VX_MUST_USE;

/* What tells one content of the database from another: a random name, renewed whenever a resource is changed or deleted,
 * and a number that each transaction which creates some raises, so that it is lower in a back-up. Once that was put back
 * and grows again, the numbers come again, for other things: mark is of what has that number, and 0 where nothing has.
 * store_state: the mark is that of the number since; since < 0: of newest. */
struct store_state {
	char instance[33];
	int64_t newest;
	uint64_t mark;
};
int store_state(struct store *s, int64_t since, struct store_state *out, struct vx_error *err) VX_MUST_USE;
int store_tx_state(struct store_tx *tx, struct store_state *out, struct vx_error *err) VX_MUST_USE;

/* Readers: each cursor or call sees one state of the database, whatever is written meanwhile. They write nothing, not
 * even temporary tables, so that they may be asked of a read replica. */
int store_get(struct store *s, const char *identifier, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;

struct store_filter {
	const char *field; /* a member of the type's schema that holds a single value */
	const char *json;  /* that value as canonical JSON; "null": it is absent */
};

struct store_query {
	const char *type;                   /* NULL: any */
	const char *parent;                 /* NULL: any; "" those without */
	const char *datasource;             /* NULL: any; with export too: it and all below it */
	const char *patient;                /* NULL: any; it and all below it */
	const char *after;                  /* identifiers behind this one; NULL: from the first */
	long long limit;                    /* at most so many; -1: all */
	const struct store_filter *filters; /* all must hold */
	size_t n_filters;
	bool export; /* parents and references first, without the server's own members */
};
struct store_cursor;
struct store_cursor *store_query(struct store *s, const struct store_query *q, struct vx_error *err) VX_MUST_USE;
int store_next(struct store_cursor *c, struct vx_buf *out,
	struct vx_error *err) VX_MUST_USE; /* appends a line: 1, 0 at the end */
void store_cursor_free(struct store_cursor *c);

int store_stats(struct store *s, void (*each)(void *arg, const char *datasource, const char *type, int64_t count),
	void *arg, struct vx_error *err) VX_MUST_USE;

#endif
