/* result: what the server said of a record -> its result line, in input order; warnings, rejects and counts.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "post.h"
#include "vx_hash.h"

#define OUT_CHUNK 65536
#define MISSING_MOST 64 /* names that an orphan is said to miss; past that, any may be the one */

static const char *const names[STATUSES] = { "created", "unchanged", "updated", "conflict", "invalid", "orphan",
	"failed", "missing", "deleted" };

const char *status_name(enum status s)
{
	return names[s];
}

static struct item *item_of(const struct entry *e)
{
	return e->item;
}

static bool bad(enum status s)
{
	return s >= CONFLICT && s <= FAILED;
}

/* The plainest result of all, to which most answers are equal byte for byte. */
static void plain_result(const struct item *it, enum status s, struct vx_buf *b)
{
	vx_buf_puts(b, "{\"identifier\":");
	vx_json_put_string(b, it->identifier, it->identifier_len);
	vx_buf_puts(b, ",\"status\":\"");
	vx_buf_puts(b, names[s]);
	vx_buf_puts(b, "\"}");
}

static bool is_plain(const struct item *it, struct vx_slice answer, enum status s)
{
	static const char head[] = "{\"identifier\":\"", middle[] = "\",\"status\":\"", tail[] = "\"}";
	size_t h = sizeof(head) - 1, m = sizeof(middle) - 1, n = strlen(names[s]);
	const char *p = answer.text;

	/* An identifier that has passed vx_identifier_check needs no escape. */
	if (answer.len != h + it->identifier_len + m + n + sizeof(tail) - 1 || memcmp(p, head, h) != 0)
		return false;
	p += h;
	if (memcmp(p, it->identifier, it->identifier_len) != 0)
		return false;
	p += it->identifier_len;
	return memcmp(p, middle, m) == 0 && memcmp(p + m, names[s], n) == 0 &&
	       memcmp(p + m + n, tail, sizeof(tail) - 1) == 0;
}

/* The record is answered for good. result (taken over) may be NULL: then there is no more to say than the status. */
static void settle(struct post *p, struct entry *e, enum status s, char *result, size_t len)
{
	struct item *it = item_of(e);

	it->deferred = clone_defer(p, it, s);
	if (it->deferred) {
		free(result);
		result = NULL;
		len = 0;
	}
	it->status = s;
	it->result = result;
	it->result_len = len;
	if (s <= UPDATED && it->fact.name)
		journal_put(p, it);
	if (!bad(s) && it->source_len == 0)
		item_drop_text(p, it); /* nobody asks for it any more */
	item_weigh(p, e);
	window_done(p->window, e, s <= CONFLICT);
	if (p->planned && s <= CONFLICT && vx_idset_add(p->planned, e->hash, &p->error) != VX_OK)
		post_stop(p,
			&(struct vx_error){ .status = VX_EIO, .reason = "cannot keep the plan in a temporary file" });
}

/* The names that an orphan's errors speak of, as hashes; 0 when they cannot be told. all_planned: a dry run would have
 * made every one of them. */
static size_t missing(const struct post *p, const struct vx_json *answer, uint64_t *hashes, bool *all_planned)
{
	const struct vx_json *errors = vx_json_get(answer, "errors");
	size_t n = vx_json_size(errors);

	*all_planned = p->planned && n > 0;
	if (n > MISSING_MOST || vx_json_type(errors) != VX_ARRAY)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		size_t len;
		const struct vx_json *item = vx_json_at(errors, i);
		const char *value =
			vx_json_type(item) == VX_OBJECT ? vx_json_text(vx_json_get(item, "value"), &len) : NULL;
		hashes[i] = value ? vx_hash64(value, len) : 0;
		if (!value || !p->planned || !vx_idset_has(p->planned, hashes[i]))
			*all_planned = false;
		if (!value)
			return 0;
	}
	return n;
}

static enum status status_of(const struct vx_json *answer)
{
	const char *name = vx_json_str(answer, "status");

	for (int s = 0; name && s <= FAILED; s++)
		if (strcmp(name, names[s]) == 0)
			return (enum status)s;
	return STATUSES;
}

