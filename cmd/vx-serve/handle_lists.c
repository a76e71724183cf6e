/* handle_lists: many resources at once, as they are read. GET /v1/<collection>, /v1/export -> NDJSON
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "handle.h"
#include "vx_hash.h"

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

static void answer_query(struct call *call, const struct store_query *q)
{
	struct vx_error err = VX_ERROR_INIT;
	struct store_cursor *cursor = store_query(app_of(call)->store, q, &err);
	if (!cursor) {
		answer_failed(call, &err);
		return;
	}
	call->status = 200;
	call->type = NDJSON;
	call->more = stream_more;
	call->more_end = stream_end;
	call->stream = cursor;
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

void handle_list(struct call *call)
{
	char *parent = identifier_arg(call, "parent"), *datasource = identifier_arg(call, "datasource");
	char *after = identifier_arg(call, "after");
	struct store_query q = {
		.type = collection_of(call)->name, .parent = parent, .datasource = datasource, .after = after
	};
	if (limit_arg(call, &q.limit))
		answer_query(call, &q);
	free(parent);
	free(datasource);
	free(after);
}

/* An export that tells at its end how much there was: who reads it sees that nothing is missing. */
struct checked {
	struct store_cursor *cursor;
	struct vx_sha256 *hash; /* NULL: the end has been written */
	long long count;
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
		vx_buf_printf(out, "{\"_end\":{\"count\":%lld,\"sha256\":\"%s\"}}\n", c->count, hex);
		more = 1;
	}
	return more;
}

static void checked_end(void *stream)
{
	struct checked *c = stream;
	store_cursor_free(c->cursor);
	vx_sha256_free(c->hash);
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
	bool check;
	if (flag_arg(call, "check", false, &check) && (!datasource || exists(call, datasource)))
		answer_query(call, &(struct store_query){ .export = true, .limit = -1, .datasource = datasource });
	free(datasource);
	if (!call->stream || !check)
		return;
	struct checked *c = vx_alloc(sizeof *c);
	*c = (struct checked){ .cursor = call->stream, .hash = vx_sha256_new() };
	call->stream = c;
	call->more = checked_more;
	call->more_end = checked_end;
}
