/* vx_http: HTTP requests over libcurl, with retries, jittered back-off and Retry-After.
 * request -> whatever HTTP answer came, or why none did.
 * SPDX-License-Identifier: MIT
 */
#include "vx_http.h"

#include <ctype.h>
#include <curl/curl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#define BACKOFF_FIRST 0.1
#define BACKOFF_MOST 10.0
#define TIMEOUT_DEFAULT 60.0

struct vx_http {
	CURL *curl;
	struct vx_http_options options;
	char *ca_file, *user_agent;
	uint64_t random; /* xorshift state, never 0 */
};

/* What the callbacks of one attempt share. */
struct attempt {
	const struct vx_http_request *request;
	struct vx_http_response *answer;
	size_t sent;
	bool too_large, read_failed;
};

static void curl_start(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct vx_http *vx_http_new(const struct vx_http_options *options)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct vx_http *h = vx_alloc(sizeof(*h));

	pthread_once(&once, curl_start);
	h->curl = curl_easy_init();
	if (!h->curl)
		vx_die(VX_EMEM, "out of memory");
	h->options = *options;
	h->ca_file = options->ca_file ? vx_strdup(options->ca_file) : NULL;
	h->user_agent = vx_strdup(options->user_agent ? options->user_agent : "vx/" VX_VERSION);
	if (getrandom(&h->random, sizeof(h->random), GRND_NONBLOCK) != (ssize_t)sizeof(h->random))
		h->random = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)h ^ (uint64_t)getpid() << 32;
	h->random |= 1;
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

static size_t take_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct attempt *t = arg;

	n *= size;
	if (t->answer->body.len + n > VX_HTTP_ANSWER_MAX) {
		t->too_large = true;
		return 0;
	}
	vx_buf_add(&t->answer->body, bytes, n);
	return n;
}

static size_t take_header(char *line, size_t size, size_t n, void *arg)
{
	struct attempt *t = arg;
	size_t len = n *= size;

	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
		vx_buf_clear(&t->answer->headers); /* a 100 Continue came before */
	else if (len > 0) {
		vx_buf_add(&t->answer->headers, line, len);
		vx_buf_putc(&t->answer->headers, '\n');
	}
	return n;
}

static size_t give_body(char *to, size_t size, size_t n, void *arg)
{
	struct attempt *t = arg;
	size_t left = t->request->body_len - t->sent;
	ssize_t got;

	n *= size;
	if (n > left)
		n = left;
	if (n == 0)
		return 0;
	got = pread(t->request->body_fd, to, n, (off_t)(t->request->body_offset + (long long)t->sent));
	if (got <= 0) { /* the file shrank, or cannot be read */
		t->read_failed = true;
		return CURL_READFUNC_ABORT;
	}
	t->sent += (size_t)got;
	return (size_t)got;
}

static int seek_body(void *arg, curl_off_t offset, int origin)
{
	struct attempt *t = arg;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > t->request->body_len)
		return CURL_SEEKFUNC_FAIL;
	t->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static void set_body(CURL *c, const struct vx_http_request *q, struct attempt *t)
{
	if (!q->body && q->body_fd > 0) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, give_body);
		curl_easy_setopt(c, CURLOPT_READDATA, t);
		curl_easy_setopt(c, CURLOPT_SEEKFUNCTION, seek_body);
		curl_easy_setopt(c, CURLOPT_SEEKDATA, t);
		curl_easy_setopt(c, CURLOPT_INFILESIZE_LARGE, (curl_off_t)q->body_len);
	} else if (q->body || strcmp(q->method, "POST") == 0 || strcmp(q->method, "PUT") == 0) {
		curl_easy_setopt(c, CURLOPT_POST, 1L);
		curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->body_len);
		curl_easy_setopt(c, CURLOPT_POSTFIELDS, q->body ? q->body : "");
	} else if (strcmp(q->method, "HEAD") == 0) {
		curl_easy_setopt(c, CURLOPT_NOBODY, 1L);
	}
	curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, q->method);
}

static struct curl_slist *header_list(const struct vx_http_request *q)
{
	/* No pause for "100 Continue", and no content type that the caller did not name. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	bool has_type = false;

	for (size_t i = 0; q->headers && q->headers[i]; i++) {
		struct curl_slist *longer = curl_slist_append(list, q->headers[i]);
		if (!longer)
			vx_die(VX_EMEM, "out of memory");
		list = longer;
		if (strncasecmp(q->headers[i], "content-type:", 13) == 0)
			has_type = true;
	}
	return has_type || !list ? list : curl_slist_append(list, "Content-Type:");
}

static CURLcode attempt(struct vx_http *h, const struct vx_http_request *q, struct attempt *t)
{
	CURL *c = h->curl;
	double timeout = h->options.timeout > 0 ? h->options.timeout : TIMEOUT_DEFAULT;
	long seconds = timeout < 1 ? 1 : (long)timeout;
	struct curl_slist *list = header_list(q);
	CURLcode code;

	curl_easy_reset(c); /* keeps the connection */
	curl_easy_setopt(c, CURLOPT_URL, q->url);
	curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, seconds < 20 ? seconds : 20L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, seconds);
	curl_easy_setopt(c, CURLOPT_USERAGENT, h->user_agent);
	curl_easy_setopt(c, CURLOPT_HTTPHEADER, list);
	curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, take_body);
	curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	if (h->ca_file)
		curl_easy_setopt(c, CURLOPT_CAINFO, h->ca_file);
	set_body(c, q, t);
	t->sent = 0;
	vx_buf_clear(&t->answer->body);
	vx_buf_clear(&t->answer->headers);
	t->answer->status = 0;
	t->answer->attempts++;
	code = curl_easy_perform(c);
	curl_slist_free_all(list);
	if (code == CURLE_OK)
		curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &t->answer->status);
	return code;
}

