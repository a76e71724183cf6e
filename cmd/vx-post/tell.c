/* tell: a result that is known -> its line, or its row of the table; what people and the rejects file are told of it.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "post.h"

/* "conflict: b_value: 50 here, 0 there (and 2 more)": the first thing that the server names. */
static void tell(const struct item *it, const struct vx_json *result, struct vx_error *err)
{
	const struct vx_json *errors = vx_json_get(result, "errors"), *diff = vx_json_get(result, "diff");
	const struct vx_json *first = vx_json_type(errors) == VX_ARRAY ? vx_json_at(errors, 0) : NULL;
	size_t more = vx_json_size(errors) > 1 ? vx_json_size(errors) - 1 : 0;
	char tail[48] = "";

	vx_error_set(err, VX_EREJECT, NULL, "%s", status_name(it->status));
	if (vx_json_type(first) == VX_OBJECT) {
		const char *field = vx_json_str(first, "field"), *reason = vx_json_str(first, "reason");
		const char *value = vx_json_str(first, "value");
		if (more)
			snprintf(tail, sizeof(tail), " (and %zu more)", more);
		bool unnamed = it->status == ORPHAN && value && (!reason || !strstr(reason, value));
		vx_error_set(err, VX_EREJECT, field, "%s: %s%s%s%s", status_name(it->status), unnamed ? value : "",
			unnamed ? " " : "", reason ? reason : "no reason given", tail);
	} else if (vx_json_type(diff) == VX_OBJECT && vx_json_size(diff) > 0) {
		struct vx_json_iter i = vx_json_begin(diff);
		struct vx_buf old = VX_BUF_INIT, new = VX_BUF_INIT;
		vx_json_next(&i);
		vx_json_print(vx_json_type(i.value) == VX_OBJECT ? vx_json_get(i.value, "old") : NULL, &old);
		vx_json_print(vx_json_type(i.value) == VX_OBJECT ? vx_json_get(i.value, "new") : NULL, &new);
		if (vx_json_size(diff) > 1)
			snprintf(tail, sizeof(tail), " (and %zu fields more)", vx_json_size(diff) - 1);
		vx_error_set(err, VX_EREJECT, i.key, "conflict: %.200s is there, %.200s was sent%s", old.data, new.data,
			tail);
		vx_buf_free(&old);
		vx_buf_free(&new);
	}
}

static void locate(const struct item *it, const char *text, struct vx_error *err)
{
	struct vx_json *source = NULL;
	int64_t row = 0;

	vx_error_at(err, it->identifier, 0);
	if (it->source_len && vx_json_parse(text + it->len, it->source_len, &source, NULL) == VX_OK &&
		vx_json_type(source) == VX_OBJECT && vx_json_str(source, "file")) {
		vx_json_get_int(source, "row", &row);
		vx_error_at(err, vx_json_str(source, "file"), (long)row);
	}
	vx_json_free(source);
}

static void say_warnings(struct post *p, const struct item *it, const char *text, const struct vx_json *result)
{
	const struct vx_json *warnings = p->o->clone ? NULL : vx_json_get(result, "warnings"); /* a twin is as it is */

	for (size_t i = 0; vx_json_type(warnings) == VX_ARRAY && i < vx_json_size(warnings); i++) {
		const struct vx_json *w = vx_json_at(warnings, i);
		const char *code = vx_json_type(w) == VX_OBJECT ? vx_json_str(w, "code") : NULL;
		const char *field = vx_json_type(w) == VX_OBJECT ? vx_json_str(w, "field") : NULL;
		const char *words = code ? vx_resource_warning_text(code) : "unnamed";
		struct vx_error err = VX_ERROR_INIT;
		locate(it, text, &err);
		vx_error_set(&err, VX_OK, NULL, "%s%s%s", field ? field : "", field && *field ? ": " : "",
			words ? words : code);
		vx_run_warn(p->run, &err);
		p->warnings++;
	}
}

/* What people and the rejects file are told of a result that is not plain. */
static void tell_result(struct post *p, const struct item *it, const char *text, struct vx_json *result)
{
	struct vx_record rec = { .line = "{}", .len = 2, .json = result, .job = &p->job };
	struct vx_error err = VX_ERROR_INIT;

	say_warnings(p, it, text, result);
	if (!status_bad(it->status))
		return;
	tell(it, result, &err);
	locate(it, text, &err);
	if (it->line_len) { /* else there is no rejects file, and nobody reads the record */
		rec.line = text + it->len + it->source_len;
		rec.len = it->line_len;
	}
	vx_reject(&rec, &err);
}

/* The same for a person: the table says it all, so that stderr need not. */
static void write_row(struct post *p, const struct item *it, const char *text, struct vx_json *result)
{
	size_t said = p->job.messages.len;

	table_take(p->table, it->type, it->identifier, status_name(it->status), result, &p->job.out);
	if (result)
		tell_result(p, it, text, result);
	p->job.messages.len = said;
}

static void write_line(struct post *p, const struct item *it, const char *text)
{
	struct vx_buf *out = &p->job.out;

	if (it->result)
		vx_buf_add(out, it->result, it->result_len);
	else
		result_plain(it, it->status, out);
	if (it->source_len) {
		out->len--;
		vx_buf_puts(out, ",\"_source\":");
		vx_buf_add(out, text + it->len, it->source_len);
		vx_buf_putc(out, '}');
	}
	vx_buf_putc(out, '\n');
}

void result_write(struct post *p, struct item *it)
{
	struct vx_buf b = VX_BUF_INIT;
	struct vx_json *result = NULL;
	struct vx_error err = VX_ERROR_INIT;
	const char *text = "";

	if (it->deferred)
		return;
	/* A plain result of a record without a _source needs nothing of what was sent. */
	if ((it->result || it->source_len) && item_text(p, it, &b, &text, &err) != VX_OK)
		post_stop(p, &err);
	if (it->result && vx_json_parse(it->result, it->result_len, &result, NULL) != VX_OK)
		result = NULL;
	p->job.emitted++;
	p->counts[it->status]++;
	if (p->table) {
		write_row(p, it, text, result);
	} else {
		write_line(p, it, text);
		if (result)
			tell_result(p, it, text, result);
	}
	vx_json_free(result);
	vx_buf_free(&b);
}
