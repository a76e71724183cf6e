/* http: one request and its answer over libmicrohttpd. HTTP -> struct call -> HTTP
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "gate.h"
#include "receive.h"
#include "stream.h"
#include "tls.h"

#define MEMORY 131072 /* of a connection: its headers and its read buffer */
#define STREAMS 12    /* answers under way that hold a snapshot: fewer than store_pg has connections to read */
#define HURRY 5.0     /* the idle time while the server stops */
#define RETRY_AFTER "1"

static void on_connection(
	void *cls, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
	struct http_server *server = cls;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		const union MHD_ConnectionInfo *fd = MHD_get_connection_info(
						       connection, MHD_CONNECTION_INFO_CONNECTION_FD),
					       *from = MHD_get_connection_info(
						       connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
		*context = guard_enter(server->guard, fd->connect_fd, from ? from->client_addr : NULL);
	} else {
		guard_leave(server->guard, *context);
	}
}

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct http_server *server = cls;
	struct call *call = vx_alloc(sizeof *call);
	call->server = server;
	call->connection = connection;
	call->peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
	call->uri = vx_strdup(uri);
	call->start = vx_now();
	call->waited = -1;
	atomic_fetch_add(&server->active, 1);
	return call;
}

/* tell: metrics and log hear of a call that is over. One that never became a request was refused by libmicrohttpd. */
static void tell(struct call *call, bool whole)
{
	struct http_server *server = call->server;
	const char *route = call->pattern ? call->pattern : "none", *verb = call->verb ? call->verb : "other";
	double seconds = vx_now() - call->start;
	if (!call->begun)
		metrics_count(server->metrics, METRICS_REFUSED, "malformed", 1);
	else if (!call->status)
		metrics_count(server->metrics, METRICS_REFUSED, "cut", 1);
	else
		metrics_request(server->metrics, &(struct metrics_request){ .route = route,
							 .method = verb,
							 .status = call->status,
							 .seconds = seconds,
							 .waited = call->waited,
							 .worked = call->worked,
							 .change = call->takes_body || call->writes,
							 .in = call->in,
							 .out = call->sent });
	if (call->refused)
		metrics_count(server->metrics, METRICS_REFUSED, call->refused, 1);
	if (server->access)
		access_add(server->access, &(struct access_entry){ .id = call->id,
						   .route = route,
						   .method = verb,
						   .token = call->token,
						   .origin = peer_origin(call->peer),
						   .status = call->status,
						   .seconds = seconds,
						   .in = call->in,
						   .out = call->sent,
						   .cut = !whole });
}

static void on_completed(
	void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
	struct http_server *server = cls;
	struct call *call = *context;
	(void)connection;
	if (!call)
		return;
	*context = NULL;
	tell(call, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
	guard_phase(server->guard, call->peer, GUARD_HEADER);
	receive_free(call);
	vx_buf_free(&call->body);
	vx_buf_free(&call->out);
	vx_buf_free(&call->link);
	free(call->uri);
	free(call);
	atomic_fetch_sub(&server->active, 1);
}

static struct MHD_Response *response_new(struct call *call)
{
	if (call->more || call->out.len > GUARD_MOVE)
		return stream_response(call);
	char *data = call->out.data;
	size_t len = call->out.len;
	call->sent = strcmp(call->verb, "HEAD") ? len : 0;
	call->out = (struct vx_buf)VX_BUF_INIT;
	return MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result reply(struct call *call)
{
	struct MHD_Response *r = response_new(call);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", call->type);
	MHD_add_response_header(r, "X-Request-Id", call->id);
	if (call->allow[0])
		MHD_add_response_header(r, "Allow", call->allow);
	if (call->link.len)
		MHD_add_response_header(r, "Link", call->link.data);
	if (call->status == 401)
		MHD_add_response_header(r, "WWW-Authenticate", "Bearer realm=\"vxdata\"");
	if (call->status == 429 || call->status == 503)
		MHD_add_response_header(r, "Retry-After", RETRY_AFTER);
	if (atomic_load(&call->server->stopping))
		MHD_add_response_header(r, "Connection", "close");
	guard_phase(call->server->guard, call->peer, GUARD_SEND);
	enum MHD_Result result = MHD_queue_response(call->connection, call->status, r);
	MHD_destroy_response(r);
	return result;
}

/* finish: the body is here: what the handler says to it. */
static void finish(struct call *call)
{
	receive_end(call);
	if (!call->status)
		call->server->answer(call);
	receive_free(call);
	vx_buf_free(&call->body);
	if (call->more)
		stream_first(call);
	call->done = true;
}

/* work: a call on a thread of the pool. From the last line on it is the event thread's again. */
static void work(struct job *job)
{
	struct call *call = (struct call *)(void *)((char *)job - offsetof(struct call, job));
	double begun = vx_now();
	call->waited = begun - call->waited;
	finish(call);
	call->worked = vx_now() - begun;
	places_give(call->server->queue, peer_origin(call->peer));
	MHD_resume_connection(call->connection);
}

/* enqueue: false, with a problem, when there is no place. */
static bool enqueue(struct call *call)
{
	struct http_server *server = call->server;
	switch (places_take(server->queue, peer_origin(call->peer))) {
	case PLACES_FULL:
		call_refuse(call, "queue", 503, "too many requests are waiting: try again");
		return false;
	case PLACES_SHARE:
		call_refuse(call, "share", 429, "too many requests of yours are waiting: send fewer at once");
		return false;
	case PLACES_TAKEN:
		break;
	}
	call->job.run = work;
	call->waited = vx_now();
	guard_phase(server->guard, call->peer, GUARD_WORK);
	MHD_suspend_connection(call->connection);
	pool_put(server->pool, call->takes_body || call->writes ? POOL_WRITE : POOL_READ, &call->job);
	return true;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
	const char *version, const char *data, size_t *size, void **context)
{
	struct http_server *server = cls;
	struct call *call = *context;
	(void)version;
	if (!call)
		return MHD_NO;
	if (!call->begun) {
		call->begun = true;
		call->connection = connection;
		call->path = url;
		guard_phase(server->guard, call->peer, GUARD_BODY);
		gate_begin(call, method);
		return receive_begin(call) ? MHD_YES : reply(call);
	}
	if (*size) {
		guard_moved(server->guard, call->peer, *size);
		call->in += *size;
		bool go_on = receive_bytes(call, data, *size);
		*size = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	if (call->done)
		return reply(call);
	if (!call->status && !call->quick && enqueue(call))
		return MHD_YES;
	finish(call);
	return reply(call);
}

static void on_log(void *cls, const char *fmt, va_list args)
{
	const struct http_server *server = cls;
	char line[512];
	if (!server->verbose)
		return;
	vsnprintf(line, sizeof line, fmt, args);
	line[strcspn(line, "\n")] = '\0';
	vx_say("http: %s", line);
}

static struct MHD_Daemon *daemon_start(struct http_server *s, const struct sockaddr *address)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG |
			 (address->sa_family == AF_INET6 ? MHD_USE_IPv6 : 0) | (s->tls ? MHD_USE_TLS : 0);
	struct MHD_OptionItem tls[] = { { MHD_OPTION_HTTPS_CERT_CALLBACK, 0, (void *)(uintptr_t)tls_retrieve },
		{ MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES }, { MHD_OPTION_END, 0, NULL } };
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s,
		MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_URI_LOG_CALLBACK, on_uri, s, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_CONNECTION_LIMIT,
		s->limits.connections, MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)MEMORY, MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)(MEMORY / 2),
		MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_ARRAY,
		s->tls ? tls : tls + 2, MHD_OPTION_END);
}

