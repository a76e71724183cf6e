/* vx_api_ask: one call of the vxData API over a connection -> its answer, or who refused and why. An answer that is another
 * request's is not believed. SPDX-License-Identifier: MIT */
#include "vx_api_parts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define ID_HEADER "X-Request-Id: "
#define ID_MARK "76782d" /* "vx-" */
#define GZIP_LEVEL 1
#define GZIP_WORTH 1024 /* a shorter body fits a packet as it is */

static int build_url(
	struct vx_api_link *link, const char *route, const char *fill, const char *query, struct vx_error *err)
{
	const char *path = vx_json_str(link->api->routes, route), *open, *close;

	vx_buf_clear(&link->url);
	if (!path || path[0] != '/')
		return vx_error_set(err, VX_EDATA, route, "api/routes.json has no such route");
	open = strchr(path, '{');
	close = open ? strchr(open, '}') : NULL;
	vx_buf_puts(&link->url, link->api->base);
	if (close) {
		vx_buf_add(&link->url, path, (size_t)(open - path));
		vx_url_escape(&link->url, fill ? fill : "", fill ? strlen(fill) : 0, true);
		path = close + 1;
	}
	vx_buf_puts(&link->url, path);
	if (query && *query) {
		vx_buf_putc(&link->url, '?');
		vx_buf_puts(&link->url, query);
	}
	return VX_OK;
}

/* The body as gzip in link->packed; false when it is sent as it is. */
static bool pack(struct vx_api_link *link, const char *body, size_t len)
{
	size_t n;

	if (!link->api->gzip || len < GZIP_WORTH)
		return false;
	if (!link->gzip)
		link->gzip = libdeflate_alloc_compressor(GZIP_LEVEL);
	if (!link->gzip)
		vx_die(VX_EMEM, "out of memory");
	vx_buf_clear(&link->packed);
	vx_buf_reserve(&link->packed, len);
	/* What would not become smaller does not fit, and is reported as 0. */
	n = libdeflate_gzip_compress(link->gzip, body, len, link->packed.data, len);
	link->packed.len = n;
	return n > 0;
}

/* A server or proxy that shows the request it refuses shows the token with it. */
static void hide_token(const struct vx_api *api, char *text)
{
	const char *token = api->authorization ? api->authorization + strlen(VX_API_BEARER) : "";

	for (char *at = text; *token && (at = strstr(at, token));)
		memset(at, '*', strlen(token));
}

/* What a problem document says of itself, or nothing. Control characters are left to vx_say. */
static void problem_story(const struct vx_api *api, const struct vx_http_response *r, char *out, size_t size)
{
	struct vx_json *j = NULL;
	const char *detail, *title;

	out[0] = '\0';
	if (!r->body.len || vx_json_parse(r->body.data, r->body.len, &j, NULL) != VX_OK)
		return;
	detail = vx_json_type(j) == VX_OBJECT ? vx_json_str(j, "detail") : NULL;
	title = vx_json_type(j) == VX_OBJECT ? vx_json_str(j, "title") : NULL;
	if (detail || title) {
		char *story = vx_asprintf(": %s", detail ? detail : title);

		hide_token(api, story); /* before it is cut: half a token is no longer found */
		snprintf(out, size, "%s", story);
		free(story);
	}
	vx_json_free(j);
}

static int judge(struct vx_api_link *link, const char *method, struct vx_api_answer *answer, struct vx_error *err)
{
	const struct vx_http_response *r = &link->response;
	const char *shown = link->api->shown, *path = link->url.data + strlen(link->api->base);
	char story[800];
	enum vx_status status;

	answer->http = r->status;
	answer->body = r->body.data ? r->body.data : "";
	answer->len = r->body.len;
	if (r->status >= 200 && r->status < 300)
		return VX_OK;
	problem_story(link->api, r, story, sizeof(story));
	if (r->status == 401 || r->status == 403)
		return vx_error_set(err, VX_EREFUSED, NULL, "%s: %ld %s%s", shown, r->status,
			link->api->authorization ? "the token is not accepted"
						 : "a token is needed (VX_TOKEN or VX_TOKEN_FILE)",
			story);
	if (r->status == 429 || (r->status >= 502 && r->status <= 504))
		status = VX_EUNREACHABLE;
	else if (r->status == 405 || r->status == 415 || r->status < 400)
		status = VX_EREFUSED;
	else
		status = VX_EREJECT;
	if (status == VX_EREJECT && story[0])
		return vx_error_set(err, status, NULL, "%s", story + 2);
	return vx_error_set(err, status, NULL, "%s: %s %.*s: HTTP status %ld%s%s", shown, method,
		(int)strcspn(path, "?"), path, r->status,
		status == VX_EUNREACHABLE && r->attempts > 1 ? " to the end of --retry-for" : "", story);
}

