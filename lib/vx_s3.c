/* vx_s3: signed HEAD, PUT and ranged GET of one bucket over vx_http.
 * In: key and file. Out: what the store has, or why not. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "vx_hash.h"
#include "vx_http.h"
#include "vx_s3.h"
#include "vx_sigv4.h"

#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { HEADERS_MAX = 12, BLOCK = 1 << 20 };

struct vx_s3 {
	struct vx_http *http;
	const struct vx_aws *aws;
	char *bucket;
	char *origin;         /* "https://lab.s3.eu-west-1.amazonaws.com" */
	char *host;           /* the Host header's value */
	char *base;           /* path before the key: "" or "/bucket", behind the endpoint's own path */
	int64_t skew;         /* seconds that the store's clock is ahead of ours */
	bool no_precondition; /* the store answered If-None-Match with "not implemented" */
};

/* One request to be signed and sent. */
struct call {
	const char *method, *key;
	const char *payload_sha256;
	const char *extra[4]; /* further headers, NULL-terminated */
	int fd;
	uint64_t size;
};

static bool is_loopback(const char *host)
{
	struct in_addr v4;
	if (strcasecmp(host, "localhost") == 0 || strcmp(host, "[::1]") == 0)
		return true;
	return inet_pton(AF_INET, host, &v4) == 1 && ntohl(v4.s_addr) >> 24 == 127;
}