/* A conflict that is to be settled: in no field but those that --update and --fill name, or in any. True: settled, or to be sent once more. */
static bool reconcile(struct post *p, struct entry *e, const struct vx_json *answer, bool *again)
{
	struct item *it = item_of(e);
	struct vx_json *keep = vx_json_object();
	const char *version = vx_json_str(answer, "version");
	enum status s = CONFLICT;

	if (!it->keep && !e->passive) /* once: else two who write at the same time could go on for ever */
		s = fields_judge(p->o, vx_json_get(answer, "diff"), keep);
	*again = s == UPDATED;
	it->inexact = s == UNCHANGED || vx_json_size(keep) > 0;
	if (*again && version) /* what is there is to change from this, and from nothing that comes in between */
		vx_json_set_str(keep, "_version", version);
	if (*again)
		it->keep = vx_json_ref(keep);
	if (s == UNCHANGED)
		settle(p, e, UNCHANGED, NULL, 0);
	vx_json_free(keep);
	return s != CONFLICT;
}

/* True: to be sent once more. */
static bool take_parsed(struct post *p, struct entry *e, struct vx_json *answer)
{
	struct item *it = item_of(e);
	enum status s = status_of(answer);
	uint64_t hashes[MISSING_MOST];
	struct vx_buf b = VX_BUF_INIT;
	bool all_planned = false, again = false;
	size_t n;

	if (s == STATUSES) {
		result_failed(p, e, "the server's answer has a status that is not known");
		return false;
	}
	if (s == ORPHAN) {
		n = missing(p, answer, hashes, &all_planned);
		if (all_planned) {
			s = CREATED;
			vx_json_set_str(answer, "status", names[s]);
			vx_json_del(answer, "errors");
		} else if (window_orphan(p->window, e, hashes, n)) {
			vx_json_free(it->keep); /* among others, it is sent as at first */
			it->keep = NULL;
			return false;
		}
	}
	if (s == CONFLICT && it->implied) { /* it exists, and no more was said */
		settle(p, e, UNCHANGED, NULL, 0);
		return false;
	}
	if (s == CONFLICT && reconcile(p, e, answer, &again))
		return again;
	vx_json_del(answer, "version");
	vx_json_print(answer, &b);
	if (vx_json_has(answer, "warnings"))
		it->fact.more |= FACT_WARNED;
	settle(p, e, s, b.data, b.len);
	return false;
}

bool result_about(const struct item *it, struct vx_slice answer)
{
	struct vx_json_walk w = vx_json_walk_begin(answer.text, answer.len);
	struct vx_slice key, value, name;
	struct vx_json *j = NULL;
	bool about = false;

	while (answer.text[0] == '{' && vx_json_walk_member(&w, &key, &value))
		if (vx_slice_is(key, "identifier") && vx_slice_string(value, &name))
			return name.len == it->identifier_len && memcmp(name.text, it->identifier, name.len) == 0;
	/* It may be written with escapes. */
	if (vx_json_parse(answer.text, answer.len, &j, NULL) == VX_OK && vx_json_type(j) == VX_OBJECT) {
		const char *text = vx_json_str(j, "identifier");
		about = text && strcmp(text, it->identifier) == 0;
	}
	vx_json_free(j);
	return about;
}

bool result_take(struct post *p, struct entry *e, struct vx_slice answer)
{
	struct vx_json *j = NULL;
	bool again = false;

	for (enum status s = CREATED; s <= UPDATED; s++) {
		if (is_plain(item_of(e), answer, s)) {
			settle(p, e, s, NULL, 0);
			return false;
		}
	}
	if (vx_json_parse(answer.text, answer.len, &j, NULL) == VX_OK && vx_json_type(j) == VX_OBJECT)
		again = take_parsed(p, e, j);
	else
		result_failed(p, e, "the server's answer is no result");
	vx_json_free(j);
	return again;
}

static void failed_result(const struct item *it, const char *reason, struct vx_buf *b)
{
	plain_result(it, FAILED, b);
	b->len--;
	vx_buf_puts(b, ",\"errors\":[{\"field\":\"\",\"reason\":");
	vx_json_put_string(b, reason, strlen(reason));
	vx_buf_puts(b, "}]}");
}

void result_failed(struct post *p, struct entry *e, const char *reason)
{
	struct vx_buf b = VX_BUF_INIT;

	failed_result(item_of(e), reason, &b);
	settle(p, e, FAILED, b.data, b.len);
}

