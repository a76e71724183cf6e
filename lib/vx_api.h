/* vx_api: the vxData HTTP API as a client sees it: where it is, whether it may be written to, requests and refusals.
 * Where each call lives is data (share/api/routes.json).
 *
 *	struct vx_api *api = vx_api_new(&(struct vx_api_options){ .url = o->api, .retry_for = 60 }, &err);
 *	if (!api || vx_api_check(api, &err) != VX_OK) ...           // production is refused here
 *	struct vx_api_link *link = vx_api_connect(api);             // one a thread
 *	status = vx_api_post(link, "create", "volumes", "dry_run=1", body.data, body.len, &answer, &err);
 *
 * A struct vx_api is read-only once made: threads may share it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_API_H
#define VX_API_H

#include <signal.h>
#include <stdint.h>

#include "vx_err.h"
#include "vx_http.h"
#include "vx_io.h"

#define VX_API_DEFAULT "http://127.0.0.1:8420"

enum vx_api_gzip { VX_API_GZIP_AUTO, VX_API_GZIP, VX_API_PLAIN }; /* auto: unless the API is on this machine */

struct vx_api_options {
	const char *url;                   /* NULL: $VX_API, else VX_API_DEFAULT */
	double retry_for;                  /* as struct vx_http_options */
	double wait_for;                   /* seconds to wait for the API to be there at all; 0: as retry_for */
	double timeout;                    /* as struct vx_http_options */
	bool production;                   /* a production deployment may be written to */
	bool dev_only;                     /* but not this time: what is asked for is never done there */
	enum vx_api_gzip gzip;             /* request bodies: compressed or not */
	const volatile sig_atomic_t *stop; /* as struct vx_http_options */
	void (*waiting)(void *arg, const struct vx_http_wait *w); /* as struct vx_http_options */
	void *waiting_arg;
};

/* vx_api_new: reads the routes and the token ($VX_TOKEN, or the file $VX_TOKEN_FILE names); sends nothing yet.
 * Errors: NULL + VX_EUSAGE (no http or https URL), VX_EIO or VX_EDATA (routes, token file). */
struct vx_api;
struct vx_api *vx_api_new(const struct vx_api_options *options, struct vx_error *err) VX_MUST_USE;
void vx_api_free(struct vx_api *api);
const char *vx_api_url(const struct vx_api *api); /* without a user name or password, for messages */

/* What a deployment says of its database: a name that stays the same as long as nothing in it is changed or deleted, a
 * number that rises with what is created, and the mark of what was created under the number since. instance "": it does
 * not say. */
struct vx_api_state {
	char instance[65];
	int64_t newest;
	uint64_t mark;
};

/* vx_api_check: asks for the deployment's health; one that is just starting is waited for. state may be NULL; with it,
 * since is asked for; 0: nothing is.
 * Errors: VX_EREFUSED (it is production and that was not allowed; it is no vxData; 401, 403), VX_EUNREACHABLE. */
int vx_api_check(const struct vx_api *api, int64_t since, struct vx_api_state *state, struct vx_error *err) VX_MUST_USE;

/* vx_api_alive: whether it tells its health just now. */
bool vx_api_alive(const struct vx_api *api);

/* One keep-alive connection and its buffers, for one thread. */
struct vx_api_link;
struct vx_api_link *vx_api_connect(const struct vx_api *api);
/* vx_api_connect_briefly: its requests are given up after so many seconds at most. */
struct vx_api_link *vx_api_connect_briefly(const struct vx_api *api, double most);
void vx_api_disconnect(struct vx_api_link *link);

struct vx_api_answer {
	long http;        /* HTTP status, 0: none came */
	const char *body; /* borrowed until the link's next call, NUL-terminated */
	size_t len;
};

/* vx_api_post: POST of a JSON body to a route of routes.json; fill takes the place of {collection} or {identifier} in
 * it (NULL: nothing to fill), query is what stands behind "?" (NULL or "": nothing).
 * Out:    answer  the body of a 2xx answer
 * Errors: VX_EREFUSED      401 or 403, or the route is not there (405, 415)
 *         VX_EUNREACHABLE  no answer, or 429, 502, 503, 504 to the end of retry_for
 *         VX_EREJECT       this request as a whole was refused (400, 404, 409, 413, 422, 500, ...): answer->http says
 *                          how, err->reason is the problem's own story (RFC 9457) where it tells one */
int vx_api_post(struct vx_api_link *link, const char *route, const char *fill, const char *query, const char *body,
	size_t len, struct vx_api_answer *answer, struct vx_error *err) VX_MUST_USE;

/* vx_api_get: GET in the same way. */
int vx_api_get(struct vx_api_link *link, const char *route, const char *fill, const char *query,
	struct vx_api_answer *answer, struct vx_error *err) VX_MUST_USE;

/* vx_api_distrust: for an answer that is not this request's, or cut off where no length told: pauses, and takes a new
 * connection, since what comes next on the old one may be astray too. True: the same request may be sent again (creating
 * and mapping are idempotent). times counts, from 0; false: it was so too often, and this is no vxData API. */
bool vx_api_distrust(struct vx_api_link *link, int *times);

/* vx_api_delete: DELETE in the same way. What is gone already is VX_EREJECT with answer->http 404. */
int vx_api_delete(struct vx_api_link *link, const char *route, const char *fill, const char *query,
	struct vx_api_answer *answer, struct vx_error *err) VX_MUST_USE;

#endif
