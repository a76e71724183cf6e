/* vx_api: the vxData API: where it is, what opens it, whether it is there and may be written to. URL, token -> links, health.
 * SPDX-License-Identifier: MIT
 */
#include "vx_api_parts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "vx_host.h"
#include "vx_opt.h"

#define ALIVE_TRIES 3
#define HEALTH_PAUSE_MOST 1 /* seconds: whoever waits for a server to start wants to begin with it */

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
		api->authorization = vx_asprintf(VX_API_BEARER "%s", token);
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
	if (++*times >= VX_API_TRIES || (link->api->options.stop && *link->api->options.stop))
		return false;
	nanosleep(&(struct timespec){ .tv_nsec = VX_API_PAUSE_NS * *times }, NULL);
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

#define NAME "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

static void take_state(const struct vx_json *health, struct vx_api_state *state)
{
	const char *instance = vx_json_str(health, "instance"), *mark = vx_json_str(health, "mark");

	if (!state)
		return;
	*state = (struct vx_api_state){ .newest = 0 };
	if (instance && strlen(instance) < sizeof(state->instance) && !instance[strspn(instance, NAME)] &&
		vx_json_get_int(health, "newest", &state->newest)) {
		strcpy(state->instance, instance);
		state->mark = mark ? strtoull(mark, NULL, 16) : 0;
	}
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

int vx_api_check(const struct vx_api *api, int64_t since, struct vx_api_state *state, struct vx_error *err)
{
	double wait_for = api->options.wait_for > 0 ? api->options.wait_for : api->options.retry_for;
	struct vx_api_link *link = connect_for(api, wait_for, HEALTH_PAUSE_MOST);
	struct vx_api_answer answer;
	char *environment, query[48] = "";
	int times = 0, status;

	if (state && since > 0)
		snprintf(query, sizeof(query), "newest=%" PRId64, since);
	do {
		environment = NULL;
		status = vx_api_get(link, "health", NULL, query[0] ? query : NULL, &answer, err);
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