void http_tokens(struct http_server *server, struct tokens *tokens)
{
	pthread_rwlock_wrlock(&server->tokens_lock);
	struct tokens *old = server->tokens;
	server->tokens = tokens;
	pthread_rwlock_unlock(&server->tokens_lock);
	tokens_free(old);
}

void http_metrics(struct http_server *server, struct vx_buf *out)
{
	unsigned long dropped[GUARD_REASONS];
	struct metrics_now now = {
		.in_flight = (uint64_t)atomic_load(&server->active),
		.waiting = pool_waiting(server->pool),
		.streams = places_used(server->streams),
		.connections = guard_count(server->guard, dropped),
		.body_bytes = atomic_load(&server->bytes),
		.log_lost = server->access ? access_lost(server->access) : 0,
	};
	for (int i = 0; i < GUARD_REASONS; i++)
		now.dropped[i] = dropped[i];
	metrics_print(server->metrics, &now, out);
}

static void parts_free(struct http_server *s)
{
	pool_free(s->pool); /* first: it may hold what gives places back */
	guard_free(s->guard);
	places_free(s->queue);
	places_free(s->streams);
	metrics_free(s->metrics);
}

int http_start(struct http_server *server, struct vx_error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *list = NULL;
	const struct http_limits *l = &server->limits;
	if (getrandom(&server->salt, sizeof server->salt, 0) != sizeof server->salt)
		return vx_error_errno(err, VX_EIO, NULL, "no random numbers are to be had");
	int code = getaddrinfo(server->address, server->port, &hints, &list);
	if (code != 0)
		return vx_error_set(err, VX_EIO, NULL, "%s: %s", server->address, gai_strerror(code));
	server->metrics = metrics_new();
	server->guard = guard_new(
		&(struct guard_limits){ .connections = l->connections, .idle = l->idle, .request = l->request });
	server->pool = pool_new(l->workers);
	server->queue = places_new(l->queue);
	server->streams = places_new(STREAMS);
	errno = 0;
	server->daemon = daemon_start(server, list->ai_addr);
	freeaddrinfo(list);
	if (server->daemon)
		return VX_OK;
	vx_error_errno(err, VX_EIO, NULL, "cannot listen on %s port %s", server->address, server->port);
	parts_free(server);
	return VX_EIO;
}

unsigned http_port(const struct http_server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
	return info ? info->port : 0;
}

static bool quiet(struct http_server *server, double seconds)
{
	double until = vx_now() + seconds;
	while (atomic_load(&server->active) > 0 && vx_now() < until)
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	return atomic_load(&server->active) == 0;
}

bool http_stop(struct http_server *server, double grace)
{
	atomic_store(&server->stopping, true);
	int fd = MHD_quiesce_daemon(server->daemon);
	guard_hurry(server->guard, HURRY);
	if (!quiet(server, grace)) {
		guard_hurry(server->guard, 0);
		if (!quiet(server, 1))
			return false;
	}
	MHD_stop_daemon(server->daemon);
	parts_free(server);
	if (fd >= 0)
		close(fd);
	return true;
}
