/* vx_s3_call: signed requests to a bucket over vx_transfer: each attempt with a signature of its own.
 * In: method, key, body. Out: the store's answer, or what it means. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vx_hash.h"
#include "vx_s3_call.h"
#include "vx_sigv4.h"

enum { HEADERS_MAX = VX_S3_EXTRA_MAX + 5 };

struct vx_s3_flight {
	struct vx_s3 *s3;
	const struct vx_s3_call *call;
	struct vx_transfer_job *job;
	char payload_sha256[65];
	char *path, *url;  /* escaped */
	char *host, *hash; /* headers that stay the same */
	/* Of the current attempt. */
	char *date, *token;
	struct vx_buf authorization;
	const char *headers[HEADERS_MAX + 1];
	unsigned renewals; /* which keys signed it */
	bool set_clock, renewed;
};

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
	if (a->status == 401 || a->status == 403 || a->status == 507 || (a->status >= 300 && a->status < 400) ||
		a->status == 404 || strcmp(code, "AuthorizationHeaderMalformed") == 0 ||
		strcmp(code, "ExpiredToken") == 0 || strcmp(code, "InvalidToken") == 0)
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

static void drop_attempt(struct vx_s3_flight *f)
{
	free(f->date);
	free(f->token);
	f->date = f->token = NULL;
	vx_buf_clear(&f->authorization);
}

/* Signs one attempt, with the time and the keys of now. */
static void prepare(void *arg, struct vx_http_request *q)
{
	struct vx_s3_flight *f = arg;
	const struct vx_s3_call *c = f->call;
	const struct vx_aws *aws = f->s3->renewals ? &f->s3->now : f->s3->aws;
	char date[17];
	size_t n = 0;
	drop_attempt(f);
	f->renewals = f->s3->renewals;
	vx_sigv4_date((int64_t)time(NULL) + f->s3->skew, date);
	f->date = vx_asprintf("X-Amz-Date: %s", date);
	if (aws->session_token)
		f->token = vx_asprintf("X-Amz-Security-Token: %s", aws->session_token);
	f->headers[n++] = f->host;
	f->headers[n++] = f->date;
	f->headers[n++] = f->hash;
	for (size_t i = 0; i < VX_S3_EXTRA_MAX && c->extra[i]; i++)
		f->headers[n++] = c->extra[i];
	if (f->token)
		f->headers[n++] = f->token;
	f->headers[n] = NULL;
	struct vx_sigv4_key key = { aws->access_key, aws->secret_key, f->s3->aws->region, "s3" };
	struct vx_sigv4_request signing = { c->method, f->path, c->query, f->headers, f->payload_sha256, date };
	vx_buf_puts(&f->authorization, "Authorization: ");
	vx_sigv4_authorization(&key, &signing, &f->authorization);
	f->headers[n++] = f->authorization.data;
	f->headers[n] = NULL;
	*q = (struct vx_http_request){ .method = c->method, .url = f->url, .headers = f->headers, .body = c->body };
	q->body_len = c->body ? c->body_len : (size_t)c->size;
	q->body_fd = c->fd;
	q->body_offset = (long long)c->offset;
}

/* A clock that is off by more than 15 minutes is refused; the answer's Date says by how much it is off. */
static bool learn_skew(struct vx_s3_flight *f, const struct vx_http_response *a)
{
	char date[64];
	struct tm tm = { 0 };
	if (f->set_clock || !vx_http_header(a, "Date", date, sizeof(date)) ||
		!strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		return false;
	f->set_clock = true;
	f->s3->skew = (int64_t)timegm(&tm) - (int64_t)time(NULL);
	return true;
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

/* Keys that are good for an hour are replaced in the files (or by the environment's own means) before they expire. True when
 * there are others than those that signed this attempt. */
static bool renew_keys(struct vx_s3_flight *f)
{
	struct vx_s3 *s3 = f->s3;
	const struct vx_aws *had = s3->renewals ? &s3->now : s3->aws;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_aws now = { 0 };
	if (f->renewals != s3->renewals)
		return true; /* meanwhile, for another request */
	if (f->renewed || vx_aws_load(&now, &err) != VX_OK)
		return false;
	f->renewed = true;
	if (same_text(now.access_key, had->access_key) && same_text(now.secret_key, had->secret_key) &&
		same_text(now.session_token, had->session_token)) {
		vx_aws_free(&now);
		return false;
	}
	vx_aws_free(&s3->now);
	s3->now = now;
	s3->renewals++;
	return true;
}

static enum vx_transfer_verdict judge(void *arg, const struct vx_http_response *a)
{
	struct vx_s3_flight *f = arg;
	char code[64];
	if (a->status < 300)
		return VX_TRANSFER_DONE;
	vx_s3_code(a, code);
	if (strcmp(code, "RequestTimeTooSkewed") == 0)
		return learn_skew(f, a) ? VX_TRANSFER_AGAIN_NOW : VX_TRANSFER_DONE;
	if (strcmp(code, "ExpiredToken") == 0)
		return renew_keys(f) ? VX_TRANSFER_AGAIN_NOW : VX_TRANSFER_DONE;
	if (a->status == 500 || strcmp(code, "RequestTimeout") == 0)
		return VX_TRANSFER_AGAIN;
	return vx_transfer_judge(a);
}

struct vx_s3_flight *vx_s3_start(struct vx_s3 *s3, const struct vx_s3_call *c)
{
	struct vx_s3_flight *f = vx_alloc(sizeof(*f));
	struct vx_buf path = VX_BUF_INIT;
	f->s3 = s3;
	f->call = c;
	if (!c->payload_sha256 && c->body_len > 0)
		vx_sha256_bytes(c->body, c->body_len, f->payload_sha256);
	else
		snprintf(f->payload_sha256, sizeof(f->payload_sha256), "%s",
			c->payload_sha256 ? c->payload_sha256 : VX_S3_EMPTY_SHA256);
	vx_buf_printf(&path, "%s/", s3->base);
	if (c->key)
		vx_url_escape(&path, c->key, strlen(c->key), true);
	f->path = path.data;
	f->url = vx_asprintf("%s%s%s%s", s3->origin, f->path, c->query ? "?" : "", c->query ? c->query : "");
	f->host = vx_asprintf("Host: %s", s3->host);
	f->hash = vx_asprintf("X-Amz-Content-Sha256: %s", f->payload_sha256);
	struct vx_transfer_request r = { .prepare = prepare, .judge = judge, .arg = f };
	f->job = vx_transfer_start(s3->transfer, &r);
	return f;
}

int vx_s3_wait(struct vx_s3_flight *f, struct vx_http_response *a, struct vx_error *err)
{
	int status = vx_transfer_wait(f->job, a, err);
	drop_attempt(f);
	vx_buf_free(&f->authorization);
	free(f->path);
	free(f->url);
	free(f->host);
	free(f->hash);
	free(f);
	return status;
}

int vx_s3_call(struct vx_s3 *s3, const struct vx_s3_call *c, struct vx_http_response *a, struct vx_error *err)
{
	return vx_s3_wait(vx_s3_start(s3, c), a, err);
}

void vx_s3_code(const struct vx_http_response *a, char out[64])
{
	xml_text(a, "Code", out, 64);
}
