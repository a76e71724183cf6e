/* send: batches out of the window -> POST requests on one connection a thread -> answers to result.c. A batch that is
 * refused as a whole is halved until the guilty record stands alone.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "post.h"

#define BRIEF 4                 /* seconds for a request to an API that is there and does not answer this one */
#define UNANSWERED_ALONE_MOST 5 /* the same without an answer at all, which takes longer */
#define FAILED_ALONE_MOST 20    /* after so many in a row it is not the records, it is the server */

struct connection {
	struct post *post;
	struct vx_api_link *link;
	struct vx_api_link *brief; /* for parts of a batch that was not answered; NULL until then */
	bool doubt;                /* this batch was not answered, though the API is there */
	struct entry **batch;
	struct vx_slice *answers;
	struct vx_json_scan *scan;
	struct journal_states states; /* of the last answer */
	struct vx_buf body, spilled;
};

void post_stop(struct post *p, const struct vx_error *err)
{
	if (!p->stop && err) {
		p->error = *err;
		vx_run_note(p->run, err->status);
	}
	p->stop = true;
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->space);
}

/* Waits for a batch; 0: there will be none. With the lock held. */
static size_t next_batch(struct connection *c)
{
	struct post *p = c->post;
	struct window *w = p->window;

	while (!p->stop && !*p->o->api.stop && !vx_run_failed(p->run)) {
		bool full = window_full(w), pressed = p->paused || p->ended || full;
		bool borne = p->in_flight < vx_pace_limit(&p->pace);

		if (borne && window_waiting(w) > 0 && (pressed || p->held || p->news >= p->o->batch)) {
			size_t n = window_take(w, pressed, p->o->batch, p->o->batch_bytes, c->batch);

			p->news = 0;
			p->starved = n == 0;
			if (n > 0)
				return n;
			pthread_cond_broadcast(&p->space);
			if ((p->ended || full) && window_sent(w) == 0 && window_urge(w, p->ended)) {
				p->too_narrow |= !p->ended;
				continue;
			}
		}
		if (p->ended && window_waiting(w) == 0 && window_sent(w) == 0)
			break;
		pthread_cond_wait(&p->work, &p->lock);
	}
	return 0;
}

static const struct item *item_of(const struct entry *e)
{
	return e->item;
}

/* One type has a collection of its own; a mixture goes where all may go (NULL). */
static int fill_body(struct connection *c, size_t from, size_t to, const char **collection, struct vx_error *err)
{
	*collection = item_of(c->batch[from])->type->collection;
	vx_buf_clear(&c->body);
	for (size_t i = from; i < to; i++) {
		const struct item *it = item_of(c->batch[i]);
		const char *text;
		int status = item_text(c->post, it, &c->spilled, &text, err);

		if (status != VX_OK)
			return status;
		vx_buf_putc(&c->body, i == from ? '[' : ',');
		if (it->keep)
			status = fields_kept(text, it->len, it->keep, &c->body, err);
		else
			vx_buf_add(&c->body, text, it->len);
		if (status != VX_OK)
			return status;
		if (it->type != item_of(c->batch[from])->type)
			*collection = NULL;
	}
	vx_buf_putc(&c->body, ']');
	return VX_OK;
}

static void take_state(struct connection *c, struct vx_slice key, struct vx_slice value)
{
	struct vx_slice text;

	if (vx_slice_is(key, "newest"))
		c->states.newest =
			strtoll(value.text, NULL, 10); /* the scan has passed it: it ends within the answer */
	else if (vx_slice_is(key, "mark") && vx_slice_string(value, &text))
		c->states.mark = strtoull(text.text, NULL, 16); /* a quote ends it */
	else if (vx_slice_is(key, "was") && vx_slice_string(value, &text))
		c->states.was = text;
	else if (vx_slice_is(key, "instance") && vx_slice_string(value, &text))
		c->states.is = text;
}

/* The answer's results, one a record and of that name; VX_EREFUSED: this is no vxData. */
static int split_answer(
	struct connection *c, const struct vx_api_answer *a, size_t from, size_t to, struct vx_error *err)
{
	struct vx_json_walk w = vx_json_walk_begin(a->body, a->len), items = { NULL, NULL };
	struct vx_slice key, value = { "", 0 };
	size_t n = 0;

	c->states = (struct journal_states){ .newest = -1 };
	if (vx_json_scan(c->scan, a->body, a->len, NULL) != VX_OK)
		w = items;
	while (w.p && vx_json_walk_member(&w, &key, &value)) {
		if (vx_slice_is(key, "results"))
			items = vx_json_walk_begin(value.text, value.len);
		else
			take_state(c, key, value);
	}
	while (items.p && vx_json_walk_item(&items, &value)) {
		if (n < to - from && !result_about(item_of(c->batch[from + n]), value))
			return vx_error_set(err, VX_EREFUSED, NULL,
				"%s: the answer is about other resources than were sent", vx_api_url(c->post->api));
		if (n < to - from)
			c->answers[n] = value;
		n++;
	}
	if (n == to - from)
		return VX_OK;
	return vx_error_set(err, VX_EREFUSED, NULL, "%s: the answer holds %zu results for %zu resources",
		vx_api_url(c->post->api), n, to - from);
}

