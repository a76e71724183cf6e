/* stream: answers that go out bit by bit, with an eye on whoever takes them too slowly.
 * in: bytes, or a source that makes them on the pool's threads; out: an MHD_Response.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef STREAM_H
#define STREAM_H

#include "http.h"

struct MHD_Response;

/* stream_first: the first block of call->more into call->out, on a thread of the pool; an answer that ends with it is
 * whole (call->more becomes NULL), another takes one of the places of streams, or becomes a problem. */
void stream_first(struct call *call);

/* stream_response: of a call whose answer is complete, or has begun. Takes out and the source over. */
struct MHD_Response *stream_response(struct call *call);

#endif
