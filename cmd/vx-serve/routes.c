/* routes: the vxData API: which path and method does what. struct call -> struct call with an answer
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "args.h"
#include "filter.h"
#include "handle.h"

/* A path ends in "*" where an identifier follows, and is "/v1/?" for the name of a collection. */
struct route {
	const char *method, *path;
	void (*handle)(struct call *call);
	const char *produces;
	const char *const *params;
	unsigned flags;
};

enum {
	OPEN = 1,   /* without a token */
	QUICK = 2,  /* asks no database */
	WRITES = 4, /* unless ?dry_run=1 or ?register=0 */
};

static const char *const no_params[] = { NULL };
static const char *const health_params[] = { "newest", NULL };
static const char *const create_params[] = { "on_conflict", "dry_run", "instance", NULL };
static const char *const export_params[] = { "datasource", "check", NULL };
static const char *const map_params[] = { "register", NULL };
static const char *const delete_params[] = { "recursive", "aside", NULL };

static const struct route routes[] = {
	{ "GET", "/v1/health", handle_health, JSON, health_params, OPEN },
	{ "GET", "/v1/metrics", handle_metrics, "text/plain", no_params, QUICK },
	{ "GET", "/v1/stats", handle_stats, JSON, no_params, 0 },
	{ "GET", "/v1/export", handle_export, NDJSON, export_params, 0 },
	{ "POST", "/v1/patients/map", handle_map, JSON, map_params, WRITES },
	{ "POST", "/v1/patients/register", handle_register, JSON, no_params, WRITES },
	{ "POST", "/v1/patients/resolve", handle_resolve, JSON, no_params, 0 },
	{ "POST", "/v1/resources", handle_create, JSON, create_params, WRITES },
	{ "GET", "/v1/resources/*", handle_get, JSON, no_params, 0 },
	{ "DELETE", "/v1/resources/*", handle_delete, JSON, delete_params, WRITES },
	{ "GET", "/v1/?", handle_list, NDJSON, list_params, 0 },
	{ "POST", "/v1/?", handle_create, JSON, create_params, WRITES },
};

static bool path_matches(const struct call *call, const char *path)
{
	size_t n = strlen(path) - 1;
	if (path[n] == '*')
		return !strncmp(call->path, path, n) && call->path[n];
	if (path[n] == '?')
		return !strncmp(call->path, path, n) && collection_of(call);
	return !strcmp(call->path, path);
}

/* allow: the methods that a path has, for a 405. */
static void allow(struct call *call, const char *method)
{
	size_t n = strlen(call->allow);
	snprintf(call->allow + n, sizeof call->allow - n, "%s%s%s", n ? ", " : "", method,
		!strcmp(method, "GET") ? ", HEAD" : "");
}

static const struct route *find(struct call *call)
{
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (!path_matches(call, routes[i].path))
			continue;
		if (!strcmp(call->method, routes[i].method))
			return &routes[i];
		allow(call, routes[i].method);
	}
	return NULL;
}

/* params_known: a list also takes the fields of its type. */
static bool params_known(struct call *call, const struct route *r)
{
	if (r->params != list_params)
		return args_known(call, r->params);
	const char **names = filter_names(collection_of(call), list_params);
	bool known = args_known(call, names);
	free(names);
	return known;
}

/* pattern: the path as logs and metrics tell it, which never hold an identifier. */
static const char *pattern(const char *path)
{
	switch (path[strlen(path) - 1]) {
	case '*':
		return "/v1/resources/{identifier}";
	case '?':
		return "/v1/{collection}";
	default:
		return path;
	}
}

/* harmless: a question in the form of a change. */
static bool harmless(const struct call *call)
{
	const char *dry_run = call_arg(call, "dry_run"), *new = call_arg(call, "register");
	return (dry_run && (!strcmp(dry_run, "1") || !strcmp(dry_run, "true"))) ||
	       (new && (!strcmp(new, "0") || !strcmp(new, "false")));
}

/* origin_form: a target may be told with its host in front, as proxies do (RFC 9112, 3.2.2). */
static const char *origin_form(const char *target)
{
	const char *host = !strncasecmp(target, "http://", 7)    ? target + 7
			   : !strncasecmp(target, "https://", 8) ? target + 8
								 : NULL;
	const char *path = host ? strchr(host, '/') : target;
	return path ? path : "/";
}

/* holds_nul: a name that would end earlier for us than for whoever sent it. */
static bool holds_nul(struct call *call)
{
	const char *nul = strstr(call->uri, "%00"), *query = strchr(call->uri, '?');
	if (nul && query && nul > query)
		call_problem(call, 400, "a query parameter holds a NUL character");
	else if (nul)
		call_problem(call, 404, "%s: there is nothing here", call->path);
	return nul;
}

void routes_begin(struct call *call)
{
	call->path = origin_form(call->path);
	const struct route *r = call->route = find(call);
	if (r)
		call->pattern = pattern(r->path);
	if (!r && call->allow[0])
		call_problem(call, 405, "%s is not for %s: %s", call->method, call->path, call->allow);
	else if (!r || !vx_utf8_valid(call->path, strlen(call->path)))
		call_problem(call, 404, "%s: there is nothing here", call->path);
	if (call->status || holds_nul(call))
		return;
	call->allow[0] = '\0';
	call->open = r->flags & OPEN;
	call->quick = r->flags & QUICK;
	call->writes = r->flags & WRITES && !harmless(call);
	call->takes_body = !strcmp(r->method, "POST");
	if (!call_accepts(call, r->produces))
		call_problem(call, 406, "the answer is %s", r->produces);
	else
		(void)params_known(call, r);
}

void routes_answer(struct call *call)
{
	call->route->handle(call);
}
