/* routes: the vxData API: which path and method does what. struct call -> struct call with an answer
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "create.h"
#include "patients.h"
#include "routes.h"

#define JSON "application/json"
#define NDJSON "application/x-ndjson"

/* A path ends in "*" where an identifier follows, and is "/v1/?" for the name of a collection. */
struct route {
	const char *method, *path;
	void (*handle)(struct call *call);
	const char *produces;
	const char *const *params;
	bool open;
};

static struct app *app_of(const struct call *call)
{
	return call->server->app;
}

static const char *resource_of(const struct call *call)
{
	return call->path + strlen("/v1/resources/");
}

static const struct vx_type *collection_of(const struct call *call)
{
	return vx_model_collection(app_of(call)->model, call->path + strlen("/v1/"));
}

static void answer_json(struct call *call, unsigned status)
{
	call->status = status;
	call->type = JSON;
}

/* failed: the database's failure, or the request's, as a problem. */
static void failed(struct call *call, const struct vx_error *err)
{
	switch (err->status) {
	case VX_EREJECT:
		call_problem(call, 400, "%s", err->reason);
		break;
	case VX_EDATA:
		call_problem(call, 413, "%s", err->reason);
		break;
	case VX_EUNREACHABLE:
		call_problem(call, 503, "%s", err->reason);
		break;
	default:
		vx_message(err);
		call_problem(call, 500, "%s", err->reason);
	}
}

/* flag: a query parameter that is 1 or 0; absent is what absent says. False when it is neither. */
static bool flag(struct call *call, const char *name, bool absent, bool *value)
{
	const char *text = call_arg(call, name);
	*value = text ? !strcmp(text, "1") || !strcmp(text, "true") : absent;
	if (!text || *value || !strcmp(text, "0") || !strcmp(text, "false"))
		return true;
	call_problem(call, 400, "query parameter %s: must be 1 or 0", name);
	return false;
}

/* identifier_arg: a "+" of an identifier reaches us as a space when the client did not escape it; none holds a space. */
static char *identifier_arg(const struct call *call, const char *name)
{
	const char *text = call_arg(call, name);
	if (!text)
		return NULL;
	char *copy = vx_strdup(text);
	for (char *p = copy; *p; p++)
		if (*p == ' ')
			*p = '+';
	return copy;
}

static void health(struct call *call)
{
	vx_buf_printf(&call->out,
		"{\"status\":\"ok\",\"service\":\"vxdata\",\"version\":\"" VX_VERSION
		"\",\"environment\":\"%s\",\"schema\":%d}",
		app_of(call)->environment, STORE_SCHEMA);
	answer_json(call, 200);
}

/* is_lines: NDJSON by its media type; without one, whatever does not begin as an array. */
static bool is_lines(const struct call *call)
{
	if (call->kind != BODY_UNKNOWN)
		return call->kind == BODY_LINES;
	const char *p = call->body.data;
	return p && p[strspn(p, " \t\r\n")] != '[';
}

static bool on_conflict(struct call *call, bool *update)
{
	const char *text = call_arg(call, "on_conflict");
	*update = text && !strcmp(text, "update");
	if (!text || *update || !strcmp(text, "reject"))
		return true;
	call_problem(call, 400, "query parameter on_conflict: must be reject or update");
	return false;
}

static void create(struct call *call)
{
	struct app *app = app_of(call);
	struct vx_error err = VX_ERROR_INIT;
	struct batch batch;
	bool update, dry_run;
	if (!on_conflict(call, &update) || !flag(call, "dry_run", false, &dry_run))
		return;
	batch_init(&batch, app->model, collection_of(call));
	int status = batch_read(&batch, call->body.data ? call->body.data : "", call->body.len, is_lines(call), &err);
	vx_buf_free(&call->body);
	if (status == VX_OK)
		status = create_run(app->store, &batch, update, dry_run, &err);
	if (status == VX_OK) {
		batch_results(&batch, &call->out);
		answer_json(call, 200);
	} else {
		failed(call, &err);
	}
	batch_free(&batch);
}

