/* vx_api: calls of the vxData API -> their answers, or who refused and why.
 * SPDX-License-Identifier: MIT
 */
#include "vx_api.h"

#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "vx_host.h"
#include "vx_json.h"
#include "vx_opt.h"

#define BEARER "Authorization: Bearer "
#define ID_HEADER "X-Request-Id: "
#define ID_MARK "76782d" /* "vx-" */
#define GZIP_LEVEL 1
#define GZIP_WORTH 1024 /* a shorter body fits a packet as it is */
#define SERVER_ERROR_TRIES 3
#define TRY_AGAIN_NS 100000000L /* behind the first try; behind the second, twice that */
#define ALIVE_TRIES 3
#define HEALTH_PAUSE_MOST 1 /* seconds: whoever waits for a server to start wants to begin with it */

struct vx_api {
	struct vx_api_options options;
	char *base;  /* as given, without a slash at its end */
	char *shown; /* the same without user name and password */
	char *authorization;
	struct vx_json *routes;
	bool gzip;
};

struct vx_api_link {
	const struct vx_api *api;
	struct vx_http *http;
	double retry_for, pause_most; /* as struct vx_http_options */
	struct libdeflate_compressor *gzip;
	struct vx_http_response response;
	struct vx_buf url, packed;
	uint64_t base; /* requests are named by it and by their number */
	unsigned long requests;
	char id[64]; /* the header line */
};

/* A URL's user name and password stand between "//" and the last "@" of its authority. */
static char *without_userinfo(const char *url)
{
	const char *start = strstr(url, "//"), *end, *at = NULL;

	if (!start)
		return vx_strdup(url);
	start += 2;
	end = start + strcspn(start, "/?#");
	for (const char *p = start; p < end; p++)
		if (*p == '@')
			at = p;
	return at ? vx_asprintf("%.*s%s", (int)(start - url), url, at + 1) : vx_strdup(url);
}

/* Whether the URL names this machine: then compressing costs both sides more than the bytes saved. */
static bool is_near(const char *url)
{
	const char *host = strstr(url, "//") + 2;
	size_t n = *host == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":/");
	char *bare = vx_strndup(host, n);
	bool near = vx_host_is_loopback(bare);

	free(bare);
	return near;
}

static int load_routes(struct vx_api *api, struct vx_error *err)
{
	char *path;
	int status = vx_share_path("api/routes.json", &path, err);

	if (status != VX_OK)
		return status;
	status = vx_json_parse_file(path, &api->routes, err);
	if (status == VX_OK && vx_json_type(api->routes) != VX_OBJECT)
		status = vx_error_set(err, VX_EDATA, NULL, "not an object of routes");
	if (status != VX_OK)
		vx_error_at(err, path, 0);
	free(path);
	return status == VX_EREJECT ? VX_EDATA : status;
}

/* The token goes into a header: a control character in it could end the header and begin another. */
static int load_token(struct vx_api *api, struct vx_error *err)
{
	char *token = NULL;
	int status = vx_secret_env("VX_TOKEN", &token, err);

	if (status != VX_OK || !token)
		return status;
	for (const unsigned char *p = (unsigned char *)token; *p; p++)
		if (*p < ' ' || *p == 0x7f)
			status = vx_error_set(err, VX_EUSAGE, NULL, "VX_TOKEN: holds a control character");
	if (status == VX_OK && *token)
		api->authorization = vx_asprintf(BEARER "%s", token);
	vx_secret_free(&token);
	return status;
}

struct vx_api *vx_api_new(const struct vx_api_options *options, struct vx_error *err)
{
	struct vx_api *api = vx_alloc(sizeof(*api));
	const char *url = options->url ? options->url : getenv("VX_API");
	size_t n;

	api->options = *options;
	if (!url || !*url)
		url = VX_API_DEFAULT;
	for (n = strlen(url); n > 0 && url[n - 1] == '/'; n--)
		continue;
	api->base = vx_strndup(url, n);
	api->shown = without_userinfo(api->base);
	if ((strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0) ||
		strpbrk(url, " \t\r\n?#")) {
		vx_error_set(err, VX_EUSAGE, NULL, "--api: '%s' is no http or https URL", api->shown);
		vx_api_free(api);
		return NULL;
	}
	api->gzip = options->gzip == VX_API_GZIP || (options->gzip == VX_API_GZIP_AUTO && !is_near(api->shown));
	if (load_routes(api, err) != VX_OK || load_token(api, err) != VX_OK) {
		vx_api_free(api);
		return NULL;
	}
	return api;
}

void vx_api_free(struct vx_api *api)
{
	if (!api)
		return;
	free(api->base);
	free(api->shown);
	if (api->authorization)
		explicit_bzero(api->authorization, strlen(api->authorization));
	free(api->authorization);
	vx_json_free(api->routes);
	free(api);
}

const char *vx_api_url(const struct vx_api *api)
{
	return api->shown;
}

static struct vx_http *connection(const struct vx_api_link *link)
{
	const struct vx_api *api = link->api;
	const char *ca_file = getenv("VX_CA_FILE");
	struct vx_http_options options = { .retry_for = link->retry_for,
		.ca_file = ca_file && *ca_file ? ca_file : NULL,
		.timeout = api->options.timeout,
		.stop = api->options.stop,
		.pause_most = link->pause_most,
		.waiting = api->options.waiting,
		.waiting_arg = api->options.waiting_arg };

