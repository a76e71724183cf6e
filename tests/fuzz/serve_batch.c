/* Fuzz target: any bytes as the body of a POST, or as a filter, over a database that holds a little of everything.
 * A body's answer is JSON with a result an item, each with a status; the same body has the same answer twice, and its
 * answer is the same whether it is sent as it is or after what it tells was already looked at. A filter's value, where it
 * is one, is canonical JSON that its field takes.
 * The first byte chooses: an array, lines, one patient, many, a filter; and what becomes of conflicts.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../cmd/vx-serve/create.h"
#include "../../cmd/vx-serve/filter.h"
#include "../../cmd/vx-serve/patients.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct vx_model *model;
static struct store *store;

static const char held[] =
	"{\"identifier\":\"datasource/a\",\"shorthand\":\"AA\"}\n"
	"{\"identifier\":\"datasource/b\",\"shorthand\":\"BB\"}\n"
	"{\"identifier\":\"patient/AA00001\",\"parent_identifier\":\"datasource/a\",\"external_uid\":\"1\"}\n"
	"{\"identifier\":\"study/s\",\"parent_identifier\":\"patient/AA00001\"}\n"
	"{\"identifier\":\"volume/v\",\"parent_identifier\":\"study/s\",\"path_nii\":\"/v\",\"b_value\":50}\n"
	"{\"identifier\":\"voxelmap/m\",\"path_nii\":\"/m\",\"task\":\"pz\",\"reference_mri\":\"volume/v\"}\n"
	"{\"identifier\":\"specimen/r\",\"parent_identifier\":\"patient/"
	"AA00001\",\"type\":\"RPE\",\"is_event_root\":true,"
	"\"is_summary\":true}\n"
	"{\"identifier\":\"specimen/w\",\"parent_identifier\":\"specimen/r\",\"type\":\"RPE\",\"is_event_root\":false,"
	"\"is_summary\":true}\n";

static void stop(const char *what)
{
	fprintf(stderr, "%s\n", what);
	abort();
}

/* answer: what the API would say to a body; empty when it refuses it as a whole. */
static size_t answer(
	const char *body, size_t len, bool lines, enum create_conflict conflict, bool write, struct vx_buf *out)
{
	struct vx_error err = VX_ERROR_INIT;
	struct create_options how = { .on_conflict = conflict, .dry_run = !write };
	struct batch batch;
	batch_init(&batch, model, NULL);
	int status = batch_read(&batch, body, len, lines, &err);
	size_t count = batch.count;
	if (status == VX_OK && (status = create_run(store, &batch, &how, &err)) == VX_OK)
		batch_results(&batch, out);
	else if (status != VX_EREJECT && status != VX_EDATA)
		stop(err.reason);
	batch_free(&batch);
	return count;
}

static void check_results(const struct vx_buf *out, size_t count)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_json *json;
	if (!out->len)
		return;
	if (vx_json_parse(out->data, out->len, &json, &err) != VX_OK)
		stop(err.reason);
	const struct vx_json *results = vx_json_get(json, "results");
	if (vx_json_size(results) != count)
		stop("not a result an item");
	for (size_t i = 0; i < count; i++) {
		const char *status = vx_json_str(vx_json_at(results, i), "status");
		bool wrong = status && (!strcmp(status, "invalid") || !strcmp(status, "orphan"));
		if (!status || !strcmp(status, "pending") || !strcmp(status, "waiting"))
			stop("an item without a status");
		if (wrong != (vx_json_size(vx_json_get(vx_json_at(results, i), "errors")) > 0))
			stop("an error without a word, or a word without an error");
	}
	vx_json_free(json);
}

/* timeless: a version tells the second in which its content came. */
static void timeless(struct vx_buf *out)
{
	static const char key[] = "\"version\":\"";
	for (char *p = out->data; p && (p = strstr(p, key));)
		for (p += strlen(key); *p != '"'; p++)
			*p = '.';
}

