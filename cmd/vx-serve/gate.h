/* gate: what can be said to a request before its body has come: too long, unknown, not allowed, not now.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GATE_H
#define GATE_H

#include "http.h"

/* gate_begin: names the request, finds its route, asks for its token; leaves a problem in the call when it is refused. */
void gate_begin(struct call *call, const char *method);

#endif
