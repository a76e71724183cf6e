/* http: one request and its answer over libmicrohttpd. HTTP -> struct call -> HTTP
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http.h"
#include "receive.h"
#include "stream.h"
#include "vx_hash.h"

#define MEMORY 131072 /* of a connection: its headers and its read buffer */
#define STREAMS 32    /* answers under way that hold a snapshot of the database */
#define HURRY 5.0     /* the idle time while the server stops */
#define RETRY_AFTER "1"

/* authorized: compares hashes, all of them, in full: the time it takes tells nothing about a token. */
static bool authorized(const struct call *call)
{
	const struct http_server *s = call->server;
	if (s->token_count == 0)
		return true;
	const char *value = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "Authorization");
	if (!value || strncasecmp(value, "Bearer ", 7) != 0)
		return false;
	char hash[65];
	volatile unsigned char found = 0;
	vx_sha256_bytes(value + 7, strlen(value + 7), hash);
	for (size_t i = 0; i < s->token_count; i++) {
		unsigned char differs = 0;
		for (size_t k = 0; k < 64; k++)
			differs |= (unsigned char)(hash[k] ^ s->tokens[i][k]);
		found |= differs == 0;
	}
	return found;
}

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
	atomic_fetch_add(&server->active, 1);
	return call;
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
	if (server->log)
		vx_say("%s %s %u %.3f s%s", call->begun ? call->method : "-", call->uri, call->status,
			vx_now() - call->start, code == MHD_REQUEST_TERMINATED_COMPLETED_OK ? "" : " (cut off)");
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
	call->out = (struct vx_buf)VX_BUF_INIT;
	return MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result reply(struct call *call)
{
	struct MHD_Response *r = response_new(call);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", call->type);
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

/* begin: all that can be said before the body has come. */
static void begin(struct call *call)
{
	call->server->begin(call);
	if (!call->open && !authorized(call)) {
		call->allow[0] = '\0';
		call_problem(call, 401, "a token is needed: Authorization: Bearer ...");
	}
	if (atomic_load(&call->server->stopping))
		call_problem(call, 503, "this server is stopping: try again");
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
	finish(call);
	places_give(call->server->queue, peer_origin(call->peer));
	MHD_resume_connection(call->connection);
}

/* enqueue: false, with a problem, when there is no place. */
static bool enqueue(struct call *call)
{
	struct http_server *server = call->server;
	switch (places_take(server->queue, peer_origin(call->peer))) {
	case PLACES_FULL:
		call_problem(call, 503, "too many requests are waiting: try again");
		return false;
	case PLACES_SHARE:
		call_problem(call, 429, "too many requests of yours are waiting: send fewer at once");
		return false;
	case PLACES_TAKEN:
		break;
	}
	call->job.run = work;
	guard_phase(server->guard, call->peer, GUARD_WORK);
	MHD_suspend_connection(call->connection);
	pool_put(server->pool, call->takes_body ? POOL_WRITE : POOL_READ, &call->job);
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
		call->method = !strcmp(method, "HEAD") ? "GET" : method;
		guard_phase(server->guard, call->peer, GUARD_BODY);
		begin(call);
		return receive_begin(call) ? MHD_YES : reply(call);
	}
	if (*size) {
		guard_moved(server->guard, call->peer, *size);
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
	if (!server->log)
		return;
	vsnprintf(line, sizeof line, fmt, args);
	line[strcspn(line, "\n")] = '\0';
	vx_say("http: %s", line);
}

static struct MHD_Daemon *daemon_start(struct http_server *s, const struct sockaddr *address)
{
	unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG |
			 (address->sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s,
		MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_URI_LOG_CALLBACK, on_uri, s, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_CONNECTION_LIMIT,
		s->limits.connections, MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)MEMORY, MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)(MEMORY / 2),
		MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024u, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

static void parts_free(struct http_server *s)
{
	pool_free(s->pool); /* first: it may hold what gives places back */
	guard_free(s->guard);
	places_free(s->queue);
	places_free(s->streams);
}

int http_start(struct http_server *server, struct vx_error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *list = NULL;
	const struct http_limits *l = &server->limits;
	int code = getaddrinfo(server->address, server->port, &hints, &list);
	if (code != 0)
		return vx_error_set(err, VX_EIO, NULL, "%s: %s", server->address, gai_strerror(code));
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
