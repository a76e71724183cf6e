/* handle: what the handlers of the routes share, and the handlers themselves. Each takes a call that is known to be for
 * it, its query parameters among those that its route knows, its body read, and leaves an answer or a problem in it.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef HANDLE_H
#define HANDLE_H

#include "routes.h"

#define JSON "application/json"
#define NDJSON "application/x-ndjson"

struct app *app_of(const struct call *call);
const char *resource_of(const struct call *call);             /* of /v1/resources/<identifier> */
const struct vx_type *collection_of(const struct call *call); /* of /v1/<collection>; NULL: there is none */

void answer_json(struct call *call, unsigned status); /* out holds it already */

/* answer_failed: the database's failure, or the request's, as a problem. */
void answer_failed(struct call *call, const struct vx_error *err);

/* flag_arg: a query parameter that is 1 or 0; absent is what absent says. False, with a problem, when it is neither. */
bool flag_arg(struct call *call, const char *name, bool absent, bool *value);

/* identifier_arg: a copy, to be freed; NULL when absent. */
char *identifier_arg(const struct call *call, const char *name);

void handle_health(struct call *call);
void handle_stats(struct call *call);
void handle_metrics(struct call *call);

void handle_create(struct call *call);
void handle_get(struct call *call);
void handle_delete(struct call *call);

void handle_map(struct call *call);
void handle_register(struct call *call);
void handle_resolve(struct call *call);

extern const char *const list_params[]; /* beside the fields of the type */
void handle_list(struct call *call);
void handle_export(struct call *call);

#endif
