/* missing: what the deployment has and the input does not name: found, told, and deleted where exactly that many were
 * confirmed. names that the input had -> DELETE requests
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "list.h"
#include "post.h"
#include "vx_hash.h"

#define PAGE 1000 /* resources a request */

struct missing {
	struct post *post;
	struct vx_api_link *link;
	struct list doomed;   /* parents before children */
	struct list kept;     /* the same of the last round: something still depends on them; children first */
	bool looked, retried; /* doomed is filled; kept is */
	bool aside;           /* what is kept has nothing left but its name */
	bool refused;         /* nothing may be deleted, which has been told */
	struct vx_buf query;
};

struct missing *missing_new(struct post *p, struct vx_error *err)
{
	struct missing *m = vx_alloc(sizeof(*m));

	m->post = p;
	m->doomed.file = vx_spill_new(err);
	if (m->doomed.file)
		return m;
	missing_free(m);
	return NULL;
}

void missing_free(struct missing *m)
{
	if (!m)
		return;
	vx_api_disconnect(m->link);
	list_free(&m->doomed);
	list_free(&m->kept);
	vx_buf_free(&m->query);
	free(m);
}

static int fail(struct missing *m, struct vx_error *err)
{
	post_stop(m->post, err);
	return err->status;
}

static void query_add(struct missing *m, const char *key, const char *value)
{
	vx_buf_puts(&m->query, m->query.len ? "&" : "");
	vx_buf_puts(&m->query, key);
	vx_buf_putc(&m->query, '=');
	vx_url_escape(&m->query, value, strlen(value), false);
}

/* The names on a page into the list; last takes the last of them, and is empty when there are no more pages. */
static int take_page(struct missing *m, const struct vx_api_answer *a, char *last, struct vx_error *err)
{
	const char *p = a->body, *end = a->body + a->len;
	long n = 0;

	*last = '\0';
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t len = newline ? (size_t)(newline - p) : (size_t)(end - p);
		struct vx_json *j = NULL;
		int status = vx_json_parse(p, len, &j, err);
		const char *name =
			status == VX_OK && vx_json_type(j) == VX_OBJECT ? vx_json_str(j, "identifier") : NULL;

		if (!name || vx_identifier_check(name, strlen(name)))
			status = vx_error_set(err, VX_EREFUSED, NULL, "%s: a list holds a line that is no resource",
				vx_api_url(m->post->api));
		if (status == VX_OK) {
			snprintf(last, VX_IDENTIFIER_MAX + 1, "%s", name);
			/* Two names of one hash: the second is kept, though nobody named it. */
			status = list_add(
				&m->doomed, name, !vx_idset_has(m->post->named, vx_hash64(name, strlen(name))), err);
		}
		vx_json_free(j);
		if (status != VX_OK)
			return status;
		p += len + 1;
		n++;
	}
	if (n < PAGE)
		*last = '\0';
	return VX_OK;
}

/* A collection, or those in it whose key ("parent", "datasource") is value. */
static int take_collection(
	struct missing *m, const struct vx_type *type, const char *key, const char *value, struct vx_error *err)
{
	char last[VX_IDENTIFIER_MAX + 1] = "", limit[16];
	struct vx_api_answer answer;
	int status;

	snprintf(limit, sizeof(limit), "%d", PAGE);
	do {
		vx_buf_clear(&m->query);
		query_add(m, "limit", limit);
		if (key)
			query_add(m, key, value);
		if (*last)
			query_add(m, "after", last);
		status = vx_api_get(m->link, "list", type->collection, m->query.data, &answer, err);
		if (status == VX_OK)
			status = take_page(m, &answer, last, err);
	} while (status == VX_OK && *last);
	return status;
}

static bool may_lie_below(const struct vx_type *type, const struct vx_type *parent)
{
	for (const char *const *p = type->parents; p && *p; p++)
		if (strcmp(*p, parent->name) == 0)
			return true;
	return false;
}

static bool is_registered(const struct vx_type *t)
{
	return strcmp(t->name, "datasource") == 0 || strcmp(t->name, "patient") == 0;
}

