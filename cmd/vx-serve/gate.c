/* gate: what can be said to a request before its body has come. struct call -> the same with a route, or a problem
 *
 * SPDX-License-Identifier: MIT
 */
#include <microhttpd.h>
#include <string.h>

#include "gate.h"
#include "vx_hash.h"

#define URI_MAX 8192
#define HEADERS_MAX 64 /* a client sends ten */
#define HEADER_BYTES 32768
#define ID_SHORTEST 8
#define ID_LONGEST 64

static const char *const methods[] = { "GET", "HEAD", "POST", "DELETE", "PUT", "PATCH", "OPTIONS" };

/* name: the request's own id when it is one of hexadecimal digits, which can hold no name; else one of ours. */
static void name(struct call *call)
{
	const char *id = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "X-Request-Id");
	size_t n = id ? strlen(id) : 0;
	if (n >= ID_SHORTEST && n <= ID_LONGEST && strspn(id, "0123456789abcdefABCDEF-") == n) {
		memcpy(call->id, id, n + 1);
		return;
	}
	uint64_t parts[2] = { call->server->salt, atomic_fetch_add(&call->server->requests, 1) };
	snprintf(call->id, sizeof call->id, "%016llx", (unsigned long long)vx_hash64(parts, sizeof parts));
}

static enum right right_of(struct call *call)
{
	struct http_server *s = call->server;
	enum right right = RIGHT_WRITE;
	const char *value = MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, "Authorization");
	pthread_rwlock_rdlock(&s->tokens_lock);
	if (s->tokens)
		right = value && !strncasecmp(value, "Bearer ", 7) ? tokens_right(s->tokens, value + 7, call->token)
								   : RIGHT_NONE;
	pthread_rwlock_unlock(&s->tokens_lock);
	return right;
}

static void authorize(struct call *call)
{
	enum right right = right_of(call);
	if (call->open)
		return;
	if (right == RIGHT_NONE) {
		call->allow[0] = '\0';
		call_refuse(call, "token", 401, "a token is needed: Authorization: Bearer ...");
	} else if (right == RIGHT_READ && call->writes && !call->status) {
		call_refuse(call, "right", 403, "this token may read, not write");
	}
}

/* too_long: more than anybody needs is no mistake, or one that does not get better by reading on. */
static bool too_long(struct call *call)
{
	const union MHD_ConnectionInfo *size =
		MHD_get_connection_info(call->connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
	int headers = MHD_get_connection_values(call->connection, MHD_HEADER_KIND, NULL, NULL);
	if (strlen(call->uri) > URI_MAX)
		call_refuse(call, "uri", 414, "the target of the request is longer than %d bytes", URI_MAX);
	else if (headers > HEADERS_MAX)
		call_refuse(call, "headers", 431, "the request has more than %d headers", HEADERS_MAX);
	else if (size && size->header_size > HEADER_BYTES)
		call_refuse(call, "headers", 431, "the headers are longer than %d bytes", HEADER_BYTES);
	return call->status != 0;
}

void gate_begin(struct call *call, const char *method)
{
	call->verb = "other";
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
		if (!strcmp(method, methods[i]))
			call->verb = methods[i];
	call->method = !strcmp(method, "HEAD") ? "GET" : method;
	name(call);
	if (too_long(call))
		return;
	call->server->begin(call);
	authorize(call);
	if (atomic_load(&call->server->stopping))
		call_refuse(call, "stopping", 503, "this server is stopping: try again");
}
