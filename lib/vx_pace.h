/* vx_pace: how fast to go: the number of requests in flight that a server bears, and a limit of bytes a second. No clock of
 * its own, no locks: times are the caller's vx_now().
 *
 *	struct vx_pace p = vx_pace_new(16, 1 << 20, vx_now());
 *	if (in_flight < vx_pace_limit(&p)) ...               // another request may begin
 *	vx_pace_success(&p);                                 // it was served: 1 more a round of them
 *	vx_pace_slow(&p, began, vx_now());                   // "slow down": half as many
 *	wait = vx_pace_wait(&p, vx_now());                   // 0: bytes may be sent
 *	vx_pace_spend(&p, n);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_PACE_H
#define VX_PACE_H

#include <stdint.h>

struct vx_pace {
	int most;
	double limit;      /* of requests in flight, 1 to most */
	double lowered_at; /* when it was halved last */
	uint64_t rate;     /* bytes a second; 0: no limit */
	double tokens, at; /* bytes that may be sent, as of then; below 0 after a block that was larger */
};

struct vx_pace vx_pace_new(int most, uint64_t rate, double now);

/* vx_pace_limit: how many requests may be in flight. A slow line is not shared by more than can each send 16 KiB a second,
 * or the server gives them up. */
int vx_pace_limit(const struct vx_pace *p);

/* Additive increase, multiplicative decrease. began: when the request was sent that was refused; those that were under way
 * already when the number was halved say nothing new. */
void vx_pace_success(struct vx_pace *p);
void vx_pace_slow(struct vx_pace *p, double began, double now);

/* vx_pace_wait: seconds until bytes may be sent. vx_pace_block: how many at once at most, so that the limit holds within
 * a tenth of a second. vx_pace_spend: n bytes were sent. */
double vx_pace_wait(struct vx_pace *p, double now);
uint64_t vx_pace_block(const struct vx_pace *p);
void vx_pace_spend(struct vx_pace *p, uint64_t n);

#endif
