/* routes: the vxData API: which path and method does what. struct call -> struct call with an answer
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef ROUTES_H
#define ROUTES_H

#include "http.h"
#include "store.h"

struct app {
	struct store *store;
	const struct vx_model *model;
	const char *environment; /* "dev" or "production" */
};

void routes_begin(struct call *call);
void routes_answer(struct call *call);

#endif
