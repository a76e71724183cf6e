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

static void put_fact(struct vx_buf *b, enum pg_fact_kind kind, const char *text)
{
	uint64_t bits;
	if (!text || kind == PG_FACT_TEXT) {
		put_string(b, text);
		return;
	}
	double v = strtod(text, NULL);
	memcpy(&bits, &v, sizeof bits);
	put_number(b, kind == PG_FACT_DOUBLE ? 8 : 2, 4);
	put_number(b, kind == PG_FACT_DOUBLE ? bits : (uint64_t)(int64_t)v, kind == PG_FACT_DOUBLE ? 8 : 2);
}

void pg_gather(struct pg_tx *tx, const struct store_row *row, const struct pg_values *values)
{
	struct vx_buf *b = &tx->rows;
	begin(b, 9 + PG_FACTS);
	put_string(b, row->identifier);
	put_string(b, row->type);
	put_string(b, row->parent);
	put_string(b, row->datasource);
	put_string(b, row->patient);
	put_int8(b, row->level);
	put_int8(b, row->created_at);
	put_int8(b, row->updated_at);
	put_text(b, row->body, row->body_len);
	for (size_t i = 0; i < PG_FACTS; i++)
		put_fact(b, pg_facts[i].kind, values->text[i]);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void pg_gather_refs(struct pg_tx *tx, const char *source, const char *const *refs, size_t n)
{
	if (!n)
		return;
	const char **sorted = vx_alloc(n * sizeof *sorted);
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