static bool worth_retrying(CURLcode code, const struct attempt *t)
{
	switch (code) {
	case CURLE_OK:
		return t->answer->status == 429 || (t->answer->status >= 502 && t->answer->status <= 504);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
	case CURLE_SEND_ERROR:
	case CURLE_RECV_ERROR:
	case CURLE_GOT_NOTHING:
	case CURLE_PARTIAL_FILE:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return true;
	default:
		return false;
	}
}

/* Seconds to wait before attempt n + 1: half of the back-off for certain, the other half by chance. */
static double backoff(struct vx_http *h, int n)
{
	double most = BACKOFF_FIRST;

	while (--n > 0 && most < BACKOFF_MOST)
		most *= 2;
	if (most > BACKOFF_MOST)
		most = BACKOFF_MOST;
	h->random ^= h->random << 13;
	h->random ^= h->random >> 7;
	h->random ^= h->random << 17;
	return most * (0.5 + 0.5 * (double)(h->random >> 11) / 9007199254740992.0);
}

static bool stopped(const struct vx_http *h)
{
	return h->options.stop && *h->options.stop;
}

/* Waits in slices, so that a stop is seen soon whichever thread the signal went to. */
static void wait_seconds(const struct vx_http *h, double seconds)
{
	double until = vx_now() + seconds;

	while (!stopped(h)) {
		double left = until - vx_now();
		struct timespec slice = { 0, 50000000 };
		if (left <= 0)
			return;
		if (left < 0.05)
			slice.tv_nsec = (long)(left * 1e9);
		nanosleep(&slice, NULL);
	}
}

/* "https://host:port" of a URL: what may be shown of it. Empty when it is no URL. */
static void url_origin(const char *url, char *out, size_t size)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL, *port = NULL;

	out[0] = '\0';
	if (u && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK &&
		curl_url_get(u, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
		bool has_port = curl_url_get(u, CURLUPART_PORT, &port, 0) == CURLUE_OK;
		snprintf(out, size, "%s://%s%s%s", scheme, host, has_port ? ":" : "", has_port ? port : "");
	}
	curl_free(scheme);
	curl_free(host);
	curl_free(port);
	curl_url_cleanup(u);
}

static int story(struct vx_http *h, CURLcode code, const struct attempt *t, struct vx_error *err)
{
	char origin[512], why[256], system_error[128] = "", tries[48] = "";
	long number = 0;

	url_origin(t->request->url, origin, sizeof(origin));
	/* The same code tells a URL of another scheme and an answer that does not begin as HTTP does. */
	if (code == CURLE_UNSUPPORTED_PROTOCOL && strncasecmp(origin, "http", 4) == 0)
		return vx_error_set(err, VX_EREFUSED, NULL, "%s: what answers there speaks no HTTP", origin);
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || origin[0] == '\0')
		return vx_error_set(err, VX_EUSAGE, NULL, "not an http or https URL");
	if (code == CURLE_OUT_OF_MEMORY)
		return vx_error_set(err, VX_EMEM, NULL, "out of memory");
	if (t->read_failed)
		return vx_error_set(err, VX_EIO, NULL, "the file to send cannot be read to its end");
	if (t->too_large)
		return vx_error_set(
			err, VX_EUNREACHABLE, NULL, "%s: answer of more than %ld bytes", origin, VX_HTTP_ANSWER_MAX);
	snprintf(why, sizeof(why), "%s", curl_easy_strerror(code));
	if (islower((unsigned char)why[1])) /* "SSL connect error" stays */
		why[0] = (char)tolower((unsigned char)why[0]);
	curl_easy_getinfo(h->curl, CURLINFO_OS_ERRNO, &number);
	if (number > 0)
		snprintf(system_error, sizeof(system_error), " (%s)", strerror((int)number));
	if (t->answer->attempts > 1)
		snprintf(tries, sizeof(tries), ", %d attempts", t->answer->attempts);
	return vx_error_set(err, VX_EUNREACHABLE, NULL, "%s: %s%s%s", origin, why, system_error, tries);
}

int vx_http_do(struct vx_http *h, const struct vx_http_request *q, struct vx_http_response *a, struct vx_error *err)
{
	struct attempt t = { .request = q, .answer = a };
	double give_up = -1; /* when: known once something failed */

	a->attempts = 0;
	for (;;) {
		CURLcode code = attempt(h, q, &t);
		double now = vx_now(), pause;
		curl_off_t asked = 0;
		bool again = worth_retrying(code, &t) && !q->no_retry && !stopped(h);

		if (again) {
			if (give_up < 0)
				give_up = now + h->options.retry_for;
			pause = backoff(h, a->attempts);
			if (code == CURLE_OK && curl_easy_getinfo(h->curl, CURLINFO_RETRY_AFTER, &asked) == CURLE_OK &&
				(double)asked > pause)
				pause = (double)asked; /* never earlier than the server wants it */
			if (now + pause < give_up) {
				wait_seconds(h, pause);
				if (!stopped(h))
					continue;
			}
		}
		return code == CURLE_OK ? VX_OK : story(h, code, &t, err);
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

void vx_url_escape(struct vx_buf *out, const char *s, size_t n, bool slash)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)s[i];
		bool plain = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
			     c == '_' || c == '.' || c == '~' || (slash && c == '/');
		if (plain) {
			vx_buf_putc(out, s[i]);
		} else {
			vx_buf_putc(out, '%');
			vx_buf_putc(out, hex[c >> 4]);
			vx_buf_putc(out, hex[c & 15]);
		}
	}
}
