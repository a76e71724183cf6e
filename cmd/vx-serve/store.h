/* store: what vx-serve asks of a database; the rules of the data model live above it, SQL below it.
 * in: resources in canonical form; out: rows, cursors, counts. One writer at a time, any number of readers.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STORE_H
#define STORE_H

#include "vx_resource.h"

#define STORE_SCHEMA 1 /* the layout of the tables, told by /v1/health */

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

/* Calls return VX_OK, or VX_EIO (the database failed; reason says why) or VX_EUNREACHABLE (it is busy: try again).
 * Calls that look something up return 1 (found), 0 (not there) or a negative status. */

struct store *store_open(const char *path, const struct vx_model *model, struct vx_error *err) VX_MUST_USE;
void store_close(struct store *s); /* checkpoints; nobody may use it any more */

/* store_begin: takes the writer and begins a transaction; store_end ends both, whatever it returns. */
int store_begin(struct store *s, struct vx_error *err) VX_MUST_USE;
int store_end(struct store *s, bool commit, struct vx_error *err) VX_MUST_USE;

/* Inside a transaction. Rows and strings that come back are valid until the next call. */
int store_find(struct store *s, const char *identifier, struct store_row *row, struct vx_error *err) VX_MUST_USE;
int store_insert(struct store *s, const struct store_row *row, const char *const *refs, size_t n,
	struct vx_error *err) VX_MUST_USE;
int store_update(struct store *s, const struct store_row *row, const char *const *refs, size_t n,
	struct vx_error *err) VX_MUST_USE;

/* store_refresh: level, datasource and patient again from the parent and the references; 1 when one has changed. */
int store_refresh(struct store *s, const char *identifier, struct vx_error *err) VX_MUST_USE;

/* Neighbours, each handed to each(): store_dependents children and what refers to it; store_targets the other way. */
typedef void store_each(void *arg, const char *identifier, int64_t level);
int store_dependents(
	struct store *s, const char *identifier, store_each *each, void *arg, struct vx_error *err) VX_MUST_USE;
int store_targets(
	struct store *s, const char *identifier, store_each *each, void *arg, struct vx_error *err) VX_MUST_USE;

/* Lookups: the answer is copied into out (VX_IDENTIFIER_MAX + 1 bytes). */
int store_event_root(struct store *s, const char *patient, char *out, struct vx_error *err) VX_MUST_USE;
int store_specimen_child(struct store *s, const char *specimen, char *out, struct vx_error *err) VX_MUST_USE;
int store_shorthand_owner(struct store *s, const char *shorthand, char *out, struct vx_error *err) VX_MUST_USE;
int store_patient(
	struct store *s, const char *datasource, const char *external_uid, char *out, struct vx_error *err) VX_MUST_USE;
int store_last_patient(struct store *s, const char *shorthand, char *out, struct vx_error *err) VX_MUST_USE;

/* store_delete: the resource and, when recursive, all below it, handed to each() in order of their identifiers.
 * 1 done, 0 not there, VX_EREJECT with the reason in err when something still depends on what would go. */
int store_delete(struct store *s, const char *identifier, bool recursive, store_each *each, void *arg,
	struct vx_error *err) VX_MUST_USE;

/* Readers: each cursor or call sees one state of the database, whatever is written meanwhile. */
int store_get(struct store *s, const char *identifier, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;

struct store_query {
	const char *type;       /* NULL: any */
	const char *parent;     /* NULL: any; "" those without */
	const char *datasource; /* NULL: any */
	const char *after;      /* identifiers behind this one; NULL: from the first */
	long long limit;        /* at most so many; -1: all */
	bool export;            /* all of it, parents and references first, without the server's own members */
};
struct store_cursor;
struct store_cursor *store_query(struct store *s, const struct store_query *q, struct vx_error *err) VX_MUST_USE;
int store_next(struct store_cursor *c, struct vx_buf *out,
	struct vx_error *err) VX_MUST_USE; /* appends a line: 1, 0 at the end */
void store_cursor_free(struct store_cursor *c);

int store_stats(struct store *s, void (*each)(void *arg, const char *datasource, const char *type, int64_t count),
	void *arg, struct vx_error *err) VX_MUST_USE;

#endif