static bool read_patients(struct call *call, struct patients *p, bool many)
{
	struct vx_error err = VX_ERROR_INIT;
	if (patients_read(p, call->body.data ? call->body.data : "", call->body.len, many, &err) == VX_OK)
		return true;
	failed(call, &err);
	return false;
}

/* map: finds and, with new, allocates; leaves a problem when it cannot. */
static bool map(struct call *call, struct patients *p, bool new)
{
	struct app *app = app_of(call);
	struct vx_error err = VX_ERROR_INIT;
	int status = patients_map(app->store, app->model, p, new, &err);
	if (status == VX_OK)
		return true;
	if (status == VX_EDATA)
		call_problem(call, 404, "%s", err.reason);
	else if (status == VX_EREJECT)
		call_problem(call, 409, "%s", err.reason);
	else
		failed(call, &err);
	return false;
}

static void patients_batch(struct call *call)
{
	struct patients p = { 0 };
	bool new;
	if (flag(call, "register", true, &new) && read_patients(call, &p, true) && map(call, &p, new)) {
		vx_buf_puts(&call->out, "{\"results\":[");
		for (size_t i = 0; i < p.count; i++) {
			const struct patient_item *it = &p.items[i];
			if (it->identifier[0])
				vx_buf_printf(&call->out, "%s{\"identifier\":\"%s\",\"status\":\"%s\"}", i ? "," : "",
					it->identifier, it->created ? "created" : "existing");
			else
				vx_buf_printf(
					&call->out, "%s{\"identifier\":null,\"status\":\"unknown\"}", i ? "," : "");
		}
		vx_buf_puts(&call->out, "]}");
		answer_json(call, 200);
	}
	patients_free(&p);
}

static void patient_one(struct call *call, bool new)
{
	struct patients p = { 0 };
	if (read_patients(call, &p, false) && map(call, &p, new)) {
		const struct patient_item *it = p.items;
		if (!it->identifier[0])
			call_problem(call, 404, "%s has no patient %s", it->datasource, it->external_uid);
		else if (new && !it->created)
			call_problem(call, 409, "%s: the patient %s exists: %s", it->datasource, it->external_uid,
				it->identifier);
		else {
			vx_buf_printf(&call->out, "{\"identifier\":\"%s\"}", it->identifier);
			answer_json(call, new ? 201 : 200);
		}
	}
	patients_free(&p);
}

static void patient_register(struct call *call)
{
	patient_one(call, true);
}

static void patient_resolve(struct call *call)
{
	patient_one(call, false);
}

static void get(struct call *call)
{
	struct vx_error err = VX_ERROR_INIT;
	int found = store_get(app_of(call)->store, resource_of(call), &call->out, &err);
	if (found < 0)
		failed(call, &err);
	else if (!found)
		call_problem(call, 404, "%s does not exist", resource_of(call));
	else
		answer_json(call, 200);
}

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
		failed(call, &err);
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

static void list(struct call *call)
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

