/* vx_pace: additive increase and multiplicative decrease of requests in flight, and a bucket of bytes to send.
 * In: what was served or refused, bytes sent. Out: how much more may go. SPDX-License-Identifier: MIT */
#include "vx_pace.h"

enum { SHARE_LEAST = 16 << 10, BLOCK_LEAST = 1 << 10, BLOCK_MOST = 1 << 20 };

/* Seconds whose bytes may be saved up while nothing is sent. */
#define SAVED 0.1

struct vx_pace vx_pace_new(int most, uint64_t rate, double now)
{
	return (struct vx_pace){ .most = most, .limit = most, .lowered_at = -1, .rate = rate, .at = now };
}

int vx_pace_limit(const struct vx_pace *p)
{
	uint64_t shares = p->rate / SHARE_LEAST;
	int limit = (int)p->limit;
	if (p->rate == 0 || shares >= (uint64_t)limit)
		return limit;
	return shares < 1 ? 1 : (int)shares;
}

void vx_pace_success(struct vx_pace *p)
{
	p->limit += 1 / p->limit;
	if (p->limit > p->most)
		p->limit = p->most;
}

void vx_pace_slow(struct vx_pace *p, double began, double now)
{
	if (began <= p->lowered_at)
		return;
	p->limit = p->limit > 2 ? p->limit / 2 : 1;
	p->lowered_at = now;
}

double vx_pace_wait(struct vx_pace *p, double now)
{
	double rate = (double)p->rate;
	if (p->rate == 0)
		return 0;
	p->tokens += (now - p->at) * rate;
	p->at = now;
	if (p->tokens > rate * SAVED)
		p->tokens = rate * SAVED;
	return p->tokens > 0 ? 0 : (1 - p->tokens) / rate;
}

uint64_t vx_pace_block(const struct vx_pace *p)
{
	uint64_t n = p->rate / 20;
	if (p->rate == 0 || n > BLOCK_MOST)
		return BLOCK_MOST;
	return n < BLOCK_LEAST ? BLOCK_LEAST : n;
}

void vx_pace_spend(struct vx_pace *p, uint64_t n)
{
	if (p->rate)
		p->tokens -= (double)n;
}