static bool bucket_ok(const char *b)
{
	size_t n = strlen(b);
	if (n < 1 || n > 255 || strcmp(b, ".") == 0 || strcmp(b, "..") == 0)
		return false;
	return strspn(b, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_") == n;
}

/* Fills origin, host and base from the endpoint URL. */
static int place(struct vx_s3 *s3, const struct vx_s3_options *o, struct vx_error *err)
{
	const char *endpoint = s3->aws->endpoint, *style = s3->aws->addressing_style;
	char *made = endpoint ? NULL : vx_asprintf("https://s3.%s.amazonaws.com", s3->aws->region);
	const char *url = endpoint ? endpoint : made;
	bool tls = strncasecmp(url, "https://", 8) == 0;
	if (!tls && strncasecmp(url, "http://", 7) != 0)
		return vx_error_set(err, VX_EUSAGE, NULL, "the endpoint of the store is no http or https URL");
	const char *at = url + (tls ? 8 : 7);
	size_t n = strcspn(at, "/?#"), path = strcspn(at + n, "?#");
	char *host = vx_strndup(at, n);
	size_t name = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
	char *bare = vx_strndup(host, name);
	int status = VX_OK;
	if (n == 0 || strchr(host, '@') || at[n + path])
		status = vx_error_set(err, VX_EUSAGE, NULL, "the endpoint of the store is no plain URL of a host");
	else if (!tls && !o->insecure_http && !is_loopback(bare))
		status = vx_error_set(err, VX_EUSAGE, NULL,
			"http://%s would carry the files unencrypted: give an https endpoint, or --insecure-http",
			host);
	/* A bucket with a dot in its name has no certificate as a host name. */
	bool as_host = style && strcmp(style, "virtual") == 0;
	if (!as_host && !endpoint && !(style && strcmp(style, "path") == 0))
		as_host = !strchr(s3->bucket, '.');
	while (path && at[n + path - 1] == '/')
		path--;
	s3->host = as_host ? vx_asprintf("%s.%s", s3->bucket, host) : vx_strdup(host);
	s3->origin = vx_asprintf("%s://%s", tls ? "https" : "http", s3->host);
	s3->base = vx_asprintf("%.*s%s%s", (int)path, at + n, as_host ? "" : "/", as_host ? "" : s3->bucket);
	free(bare);
	free(host);
	free(made);
	return status;
}

struct vx_s3 *vx_s3_new(const struct vx_s3_options *o, struct vx_error *err)
{
	if (!bucket_ok(o->bucket)) {
		vx_error_set(err, VX_EUSAGE, NULL, "'%s' is no name of a bucket", o->bucket);
		return NULL;
	}
	struct vx_s3 *s3 = vx_alloc(sizeof(*s3));
	s3->aws = o->aws;
	s3->bucket = vx_strdup(o->bucket);
	if (place(s3, o, err) != VX_OK) {
		vx_s3_free(s3);
		return NULL;
	}
	s3->http = vx_http_new(
		&(struct vx_http_options){ .retry_for = o->retry_for, .ca_file = o->aws->ca_bundle, .stop = o->stop });
	return s3;
}

void vx_s3_free(struct vx_s3 *s3)
{
	if (!s3)
		return;
	vx_http_free(s3->http);
	free(s3->bucket);
	free(s3->origin);
	free(s3->host);
	free(s3->base);
	free(s3);
}

/* The text of <tag> in an S3 error document, entities resolved; "" when there is none. */
static void xml_text(const struct vx_http_response *a, const char *tag, char *out, size_t size)
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = { { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' } };
	char open[32];
	size_t n = 0;
	snprintf(open, sizeof(open), "<%s>", tag);
	const char *at = a->body.len ? strstr(a->body.data, open) : NULL;
	for (at = at ? at + strlen(open) : ""; *at && *at != '<' && n + 1 < size; n++) {
		size_t used = 1;
		out[n] = *at;
		for (size_t i = 0; i < sizeof(entities) / sizeof(entities[0]); i++)
			if (strncmp(at, entities[i].entity, strlen(entities[i].entity)) == 0) {
				out[n] = entities[i].c;
				used = strlen(entities[i].entity);
			}
		at += used;
	}
	out[n] = '\0';
}

/* What to make of an answer that is no success. */
static int refusal(const struct vx_s3 *s3, const struct vx_http_response *a, struct vx_error *err)
{
	char code[64], message[400], region[64] = "";
	xml_text(a, "Code", code, sizeof(code));
	xml_text(a, "Message", message, sizeof(message));
	vx_http_header(a, "x-amz-bucket-region", region, sizeof(region));
	int status = VX_EREJECT;
	if (a->status == 401 || a->status == 403 || (a->status >= 300 && a->status < 400) || a->status == 404 ||
		strcmp(code, "AuthorizationHeaderMalformed") == 0 || strcmp(code, "ExpiredToken") == 0 ||
		strcmp(code, "InvalidToken") == 0)
		status = VX_EREFUSED;
	else if (a->status == 429 || (a->status >= 502 && a->status <= 504))
		status = VX_EUNREACHABLE;
	struct vx_buf b = VX_BUF_INIT;
	vx_buf_printf(&b, "%s bucket %s: ", s3->origin, s3->bucket);
	if (code[0])
		vx_buf_printf(&b, "%s%s%s (HTTP %ld)", code, message[0] && strcmp(message, code) ? ": " : "",
			strcmp(message, code) ? message : "", a->status);
	else
		vx_buf_printf(&b, "HTTP %ld", a->status);
	if (region[0] && strcmp(region, s3->aws->region) != 0)
		vx_buf_printf(&b, "; the bucket is in region %s: set AWS_REGION", region);
	vx_error_set(err, status, NULL, "%s", b.data);
	vx_buf_free(&b);
	return status;
}

/* Signs and sends once. */
static int send_once(struct vx_s3 *s3, const struct call *c, struct vx_http_response *a, struct vx_error *err)
{
	struct vx_buf path = VX_BUF_INIT, authorization = VX_BUF_INIT;
	const char *headers[HEADERS_MAX] = { NULL };
	char date[17];
	size_t n = 0;
	vx_buf_puts(&path, s3->base);
	vx_buf_putc(&path, '/');
	vx_url_escape(&path, c->key, strlen(c->key), true);
	vx_sigv4_date((int64_t)time(NULL) + s3->skew, date);
	char *host = vx_asprintf("Host: %s", s3->host), *when = vx_asprintf("X-Amz-Date: %s", date);
	char *payload = vx_asprintf("X-Amz-Content-Sha256: %s", c->payload_sha256);
	char *token = s3->aws->session_token ? vx_asprintf("X-Amz-Security-Token: %s", s3->aws->session_token) : NULL;
	headers[n++] = host;
	headers[n++] = when;
	headers[n++] = payload;
	for (size_t i = 0; c->extra[i]; i++)
		headers[n++] = c->extra[i];
	if (token)
		headers[n++] = token;

	struct vx_sigv4_key key = { s3->aws->access_key, s3->aws->secret_key, s3->aws->region, "s3" };
	struct vx_sigv4_request q = { c->method, path.data, NULL, headers, c->payload_sha256, date };
	vx_buf_puts(&authorization, "Authorization: ");
	vx_sigv4_authorization(&key, &q, &authorization);
	headers[n++] = authorization.data;
	char *url = vx_asprintf("%s%s", s3->origin, path.data);
	struct vx_http_request r = {
		.method = c->method, .url = url, .headers = headers, .body_fd = c->fd, .body_len = c->size
	};
	int status = vx_http_do(s3->http, &r, a, err);
	free(url);
	free(host);
	free(when);
	free(payload);
	free(token);
	vx_buf_free(&path);
	vx_buf_free(&authorization);
	return status;
}

/* A clock that is off by more than 15 minutes is refused; the answer's Date says by how much it is off. */
static bool learn_skew(struct vx_s3 *s3, const struct vx_http_response *a)
{
	char code[64], date[64];
	struct tm tm = { 0 };
	xml_text(a, "Code", code, sizeof(code));
	if (a->status != 403 || strcmp(code, "RequestTimeTooSkewed") != 0 ||
		!vx_http_header(a, "Date", date, sizeof(date)) || !strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return false;
	s3->skew = (int64_t)timegm(&tm) - (int64_t)time(NULL);
	return true;
}

static int call(struct vx_s3 *s3, const struct call *c, struct vx_http_response *a, struct vx_error *err)
{
	int status = send_once(s3, c, a, err);
	if (status == VX_OK && learn_skew(s3, a))
		status = send_once(s3, c, a, err);
	return status;
}

static void fill_object(const struct vx_http_response *a, struct vx_s3_object *o)
{
	char size[32] = "0";
	o->exists = true;
	vx_http_header(a, "Content-Length", size, sizeof(size));
	o->size = strtoull(size, NULL, 10);
	vx_http_header(a, "ETag", o->etag, sizeof(o->etag));
	vx_http_header(a, "x-amz-meta-sha256", o->sha256, sizeof(o->sha256));
	if (strlen(o->sha256) != 64 || strspn(o->sha256, "0123456789abcdef") != 64)
		o->sha256[0] = '\0';
}

/* The answer to a HEAD has no body, so why it was refused is asked with a GET of one byte.
 * Out: VX_OK when that GET was not refused (then the HEAD is worth another try). */
static int why_refused(struct vx_s3 *s3, const char *key, struct vx_error *err)
{
	struct vx_http_response a = { 0 };
	struct call c = {
		.method = "GET", .key = key, .payload_sha256 = EMPTY_SHA256, .extra = { "Range: bytes=0-0" }
	};
	int status = call(s3, &c, &a, err);
	if (status == VX_OK && a.status != 200 && a.status != 206 && a.status != 404 && a.status != 416)
		status = refusal(s3, &a, err);
	vx_http_response_clear(&a);
	return status;
}

int vx_s3_head(struct vx_s3 *s3, const char *key, struct vx_s3_object *o, struct vx_error *err)
{
	struct vx_http_response a = { 0 };
	struct call c = { .method = "HEAD", .key = key, .payload_sha256 = EMPTY_SHA256 };
	memset(o, 0, sizeof(*o));
	int status = call(s3, &c, &a, err);
	if (status == VX_OK && a.status != 200 && a.status != 404) {
		status = why_refused(s3, key, err);
		if (status == VX_OK)
			status = call(s3, &c, &a, err);
	}
	if (status == VX_OK && a.status == 200)
		fill_object(&a, o);
	else if (status == VX_OK && a.status != 404)
		status = refusal(s3, &a, err);
	vx_http_response_clear(&a);
	return status;
}

/* The story of a PUT that did not take, or VX_OK. */
static int put_answer(struct vx_s3 *s3, const struct vx_http_response *a, bool *made, struct vx_error *err)
{
	char code[64];
	*made = a->status == 200 || a->status == 201;
	xml_text(a, "Code", code, sizeof(code));
	if (*made || a->status == 412 || strcmp(code, "ConditionalRequestConflict") == 0)
		return VX_OK;
	if (strcmp(code, "XAmzContentSHA256Mismatch") == 0 || strcmp(code, "BadDigest") == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "changed while it was sent (%s)", code);
	return refusal(s3, a, err);
}

int vx_s3_size_check(uint64_t size, struct vx_error *err)
{
	if (size <= VX_S3_PUT_MAX)
		return VX_OK;
	return vx_error_set(err, VX_EREJECT, NULL, "%" PRIu64 " bytes: more than the 5 GiB that one PUT takes", size);
}

int vx_s3_put(struct vx_s3 *s3, const char *key, int fd, uint64_t size, const char *sha256, enum vx_s3_when when,
	bool *made, struct vx_error *err)
{
	struct vx_http_response a = { 0 };
	char *meta = vx_asprintf("X-Amz-Meta-Sha256: %s", sha256);
	struct call c = {
		.method = "PUT", .key = key, .payload_sha256 = sha256, .extra = { meta }, .fd = fd, .size = size
	};
	if (when == VX_S3_ONLY_NEW && !s3->no_precondition)
		c.extra[1] = "If-None-Match: *";
	int status = call(s3, &c, &a, err);
	if (status == VX_OK && a.status == 501 && c.extra[1]) {
		s3->no_precondition = true;
		c.extra[1] = NULL;
		status = call(s3, &c, &a, err);
	}
	if (status == VX_OK)
		status = put_answer(s3, &a, made, err);
	else if (status == VX_EIO)
		status = vx_error_set(
			err, VX_EREJECT, NULL, "changed while it was sent: shorter than %" PRIu64 " bytes", size);
	free(meta);
	vx_http_response_clear(&a);
	return status;
}

/* Bytes from..from + BLOCK of an object into the hash. */
static int hash_block(struct vx_s3 *s3, struct call *c, const struct vx_s3_object *o, uint64_t from,
	struct vx_sha256 *h, struct vx_error *err)
{
	struct vx_http_response a = { 0 };
	uint64_t want = o->size - from < BLOCK ? o->size - from : BLOCK;
	char range[80];
	snprintf(range, sizeof(range), "Range: bytes=%" PRIu64 "-%" PRIu64, from, from + want - 1);
	c->extra[0] = range;
	int status = call(s3, c, &a, err);
	if (status == VX_OK && (a.status == 206 || a.status == 200) && a.body.len == want)
		vx_sha256_add(h, a.body.data, a.body.len);
	else if (status == VX_OK && (a.status == 412 || a.status == 206 || a.status == 200))
		status = vx_error_set(err, VX_EREJECT, NULL, "the object in the store changed while it was compared");
	else if (status == VX_OK)
		status = refusal(s3, &a, err);
	c->extra[0] = NULL;
	vx_http_response_clear(&a);
	return status;
}

int vx_s3_sha256(struct vx_s3 *s3, const char *key, const struct vx_s3_object *o, char sha256[65], struct vx_error *err)
{
	char *match = vx_asprintf("If-Match: %s", o->etag);
	struct call c = { .method = "GET",
		.key = key,
		.payload_sha256 = EMPTY_SHA256,
		.extra = { NULL, o->etag[0] ? match : NULL } };
	struct vx_sha256 *h = vx_sha256_new();
	int status = VX_OK;
	for (uint64_t from = 0; status == VX_OK && from < o->size; from += BLOCK)
		status = hash_block(s3, &c, o, from, h, err);
	if (status == VX_OK)
		vx_sha256_end(h, sha256);
	else
		vx_sha256_free(h);
	free(match);
	return status;
}
