/* result: what the server said of a record -> its result, in input order; counts.
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

bool status_bad(enum status s)
{
	return s >= CONFLICT && s <= FAILED;
}

/* The plainest result of all, to which most answers are equal byte for byte. */
void result_plain(const struct item *it, enum status s, struct vx_buf *b)
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
	if (!status_bad(s) && it->source_len == 0)
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
	result_plain(it, FAILED, b);
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
	result_write(p, it);
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
		result_write(p, item_of(e));
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
			result_write(p, it);
		else
			p->unsent++;
		if (it->status == FAILED && e->state != VX_ENTRY_DONE)
			p->job.messages.len = said; /* the run's own error says it once for all */
		item_free(p, it);
		entry_free(e);
	}
	commit(p);
}