/* Of a whole clone, or of a datasource: a collection after the other, those nearer to the root first. */
static int take_all(struct missing *m, const char *datasource, bool registered, struct vx_error *err)
{
	const struct vx_model *model = m->post->model;
	int status = VX_OK;

	for (size_t i = 0; i < vx_model_types(model) && status == VX_OK; i++)
		if (registered || !is_registered(vx_model_type(model, i)))
			status = take_collection(
				m, vx_model_type(model, i), datasource ? "datasource" : NULL, datasource, err);
	return status;
}

/* Below anything else: its children, then theirs: the list is the queue, too. */
static int take_below(struct missing *m, const char *top, struct vx_error *err)
{
	const struct vx_model *model = m->post->model;
	char name[VX_IDENTIFIER_MAX + 1];
	int64_t place = 0;
	int status = VX_OK;
	bool doomed;

	snprintf(name, sizeof(name), "%s", top);
	for (;;) {
		const struct vx_type *type = vx_model_type_of(model, name);
		for (size_t i = 0; type && i < vx_model_types(model) && status == VX_OK; i++) {
			const struct vx_type *child = vx_model_type(model, i);
			if (may_lie_below(child, type) && !is_registered(child))
				status = take_collection(m, child, "parent", name, err);
		}
		if (status != VX_OK || place >= m->doomed.end)
			return status;
		if ((status = list_get(&m->doomed, &place, false, name, &doomed, err)) != VX_OK)
			return status;
	}
}

/* Whether the identifier to look below is there; a dry run may have planned it, then there is nothing below. */
static int scope_exists(struct missing *m, const char *within, bool *there, struct vx_error *err)
{
	struct vx_api_answer answer;
	int status = vx_api_get(m->link, "resource", within, NULL, &answer, err);

	*there = status == VX_OK;
	if (status != VX_EREJECT || answer.http != 404)
		return status;
	if (m->post->planned && vx_idset_has(m->post->planned, vx_hash64(within, strlen(within))))
		return VX_OK;
	return vx_error_set(err, VX_EREJECT, NULL, "--within: %s does not exist: nothing is deleted", within);
}

static int look(struct missing *m, struct vx_error *err)
{
	const struct opts *o = m->post->o;
	bool there = true;
	int status;

	if (o->clone)
		return take_all(m, o->subset, true, err);
	status = scope_exists(m, o->within, &there, err);
	if (status != VX_OK || !there)
		return status;
	if (strncmp(o->within, "datasource/", 11) == 0)
		return take_all(m, o->within, false, err);
	return take_below(m, o->within, err);
}

/* Why an input like this must delete nothing; NULL: it may. */
static const char *why_not(const struct post *p)
{
	enum vx_status run = vx_run_status(p->run);

	if (p->in == 0)
		return "the input is empty";
	if (p->stop || *p->o->api.stop || p->unsent > 0)
		return "the run was cut short";
	if (run != VX_OK && run != VX_EREJECT)
		return "the input could not be read to its end";
	if (p->rejected > 0 || p->counts[FAILED] > 0 ||
		(!p->o->clone && p->counts[CONFLICT] + p->counts[INVALID] + p->counts[ORPHAN] > 0))
		return "not all records of the input are in";
	return NULL;
}

/* Fills the list, once. False: nothing is to be deleted now, which has been told. */
static bool ready(struct missing *m)
{
	struct post *p = m->post;
	struct vx_error err = VX_ERROR_INIT;
	const char *why = why_not(p), *only = clone_part(p);
	int status;

	if (m->refused)
		return false;
	m->refused = why || only;
	if (m->refused) {
		if (only)
			vx_say("--delete-missing: the back-up is of %s alone: nothing is deleted without --subset %s",
				only, only);
		else
			vx_say("--delete-missing: %s: nothing is deleted", why);
		vx_run_note(p->run, VX_EREJECT);
		return false;
	}
	if (m->looked)
		return true;
	m->looked = true;
	m->link = vx_api_connect(p->api);
	status = look(m, &err);
	m->refused = status != VX_OK;
	if (status == VX_EREJECT) {
		vx_message(&err);
		vx_run_note(p->run, VX_EREJECT);
	} else if (status != VX_OK) {
		fail(m, &err);
	}
	return status == VX_OK;
}

static bool confirmed(const struct missing *m)
{
	return !m->post->o->dry_run && m->post->o->confirm == m->doomed.n;
}

