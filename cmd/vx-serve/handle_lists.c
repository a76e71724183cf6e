/* handle_lists: many resources at once, as they are read. GET /v1/<collection>, /v1/export -> NDJSON
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "filter.h"
#include "handle.h"
#include "page.h"
#include "vx_hash.h"
#include "vx_url.h"

const char *const list_params[] = { "parent", "datasource", "patient", "after", "limit", NULL };

static int stream_more(void *stream, struct vx_buf *out)
{
	struct vx_error err = VX_ERROR_INIT;
	int more = store_next(stream, out, &err);
	if (more < 0)
		vx_message(&err);
	return more;
}

static void stream_end(void *stream)
{
	store_cursor_free(stream);
}

static int page_more(void *stream, struct vx_buf *out)
{
	struct vx_error err = VX_ERROR_INIT;
	int more = page_next(stream, out, &err);
	if (more < 0)
		vx_message(&err);
	return more;
}

static void page_end(void *stream)
{
	page_free(stream);
}

static void answer_rows(struct call *call, void *stream, int (*more)(void *, struct vx_buf *), void (*end)(void *))
{
	call->status = 200;
	call->type = NDJSON;
	call->stream = stream;
	call->more = more;
	call->more_end = end;
}

static struct store_cursor *query(struct call *call, const struct store_query *q)
{
	struct vx_error err = VX_ERROR_INIT;
	struct store_cursor *cursor = store_query(app_of(call)->store, q, &err);
	if (!cursor)
		answer_failed(call, &err);
	return cursor;
}

/* A list's query while it is read: what its strings lie in. */
struct list {
	struct store_query q;
	char *parent, *datasource, *patient, *after;
	const char **names; /* of all parameters: list_params, then the type's fields */
	struct store_filter *filters;
	struct vx_buf *values; /* of the filters */
};

static void list_free(struct list *l)
{
	for (size_t i = 0; i < l->q.n_filters; i++)
		vx_buf_free(&l->values[i]);
	free(l->filters);
	free(l->values);
	free(l->names);
	free(l->parent);
	free(l->datasource);
	free(l->patient);
	free(l->after);
}

static bool limit_arg(struct call *call, long long *limit)
{
	const char *text = call_arg(call, "limit");
	char *end = NULL;
	*limit = text ? strtoll(text, &end, 10) : -1;
	if (!text || (*text >= '1' && *text <= '9' && !*end && strlen(text) < 19))
		return true;
	call_problem(call, 400, "query parameter limit: must be a whole number, 1 or more");
	return false;
}

/* name_arg: an identifier, of that type where one is named: whoever writes only half of a name would get no rows, and
 * believe that there are none. */
static bool name_arg(struct call *call, const char *param, const char *type, char **out)
{
	*out = identifier_arg(call, param);
	if (!*out || (!type && !**out))
		return true;
	const struct vx_type *t = vx_model_type_of(app_of(call)->model, *out);
	const char *why = vx_identifier_check(*out, strlen(*out));
	if (!why && t && (!type || !strcmp(t->name, type)))
		return true;
	call_problem(call, 400, "query parameter %s: \"%s\" is no identifier of a %s", param, *out,
		type ? type : "resource");
	return false;
}

static bool filters_read(struct call *call, const struct vx_type *t, struct list *l)
{
	struct vx_error err = VX_ERROR_INIT;
	size_t fixed = 0, n = 0;
	while (list_params[fixed])
		fixed++;
	while (l->names[fixed + n])
		n++;
	l->q.filters = l->filters = vx_alloc((n + 1) * sizeof *l->filters);
	l->values = vx_alloc((n + 1) * sizeof *l->values);
	for (size_t i = 0; i < n; i++) {
		const char *name = l->names[fixed + i], *text = call_arg(call, name);
		struct vx_buf *value = &l->values[l->q.n_filters];
		if (!text)
			continue;
		l->filters[l->q.n_filters++].field = name;
		if (filter_value(t, name, text, value, &err) != VX_OK) {
			call_problem(call, 400, "query parameter %s: %s", name, err.reason);
			return false;
		}
		l->filters[l->q.n_filters - 1].json = value->data;
	}
	return true;
}

static bool list_read(struct call *call, struct list *l)
{
	const struct vx_type *t = collection_of(call);
	l->names = filter_names(t, list_params);
	if (!name_arg(call, "parent", NULL, &l->parent) ||
		!name_arg(call, "datasource", "datasource", &l->datasource) ||
		!name_arg(call, "patient", "patient", &l->patient) || !limit_arg(call, &l->q.limit) ||
		!filters_read(call, t, l))
		return false;
	l->after = identifier_arg(call, "after");
	l->q.type = t->name;
	l->q.parent = l->parent;
	l->q.datasource = l->datasource;
	l->q.patient = l->patient;
	l->q.after = l->after;
	return true;
}

