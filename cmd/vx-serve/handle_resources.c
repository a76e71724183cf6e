/* handle_resources: resources come in, one is shown, some go. POST, GET, DELETE -> JSON
 *
 * SPDX-License-Identifier: MIT
 */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "apply.h"
#include "handle.h"

/* is_lines: NDJSON by its media type; without one, whatever does not begin as an array. */
static bool is_lines(const struct call *call)
{
	if (call->kind != BODY_UNKNOWN)
		return call->kind == BODY_LINES;
	const char *p = call->body.data;
	return p && p[strspn(p, " \t\r\n")] != '[';
}

static bool is_production(const struct call *call)
{
	return !strcmp(app_of(call)->environment, "production");
}

static bool on_conflict(struct call *call, enum create_conflict *what)
{
	static const char *const names[] = { "reject", "update", "replace" };
	const char *text = call_arg(call, "on_conflict");
	for (*what = CREATE_REJECT; text && *what <= CREATE_REPLACE; (*what)++)
		if (!strcmp(text, names[*what]))
			break;
	if (*what > CREATE_REPLACE)
		call_problem(call, 400, "query parameter on_conflict: must be reject, update or replace");
	else if (*what == CREATE_REPLACE && is_production(call))
		call_problem(call, 403, "this deployment is production: it is no clone of another");
	else
		return true;
	return false;
}

static void add_states(struct vx_buf *out, const struct create_states *s)
{
	out->len--; /* the brace */
	vx_buf_printf(out, ",\"was\":\"%s\",\"instance\":\"%s\",\"newest\":%lld,\"mark\":\"%016" PRIx64 "\"}",
		s->was.instance, s->is.instance, (long long)s->is.newest, s->is.mark);
}

/* count: the results, for /v1/metrics. */
static void count(struct call *call, const struct batch *batch)
{
	uint64_t n[ITEM_WAITING] = { 0 };
	for (size_t i = 0; i < batch->count; i++)
		n[batch->items[i].status]++;
	for (enum item_status status = ITEM_CREATED; status < ITEM_WAITING; status++)
		if (n[status])
			metrics_count(call->server->metrics, METRICS_RESOURCES, item_word(status), n[status]);
}

void handle_create(struct call *call)
{
	struct app *app = app_of(call);
	struct vx_error err = VX_ERROR_INIT;
	struct batch batch;
	struct create_options how = { .split_locked = is_production(call) };
	struct create_states states = { .is = { .newest = -1 } };
	bool instance;
	if (!on_conflict(call, &how.on_conflict) || !flag_arg(call, "dry_run", false, &how.dry_run) ||
		!flag_arg(call, "instance", false, &instance))
		return;
	how.states = instance ? &states : NULL;
	batch_init(&batch, app->model, collection_of(call));
	int status = batch_read(&batch, call->body.data ? call->body.data : "", call->body.len, is_lines(call), &err);
	vx_buf_free(&call->body);
	if (status == VX_OK)
		status = create_run(app->store, &batch, &how, &err);
	if (status == VX_OK) {
		batch_results(&batch, &call->out);
		if (states.is.newest >= 0) /* nothing valid in it: then the database was not asked */
			add_states(&call->out, &states);
		if (!how.dry_run)
			count(call, &batch);
		answer_json(call, 200);
	} else {
		answer_failed(call, &err);
	}
	batch_free(&batch);
}

void handle_get(struct call *call)
{
	struct vx_error err = VX_ERROR_INIT;
	int found = store_get(app_of(call)->store, resource_of(call), &call->out, &err);
	if (found < 0)
		answer_failed(call, &err);
	else if (!found)
		call_problem(call, 404, "%s does not exist", resource_of(call));
	else
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
static int delete_attempt(struct call *call, bool recursive, bool aside, struct vx_error *err)
{
	struct vx_error ignored;
	struct store_tx *tx;
	int found = store_begin(app_of(call)->store, STORE_CHANGE, &tx, err);
	if (found != VX_OK)
		return found;
	vx_buf_clear(&call->out);
	vx_buf_puts(&call->out, "{\"deleted\":[");
	found = aside ? apply_aside(tx, resource_of(call), time(NULL), err)
		      : store_delete(tx, resource_of(call), recursive, deleted_add, &call->out, err);
	vx_buf_puts(&call->out, "]}");
	if (found != 1) {
		(void)!store_end(tx, false, &ignored);
		return found;
	}
	int status = store_end(tx, true, err);
	return status == VX_OK ? 1 : status;
}

void handle_delete(struct call *call)
{
	struct vx_error err = VX_ERROR_INIT;
	int found = STORE_AGAIN;
	bool recursive, aside;
	if (is_production(call)) {
		call_problem(call, 403, "this deployment is production: nothing is deleted here");
		return;
	}
	if (!flag_arg(call, "recursive", false, &recursive) || !flag_arg(call, "aside", false, &aside))
		return;
	for (int left = STORE_ATTEMPTS; found == STORE_AGAIN && left > 0; left--)
		found = delete_attempt(call, recursive, aside, &err);
	if (found == 1)
		answer_json(call, 200);
	else if (found == 0)
		call_problem(call, 404, "%s does not exist", resource_of(call));
	else if (found == VX_EREJECT)
		call_problem(call, 409, "%s %s", resource_of(call), err.reason);
	else
		answer_failed(call, &err);
}
