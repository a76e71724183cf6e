/* receive: a request body on its way in. upload bytes, then gzip inflated -> call->body, within the limits
 *
 * SPDX-License-Identifier: MIT
 */
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "receive.h"

#define GZIP_WINDOW (15 + 16) /* zlib's way to say: a gzip wrapper, and nothing else */
#define BODIES 4              /* this many of the largest size at once: more have to come again */
#define DRAIN 16              /* what is refused is read up to this many times the limit, so that the answer arrives */

struct receive {
	bool gzip;
	size_t counted; /* of the server's sum */
};

static const char *header(const struct call *call, const char *name)
{
	return MHD_lookup_connection_value(call->connection, MHD_HEADER_KIND, name);
}

static bool is_media(const char *value, const char *type)
{
	size_t n = strlen(type);
	return !strncasecmp(value, type, n) && (value[n] == '\0' || value[n] == ';' || value[n] == ' ');
}

static bool content_type(struct call *call)
{
	const char *type = header(call, "Content-Type");
	if (!type)
		call->kind = BODY_UNKNOWN;
	else if (is_media(type, "application/json"))
		call->kind = BODY_JSON;
	else if (is_media(type, "application/x-ndjson") || is_media(type, "application/ndjson") ||
		 is_media(type, "application/jsonl"))
		call->kind = BODY_LINES;
	else
		return false;
	return true;
}

static void too_large(struct call *call)
{
	vx_buf_free(&call->body);
	call_refuse(call, "too_large", 413, "the body is larger than %zu bytes: send less at once",
		call->server->limits.body);
}

/* account: the sum of all bodies in memory is bounded, too. */
static bool account(struct call *call, size_t n)
{
	struct receive *r = call->receive;
	size_t limit = call->server->limits.body * BODIES;
	r->counted += n;
	if (atomic_fetch_add(&call->server->bytes, n) + n <= limit)
		return true;
	vx_buf_free(&call->body);
	call_refuse(call, "bodies", 503, "too many bodies at once: try again");
	return false;
}

struct framing {
	int lengths, hosts;
	bool bad_name, bad_coding;
};

static enum MHD_Result check_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	struct framing *f = arg;
	(void)kind;
	f->bad_coding |= !strcasecmp(name, "Transfer-Encoding") && (!value || strcasecmp(value, "chunked") != 0);
	f->lengths += !strcasecmp(name, "Content-Length") || !strcasecmp(name, "Transfer-Encoding");
	f->hosts += !strcasecmp(name, "Host");
	f->bad_name |= !*name || name[strspn(name, token)];
	return MHD_YES;
}

/* framed: a body whose length is told twice, or by a name with a blank behind it, ends in one place for us and maybe in
 * another for a proxy in front: what lies between would be a request that nobody checked (RFC 9112, 5.1 and 6.3). */
static bool framed(struct call *call)
{
	struct framing f = { .lengths = 0 };
	MHD_get_connection_values(call->connection, MHD_HEADER_KIND, check_header, &f);
	if (f.bad_name)
		call_problem(call, 400, "the name of a header is no token");
	else if (f.lengths > 1)
		call_problem(call, 400, "the length of the body is told twice");
	else if (f.hosts > 1)
		call_problem(call, 400, "the host is told twice");
	else if (f.bad_coding)
		call_problem(call, 501, "Transfer-Encoding: only chunked is known here");
	else
		return true;
	return false;
}

bool receive_begin(struct call *call)
{
	struct receive *r = call->receive = vx_alloc(sizeof *r);
	const char *encoding = header(call, "Content-Encoding"), *length = header(call, "Content-Length");
	unsigned long long announced = length ? strtoull(length, NULL, 10) : 0;
	if (!framed(call))
		return false;
	if (announced > call->server->limits.body && !call->status)
		too_large(call);
	if (call->takes_body && !call->status) {
		r->gzip = encoding && (!strcasecmp(encoding, "gzip") || !strcasecmp(encoding, "x-gzip"));
		if (encoding && !r->gzip && strcasecmp(encoding, "identity") != 0)
			call_problem(call, 415, "Content-Encoding %s is not known here: gzip, identity", encoding);
		else if (!content_type(call))
			call_problem(call, 415,
				"Content-Type %s is not known here: application/json, application/x-ndjson",
				header(call, "Content-Type"));
	}
	/* A client that waits for "100 Continue" is told at once; another would not listen before it has sent all. */
	return !call->status || (announced / DRAIN <= call->server->limits.body && !header(call, "Expect"));
}

/* keep: n more bytes of the body, as it comes or as it is inflated. */
static void keep(struct call *call, const char *bytes, size_t n)
{
	if (n > call->server->limits.body - call->body.len)
		too_large(call);
	else if (account(call, n))
		vx_buf_add(&call->body, bytes, n);
}

bool receive_bytes(struct call *call, const char *bytes, size_t n)
{
	if (call->in / DRAIN > call->server->limits.body)
		return false;
	if (!call->status && call->takes_body)
		keep(call, bytes, n);
	return true;
}

/* member: one gzip member; several may follow one another. False, with a problem, when it is none. */
static bool member(struct call *call, z_stream *z)
{
	unsigned char block[65536];
	int code;
	do {
		z->next_out = block;
		z->avail_out = sizeof block;
		code = inflate(z, Z_NO_FLUSH);
		keep(call, (char *)block, sizeof block - z->avail_out);
	} while (!call->status && code == Z_OK);
	if (!call->status && code == Z_BUF_ERROR)
		call_problem(call, 400, "the body is no whole gzip: it ends after %zu bytes", (size_t)call->in);
	else if (!call->status && code != Z_STREAM_END)
		call_problem(call, 400, "the body is no gzip: %s", z->msg ? z->msg : "broken");
	return !call->status;
}

void receive_end(struct call *call)
{
	struct vx_buf raw = call->body;
	z_stream z = { .next_in = (Bytef *)raw.data, .avail_in = (uInt)raw.len };
	if (call->status || !call->receive->gzip)
		return;
	call->body = (struct vx_buf)VX_BUF_INIT;
	if (inflateInit2(&z, GZIP_WINDOW) != Z_OK)
		call_problem(call, 500, "out of memory");
	else
		while (member(call, &z) && z.avail_in && inflateReset(&z) == Z_OK)
			continue;
	inflateEnd(&z);
	vx_buf_free(&raw);
}

void receive_free(struct call *call)
{
	struct receive *r = call->receive;
	if (!r)
		return;
	atomic_fetch_sub(&call->server->bytes, r->counted);
	free(r);
	call->receive = NULL;
}
