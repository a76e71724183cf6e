/* vx_http: HTTP requests with retries over libcurl. Knows nothing of vxData and nothing of S3.
 *
 *	struct vx_http *h = vx_http_new(&(struct vx_http_options){ .retry_for = 60 });
 *	struct vx_http_request q = { .method = "POST", .url = url, .body = b.data, .body_len = b.len, .headers = hdrs };
 *	struct vx_http_response a = { 0 };
 *	if (vx_http_do(h, &q, &a, &err) == VX_OK && a.status == 200) ...
 *	vx_http_response_clear(&a);
 *
 * One struct vx_http is one keep-alive connection (or few) for one thread.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_HTTP_H
#define VX_HTTP_H

#include <signal.h>

#include "vx_err.h"
#include "vx_io.h"
#include "vx_url.h"

#define VX_HTTP_ANSWER_MAX (256L << 20)

/* What a request waits for between two attempts. */
struct vx_http_wait {
	const char *why;       /* "connection refused", "HTTP status 503" */
	bool busy;             /* the server is there and asked for a pause: 429 or 503 */
	double since, give_up; /* vx_now() of the first failure, and when there will be no further attempt */
	double paused;         /* vx_now() when this pause began */
};

struct vx_http_options {
	double retry_for; /* seconds to go on after the first failure (connection refused or reset, time-out, 429, 502,
	                         503, 504), with jittered exponential back-off, Retry-After respected */
	double timeout;   /* seconds for one attempt without progress; 0: 60 */
	const char *ca_file;    /* NULL: the system's */
	const char *user_agent; /* NULL: "vx/<version>" */
	const volatile sig_atomic_t
		*stop;     /* once it is not 0, no further attempt is made; NULL: none. For signal handlers */
	double pause_most; /* the longest pause that the server did not ask for; 0: 10 seconds */
	/* waiting: called as a pause begins and some twenty times a second while it lasts, and with NULL once the request
	 * that had to wait was answered. On the thread that makes the request. NULL: nobody wants to know. */
	void (*waiting)(void *arg, const struct vx_http_wait *w);
	void *waiting_arg;
};

struct vx_http;
struct vx_http *vx_http_new(const struct vx_http_options *options);
void vx_http_free(struct vx_http *h);

struct vx_http_request {
	const char *method, *url;
	const char *const *headers; /* "Name: value", NULL-terminated; NULL: none. May carry secrets: never logged */
	const void *body;           /* NULL: none */
	size_t body_len;
	int body_fd; /* when body is NULL and body_fd > 0: body_len bytes of this file from body_offset */
	long long body_offset;
	bool no_retry; /* one attempt only */
};

struct vx_http_response {
	long status; /* HTTP status */
	struct vx_buf body;
	struct vx_buf headers; /* "Name: value\n" lines, names as received */
	int attempts;
};

/* vx_http_do: VX_OK when an HTTP answer came, whatever its status, once retries are over.
 * An answer of more than VX_HTTP_ANSWER_MAX bytes counts as none.
 * Errors: VX_EUNREACHABLE with host and reason (never with query or headers), VX_EUSAGE for a URL that is none. */
int vx_http_do(struct vx_http *h, const struct vx_http_request *q, struct vx_http_response *a,
	struct vx_error *err) VX_MUST_USE;
void vx_http_response_clear(struct vx_http_response *a);

/* vx_http_header: the value of a response header (case ignored) in out; false when there is none. */
bool vx_http_header(const struct vx_http_response *a, const char *name, char *out, size_t size);

#endif