static void export(struct call *call)
{
	answer_query(call, &(struct store_query){ .export = true, .limit = -1 });
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

static void stats(struct call *call)
{
	struct vx_error err = VX_ERROR_INIT;
	struct stats s = { .model = app_of(call)->model, .out = &call->out };
	vx_buf_puts(&call->out, "{\"datasources\":[");
	int status = store_stats(app_of(call)->store, stats_add, &s, &err);
	free(s.datasource);
	if (status != VX_OK) {
		failed(call, &err);
		return;
	}
	vx_buf_printf(&call->out, "%s],\"total\":%lld}", s.any ? "}}" : "", (long long)s.total);
	answer_json(call, 200);
}

static void deleted_add(void *arg, const char *identifier, int64_t level)
{
	struct vx_buf *out = arg;
	(void)level;
	if (out->data[out->len - 1] != '[')
		vx_buf_putc(out, ',');
	vx_json_put_string(out, identifier, strlen(identifier));
}

/* delete_attempt: in one transaction; the names of what went into the answer. */
static int delete_attempt(struct call *call, bool recursive, struct vx_error *err)
{
	struct vx_error ignored;
	struct store_tx *tx;
	int found = store_begin(app_of(call)->store, STORE_CHANGE, &tx, err);
	if (found != VX_OK)
		return found;
	vx_buf_clear(&call->out);
	vx_buf_puts(&call->out, "{\"deleted\":[");
	found = store_delete(tx, resource_of(call), recursive, deleted_add, &call->out, err);
	vx_buf_puts(&call->out, "]}");
	if (found != 1) {
		(void)!store_end(tx, false, &ignored);
		return found;
	}
	int status = store_end(tx, true, err);
	return status == VX_OK ? 1 : status;
}

static void delete (struct call *call)
{
	struct vx_error err = VX_ERROR_INIT;
	int found = STORE_AGAIN;
	bool recursive;
	if (!strcmp(app_of(call)->environment, "production")) {
		call_problem(call, 403, "this deployment is production: nothing is deleted here");
		return;
	}
	if (!flag(call, "recursive", false, &recursive))
		return;
	for (int left = STORE_ATTEMPTS; found == STORE_AGAIN && left > 0; left--)
		found = delete_attempt(call, recursive, &err);
	if (found == 1)
		answer_json(call, 200);
	else if (found == 0)
		call_problem(call, 404, "%s does not exist", resource_of(call));
	else if (found == VX_EREJECT)
		call_problem(call, 409, "%s %s", resource_of(call), err.reason);
	else
		failed(call, &err);
}

static const char *const no_params[] = { NULL };
static const char *const create_params[] = { "on_conflict", "dry_run", NULL };
static const char *const map_params[] = { "register", NULL };
static const char *const list_params[] = { "parent", "datasource", "after", "limit", NULL };
static const char *const delete_params[] = { "recursive", NULL };

static const struct route routes[] = {
	{ "GET", "/v1/health", health, JSON, no_params, true },
	{ "GET", "/v1/stats", stats, JSON, no_params, false },
	{ "GET", "/v1/export", export, NDJSON, no_params, false },
	{ "POST", "/v1/patients/map", patients_batch, JSON, map_params, false },
	{ "POST", "/v1/patients/register", patient_register, JSON, no_params, false },
	{ "POST", "/v1/patients/resolve", patient_resolve, JSON, no_params, false },
	{ "POST", "/v1/resources", create, JSON, create_params, false },
	{ "GET", "/v1/resources/*", get, JSON, no_params, false },
	{ "DELETE", "/v1/resources/*", delete, JSON, delete_params, false },
	{ "GET", "/v1/?", list, NDJSON, list_params, false },
	{ "POST", "/v1/?", create, JSON, create_params, false },
};

static bool path_matches(const struct call *call, const char *path)
{
	size_t n = strlen(path) - 1;
	if (path[n] == '*')
		return !strncmp(call->path, path, n) && call->path[n];
	if (path[n] == '?')
		return !strncmp(call->path, path, n) && collection_of(call);
	return !strcmp(call->path, path);
}

/* allow: the methods that a path has, for a 405. */
static void allow(struct call *call, const char *method)
{
	size_t n = strlen(call->allow);
	snprintf(call->allow + n, sizeof call->allow - n, "%s%s%s", n ? ", " : "", method,
		!strcmp(method, "GET") ? ", HEAD" : "");
}

static const struct route *find(struct call *call)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (!path_matches(call, routes[i].path))
			continue;
		if (!strcmp(call->method, routes[i].method))
			return &routes[i];
		allow(call, routes[i].method);
	}
	return NULL;
}

void routes_begin(struct call *call)
{
	const struct route *r = call->route = find(call);
	if (!r && call->allow[0])
		call_problem(call, 405, "%s is not for %s: %s", call->method, call->path, call->allow);
	else if (!r || strstr(call->uri, "%00"))
		call_problem(call, 404, "%s: there is nothing here", call->path);
	if (call->status)
		return;
	call->allow[0] = '\0';
	call->open = r->open;
	call->takes_body = !strcmp(r->method, "POST");
	if (!call_accepts(call, r->produces))
		call_problem(call, 406, "the answer is %s", r->produces);
	else
		(void)call_args_known(call, r->params);
}

void routes_answer(struct call *call)
{
	call->route->handle(call);
}
