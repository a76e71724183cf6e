/* receive: a request body on its way in: what its headers promise, gzip, and the limits on both.
 * upload bytes -> call->body
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef RECEIVE_H
#define RECEIVE_H

#include "http.h"

/* receive_begin: reads the headers; leaves a problem (413, 415, 503) in the call when the body cannot be taken.
 * Returns false when it is not even worth draining: the answer goes out at once and the connection ends. */
bool receive_begin(struct call *call);

/* receive_bytes: more of it; false: end the connection (too slow, or far too much). */
bool receive_bytes(struct call *call, const char *bytes, size_t n);

/* receive_end: the body is here; a gzip body that was cut short leaves a problem. */
void receive_end(struct call *call);
void receive_free(struct call *call);

#endif
