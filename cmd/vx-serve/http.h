/* http: one request and its answer over libmicrohttpd: bodies (gzip too), limits, tokens, problems. Knows no vxData.
 * in: HTTP; out: a struct call for the route's handler, which leaves an answer in it.
 *
 * One thread moves all bytes and waits for nobody; a request that is whole is answered on one of a few workers. So a
 * slow client costs a socket and its buffers, and no more.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HTTP_H
#define HTTP_H

#include <pthread.h>
#include <stdatomic.h>

#include "access.h"
#include "guard.h"
#include "metrics.h"
#include "places.h"
#include "pool.h"
#include "tokens.h"
#include "vx_err.h"
#include "vx_io.h"

struct MHD_Connection;
struct MHD_Daemon;
struct call;
struct route;

struct http_limits {
	size_t body;          /* bytes of a body, also once inflated: more is 413 */
	unsigned connections; /* at once: those that wait longest make room */
	unsigned workers;     /* threads that answer requests, at least 2 */
	unsigned
		queue; /* requests that wait for one or are under way: more are 503; half of them from one address: 429 */
	double idle;   /* seconds for a header, or to move GUARD_MOVE bytes */
	double request; /* seconds for a whole body */
};

struct http_server {
	struct http_limits limits;
	const char *address, *port;
	bool tls;              /* tls_load has been called */
	struct tokens *tokens; /* NULL: the door stands open */
	struct access *access; /* NULL: no log */
	bool verbose;          /* what libmicrohttpd has to say, too */
	struct metrics *metrics;
	/* begin: finds the route of a call before its body is read, or leaves a problem; answer: handles it. */
	void (*begin)(struct call *call);
	void (*answer)(struct call *call);
	void *app;
	pthread_rwlock_t tokens_lock; /* initialised by the caller */
	/* The rest is http's own. */
	struct MHD_Daemon *daemon;
	struct guard *guard;
	struct pool *pool;
	struct places *queue, *streams;
	uint64_t salt;
	atomic_ullong requests;
	atomic_long active;  /* requests under way */
	atomic_size_t bytes; /* of their bodies */
	atomic_bool stopping;
};

enum http_body { BODY_UNKNOWN, BODY_JSON, BODY_LINES }; /* what Content-Type says */

struct call {
	struct http_server *server;
	struct MHD_Connection *connection;
	struct peer *peer;
	struct job job;
	const struct route *route;
	char *uri;                 /* as it was sent */
	const char *method, *path; /* HEAD is handled as GET; path is decoded */
	const char *verb;          /* the method as it is told: one that is known, or "other" */
	const char *pattern;       /* begin: the route's, as it is told */
	char id[65];               /* of the request */
	char token[TOKEN_NAME];    /* its name */
	bool open;                 /* begin: no token needed */
	bool takes_body;           /* begin: the handler reads body */
	bool writes;               /* begin: a token that may read is not enough */
	bool quick;                /* begin: the handler asks no database: it is called where all bytes pass */
	enum http_body kind;
	struct vx_buf body;
	/* The answer: status, and either out or more(), which appends until it returns 0 (the end) or less (failed). */
	unsigned status;
	const char *type;
	struct vx_buf out;
	int (*more)(void *stream, struct vx_buf *out);
	void (*more_end)(void *stream);
	void *stream;
	char allow[64];          /* of a 405 */
	struct vx_buf link;      /* of a page that another follows */
	const char *refused;     /* why, in a word of ours */
	struct receive *receive; /* how the body comes in */
	double start;
	double waited, worked; /* seconds for a worker (less than 0: needed none), with it */
	uint64_t in, sent;     /* bytes of both bodies */
	bool begun, done;
};

/* http_start: VX_EIO when the address cannot be had. http_port: the port that it got. */
int http_start(struct http_server *server, struct vx_error *err) VX_MUST_USE;
unsigned http_port(const struct http_server *server);

/* http_stop: takes no new request, waits for those under way (at most grace seconds), and frees what http_start made.
 * False when a worker is still at work then: the process must be left without touching what the handler uses. */
bool http_stop(struct http_server *server, double grace) VX_MUST_USE;

/* http_tokens: others from now on; frees the old ones. */
void http_tokens(struct http_server *server, struct tokens *tokens);

/* http_metrics: all that is counted, as text. */
void http_metrics(struct http_server *server, struct vx_buf *out);

/* call_problem: an answer of RFC 9457. Retry-After goes along with 429 and 503. */
void call_problem(struct call *call, unsigned status, const char *fmt, ...) VX_PRINTF(3, 4);

/* call_refuse: a problem that counts as a refusal; why is a word that lives for ever. */
void call_refuse(struct call *call, const char *why, unsigned status, const char *fmt, ...) VX_PRINTF(4, 5);

/* call_arg: a query parameter, decoded; NULL when absent. */
const char *call_arg(const struct call *call, const char *name);

/* call_accepts: whether the client takes this media type. */
bool call_accepts(const struct call *call, const char *type);

#endif