	return vx_http_new(&options);
}

static struct vx_api_link *connect_for(const struct vx_api *api, double retry_for, double pause_most)
{
	struct vx_api_link *link = vx_alloc(sizeof(*link));

	link->api = api;
	link->retry_for = retry_for;
	link->pause_most = pause_most;
	link->http = connection(link);
	return link;
}

struct vx_api_link *vx_api_connect(const struct vx_api *api)
{
	return connect_for(api, api->options.retry_for, 0);
}

struct vx_api_link *vx_api_connect_briefly(const struct vx_api *api, double most)
{
	return connect_for(api, api->options.retry_for < most ? api->options.retry_for : most, most / 4);
}

bool vx_api_distrust(struct vx_api_link *link, int *times)
{
	if (++*times >= SERVER_ERROR_TRIES || (link->api->options.stop && *link->api->options.stop))
		return false;
	nanosleep(&(struct timespec){ .tv_nsec = TRY_AGAIN_NS * *times }, NULL);
	vx_http_free(link->http);
	link->http = connection(link);
	return true;
}

void vx_api_disconnect(struct vx_api_link *link)
{
	if (!link)
		return;
	vx_http_free(link->http);
	vx_http_response_clear(&link->response);
	vx_buf_free(&link->url);
	vx_buf_free(&link->packed);
	libdeflate_free_compressor(link->gzip);
	free(link);
}

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
	const char *token = api->authorization ? api->authorization + strlen(BEARER) : "";

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
	for (int tries = 1; tries <= SERVER_ERROR_TRIES; tries++) {
		answer->http = 0;
		status = ask(link, q, err);
		if (tries == SERVER_ERROR_TRIES || !odd(status, link->response.status))
			break;
		nanosleep(&(struct timespec){ .tv_nsec = TRY_AGAIN_NS * tries }, NULL);
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

#define NAME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

static void take_state(const struct vx_json *health, struct vx_api_state *state)
{
	const char *instance = vx_json_str(health, "instance");

	if (!state)
		return;
	*state = (struct vx_api_state){ .newest = 0 };
	if (instance && strlen(instance) < sizeof(state->instance) && !instance[strspn(instance, NAME)] &&
		vx_json_get_int(health, "newest", &state->newest))
		strcpy(state->instance, instance);
}

/* The environment, to be freed, that a vxData API's health names; NULL: it is none. */
static char *environment_of(const struct vx_api_answer *answer, struct vx_api_state *state)
{
	struct vx_json *health = NULL;
	const char *environment = NULL, *service = NULL;
	char *copy;

	if (vx_json_parse(answer->body, answer->len, &health, NULL) == VX_OK && vx_json_type(health) == VX_OBJECT) {
		environment = vx_json_str(health, "environment");
		service = vx_json_str(health, "service");
		take_state(health, state);
	}
	copy = environment && service && strcmp(service, "vxdata") == 0 ? vx_strdup(environment) : NULL;
	vx_json_free(health);
	return copy;
}

int vx_api_delete(struct vx_api_link *link, const char *route, const char *fill, const char *query,
	struct vx_api_answer *answer, struct vx_error *err)
{
	struct vx_http_request q = { .method = "DELETE" };
	int status = build_url(link, route, fill, query, err);

	return status == VX_OK ? exchange(link, &q, answer, err) : status;
}

bool vx_api_alive(const struct vx_api *api)
{
	struct vx_error ignored = VX_ERROR_INIT;
	struct vx_api_link *link = connect_for(api, 0, 0);
	struct vx_api_answer answer;
	bool alive = false;

	for (int tries = 0; tries < ALIVE_TRIES && !alive; tries++)
		alive = vx_api_get(link, "health", NULL, NULL, &answer, &ignored) == VX_OK;
	vx_api_disconnect(link);
	return alive;
}

int vx_api_check(const struct vx_api *api, struct vx_api_state *state, struct vx_error *err)
{
	double wait_for = api->options.wait_for > 0 ? api->options.wait_for : api->options.retry_for;
	struct vx_api_link *link = connect_for(api, wait_for, HEALTH_PAUSE_MOST);
	struct vx_api_answer answer;
	char *environment;
	int times = 0, status;

	do {
		environment = NULL;
		status = vx_api_get(link, "health", NULL, NULL, &answer, err);
	} while (status == VX_OK && !(environment = environment_of(&answer, state)) && vx_api_distrust(link, &times));
	if (status == VX_EREJECT)
		status = vx_error_set(
			err, VX_EREFUSED, NULL, "%s: no vxData API: HTTP status %ld", api->shown, answer.http);
	else if (status == VX_OK && !environment)
		status = vx_error_set(
			err, VX_EREFUSED, NULL, "%s: no vxData API: its health says nothing of vxdata", api->shown);
	/* Whatever is not known to be for development is locked. */
	else if (status == VX_OK && strcmp(environment, "dev") != 0 && api->options.dev_only)
		status = vx_error_set(err, VX_EREFUSED, NULL,
			"%s is a %s deployment: it is never cloned into, and nothing is deleted there", api->shown,
			environment);
	else if (status == VX_OK && strcmp(environment, "dev") != 0 && !api->options.production)
		status = vx_error_set(err, VX_EREFUSED, NULL,
			"%s is a %s deployment: give --production once the script is reviewed", api->shown,
			environment);
	free(environment);
	vx_api_disconnect(link);
	return status;
}
