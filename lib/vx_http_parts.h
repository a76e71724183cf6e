/* vx_http_parts: what one HTTP attempt with libcurl takes, shared by vx_http (a request at a time) and vx_transfer (many at
 * once); for the two only.
 *
 *	struct vx_http_attempt t = { .request = &q, .answer = &a };
 *	vx_http_attempt_begin(&t, curl, &options);
 *	CURLcode code = curl_easy_perform(curl);
 *	vx_http_attempt_end(&t, curl, code);
 *	if (!vx_http_transient(code, a.status)) ...
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_HTTP_PARTS_H
#define VX_HTTP_PARTS_H

#include <curl/curl.h>
#include <stdint.h>

#include "vx_http.h"

/* vx_http_curl: a new handle; curl itself is set up the first time. */
CURL *vx_http_curl(void);

/* What the callbacks of one attempt share. */
struct vx_http_attempt {
	const struct vx_http_request *request;
	struct vx_http_response *answer;
	struct curl_slist *headers;
	const char *ca_file; /* the options' */
	size_t sent;         /* bytes of a body in a file */
	bool too_large, read_failed;
	bool headers_ended; /* with an empty line; curl takes an answer that is cut off before that for a whole one */
};

/* vx_http_attempt_begin: makes curl (which keeps its connections) ready for one attempt and empties the answer.
 * vx_http_attempt_end: fills in the answer's status. Out: code, or what it should have been. */
void vx_http_attempt_begin(struct vx_http_attempt *t, CURL *curl, const struct vx_http_options *o);
CURLcode vx_http_attempt_end(struct vx_http_attempt *t, CURL *curl, CURLcode code);

/* curl's read and write callbacks, arg is the attempt: for those who put their own in front. */
size_t vx_http_attempt_read(char *to, size_t size, size_t n, void *arg);
size_t vx_http_attempt_write(char *bytes, size_t size, size_t n, void *arg);

/* vx_http_transient: whether another attempt may go better. */
bool vx_http_transient(CURLcode code, long status);

/* vx_http_pause: seconds to wait after attempt n (1, 2, ...): jittered exponential back-off, but never less than the
 * answer's Retry-After, and then a little more, by chance. random is the caller's state, from vx_http_random. */
double vx_http_pause(CURL *curl, CURLcode code, int n, uint64_t *random);
uint64_t vx_http_random(void);

/* vx_http_why: what is transient, in few words, to show while it lasts. */
void vx_http_why(CURL *curl, CURLcode code, long status, char *out, size_t size);

/* vx_http_story: why no answer came. Never with query, headers, user or password. */
int vx_http_story(const struct vx_http_attempt *t, CURL *curl, CURLcode code, struct vx_error *err);

#endif