/* What is to be sent once more is then in batch[from..n), n being what it returns. */
static size_t apply(struct connection *c, size_t from, size_t to)
{
	struct post *p = c->post;
	size_t n = from;

	pthread_mutex_lock(&p->lock);
	journal_before(p, &c->states);
	for (size_t i = from; i < to; i++)
		if (result_take(p, c->batch[i], c->answers[i - from]))
			c->batch[n++] = c->batch[i];
	journal_after(p, &c->states);
	p->failed_alone = 0;
	wait_over(p);
	vx_pace_success(&p->pace);
	p->news += to - from;
	result_emit(p);
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->space);
	pthread_mutex_unlock(&p->lock);
	return n;
}

/* The record that a request was refused for, all by itself. */
static void blame(struct connection *c, size_t i, const struct vx_api_answer *a, struct vx_error *err)
{
	struct post *p = c->post;

	pthread_mutex_lock(&p->lock);
	result_failed(p, c->batch[i], err->reason);
	p->news++;
	if ((a->http >= 500 || a->http == 0) &&
		++p->failed_alone >= (a->http ? FAILED_ALONE_MOST : UNANSWERED_ALONE_MOST)) {
		if (a->http)
			vx_error_set(err, VX_EUNREACHABLE, NULL, "%s: HTTP status %ld to %d records in a row",
				vx_api_url(p->api), a->http, p->failed_alone);
		else
			vx_error_set(err, VX_EUNREACHABLE, NULL,
				"%s: tells its health, but does not answer to %d records in a row", vx_api_url(p->api),
				p->failed_alone);
		post_stop(p, err);
	}
	result_emit(p);
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->space);
	pthread_mutex_unlock(&p->lock);
}

/* Sends c->body; its results are then in c->answers. */
static int ask(struct connection *c, const char *collection, const char *query, size_t from, size_t to,
	struct vx_api_answer *answer, struct vx_error *err)
{
	struct vx_api_link *link = c->doubt ? c->brief : c->link;
	int status, split, times = 0;

	do {
		status = vx_api_post(link, collection ? "create" : "resources", collection, query, c->body.data,
			c->body.len, answer, err);
		split = status == VX_OK ? split_answer(c, answer, from, to, err) : VX_OK;
		/* 400: the body may have been cut on its way; several records are halved, and so sent again. */
	} while ((split != VX_OK || (status == VX_EREJECT && answer->http == 400 && to - from == 1)) &&
		 vx_api_distrust(link, &times));
	return status == VX_OK ? split : status;
}

/* Whether a request that got no answer may owe that to what is in it: the API answers others. A record that takes the server
 * down with it, or one that takes it longer than a proxy waits, would otherwise stop every run at the same place. */
static bool doubtful(struct connection *c, int status, const struct vx_api_answer *a)
{
	const struct post *p = c->post;

	if (status != VX_EUNREACHABLE || (a->http != 0 && a->http != 502 && a->http != 504) || *p->o->api.stop ||
		!vx_api_alive(p->api))
		return false;
	if (!c->brief)
		c->brief = vx_api_connect_briefly(p->api, BRIEF);
	c->doubt = true;
	return true;
}

/* Posts batch[from..to). False: the run is over. */
static bool post_range(struct connection *c, size_t from, size_t to)
{
	struct post *p = c->post;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_api_answer answer;
	const char *collection;
	bool update = p->o->clone || item_of(c->batch[from])->keep;
	char query[64];
	int status;

	snprintf(query, sizeof(query), "%s%s%s%s", update ? "&on_conflict=" : "",
		!update       ? ""
		: p->o->clone ? "replace"
			      : "update",
		p->o->dry_run ? "&dry_run=1" : "", journal_used(p) && !p->o->dry_run ? "&instance=1" : "");
	status = fill_body(c, from, to, &collection, &err);
	if (status == VX_OK)
		status = ask(c, collection, query + (query[0] == '&'), from, to, &answer, &err);
	if (status == VX_OK) {
		to = apply(c, from, to);
		return to == from || post_range(c, from, to);
	}
	if ((status == VX_EREJECT && answer.http != 404) || doubtful(c, status, &answer)) {
		size_t middle = from + (to - from) / 2;
		if (to - from > 1)
			return post_range(c, from, middle) && post_range(c, middle, to);
		blame(c, from, &answer, &err);
		return !p->stop;
	}
	if (status == VX_EREJECT)
		vx_error_set(&err, VX_EREFUSED, NULL, "%s: has no %s", vx_api_url(p->api),
			collection ? collection : "resources");
	pthread_mutex_lock(&p->lock);
	post_stop(p, &err);
	pthread_mutex_unlock(&p->lock);
	return false;
}

void *sender(void *post)
{
	struct post *p = post;
	struct connection c = { .post = p, .link = vx_api_connect(p->api), .scan = vx_json_scan_new() };
	size_t n;

	c.batch = vx_alloc(p->o->batch * sizeof(struct entry *));
	c.answers = vx_alloc(p->o->batch * sizeof(struct vx_slice));
	pthread_mutex_lock(&p->lock);
	while ((n = next_batch(&c)) > 0) {
		p->in_flight++;
		pthread_mutex_unlock(&p->lock);
		c.doubt = false;
		bool going = post_range(&c, 0, n);
		pthread_mutex_lock(&p->lock);
		p->in_flight--;
		pthread_cond_broadcast(&p->work);
		if (!going)
			break;
	}
	pthread_cond_broadcast(&p->work); /* the others see the end too */
	pthread_cond_broadcast(&p->space);
	pthread_mutex_unlock(&p->lock);
	vx_api_disconnect(c.link);
	vx_api_disconnect(c.brief);
	vx_json_scan_free(c.scan);
	vx_buf_free(&c.body);
	vx_buf_free(&c.spilled);
	free(c.batch);
	free(c.answers);
	return NULL;
}
