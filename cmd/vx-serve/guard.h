/* guard: who is connected, what each does, and who holds a place for nothing: that one is hung up on.
 * in: what the peers do; out: shutdown(2) of a socket, which the event thread then sees as a peer that went.
 *
 * A peer has the idle time for each step: to send a whole header, and then to move GUARD_MOVE bytes, or to get done.
 * While we work, its clock stands still. When places become few, those that wait without a request make room first.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef GUARD_H
#define GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GUARD_MOVE 65536 /* bytes in the idle time: about 1 KiB/s of the default minute */

struct sockaddr;
struct guard;
struct peer;

enum guard_phase {
	GUARD_HEADER, /* it has to send a request */
	GUARD_BODY,   /* it has to send the body */
	GUARD_WORK,   /* it waits for us */
	GUARD_SEND,   /* it has to take the answer */
};

/* Why peers were hung up on, and the words for it. */
enum guard_reason { GUARD_IDLE, GUARD_SLOW_SENDER, GUARD_SLOW_READER, GUARD_CROWDED, GUARD_REASONS };
#define GUARD_WORDS                                                                                                    \
	{                                                                                                              \
		"idle", "slow_sender", "slow_reader", "crowded"                                                        \
	}

struct guard_limits {
	unsigned connections;
	double idle;    /* seconds for a step */
	double request; /* seconds for a whole body */
};

struct guard *guard_new(const struct guard_limits *limits);
void guard_free(struct guard *g); /* when no peer is left; NULL is allowed */

struct peer *guard_enter(struct guard *g, int fd, const struct sockaddr *address);
void guard_leave(struct guard *g, struct peer *p); /* before its socket is closed; frees p */

void guard_phase(struct guard *g, struct peer *p, enum guard_phase phase);
void guard_moved(struct guard *g, struct peer *p, size_t bytes);

/* guard_hurry: from now on the idle time is at most so many seconds; 0 hangs up on all at once. */
void guard_hurry(struct guard *g, double idle);

size_t guard_count(
	struct guard *g, unsigned long dropped[GUARD_REASONS]); /* peers at present; who was dropped so far */

/* peer_origin: the same number for all connections of one address (of an IPv6 network of 64 bits). */
uint64_t peer_origin(const struct peer *p);

#endif
