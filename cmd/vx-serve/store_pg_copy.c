/* store_pg_copy: rows, gathered in PostgreSQL's binary form and sent by COPY. rows -> tables
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_pg_tx.h"

#define PIECE ((size_t)1 << 16)

static const char copy_head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0"; /* and the literal's own NUL: 19 bytes */

static void put_number(struct vx_buf *b, uint64_t v, int bytes)
{
	char out[8];
	for (int i = 0; i < bytes; i++)
		out[i] = (char)(v >> (8 * (bytes - 1 - i)));
	vx_buf_add(b, out, (size_t)bytes);
}

static void put_text(struct vx_buf *b, const char *text, size_t n)
{
	put_number(b, text ? n : 0xffffffffu, 4);
	if (text)
		vx_buf_add(b, text, n);
}

static void put_string(struct vx_buf *b, const char *text)
{
	put_text(b, text, text ? strlen(text) : 0);
}

static void put_int8(struct vx_buf *b, int64_t v)
{
	put_number(b, 8, 4);
	put_number(b, (uint64_t)v, 8);
}

static void begin(struct vx_buf *b, int fields)
{
	if (b->len == 0)
		vx_buf_add(b, copy_head, sizeof copy_head);
	put_number(b, (uint64_t)fields, 2);
}

static char *own_key(const struct vx_json *json, const char *field)
{
	size_t len;
	const char *text = vx_json_text(vx_json_get(json, field), &len);
	return text ? pg_key(text, len) : NULL;
}

void pg_own_keys(const struct store_row *row, char **shorthand, char **external_uid)
{
	struct vx_json *json;
	*shorthand = *external_uid = NULL;
	bool datasource = !strcmp(row->type, "datasource");
	if ((!datasource && strcmp(row->type, "patient") != 0) ||
		vx_json_parse(row->body, row->body_len, &json, NULL) != VX_OK)
		return;
	if (datasource)
		*shorthand = own_key(json, "shorthand");
	else
		*external_uid = own_key(json, "external_uid");
	vx_json_free(json);
}

void pg_gather(struct pg_tx *tx, const struct store_row *row, const char *shorthand, const char *external_uid)
{
	struct vx_buf *b = &tx->rows;
	begin(b, 11);
	put_string(b, row->identifier);
	put_string(b, row->type);
	put_string(b, row->parent);
	put_string(b, row->datasource);
	put_string(b, row->patient);
	put_int8(b, row->level);
	put_int8(b, row->created_at);
	put_int8(b, row->updated_at);
	put_text(b, row->body, row->body_len);
	put_string(b, shorthand);
	put_string(b, external_uid);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void pg_gather_refs(struct pg_tx *tx, const char *source, const char *const *refs, size_t n)
{
	const char **sorted = vx_alloc(n * sizeof *sorted + 1);
	memcpy(sorted, refs, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, by_text);
	for (size_t i = 0; i < n; i++) {
		if (i && !strcmp(sorted[i], sorted[i - 1])) /* named by two fields */
			continue;
		begin(&tx->refs, 2);
		put_string(&tx->refs, source);
		put_string(&tx->refs, sorted[i]);
	}
	free(sorted);
}

static int copy(PGconn *pg, const char *sql, struct vx_buf *b, struct vx_error *err)
{
	if (b->len == 0)
		return VX_OK;
	put_number(b, 0xffff, 2); /* the trailer */
	int status = pg_exec(pg, sql, NULL, err);
	for (size_t at = 0; at < b->len && status == VX_OK; at += PIECE) {
		size_t n = b->len - at < PIECE ? b->len - at : PIECE;
		if (PQputCopyData(pg, b->data + at, (int)n) != 1)
			status = pg_fail(pg, NULL, err);
	}
	if (status == VX_OK && PQputCopyEnd(pg, NULL) != 1)
		status = pg_fail(pg, NULL, err);
	vx_buf_clear(b);
	if (status != VX_OK)
		return status;
	/* The first answer is the COPY's own; behind it there is but the end. */
	PGresult *r = PQgetResult(pg);
	PGresult *more;
	while ((more = PQgetResult(pg)))
		PQclear(more);
	if (PQresultStatus(r) != PGRES_COMMAND_OK)
		return pg_fail(pg, r, err);
	PQclear(r);
	return VX_OK;
}

int pg_flush(struct pg_tx *tx, struct vx_error *err)
{
	int status = copy(tx->c->pg, PG_COPY_RESOURCE, &tx->rows, err);
	return status == VX_OK ? copy(tx->c->pg, PG_COPY_REFERENCE, &tx->refs, err) : status;
}
