/* vx_transfer: one thread, curl's multi interface, a bounded number of lanes; queues, retries, pace.
 * requests of many threads -> their answers. SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "vx_http_parts.h"
#include "vx_pace.h"
#include "vx_transfer.h"
#include "vx_transfer_loop.h"

enum {
	STACK = 256 << 10,
	UPLOAD_BUFFER = 64 << 10 /* a lane's: four times as much is no faster */
};

/* Seconds to sleep when nothing is due, and while a pause could be cut short by the stop flag. */
#define IDLE 1.0
#define STOP_SEEN 0.05

struct vx_transfer_job {
	struct vx_transfer *engine;
	struct vx_transfer_request r;
	struct vx_http_request q; /* of the current attempt */
	struct vx_http_response answer;
	struct vx_transfer_job *next;
	double due;     /* when the next attempt may begin */
	double give_up; /* when not to try again; 0: nothing has failed yet */
	int status;
	bool done;
	pthread_cond_t finished;
	struct vx_error err;
};

/* A curl handle, and the attempt that it is at; job is NULL when it is free. */
struct lane {
	struct vx_http_attempt attempt; /* first: curl's callbacks get the lane */
	struct vx_transfer *engine;
	struct vx_transfer_job *job;
	CURL *curl;
	double began;
	bool paused; /* waits for the limit of bytes */
};

struct queue {
	struct vx_transfer_job *first, **last;
};

struct vx_transfer {
	struct vx_http_options http;
	char *ca_file, *user_agent;
	CURLM *multi;
	struct vx_transfer_loop *loop;
	pthread_t thread;
	pthread_mutex_t lock; /* over what comes in, end, and each job's done */
	struct queue incoming;
	bool end;
	/* The engine's thread only. */
	struct queue waiting;
	struct lane *lanes;
	int n_lanes, in_flight, next_turn;
	struct vx_pace pace;
	uint64_t random;
	/* Written by the engine's thread. */
	atomic_ullong sent;
	atomic_long requests, retries;
	atomic_int shown_in_flight, shown_limit;
};

static void queue_add(struct queue *q, struct vx_transfer_job *job)
{
	job->next = NULL;
	*q->last = job;
	q->last = &job->next;
}

/* Takes out the first job that is due, or returns NULL. */
static struct vx_transfer_job *queue_take(struct queue *q, double now)
{
	for (struct vx_transfer_job **at = &q->first; *at; at = &(*at)->next) {
		struct vx_transfer_job *job = *at;
		if (job->due > now)
			continue;
		*at = job->next;
		if (!job->next)
			q->last = at;
		return job;
	}
	return NULL;
}

static bool stopped(const struct vx_transfer *t)
{
	return t->http.stop && *t->http.stop;
}

enum vx_transfer_verdict vx_transfer_judge(const struct vx_http_response *a)
{
	if (a->status == 429 || a->status == 503)
		return VX_TRANSFER_SLOW;
	return vx_http_transient(CURLE_OK, a->status) ? VX_TRANSFER_AGAIN : VX_TRANSFER_DONE;
}

/* Whether bytes must wait for the limit; then the lane pauses. */
static bool must_pause(struct lane *lane)
{
	if (vx_pace_wait(&lane->engine->pace, vx_now()) <= 0)
		return false;
	lane->paused = true;
	return true;
}

static size_t give_body(char *to, size_t size, size_t n, void *arg)
{
	struct lane *lane = arg;
	struct vx_transfer *t = lane->engine;
	uint64_t most = vx_pace_block(&t->pace);
	if (must_pause(lane))
		return CURL_READFUNC_PAUSE;
	n *= size;
	size_t got = vx_http_attempt_read(to, 1, n < most ? n : (size_t)most, &lane->attempt);
	if (got != CURL_READFUNC_ABORT) {
		vx_pace_spend(&t->pace, got);
		atomic_fetch_add(&t->sent, got);
	}
	return got;
}

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct lane *lane = arg;
	if (must_pause(lane))
		return CURL_WRITEFUNC_PAUSE;
	vx_pace_spend(&lane->engine->pace, size * n);
	return vx_http_attempt_write(bytes, size, n, &lane->attempt);
}

/* Lets one go on that waits for the limit, each in its turn: one block may use up what there is. */
static void unpause(struct vx_transfer *t)
{
	if (vx_pace_wait(&t->pace, vx_now()) > 0)
		return;
	for (int i = 0; i < t->n_lanes; i++) {
		struct lane *lane = &t->lanes[(t->next_turn + i) % t->n_lanes];
		if (!lane->job || !lane->paused)
			continue;
		lane->paused = false;
		t->next_turn = (t->next_turn + i + 1) % t->n_lanes;
		curl_easy_pause(lane->curl, CURLPAUSE_CONT);
		return;
	}
}

static void complete(struct vx_transfer *t, struct vx_transfer_job *job)
{
	pthread_mutex_lock(&t->lock);
	job->done = true;
	pthread_cond_signal(&job->finished);
	pthread_mutex_unlock(&t->lock);
}