/* Deletes one. What something still depends on is kept for another round, or, when final, has failed. */
static bool delete_one(struct missing *m, const char *name, struct list *kept, bool final)
{
	struct post *p = m->post;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_api_answer answer;
	const struct vx_type *type = vx_model_type_of(p->model, name);
	int status = vx_api_delete(m->link, "resource", name, NULL, &answer, &err);

	/* 404: an answer was lost, and this was the second try. */
	if (status == VX_OK || (status == VX_EREJECT && answer.http == 404)) {
		result_of_missing(p, type, name, DELETED, NULL);
		return true;
	}
	if (status == VX_EREJECT && !final)
		status = list_add(kept, name, true, &err);
	else if (status == VX_EREJECT)
		result_of_missing(p, type, name, FAILED, err.reason);
	if (status != VX_OK && status != VX_EREJECT)
		fail(m, &err);
	return false;
}

static bool going(const struct post *p)
{
	return !p->stop && !*p->o->api.stop && !vx_run_failed(p->run);
}

/* Over all that is left, children first. */
static long round_over(struct missing *m, bool final)
{
	struct list all = m->retried ? m->kept : m->doomed, kept = { .file = NULL };
	char name[VX_IDENTIFIER_MAX + 1];
	struct vx_error err = VX_ERROR_INIT;
	bool back = !m->retried, doomed;
	int64_t place = back ? all.end : 0;
	long n = 0;

	while ((back ? place > 0 : place < all.end) && going(m->post)) {
		if (list_get(&all, &place, back, name, &doomed, &err) != VX_OK) {
			fail(m, &err);
			break;
		}
		if (doomed)
			n += delete_one(m, name, &kept, final);
	}
	if (m->retried)
		list_free(&m->kept);
	m->kept = kept;
	m->retried = true;
	return n;
}

long missing_delete(struct missing *m)
{
	long all = 0, n;

	if (!ready(m) || !confirmed(m))
		return 0;
	do {
		n = round_over(m, false);
		all += n;
	} while (n > 0 && m->kept.n > 0);
	return all;
}

long missing_aside(struct missing *m)
{
	struct vx_error err = VX_ERROR_INIT;
	char name[VX_IDENTIFIER_MAX + 1];
	int64_t place = 0;
	long n = 0;
	bool doomed;

	if (m->aside || !m->retried)
		return 0;
	m->aside = true;
	while (place < m->kept.end && going(m->post)) {
		struct vx_api_answer answer;
		int status = list_get(&m->kept, &place, false, name, &doomed, &err);

		if (status == VX_OK)
			status = vx_api_delete(m->link, "resource", name, "aside=1", &answer, &err);
		if (status != VX_OK && !(status == VX_EREJECT && answer.http == 404))
			fail(m, &err);
		n++;
	}
	return n;
}

/* The plan: what would go, in the order in which it would. */
static void tell_plan(struct missing *m)
{
	struct post *p = m->post;
	char name[VX_IDENTIFIER_MAX + 1];
	struct vx_error err = VX_ERROR_INIT;
	int64_t place = m->doomed.end;
	long n = m->doomed.n;
	bool doomed;

	while (place > 0 && going(p)) {
		if (list_get(&m->doomed, &place, true, name, &doomed, &err) != VX_OK) {
			fail(m, &err);
			return;
		}
		if (doomed)
			result_of_missing(p, vx_model_type_of(p->model, name), name, MISSING, NULL);
	}
	result_emit(p); /* before what is said about it */
	vx_run_flush(p->run);
	if (n == 0)
		return;
	if (p->o->confirm >= 0 && p->o->confirm != n)
		vx_say("%ld resources would be deleted, not the %ld that --confirm says: nothing was", n,
			p->o->confirm);
	else
		vx_say("%ld resource%s would be deleted: run it again with --confirm %ld", n, n == 1 ? "" : "s", n);
	if (p->backup && vx_backup_state(p->backup) == VX_BACKUP_UNKNOWN)
		vx_say("the back-up has no end record (/v1/export?check=1): whether it is whole is not known");
	if (!p->o->dry_run)
		vx_run_note(p->run, VX_EREJECT);
}

void missing_end(struct missing *m)
{
	if (!ready(m))
		return;
	if (!confirmed(m)) {
		tell_plan(m);
		return;
	}
	missing_delete(m);
	if (m->kept.n > 0)
		round_over(m, true);
}
