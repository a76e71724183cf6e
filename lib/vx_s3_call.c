/* vx_s3_call: where a bucket is, and signed requests to it over vx_http.
 * In: method, key, body. Out: the store's answer, or what it means. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "vx_hash.h"
#include "vx_s3_call.h"
#include "vx_sigv4.h"

enum { HEADERS_MAX = 12 };

struct vx_s3_flight {
	struct vx_s3 *s3;
	const struct vx_s3_call *call;
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

int vx_s3_refusal(const struct vx_s3 *s3, const struct vx_http_response *a, struct vx_error *err)
{
	char code[64], message[400], region[64] = "";
	vx_s3_code(a, code);
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
static int send_once(struct vx_s3 *s3, const struct vx_s3_call *c, struct vx_http_response *a, struct vx_error *err)
{
	struct vx_buf path = VX_BUF_INIT, authorization = VX_BUF_INIT;
	const char *headers[HEADERS_MAX] = { NULL };
	char date[17];
	size_t n = 0;
	char hashed[65];
	const char *payload_sha256 = c->payload_sha256 ? c->payload_sha256 : VX_S3_EMPTY_SHA256;
	if (!c->payload_sha256 && c->body_len > 0) {
		vx_sha256_bytes(c->body, c->body_len, hashed);
		payload_sha256 = hashed;
	}
	vx_buf_puts(&path, s3->base);
	vx_buf_putc(&path, '/');
	if (c->key)
		vx_url_escape(&path, c->key, strlen(c->key), true);
	vx_sigv4_date((int64_t)time(NULL) + s3->skew, date);
	char *host = vx_asprintf("Host: %s", s3->host), *when = vx_asprintf("X-Amz-Date: %s", date);
	char *payload = vx_asprintf("X-Amz-Content-Sha256: %s", payload_sha256);
	char *token = s3->aws->session_token ? vx_asprintf("X-Amz-Security-Token: %s", s3->aws->session_token) : NULL;
	headers[n++] = host;
	headers[n++] = when;
	headers[n++] = payload;
	for (size_t i = 0; c->extra[i]; i++)
		headers[n++] = c->extra[i];
	if (token)
		headers[n++] = token;

	struct vx_sigv4_key key = { s3->aws->access_key, s3->aws->secret_key, s3->aws->region, "s3" };
	struct vx_sigv4_request q = { c->method, path.data, c->query, headers, payload_sha256, date };
	vx_buf_puts(&authorization, "Authorization: ");
	vx_sigv4_authorization(&key, &q, &authorization);
	headers[n++] = authorization.data;
	char *url = vx_asprintf("%s%s%s%s", s3->origin, path.data, c->query ? "?" : "", c->query ? c->query : "");
	struct vx_http_request r = { .method = c->method, .url = url, .headers = headers, .body = c->body };
	r.body_len = c->body ? c->body_len : (size_t)c->size;
	r.body_fd = c->fd;
	r.body_offset = (long long)c->offset;
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
	vx_s3_code(a, code);
	if (a->status != 403 || strcmp(code, "RequestTimeTooSkewed") != 0 ||
		!vx_http_header(a, "Date", date, sizeof(date)) || !strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return false;
	s3->skew = (int64_t)timegm(&tm) - (int64_t)time(NULL);
	return true;
}

int vx_s3_call(struct vx_s3 *s3, const struct vx_s3_call *c, struct vx_http_response *a, struct vx_error *err)
{
	int status = send_once(s3, c, a, err);
	if (status == VX_OK && learn_skew(s3, a))
		status = send_once(s3, c, a, err);
	return status;
}

struct vx_s3_flight *vx_s3_start(struct vx_s3 *s3, const struct vx_s3_call *c)
{
	struct vx_s3_flight *f = vx_alloc(sizeof(*f));
	*f = (struct vx_s3_flight){ s3, c };
	return f;
}

int vx_s3_wait(struct vx_s3_flight *f, struct vx_http_response *a, struct vx_error *err)
{
	int status = vx_s3_call(f->s3, f->call, a, err);
	free(f);
	return status;
}

void vx_s3_code(const struct vx_http_response *a, char out[64])
{
	xml_text(a, "Code", out, 64);
}
