/* store_pg_views: a view a collection, a column a field of its type, made again where the model has changed.
 * struct vx_model -> views
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_fields.h"
#include "store_pg.h"
#include "vx_hash.h"
#include "vx_share.h"

struct view {
	const struct vx_type *type;
	struct vx_buf columns, record;
};

static void add(void *arg, const char *field, enum field_kind kind)
{
	static const char *const types[] = { "text", "numeric", "boolean", "jsonb" };
	struct view *v = arg;
	/* What has a column of its own is shown from there, so that its index serves the view. */
	vx_buf_puts(&v->columns, pg_fact_find(v->type->name, field) ? ", r." : ", x.");
	field_quote(&v->columns, field, '"');
	if (v->record.len)
		vx_buf_puts(&v->record, ", ");
	field_quote(&v->record, field, '"');
	vx_buf_printf(&v->record, " %s", types[kind]);
}

/* The bounds let a query by collection use the index on identifier. */
static void view_sql(const struct vx_type *t, const struct vx_json *common, struct vx_buf *sql)
{
	struct view v = { .type = t, .columns = VX_BUF_INIT, .record = VX_BUF_INIT };
	field_each(t, common, add, &v);
	vx_buf_printf(sql,
		" AS SELECT r.identifier, r.parent_identifier, r.datasource, r.patient%s, "
		"to_timestamp(r.created_at) AS created_at, to_timestamp(r.updated_at) AS updated_at "
		"FROM resource r CROSS JOIN LATERAL json_to_record(" PG_JSON(
			"r.body") ") AS x (%s) "
				  "WHERE r.type = '%s' AND r.identifier > '%s/' AND r.identifier < '%s0'",
		v.columns.data, v.record.data, t->name, t->name, t->name);
	vx_buf_free(&v.columns);
	vx_buf_free(&v.record);
}

/* is_made: the view is there, from this very SQL, as its comment says. */
static int is_made(PGconn *pg, const char *name, const char *mark, struct vx_error *err)
{
	const char *const values[] = { name };
	PGresult *r = PQexecParams(
		pg, "SELECT obj_description(to_regclass(quote_ident($1)), 'pg_class')", 1, NULL, values, NULL, NULL, 0);
	if (PQresultStatus(r) != PGRES_TUPLES_OK)
		return pg_fail(pg, r, err);
	int same = !strcmp(PQgetvalue(r, 0, 0), mark);
	PQclear(r);
	return same;
}

/* view_make: 1 when it was there already. make false: it is only looked at, 0 when it is not there. */
static int view_make(PGconn *pg, const char *name, const char *select, bool make, struct vx_error *err)
{
	struct vx_buf sql = VX_BUF_INIT, quoted = VX_BUF_INIT;
	char mark[80] = "vx ";
	vx_sha256_bytes(select, strlen(select), mark + 3);
	field_quote(&quoted, name, '"');
	int status = is_made(pg, name, mark, err);
	if (status == 0 && make) {
		vx_buf_printf(&sql, "DROP VIEW IF EXISTS %s; CREATE VIEW %s%s; COMMENT ON VIEW %s IS '%s'", quoted.data,
			quoted.data, select, quoted.data, mark);
		status = pg_exec(pg, sql.data, NULL, err);
	}
	vx_buf_free(&sql);
	vx_buf_free(&quoted);
	return status;
}

static int keep(void *arg, const struct vx_json *file, struct vx_error *err)
{
	(void)err;
	*(struct vx_json **)arg = vx_json_copy(file);
	return VX_OK;
}

/* views: 1 when all are there. */
static int views(PGconn *pg, const struct vx_model *model, bool make, struct vx_error *err)
{
	struct vx_json *common = NULL;
	int made = 1, status = vx_share_load(NULL, "schema/common.json", keep, &common, err);
	for (size_t i = 0; i < vx_model_types(model) && status >= 0; i++) {
		const struct vx_type *t = vx_model_type(model, i);
		struct vx_buf select = VX_BUF_INIT;
		view_sql(t, common, &select);
		if ((status = view_make(pg, t->collection, select.data, make, err)) == 0)
			made = 0;
		vx_buf_free(&select);
	}
	vx_json_free(common);
	return status < 0 ? status : made;
}

int pg_views(PGconn *pg, const struct vx_model *model, struct vx_error *err)
{
	int status = views(pg, model, true, err);
	return status < 0 ? status : VX_OK;
}

int pg_views_made(PGconn *pg, const struct vx_model *model, struct vx_error *err)
{
	return views(pg, model, false, err);
}