static void begin(struct vx_transfer *t, struct lane *lane, struct vx_transfer_job *job, double now)
{
	job->q = (struct vx_http_request){ 0 };
	job->status = VX_OK;
	job->r.prepare(job->r.arg, &job->q);
	lane->job = job;
	lane->began = now;
	lane->paused = false;
	lane->attempt.request = &job->q;
	lane->attempt.answer = &job->answer;
	vx_http_attempt_begin(&lane->attempt, lane->curl, &t->http);
	curl_easy_setopt(lane->curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(lane->curl, CURLOPT_UPLOAD_BUFFERSIZE, (long)UPLOAD_BUFFER);
	curl_easy_setopt(lane->curl, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(lane->curl, CURLOPT_READFUNCTION, give_body);
	curl_easy_setopt(lane->curl, CURLOPT_PRIVATE, lane);
	if (curl_multi_add_handle(t->multi, lane->curl) != CURLM_OK)
		vx_die(VX_EMEM, "out of memory");
	t->in_flight++;
	atomic_fetch_add(&t->requests, 1);
	if (job->answer.attempts > 1)
		atomic_fetch_add(&t->retries, 1);
}

static struct lane *free_lane(struct vx_transfer *t)
{
	int i = 0;
	while (t->lanes[i].job)
		i++;
	return &t->lanes[i];
}

/* Fills the lanes that the pace allows. */
static void dispatch(struct vx_transfer *t)
{
	double now = vx_now();
	struct vx_transfer_job *job;
	while (t->in_flight < vx_pace_limit(&t->pace) && (job = queue_take(&t->waiting, now)))
		begin(t, free_lane(t), job, now);
	atomic_store(&t->shown_in_flight, t->in_flight);
	atomic_store(&t->shown_limit, vx_pace_limit(&t->pace));
}

/* Whether the job is to be tried again, and when. */
static bool again(struct vx_transfer *t, const struct lane *lane, CURLcode code, enum vx_transfer_verdict verdict)
{
	struct vx_transfer_job *job = lane->job;
	double now = vx_now();
	job->due = now;
	if (verdict == VX_TRANSFER_DONE || job->q.no_retry || stopped(t))
		return false;
	if (verdict == VX_TRANSFER_AGAIN_NOW)
		return true;
	if (job->give_up <= 0)
		job->give_up = now + t->http.retry_for;
	job->due = now + vx_http_pause(lane->curl, code, job->answer.attempts, &t->random);
	return job->due < job->give_up;
}

/* An attempt is over: the job is done, or tried again later. */
static void landed(struct vx_transfer *t, struct lane *lane, CURLcode code)
{
	struct vx_transfer_job *job = lane->job;
	code = vx_http_attempt_end(&lane->attempt, lane->curl, code);
	enum vx_transfer_verdict verdict = vx_http_transient(code, 0) ? VX_TRANSFER_AGAIN : VX_TRANSFER_DONE;
	if (code == CURLE_OK)
		verdict = job->r.judge ? job->r.judge(job->r.arg, &job->answer) : vx_transfer_judge(&job->answer);
	if (verdict == VX_TRANSFER_SLOW)
		vx_pace_slow(&t->pace, lane->began, vx_now());
	else if (code == CURLE_OK)
		vx_pace_success(&t->pace);
	bool retry = again(t, lane, code, verdict);
	if (code != CURLE_OK)
		job->status = vx_http_story(&lane->attempt, lane->curl, code, &job->err);
	curl_multi_remove_handle(t->multi, lane->curl);
	lane->job = NULL;
	t->in_flight--;
	if (retry)
		queue_add(&t->waiting, job);
	else
		complete(t, job);
}

/* Takes in what has ended. */
static void collect(struct vx_transfer *t)
{
	CURLMsg *m;
	int left;
	while ((m = curl_multi_info_read(t->multi, &left))) {
		struct lane *lane = NULL;
		CURLcode code = m->data.result;
		if (m->msg != CURLMSG_DONE || curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &lane) != CURLE_OK)
			continue;
		landed(t, lane, code);
	}
}

/* Those that wait for another attempt are over once the run is to stop; what never began is still begun. */
static void give_up_waiting(struct vx_transfer *t)
{
	struct queue keep = { NULL, &keep.first };
	struct vx_transfer_job *next;
	for (struct vx_transfer_job *job = t->waiting.first; job; job = next) {
		next = job->next;
		if (job->answer.attempts == 0)
			queue_add(&keep, job);
		else
			complete(t, job);
	}
	t->waiting.first = keep.first;
	t->waiting.last = keep.first ? keep.last : &t->waiting.first;
}

/* Seconds until a pause is over or the limit allows more. */
static double idle_seconds(struct vx_transfer *t)
{
	double now = vx_now(), wait = IDLE;
	bool paused = false, pausing = false;
	if (t->in_flight < vx_pace_limit(&t->pace))
		for (struct vx_transfer_job *job = t->waiting.first; job; job = job->next) {
			pausing = true;
			if (job->due - now < wait)
				wait = job->due - now;
		}
	if (pausing && t->http.stop && wait > STOP_SEEN)
		wait = STOP_SEEN;
	for (int i = 0; i < t->n_lanes; i++)
		paused = paused || (t->lanes[i].job && t->lanes[i].paused);
	if (paused && vx_pace_wait(&t->pace, now) < wait)
		wait = vx_pace_wait(&t->pace, now);
	return wait;
}

/* Takes over what came in; false at the end. */
static bool take_incoming(struct vx_transfer *t)
{
	pthread_mutex_lock(&t->lock);
	if (t->incoming.first) {
		*t->waiting.last = t->incoming.first;
		t->waiting.last = t->incoming.last;
		t->incoming = (struct queue){ NULL, &t->incoming.first };
	}
	bool going = !t->end;
	pthread_mutex_unlock(&t->lock);
	return going;
}

static void *run(void *arg)
{
	struct vx_transfer *t = arg;
	while (take_incoming(t)) {
		if (stopped(t))
			give_up_waiting(t);
		dispatch(t);
		unpause(t);
		vx_transfer_loop_turn(t->loop, idle_seconds(t));
		collect(t);
	}
	return NULL;
}

/* Signals are the main thread's business. */
static void start_thread(struct vx_transfer *t)
{
	pthread_attr_t attr;
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	if (pthread_create(&t->thread, &attr, run, t) != 0)
		vx_die(VX_EMEM, "cannot start a thread");
	pthread_attr_destroy(&attr);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

struct vx_transfer *vx_transfer_new(const struct vx_transfer_options *o)
{
	struct vx_transfer *t = vx_alloc(sizeof(*t));
	t->http = o->http;
	t->http.ca_file = t->ca_file = o->http.ca_file ? vx_strdup(o->http.ca_file) : NULL;
	t->http.user_agent = t->user_agent = o->http.user_agent ? vx_strdup(o->http.user_agent) : NULL;
	t->n_lanes = o->connections > 0 ? o->connections : VX_TRANSFER_CONNECTIONS;
	t->lanes = vx_alloc((size_t)t->n_lanes * sizeof(*t->lanes));
	for (int i = 0; i < t->n_lanes; i++)
		t->lanes[i] = (struct lane){ .engine = t, .curl = vx_http_curl() };
	t->multi = curl_multi_init();
	if (!t->multi)
		vx_die(VX_EMEM, "out of memory");
	t->loop = vx_transfer_loop_new(t->multi);
	curl_multi_setopt(t->multi, CURLMOPT_MAXCONNECTS, (long)t->n_lanes);
	curl_multi_setopt(t->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	t->incoming.last = &t->incoming.first;
	t->waiting.last = &t->waiting.first;
	t->pace = vx_pace_new(t->n_lanes, o->limit_rate, vx_now());
	t->random = vx_http_random();
	atomic_store(&t->shown_limit, t->n_lanes);
	pthread_mutex_init(&t->lock, NULL);
	start_thread(t);
	return t;
}

void vx_transfer_free(struct vx_transfer *t)
{
	if (!t)
		return;
	pthread_mutex_lock(&t->lock);
	t->end = true;
	pthread_mutex_unlock(&t->lock);
	vx_transfer_loop_wake(t->loop);
	pthread_join(t->thread, NULL);
	for (int i = 0; i < t->n_lanes; i++)
		curl_easy_cleanup(t->lanes[i].curl);
	curl_multi_cleanup(t->multi);
	vx_transfer_loop_free(t->loop);
	pthread_mutex_destroy(&t->lock);
	free(t->lanes);
	free(t->ca_file);
	free(t->user_agent);
	free(t);
}

struct vx_transfer_job *vx_transfer_start(struct vx_transfer *t, const struct vx_transfer_request *r)
{
	struct vx_transfer_job *job = vx_alloc(sizeof(*job));
	job->engine = t;
	job->r = *r;
	pthread_cond_init(&job->finished, NULL);
	pthread_mutex_lock(&t->lock);
	bool first = !t->incoming.first;
	queue_add(&t->incoming, job);
	pthread_mutex_unlock(&t->lock);
	if (first)
		vx_transfer_loop_wake(t->loop);
	return job;
}

int vx_transfer_wait(struct vx_transfer_job *job, struct vx_http_response *a, struct vx_error *err)
{
	struct vx_transfer *t = job->engine;
	pthread_mutex_lock(&t->lock);
	while (!job->done)
		pthread_cond_wait(&job->finished, &t->lock);
	pthread_mutex_unlock(&t->lock);
	vx_http_response_clear(a);
	*a = job->answer;
	int status = job->status;
	if (status != VX_OK)
		vx_error_set(err, job->err.status, NULL, "%s", job->err.reason);
	pthread_cond_destroy(&job->finished);
	free(job);
	return status;
}

struct vx_transfer_stats vx_transfer_stats(struct vx_transfer *t)
{
	return (struct vx_transfer_stats){ .sent = atomic_load(&t->sent),
		.requests = atomic_load(&t->requests),
		.retries = atomic_load(&t->retries),
		.in_flight = atomic_load(&t->shown_in_flight),
		.at_most = atomic_load(&t->shown_limit) };
}
