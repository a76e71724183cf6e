/* handle_lists: many resources at once, as they are read. GET /v1/<collection>, /v1/export -> NDJSON
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "handle.h"

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

void handle_export(struct call *call)
{
	answer_query(call, &(struct store_query){ .export = true, .limit = -1 });
}