/* link_next: the same question, behind the last row of this page (RFC 8288). */
static void link_next(struct call *call, const struct list *l, const char *last)
{
	vx_buf_printf(&call->link, "<%s?", call->path);
	for (const char **name = l->names; *name; name++) {
		const char *value = call_arg(call, *name);
		if (!value || !strcmp(*name, "after"))
			continue;
		vx_buf_printf(&call->link, "%s=", *name);
		vx_url_escape(&call->link, value, strlen(value), true);
		vx_buf_putc(&call->link, '&');
	}
	vx_buf_puts(&call->link, "after=");
	vx_url_escape(&call->link, last, strlen(last), true);
	vx_buf_puts(&call->link, ">; rel=\"next\"");
}

static void answer_page(struct call *call, struct list *l)
{
	struct vx_error err = VX_ERROR_INIT;
	long long limit = l->q.limit++;
	struct store_cursor *cursor = query(call, &l->q);
	if (!cursor)
		return;
	struct page *page = page_read(cursor, limit, &err);
	store_cursor_free(cursor);
	if (!page) {
		answer_failed(call, &err);
		return;
	}
	if (page->more)
		link_next(call, l, page->last);
	answer_rows(call, page, page_more, page_end);
}

void handle_list(struct call *call)
{
	struct list l = { .q.limit = -1 };
	if (!list_read(call, &l)) {
		list_free(&l);
		return;
	}
	if (l.q.limit > 0) {
		answer_page(call, &l);
	} else {
		struct store_cursor *cursor = query(call, &l.q);
		if (cursor)
			answer_rows(call, cursor, stream_more, stream_end);
	}
	list_free(&l);
}

/* An export that tells at its end how much there was: who reads it sees that nothing is missing. */
struct checked {
	struct store_cursor *cursor;
	struct vx_sha256 *hash; /* NULL: the end has been written */
	long long count;
	char *datasource; /* that it is all of; NULL: of the whole deployment */
};

static int checked_more(void *stream, struct vx_buf *out)
{
	struct checked *c = stream;
	size_t before = out->len;
	char hex[65];
	int more = c->hash ? stream_more(c->cursor, out) : 0;
	if (more > 0) {
		vx_sha256_add(c->hash, out->data + before, out->len - before);
		c->count++;
	} else if (more == 0 && c->hash) {
		vx_sha256_end(c->hash, hex);
		c->hash = NULL;
		vx_buf_printf(out, "{\"_end\":{\"count\":%lld,\"sha256\":\"%s\"", c->count, hex);
		if (c->datasource) {
			vx_buf_puts(out, ",\"datasource\":");
			vx_json_put_string(out, c->datasource, strlen(c->datasource));
		}
		vx_buf_puts(out, "}}\n");
		more = 1;
	}
	return more;
}

static void checked_end(void *stream)
{
	struct checked *c = stream;
	store_cursor_free(c->cursor);
	vx_sha256_free(c->hash);
	free(c->datasource);
	free(c);
}

/* exists: a name that was mistyped must not look like an empty datasource. */
static bool exists(struct call *call, const char *datasource)
{
	struct vx_buf ignored = VX_BUF_INIT;
	struct vx_error err = VX_ERROR_INIT;
	int found = strncmp(datasource, "datasource/", 11) == 0
			    ? store_get(app_of(call)->store, datasource, &ignored, &err)
			    : 0;
	vx_buf_free(&ignored);
	if (found < 0)
		answer_failed(call, &err);
	else if (!found)
		call_problem(call, 404, "there is no datasource %s", datasource);
	return found > 0;
}

void handle_export(struct call *call)
{
	char *datasource = identifier_arg(call, "datasource");
	const struct store_query q = { .export = true, .limit = -1, .datasource = datasource };
	struct store_cursor *cursor = NULL;
	bool check;
	if (flag_arg(call, "check", false, &check) && (!datasource || exists(call, datasource)))
		cursor = query(call, &q);
	if (!cursor || !check) {
		free(datasource);
		if (cursor)
			answer_rows(call, cursor, stream_more, stream_end);
		return;
	}
	struct checked *c = vx_alloc(sizeof *c);
	*c = (struct checked){ .cursor = cursor, .hash = vx_sha256_new(), .datasource = datasource };
	answer_rows(call, c, checked_more, checked_end);
}