/* "conflict: b_value: 50 here, 0 there (and 2 more)": the first thing that the server names. */
static void tell(const struct item *it, const struct vx_json *result, struct vx_error *err)
{
	const struct vx_json *errors = vx_json_get(result, "errors"), *diff = vx_json_get(result, "diff");
	const struct vx_json *first = vx_json_type(errors) == VX_ARRAY ? vx_json_at(errors, 0) : NULL;
	size_t more = vx_json_size(errors) > 1 ? vx_json_size(errors) - 1 : 0;
	char tail[48] = "";

	vx_error_set(err, VX_EREJECT, NULL, "%s", names[it->status]);
	if (vx_json_type(first) == VX_OBJECT) {
		const char *field = vx_json_str(first, "field"), *reason = vx_json_str(first, "reason");
		const char *value = vx_json_str(first, "value");
		if (more)
			snprintf(tail, sizeof(tail), " (and %zu more)", more);
		bool unnamed = it->status == ORPHAN && value && (!reason || !strstr(reason, value));
		vx_error_set(err, VX_EREJECT, field, "%s: %s%s%s%s", names[it->status], unnamed ? value : "",
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
	if (!bad(it->status))
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

	table_take(p->table, it->type, it->identifier, names[it->status], result, &p->job.out);
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
		plain_result(it, it->status, out);
	if (it->source_len) {
		out->len--;
		vx_buf_puts(out, ",\"_source\":");
		vx_buf_add(out, text + it->len, it->source_len);
		vx_buf_putc(out, '}');
	}
	vx_buf_putc(out, '\n');
}

static void write_result(struct post *p, struct item *it)
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

void result_of_missing(
	struct post *p, const struct vx_type *type, const char *identifier, enum status s, const char *reason)
{
	struct item *it = item_new(identifier, strlen(identifier));
	struct vx_buf b = VX_BUF_INIT;

	it->type = type;
	it->status = s;
	if (reason) {
		failed_result(it, reason, &b);
		it->result = b.data;
		it->result_len = b.len;
	}
	write_result(p, it);
	item_free(p, it);
	if (p->job.out.len >= 65536)
		result_emit(p);
}

static void commit(struct post *p)
{
	vx_run_flush(p->run); /* the warnings */
	if (vx_run_commit(p->run, &p->job) != VX_OK)
		post_stop(p, NULL);
}

void result_next(struct post *p)
{
	struct entry *e;

	while ((e = window_pop(p->window))) {
		write_result(p, item_of(e));
		item_free(p, item_of(e));
		entry_free(e);
		if (p->job.out.len >= OUT_CHUNK)
			commit(p);
	}
}

void result_emit(struct post *p)
{
	result_next(p);
	commit(p);
}

void result_known(struct post *p, struct entry *e, char *result, size_t len)
{
	p->remembered++;
	window_settle(p->window, e);
	settle(p, e, UNCHANGED, result, len);
	result_next(p);
}

void result_line(struct post *p, struct vx_slice identifier, struct vx_slice source)
{
	struct vx_buf *out = &p->job.out;

	vx_buf_puts(out, "{\"identifier\":");
	vx_json_put_string(out, identifier.text, identifier.len);
	vx_buf_puts(out, ",\"status\":\"unchanged\"");
	if (source.len) {
		vx_buf_puts(out, ",\"_source\":");
		vx_buf_add(out, source.text, source.len);
	}
	vx_buf_puts(out, "}\n");
	p->remembered++;
	p->job.emitted++;
	p->counts[UNCHANGED]++;
	if (out->len >= OUT_CHUNK)
		commit(p);
}

void result_rest(struct post *p)
{
	struct entry *e;

	while ((e = window_drop(p->window))) {
		struct item *it = item_of(e);
		size_t said = p->job.messages.len;

		if (e->state != VX_ENTRY_DONE && p->error.reason[0]) {
			struct vx_buf b = VX_BUF_INIT;
			char reason[1200];

			snprintf(reason, sizeof(reason), "no answer: %s", p->error.reason);
			p->unanswered++;
			failed_result(it, reason, &b);
			it->status = FAILED;
			it->result = b.data;
			it->result_len = b.len;
		}
		if (it->result || e->state == VX_ENTRY_DONE)
			write_result(p, it);
		else
			p->unsent++;
		if (it->status == FAILED && e->state != VX_ENTRY_DONE)
			p->job.messages.len = said; /* the run's own error says it once for all */
		item_free(p, it);
		entry_free(e);
	}
	commit(p);
}
