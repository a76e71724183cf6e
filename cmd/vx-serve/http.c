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
#include "vx_hash.h"
#include "vx_json.h"

#define MEMORY 131072 /* of a connection: its headers and its read buffer */
#define STREAM 32768  /* a streamed answer goes out in blocks of about this many bytes */
#define STACK 1048576 /* of a connection's thread */
#define RETRY_AFTER "1"

static const char *title(unsigned status)
{
	const char *phrase = MHD_get_reason_phrase_for(status);
	return phrase ? phrase : "Error";
}

void call_problem(struct call *call, unsigned status, const char *fmt, ...)
{
	char detail[1400];
	va_list args;
	va_start(args, fmt);
	vsnprintf(detail, sizeof detail, fmt, args);
	va_end(args);
	call->status = status;
	call->type = "application/problem+json";
	vx_buf_clear(&call->out);
	vx_buf_puts(&call->out, "{\"type\":\"about:blank\",\"title\":");
	vx_json_put_string(&call->out, title(status), strlen(title(status)));
	vx_buf_printf(&call->out, ",\"status\":%u,\"detail\":", status);
	/* What the client sent may stand in it, and that may be cut in the middle of a character. */
	vx_utf8_mend(detail);
	vx_json_put_string(&call->out, detail, strlen(detail));
	vx_buf_putc(&call->out, '}');
}

const char *call_arg(const struct call *call, const char *name)
{
	return MHD_lookup_connection_value(call->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct known {
	struct call *call;
	const char *const *names;
	unsigned seen;
};

static enum MHD_Result check_arg(void *cls, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct known *k = cls;
	(void)kind;
	for (unsigned i = 0; k->names[i]; i++) {
		if (strcmp(k->names[i], key) != 0)
			continue;
		if (!value || (k->seen & 1u << i))
			call_problem(
				k->call, 400, "query parameter %s: %s", key, value ? "is given twice" : "has no value");
		k->seen |= 1u << i;
		return MHD_YES;
	}
	call_problem(k->call, 400, "query parameter %s is not known here", key);
	return MHD_NO;
}

bool call_args_known(struct call *call, const char *const *names)
{
	struct known k = { .call = call, .names = names };
	MHD_get_connection_values(call->connection, MHD_GET_ARGUMENT_KIND, check_arg, &k);
	return call->status == 0;
}

/* range_takes: whether one range of an Accept header (a type, "*" for any, perhaps ";q=0.5" behind) takes type. */
static bool range_takes(const char *range, size_t n, const char *type)
{
	const char *params = memchr(range, ';', n),
		   *q = params ? memmem(params, n - (size_t)(params - range), "q=", 2) : NULL;
	if (q && strtod(q + 2, NULL) <= 0)
		return false;
	if (params)
		n = (size_t)(params - range);
	while (n && (range[n - 1] == ' ' || range[n - 1] == '\t'))
		n--;
	size_t major = (size_t)(strchr(type, '/') - type) + 1;
	return (n == 3 && !memcmp(range, "*/*", 3)) || (n == strlen(type) && !strncasecmp(range, type, n)) ||
	       (n == major + 1 && !strncasecmp(range, type, major) && range[major] == '*');
}

bool call_accepts(const struct call *call, const char *type)
{
	const char *p = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "Accept");
	if (!p || !*p)
		return true;
	while (*p) {
		p += strspn(p, " \t,");
		size_t n = strcspn(p, ",");
		if (n && range_takes(p, n, type))
			return true;
		p += n;
	}
	return false;
}

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

static void *on_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
	struct http_server *server = cls;
	struct call *call = vx_alloc(sizeof *call);
	call->server = server;
	call->connection = connection;
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
	receive_free(call);
	vx_buf_free(&call->body);
	vx_buf_free(&call->out);
	free(call->uri);
	free(call);
	atomic_fetch_sub(&server->active, 1);
}

struct streaming { /* an answer that is made while it is sent; outlives the call */
	struct vx_buf block;
	size_t sent;
	int (*more)(void *stream, struct vx_buf *out);
	void (*end)(void *stream);
	void *stream;
};

