/* store_select: struct store_query -> SQL and its parameters
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "store_select.h"

void select_value(struct select *s, const char *text)
{
	if (s->count == s->cap) {
		s->cap = s->cap ? s->cap * 2 : 8;
		s->values = vx_realloc(s->values, s->cap * sizeof *s->values);
	}
	s->values[s->count++] = vx_strdup(text);
	vx_buf_printf(&s->sql, "$%zu", s->count);
}

static void condition(struct select *s, const char *sql, const char *value)
{
	vx_buf_printf(&s->sql, " AND %s ", sql);
	select_value(s, value);
}

/* bounds: every identifier of the type behind after. '0' is the character behind '/'. */
static void bounds(struct select *s, const struct store_query *q)
{
	char *low = q->type ? vx_asprintf("%s/", q->type) : vx_strdup("");
	char *high = q->type ? vx_asprintf("%s0", q->type) : NULL;
	condition(s, "identifier >", q->after && strcmp(q->after, low) > 0 ? q->after : low);
	if (high)
		condition(s, "identifier <", high);
	free(low);
	free(high);
}

/* below: the children's children of a patient are few, and found by their parents: no index of its own is needed. */
static void below(struct select *s, const char *patient)
{
	vx_buf_puts(&s->sql, " AND identifier IN (WITH RECURSIVE below (i) AS (SELECT identifier FROM resource "
			     "WHERE type = 'patient' AND identifier = ");
	select_value(s, patient);
	vx_buf_puts(&s->sql, " UNION SELECT identifier FROM resource JOIN below ON parent_identifier = i) "
			     "SELECT i FROM below)");
}

void select_build(struct select *s, const struct store_query *q, select_filter *filter)
{
	vx_buf_printf(&s->sql, "SELECT body%s FROM resource WHERE true", q->export ? "" : ", created_at, updated_at");
	if (q->type || q->after)
		bounds(s, q);
	if (q->datasource)
		condition(s, "datasource =", q->datasource);
	if (q->parent && *q->parent)
		condition(s, "parent_identifier =", q->parent);
	else if (q->parent)
		vx_buf_puts(&s->sql, " AND parent_identifier IS NULL");
	if (q->patient)
		below(s, q->patient);
	for (size_t i = 0; i < q->n_filters; i++) {
		vx_buf_puts(&s->sql, " AND ");
		filter(s, q->type, &q->filters[i]);
	}
	vx_buf_puts(&s->sql, q->export ? " ORDER BY level, identifier" : " ORDER BY identifier");
	if (q->limit >= 0)
		vx_buf_printf(&s->sql, " LIMIT %lld", q->limit);
}

void select_free(struct select *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->values[i]);
	free(s->values);
	vx_buf_free(&s->sql);
}
