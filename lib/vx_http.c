/* vx_http: HTTP requests over libcurl, with retries, jittered back-off and Retry-After.
 * request -> whatever HTTP answer came, or why none did.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "vx_http.h"
#include "vx_http_parts.h"

struct vx_http {
	CURL *curl;
	struct vx_http_options options; /* with strings of its own */
	char *ca_file, *user_agent;
	uint64_t random;
};

struct vx_http *vx_http_new(const struct vx_http_options *options)
{
	struct vx_http *h = vx_alloc(sizeof(*h));

	h->curl = vx_http_curl();
	h->options = *options;
	h->options.ca_file = h->ca_file = options->ca_file ? vx_strdup(options->ca_file) : NULL;
	h->options.user_agent = h->user_agent = options->user_agent ? vx_strdup(options->user_agent) : NULL;
	h->random = vx_http_random();
	return h;
}

void vx_http_free(struct vx_http *h)
{
	if (!h)
		return;
	curl_easy_cleanup(h->curl);
	free(h->ca_file);
	free(h->user_agent);
	free(h);
}

static bool stopped(const struct vx_http *h)
{
	return h->options.stop && *h->options.stop;
}

static void tell(const struct vx_http *h, const struct vx_http_wait *w)
{
	if (h->options.waiting)
		h->options.waiting(h->options.waiting_arg, w);
}

/* Waits in slices, so that a stop is seen soon whichever thread the signal went to. */
static void wait_seconds(const struct vx_http *h, double seconds, const struct vx_http_wait *w)
{
	double until = vx_now() + seconds;

	while (!stopped(h)) {
		double left = until - vx_now();
		struct timespec slice = { 0, 50000000 };
		if (left <= 0)
			return;
		tell(h, w);
		if (left < 0.05)
			slice.tv_nsec = (long)(left * 1e9);
		nanosleep(&slice, NULL);
	}
}

/* As back-off and server say, shortened to what the options allow, and still a different one each time. */
static double pause_of(struct vx_http *h, CURLcode code, int attempts)
{
	double pause = vx_http_pause(h->curl, code, attempts, &h->random), most = h->options.pause_most;
	curl_off_t asked = 0;

	if (code == CURLE_OK)
		curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &asked);
	return most > 0 && asked == 0 && pause > most ? most * (0.5 + pause / 20) : pause;
}

int vx_http_do(struct vx_http *h, const struct vx_http_request *q, struct vx_http_response *a, struct vx_error *err)
{
	struct vx_http_attempt t = { .request = q, .answer = a };
	struct vx_http_wait w = { .since = -1 };
	char why[128];

	a->attempts = 0;
	for (;;) {
		vx_http_attempt_begin(&t, h->curl, &h->options);
		CURLcode code = curl_easy_perform(h->curl);
		code = vx_http_attempt_end(&t, h->curl, code);
		if (vx_http_transient(code, a->status) && !q->no_retry && !stopped(h)) {
			double pause = pause_of(h, code, a->attempts);
			if (w.since < 0) {
				w.since = vx_now();
				w.give_up = w.since + h->options.retry_for;
			}
			if (vx_now() + pause < w.give_up) {
				vx_http_why(h->curl, code, a->status, why, sizeof(why));
				w.why = why;
				w.paused = vx_now();
				w.busy = code == CURLE_OK && (a->status == 429 || a->status == 503);
				wait_seconds(h, pause, &w);
				if (!stopped(h))
					continue;
			}
		} else if (w.since >= 0 && code == CURLE_OK) {
			tell(h, NULL);
		}
		return code == CURLE_OK ? VX_OK : vx_http_story(&t, h->curl, code, err);
	}
}

void vx_http_response_clear(struct vx_http_response *a)
{
	vx_buf_free(&a->body);
	vx_buf_free(&a->headers);
	a->status = 0;
	a->attempts = 0;
}

bool vx_http_header(const struct vx_http_response *a, const char *name, char *out, size_t size)
{
	size_t n = strlen(name);
	const char *line = a->headers.len ? a->headers.data : "";

	while (*line) {
		const char *end = strchr(line, '\n');
		if (!end)
			break;
		if ((size_t)(end - line) > n && line[n] == ':' && strncasecmp(line, name, n) == 0) {
			const char *value = line + n + 1;
			while (value < end && (*value == ' ' || *value == '\t'))
				value++;
			snprintf(out, size, "%.*s", (int)(end - value), value);
			return true;
		}
		line = end + 1;
	}
	return false;
}
