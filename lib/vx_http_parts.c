/* vx_http_parts: one HTTP attempt with libcurl: its options, body and answer, what its failure means, when to try again.
 * request -> options of a curl handle, and whatever answer came. SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <pthread.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <openssl/x509_vfy.h>

#include "vx_http_parts.h"

#define BACKOFF_FIRST 0.1
#define BACKOFF_MOST 10.0
#define RETRY_AFTER_SPREAD 0.5 /* seconds: those who were sent away together do not come back together */
#define TIMEOUT_DEFAULT 60.0

static void curl_start(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

CURL *vx_http_curl(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, curl_start);
	CURL *curl = curl_easy_init();
	if (!curl)
		vx_die(VX_EMEM, "out of memory");
	return curl;
}

size_t vx_http_attempt_write(char *bytes, size_t size, size_t n, void *arg)
{
	struct vx_http_attempt *t = arg;

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
	struct vx_http_attempt *t = arg;
	size_t len = n *= size;

	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == '\n'))
		len--;
	if (len == 0)
		t->headers_ended = true;
	else if (len >= 5 && memcmp(line, "HTTP/", 5) == 0) {
		vx_buf_clear(&t->answer->headers); /* a 100 Continue came before */
		t->headers_ended = false;
	} else {
		vx_buf_add(&t->answer->headers, line, len);
		vx_buf_putc(&t->answer->headers, '\n');
	}
	return n;
}

size_t vx_http_attempt_read(char *to, size_t size, size_t n, void *arg)
{
	struct vx_http_attempt *t = arg;
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
	struct vx_http_attempt *t = arg;

	if (origin != SEEK_SET || offset < 0 || (size_t)offset > t->request->body_len)
		return CURL_SEEKFUNC_FAIL;
	t->sent = (size_t)offset;
	return CURL_SEEKFUNC_OK;
}

static void set_body(CURL *c, const struct vx_http_request *q, struct vx_http_attempt *t)
{
	if (!q->body && q->body_fd > 0) {
		curl_easy_setopt(c, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(c, CURLOPT_READFUNCTION, vx_http_attempt_read);
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

void vx_http_attempt_begin(struct vx_http_attempt *t, CURL *curl, const struct vx_http_options *o)
{
	double timeout = o->timeout > 0 ? o->timeout : TIMEOUT_DEFAULT;
	long seconds = timeout < 1 ? 1 : (long)timeout;

	t->headers = header_list(t->request);
	t->sent = 0;
	t->too_large = t->read_failed = false;
	vx_buf_clear(&t->answer->body);
	vx_buf_clear(&t->answer->headers);
	t->answer->status = 0;
	t->answer->attempts++;
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, t->request->url);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, seconds < 20 ? seconds : 20L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, seconds);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, o->user_agent ? o->user_agent : "vx/" VX_VERSION);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, t->headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, vx_http_attempt_write);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, t);
	t->ca_file = o->ca_file;
	if (o->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_file);
	set_body(curl, t->request, t);
}

CURLcode vx_http_attempt_end(struct vx_http_attempt *t, CURL *curl, CURLcode code)
{
	if (code == CURLE_OK && !t->headers_ended)
		code = CURLE_PARTIAL_FILE;
	if (code == CURLE_OK)
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &t->answer->status);
	curl_slist_free_all(t->headers);
	t->headers = NULL;
	return code;
}

bool vx_http_transient(CURLcode code, long status)
{
	switch (code) {
	case CURLE_OK:
		return status == 429 || (status >= 502 && status <= 504);
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

uint64_t vx_http_random(void)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) != (ssize_t)sizeof(random))
		random = (uint64_t)time(NULL) ^ (uint64_t)(uintptr_t)&random ^ (uint64_t)getpid() << 32;
	return random | 1;
}

/* Half of the back-off for certain, the other half by chance. */
static double backoff(int n, uint64_t *random)
{
	double most = BACKOFF_FIRST;

	while (--n > 0 && most < BACKOFF_MOST)
		most *= 2;
	if (most > BACKOFF_MOST)
		most = BACKOFF_MOST;
	*random ^= *random << 13; /* xorshift; never 0 */
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return most * (0.5 + 0.5 * (double)(*random >> 11) / 9007199254740992.0);
}

double vx_http_pause(CURL *curl, CURLcode code, int n, uint64_t *random)
{
	double pause = backoff(n, random);
	curl_off_t asked = 0;

	if (code == CURLE_OK && curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &asked) == CURLE_OK &&
		(double)asked > pause)
		return (double)asked + (pause < RETRY_AFTER_SPREAD ? pause : RETRY_AFTER_SPREAD);
	return pause;
}

void vx_http_why(CURL *curl, CURLcode code, long status, char *out, size_t size)
{
	long number = 0;

	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
	if (code == CURLE_OK)
		snprintf(out, size, "HTTP status %ld", status);
	else
		snprintf(out, size, "%s", number > 0 ? strerror((int)number) : curl_easy_strerror(code));
	if (islower((unsigned char)out[1])) /* "SSL connect error" stays */
		out[0] = (char)tolower((unsigned char)out[0]);
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

/* Why the server is not believed to be who it says; libcurl compares the host's name itself, after OpenSSL was content. */
static int certificate_story(CURL *curl, const char *origin, struct vx_error *err)
{
	long result = 0;
	if (curl_easy_getinfo(curl, CURLINFO_SSL_VERIFYRESULT, &result) != CURLE_OK || result == X509_V_OK)
		return vx_error_set(err, VX_EREFUSED, NULL, "%s: its certificate is for another host", origin);
	return vx_error_set(err, VX_EREFUSED, NULL, "%s: its certificate is not trusted: %s", origin,
		X509_verify_cert_error_string(result));
}

int vx_http_story(const struct vx_http_attempt *t, CURL *curl, CURLcode code, struct vx_error *err)
{
	char origin[512], why[256], system_error[128] = "", tries[48] = "";
	long number = 0;

	url_origin(t->request->url, origin, sizeof(origin));
	/* The same code tells a URL of another scheme and an answer that does not begin as HTTP does. */
	if (code == CURLE_UNSUPPORTED_PROTOCOL && strncasecmp(origin, "http", 4) == 0)
		return vx_error_set(err, VX_EREFUSED, NULL, "%s: what answers there speaks no HTTP", origin);
	if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL || origin[0] == '\0')
		return vx_error_set(err, VX_EUSAGE, NULL, "not an http or https URL");
	if (code == CURLE_PEER_FAILED_VERIFICATION)
		return certificate_story(curl, origin, err);
	if (code == CURLE_SSL_CACERT_BADFILE)
		return vx_error_set(err, VX_EUSAGE, NULL, "%s: no certificates can be read from it",
			t->ca_file ? t->ca_file : "the system's certificates");
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
	curl_easy_getinfo(curl, CURLINFO_OS_ERRNO, &number);
	if (number > 0)
		snprintf(system_error, sizeof(system_error), " (%s)", strerror((int)number));
	if (t->answer->attempts > 1)
		snprintf(tries, sizeof(tries), ", %d attempts", t->answer->attempts);
	return vx_error_set(err, VX_EUNREACHABLE, NULL, "%s: %s%s%s", origin, why, system_error, tries);
}