static ssize_t stream_read(void *cls, uint64_t pos, char *out, size_t max)
{
	struct streaming *s = cls;
	(void)pos;
	if (s->sent == s->block.len) {
		int more = 1;
		vx_buf_clear(&s->block);
		s->sent = 0;
		while (more > 0 && s->block.len < STREAM)
			more = s->more(s->stream, &s->block);
		if (more < 0)
			return MHD_CONTENT_READER_END_WITH_ERROR;
		if (s->block.len == 0)
			return MHD_CONTENT_READER_END_OF_STREAM;
	}
	size_t n = s->block.len - s->sent;
	if (n > max)
		n = max;
	memcpy(out, s->block.data + s->sent, n);
	s->sent += n;
	return (ssize_t)n;
}

static void stream_free(void *cls)
{
	struct streaming *s = cls;
	s->end(s->stream);
	vx_buf_free(&s->block);
	free(s);
}

static struct MHD_Response *response_new(struct call *call)
{
	if (!call->more) {
		char *data = call->out.data;
		size_t len = call->out.len;
		call->out = (struct vx_buf)VX_BUF_INIT;
		return MHD_create_response_from_buffer(len, data, MHD_RESPMEM_MUST_FREE);
	}
	struct streaming *s = vx_alloc(sizeof *s);
	*s = (struct streaming){ .more = call->more, .end = call->more_end, .stream = call->stream };
	return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM, stream_read, s, stream_free);
}

static enum MHD_Result reply(struct call *call)
{
	struct MHD_Response *r = response_new(call);
	if (!r)
		return MHD_NO;
	MHD_add_response_header(r, "Content-Type", call->type);
	if (call->allow[0])
		MHD_add_response_header(r, "Allow", call->allow);
	if (call->status == 401)
		MHD_add_response_header(r, "WWW-Authenticate", "Bearer realm=\"vxdata\"");
	if (call->status == 429 || call->status == 503)
		MHD_add_response_header(r, "Retry-After", RETRY_AFTER);
	if (atomic_load(&call->server->stopping))
		MHD_add_response_header(r, "Connection", "close");
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
		begin(call);
		return receive_begin(call) ? MHD_YES : reply(call);
	}
	if (*size) {
		bool go_on = receive_bytes(call, data, *size);
		*size = 0;
		return go_on ? MHD_YES : MHD_NO;
	}
	receive_end(call);
	/* The idle clock stands still while we work: the client is not the one who is idle. */
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, 0u);
	if (!call->status)
		server->answer(call);
	receive_free(call);
	vx_buf_free(&call->body);
	MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT, server->limits.idle);
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
	unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_THREAD_PER_CONNECTION | MHD_USE_POLL | MHD_USE_ITC |
			 MHD_USE_ERROR_LOG | (address->sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
	return MHD_start_daemon(flags, 0, NULL, NULL, on_request, s, MHD_OPTION_EXTERNAL_LOGGER, on_log, s,
		MHD_OPTION_SOCK_ADDR, address, MHD_OPTION_URI_LOG_CALLBACK, on_uri, s, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, s, MHD_OPTION_CONNECTION_LIMIT, s->limits.connections, MHD_OPTION_CONNECTION_TIMEOUT,
		s->limits.idle, MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY,
		MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)(MEMORY / 2), MHD_OPTION_THREAD_STACK_SIZE,
		(size_t)STACK, MHD_OPTION_LISTEN_BACKLOG_SIZE, 128u, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
}

int http_start(struct http_server *server, struct vx_error *err)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV }, *list = NULL;
	int code = getaddrinfo(server->address, server->port, &hints, &list);
	if (code != 0)
		return vx_error_set(err, VX_EIO, NULL, "%s: %s", server->address, gai_strerror(code));
	errno = 0;
	server->daemon = daemon_start(server, list->ai_addr);
	freeaddrinfo(list);
	if (!server->daemon)
		return vx_error_errno(err, VX_EIO, NULL, "cannot listen on %s port %s", server->address, server->port);
	return VX_OK;
}

unsigned http_port(const struct http_server *server)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
	return info ? info->port : 0;
}

void http_stop(struct http_server *server, double grace)
{
	double until = vx_now() + grace;
	atomic_store(&server->stopping, true);
	int fd = MHD_quiesce_daemon(server->daemon);
	while (atomic_load(&server->active) > 0 && vx_now() < until)
		nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
	MHD_stop_daemon(server->daemon);
	if (fd >= 0)
		close(fd);
}