static void post(const char *body, size_t len, bool lines, enum create_conflict conflict)
{
	struct vx_buf first = VX_BUF_INIT, second = VX_BUF_INIT;
	size_t count = answer(body, len, lines, conflict, false, &first);
	check_results(&first, count);
	answer(body, len, lines, conflict, false, &second);
	timeless(&first);
	timeless(&second);
	if (first.len != second.len || (first.len && memcmp(first.data, second.data, first.len) != 0))
		stop("a dry run has left something behind");
	vx_buf_free(&first);
	vx_buf_free(&second);
}

static void patients(const char *body, size_t len, bool many)
{
	struct vx_error err = VX_ERROR_INIT;
	struct patients p = { .items = NULL };
	if (patients_read(&p, body, len, many, &err) == VX_OK) {
		for (size_t i = 0; i < p.count; i++)
			if (!*p.items[i].external_uid || !*p.items[i].datasource)
				stop("a patient without a name");
		if (patients_map(store, model, &p, false, &err) == VX_EIO)
			stop(err.reason);
	}
	patients_free(&p);
}

/* filter: "field=value" of the type that the second byte chooses. */
static void filter(const char *text, size_t len)
{
	const struct vx_type *t = vx_model_type(model, len ? (unsigned char)*text % vx_model_types(model) : 0);
	const char *const none[] = { NULL };
	const char **names = filter_names(t, none);
	const char *equals = len ? strchr(text + 1, '=') : NULL;
	for (const char **name = names; equals && *name; name++) {
		struct vx_error err = VX_ERROR_INIT;
		struct vx_buf json = VX_BUF_INIT, again = VX_BUF_INIT, row = VX_BUF_INIT;
		struct vx_json *value;
		if (strlen(*name) != (size_t)(equals - text - 1) || strncmp(*name, text + 1, strlen(*name)) != 0)
			continue;
		if (filter_value(t, *name, equals + 1, &json, &err) == VX_OK) {
			if (vx_json_parse(json.data, json.len, &value, &err) != VX_OK)
				stop(err.reason);
			vx_json_canonical(value, &again);
			if (strcmp(json.data, again.data) != 0)
				stop("a filter is not canonical");
			vx_json_free(value);
			struct store_filter f = { .field = *name, .json = json.data };
			struct store_query q = { .type = t->name, .limit = -1, .filters = &f, .n_filters = 1 };
			struct store_cursor *c = store_query(store, &q, &err);
			while (c && store_next(c, &row, &err) == 1)
				;
			if (!c || err.status == VX_EIO)
				stop(err.reason);
			store_cursor_free(c);
		}
		vx_buf_free(&json);
		vx_buf_free(&again);
		vx_buf_free(&row);
	}
	free(names);
}

static char folder[] = "/tmp/serve_batch.XXXXXX";

static void end(void)
{
	char path[64];
	store_close(store);
	snprintf(path, sizeof path, "%s/db", folder);
	unlink(path);
	rmdir(folder);
}

static void begin(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf out = VX_BUF_INIT;
	char path[64];
	if (!mkdtemp(folder) || !(model = vx_model_load(&err)))
		stop(err.reason);
	snprintf(path, sizeof path, "%s/db", folder);
	if (!(store = store_open(path, model, &err)))
		stop(err.reason);
	atexit(end);
	if (answer(held, strlen(held), true, CREATE_REJECT, true, &out) != 8)
		stop("nothing to begin with");
	vx_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!store)
		begin();
	if (!size)
		return 0;
	char *text = malloc(size); /* and not one more: what reads behind the end is seen */
	memcpy(text, data + 1, size - 1);
	text[size - 1] = '\0';
	switch (data[0] % 5) {
	case 0:
	case 1:
		post(text, size - 1, data[0] % 5 == 1, (enum create_conflict)(data[0] / 5 % 3));
		break;
	case 2:
	case 3:
		patients(text, size - 1, data[0] % 5 == 3);
		break;
	default:
		filter(text, size - 1);
	}
	free(text);
	return 0;
}
