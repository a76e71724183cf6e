/* handle_about: what a deployment says about itself. GET /v1/health, /v1/stats -> JSON; /v1/metrics
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "handle.h"

void handle_health(struct call *call)
{
	struct vx_error err = VX_ERROR_INIT;
	struct store_state state;
	const char *text = call_arg(call, "newest");
	char *end = NULL;
	long long since = text ? strtoll(text, &end, 10) : -1;
	if (text && (*text < '0' || *text > '9' || *end || strlen(text) > 18)) {
		call_problem(call, 400, "query parameter newest: must be a whole number, 0 or more");
		return;
	}
	if (store_state(app_of(call)->store, since, &state, &err) != VX_OK) {
		answer_failed(call, &err);
		return;
	}
	vx_buf_printf(&call->out,
		"{\"status\":\"ok\",\"service\":\"vxdata\",\"version\":\"" VX_VERSION
		"\",\"environment\":\"%s\",\"schema\":%d,\"instance\":\"%s\",\"newest\":%lld,"
		"\"mark\":\"%016" PRIx64 "\"}",
		app_of(call)->environment, STORE_SCHEMA, state.instance, (long long)state.newest, state.mark);
	answer_json(call, 200);
}

void handle_metrics(struct call *call)
{
	http_metrics(call->server, &call->out);
	call->status = 200;
	call->type = "text/plain; version=0.0.4; charset=utf-8";
}

struct stats {
	const struct vx_model *model;
	struct vx_buf *out;
	char *datasource; /* the one being written */
	bool any;
	int64_t total;
};

static void stats_add(void *arg, const char *datasource, const char *type, int64_t count)
{
	struct stats *s = arg;
	const struct vx_type *t = vx_model_find(s->model, type, strlen(type));
	bool same = s->any && (datasource ? s->datasource && !strcmp(s->datasource, datasource) : !s->datasource);
	if (!same) {
		vx_buf_puts(s->out, s->any ? "}},{\"identifier\":" : "{\"identifier\":");
		if (datasource)
			vx_json_put_string(s->out, datasource, strlen(datasource));
		else
			vx_buf_puts(s->out, "null");
		vx_buf_puts(s->out, ",\"collections\":{");
		free(s->datasource);
		s->datasource = datasource ? vx_strdup(datasource) : NULL;
		s->any = true;
	}
	vx_buf_printf(s->out, "%s\"%s\":%lld", same ? "," : "", t ? t->collection : type, (long long)count);
	s->total += count;
}

void handle_stats(struct call *call)
{
	struct vx_error err = VX_ERROR_INIT;
	struct stats s = { .model = app_of(call)->model, .out = &call->out };
	vx_buf_puts(&call->out, "{\"datasources\":[");
	int status = store_stats(app_of(call)->store, stats_add, &s, &err);
	free(s.datasource);
	if (status != VX_OK) {
		answer_failed(call, &err);
		return;
	}
	vx_buf_printf(&call->out, "%s],\"total\":%lld}", s.any ? "}}" : "", (long long)s.total);
	answer_json(call, 200);
}
