/* stream: answers that go out bit by bit, with an eye on whoever takes them too slowly. bytes or a source -> MHD_Response
 *
 * SPDX-License-Identifier: MIT
 */
#include <microhttpd.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "guard.h"
#include "places.h"
#include "pool.h"
#include "stream.h"

#define BLOCK 262144 /* bytes that the source is asked for at once */

/* One block is on its way out while the source makes the next; outlives its call, not its peer. */
struct stream {
	struct job job;
	struct http_server *server;
	struct MHD_Connection *connection;
	struct call *call; /* while the answer is being read */
	struct peer *peer;
	uint64_t origin;
	int (*more)(void *source, struct vx_buf *out);
	void (*end)(void *source);
	void *source; /* NULL: all bytes are in out */
	struct vx_buf out;
	size_t sent;
	pthread_mutex_t lock;
	struct vx_buf next; /* the source's while it works */
	int state;          /* what more() said last */
	bool working;       /* a thread has it, or will */
	bool filled;        /* next is a block to be sent, or the end */
	bool waiting;       /* the connection is suspended until it is */
	bool orphan;        /* nobody reads any more */
};

static int fill(int (*more)(void *source, struct vx_buf *out), void *source, struct vx_buf *out)
{
	int state = 1;
	while (state > 0 && out->len < BLOCK)
		state = more(source, out);
	return state;
}

void stream_first(struct call *call)
{
	int state = fill(call->more, call->stream, &call->out);
	enum places_answer place = PLACES_TAKEN;
	if (state > 0)
		place = places_take(call->server->streams, peer_origin(call->peer));
	if (state > 0 && place == PLACES_TAKEN)
		return;
	call->more_end(call->stream);
	call->more = NULL;
	if (state < 0)
		call_problem(call, 500, "the database failed");
	else if (place == PLACES_FULL)
		call_refuse(call, "streams", 503, "too many long answers are under way: try again");
	else if (place == PLACES_SHARE)
		call_refuse(call, "share", 429, "too many long answers to you are under way: try again");
}

static void stream_delete(struct stream *s)
{
	if (s->source) {
		s->end(s->source);
		places_give(s->server->streams, s->origin);
	}
	pthread_mutex_destroy(&s->lock);
	vx_buf_free(&s->out);
	vx_buf_free(&s->next);
	free(s);
}

/* work: the next block, on a thread of the pool; of an orphan the end, which may ask the database, too. */
static void work(struct job *job)
{
	struct stream *s = (struct stream *)job;
	pthread_mutex_lock(&s->lock);
	bool orphan = s->orphan;
	pthread_mutex_unlock(&s->lock);
	int state = orphan ? 0 : fill(s->more, s->source, &s->next);
	pthread_mutex_lock(&s->lock);
	orphan = s->orphan;
	s->state = state;
	s->filled = true;
	s->working = false;
	if (s->waiting) {
		s->waiting = false;
		guard_phase(s->server->guard, s->peer, GUARD_SEND);
		MHD_resume_connection(s->connection);
	}
	pthread_mutex_unlock(&s->lock);
	if (orphan)
		stream_delete(s);
}

static void ask(struct stream *s)
{
	if (s->working || s->filled || s->state <= 0)
		return;
	s->working = true;
	pool_put(s->server->pool, POOL_READ, &s->job);
}

/* turn: out has been sent: the next block takes its place. False when it is not there yet. */
static bool turn(struct stream *s)
{
	if (!s->filled && s->state > 0) {
		ask(s);
		s->waiting = true;
		guard_phase(s->server->guard, s->peer, GUARD_WORK);
		MHD_suspend_connection(s->connection);
		return false;
	}
	struct vx_buf sent = s->out;
	s->out = s->next;
	s->next = sent;
	s->sent = 0;
	s->filled = false;
	vx_buf_clear(&s->next);
	return true;
}

static ssize_t on_read(void *cls, uint64_t pos, char *out, size_t max)
{
	struct stream *s = cls;
	ssize_t n = 0;
	(void)pos;
	pthread_mutex_lock(&s->lock);
	if (s->sent < s->out.len || turn(s)) {
		size_t left = s->out.len - s->sent, take = left < max ? left : max;
		if (take)
			memcpy(out, s->out.data + s->sent, take);
		s->sent += take;
		n = take ? (ssize_t)take
			 : (ssize_t)(s->state < 0 ? MHD_CONTENT_READER_END_WITH_ERROR
						  : MHD_CONTENT_READER_END_OF_STREAM);
		ask(s);
	}
	pthread_mutex_unlock(&s->lock);
	if (n > 0) {
		guard_moved(s->server->guard, s->peer, (size_t)n);
		s->call->sent += (uint64_t)n;
	}
	return n;
}

static void on_free(void *cls)
{
	struct stream *s = cls;
	if (!s->source) {
		stream_delete(s);
		return;
	}
	pthread_mutex_lock(&s->lock);
	s->orphan = true;
	if (!s->working)
		pool_put(s->server->pool, POOL_READ, &s->job);
	pthread_mutex_unlock(&s->lock);
}

struct MHD_Response *stream_response(struct call *call)
{
	struct stream *s = vx_alloc(sizeof *s);
	uint64_t size = call->more ? MHD_SIZE_UNKNOWN : call->out.len;
	*s = (struct stream){
		.job = { .run = work },
		.server = call->server,
		.connection = call->connection,
		.call = call,
		.peer = call->peer,
		.origin = peer_origin(call->peer),
		.more = call->more,
		.end = call->more_end,
		.source = call->more ? call->stream : NULL,
		.out = call->out,
		.state = call->more ? 1 : 0,
	};
	pthread_mutex_init(&s->lock, NULL);
	call->out = (struct vx_buf)VX_BUF_INIT;
	return MHD_create_response_from_callback(size, BLOCK, on_read, s, on_free);
}