/* A server that fails, a redirect, what is no HTTP: by what stands between, it may be all well the next moment. */
static bool odd(int status, long http)
{
	return status == VX_OK ? http == 500 || (http >= 300 && http < 400) : status == VX_EREFUSED;
}

/* Names the next request, and what vx names so can be told from what a proxy makes up. */
static void name_request(struct vx_api_link *link)
{
	if (!link->base && getrandom(&link->base, sizeof(link->base), GRND_NONBLOCK) != (ssize_t)sizeof(link->base))
		link->base = (uint64_t)(uintptr_t)link ^ (uint64_t)getpid() << 32 ^ (uint64_t)(vx_now() * 1e6);
	snprintf(link->id, sizeof(link->id), ID_HEADER ID_MARK "%016llx%08lx", (unsigned long long)link->base,
		++link->requests);
}

/* Whether the answer is to another request of a vx tool: then the connection, or a proxy, is out of step. */
static bool is_astray(const struct vx_api_link *link)
{
	char id[sizeof(link->id)];

	return vx_http_header(&link->response, "X-Request-Id", id, sizeof(id)) &&
	       strncmp(id, ID_MARK, strlen(ID_MARK)) == 0 && strcmp(id, link->id + strlen(ID_HEADER)) != 0;
}

/* One request, and until an answer comes to this one and to no other, a few more. */
static int ask(struct vx_api_link *link, struct vx_http_request *q, struct vx_error *err)
{
	int status, times = 0;

	do {
		name_request(link);
		status = vx_http_do(link->http, q, &link->response, err);
		if (status != VX_OK || !is_astray(link))
			return status;
	} while (vx_api_distrust(link, &times));
	return vx_error_set(err, VX_EREFUSED, NULL, "%s: the answers are to other requests", link->api->shown);
}

static int exchange(
	struct vx_api_link *link, struct vx_http_request *q, struct vx_api_answer *answer, struct vx_error *err)
{
	const char *headers[6];
	size_t n = 0;
	int status = VX_OK;

	headers[n++] = "Accept: application/json, application/x-ndjson";
	headers[n++] = link->id;
	if (link->api->authorization)
		headers[n++] = link->api->authorization;
	if (q->body)
		headers[n++] = "Content-Type: application/json";
	if (q->body && pack(link, q->body, q->body_len)) {
		headers[n++] = "Content-Encoding: gzip";
		q->body = link->packed.data;
		q->body_len = link->packed.len;
	}
	headers[n] = NULL;
	q->headers = headers;
	q->url = link->url.data;
	for (int tries = 1; tries <= VX_API_TRIES; tries++) {
		answer->http = 0;
		status = ask(link, q, err);
		if (tries == VX_API_TRIES || !odd(status, link->response.status))
			break;
		nanosleep(&(struct timespec){ .tv_nsec = VX_API_PAUSE_NS * tries }, NULL);
	}
	return status == VX_OK ? judge(link, q->method, answer, err) : status;
}

int vx_api_post(struct vx_api_link *link, const char *route, const char *fill, const char *query, const char *body,
	size_t len, struct vx_api_answer *answer, struct vx_error *err)
{
	struct vx_http_request q = { .method = "POST", .body = body, .body_len = len };
	int status = build_url(link, route, fill, query, err);

	return status == VX_OK ? exchange(link, &q, answer, err) : status;
}

int vx_api_get(struct vx_api_link *link, const char *route, const char *fill, const char *query,
	struct vx_api_answer *answer, struct vx_error *err)
{
	struct vx_http_request q = { .method = "GET" };
	int status = build_url(link, route, fill, query, err);

	return status == VX_OK ? exchange(link, &q, answer, err) : status;
}

int vx_api_delete(struct vx_api_link *link, const char *route, const char *fill, const char *query,
	struct vx_api_answer *answer, struct vx_error *err)
{
	struct vx_http_request q = { .method = "DELETE" };
	int status = build_url(link, route, fill, query, err);

	return status == VX_OK ? exchange(link, &q, answer, err) : status;
}
