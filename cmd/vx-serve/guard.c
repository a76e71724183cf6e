/* guard: who is connected, what each does, and who holds a place for nothing. peers -> shutdown(2) of some
 *
 * SPDX-License-Identifier: MIT
 */
#include <netinet/in.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "guard.h"
#include "vx_hash.h"
#include "vx_io.h"

#define TICK_NS 200000000L
#define PATIENCE 5.0 /* seconds that a body may trickle when places are few */

struct peer {
	struct peer *next, **link;
	int fd;
	uint64_t origin;
	enum guard_phase phase;
	double since, begun; /* of this step; of the body */
	size_t moved;        /* since then */
	bool dropped;
};

struct guard {
	pthread_mutex_t lock;
	pthread_cond_t wake;
	pthread_t thread;
	struct guard_limits limits;
	struct peer *peers;
	size_t count;
	unsigned long dropped[GUARD_REASONS];
	bool ending;
};

static uint64_t origin_of(const struct sockaddr *address)
{
	if (address && address->sa_family == AF_INET6) {
		const struct in6_addr *a = &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
		return IN6_IS_ADDR_V4MAPPED(a) ? vx_hash64(a->s6_addr + 12, 4) : vx_hash64(a->s6_addr, 8);
	}
	if (address && address->sa_family == AF_INET)
		return vx_hash64(&((const struct sockaddr_in *)(const void *)address)->sin_addr, 4);
	return 0;
}

uint64_t peer_origin(const struct peer *p)
{
	return p->origin;
}

static void drop(struct guard *g, struct peer *p, enum guard_reason reason)
{
	if (p->dropped)
		return;
	p->dropped = true;
	g->dropped[reason]++;
	shutdown(p->fd, SHUT_RDWR);
}

/* crowded: of those that wait without a request, or send one drop by drop, the one that has done so longest goes. */
static void crowded(struct guard *g, double now)
{
	struct peer *oldest = NULL;
	for (struct peer *p = g->peers; p; p = p->next) {
		bool idle = p->phase == GUARD_HEADER || (p->phase == GUARD_BODY && now - p->since > PATIENCE);
		if (idle && !p->dropped && (!oldest || p->since < oldest->since))
			oldest = p;
	}
	if (oldest)
		drop(g, oldest, GUARD_CROWDED);
}

static void check(struct guard *g, struct peer *p, double now)
{
	static const enum guard_reason reasons[] = {
		[GUARD_HEADER] = GUARD_IDLE, [GUARD_BODY] = GUARD_SLOW_SENDER, [GUARD_SEND] = GUARD_SLOW_READER
	};
	if (p->phase == GUARD_WORK)
		return;
	if (p->phase == GUARD_BODY && now - p->begun >= g->limits.request) {
		drop(g, p, GUARD_SLOW_SENDER);
	} else if (now - p->since >= g->limits.idle) {
		if (p->moved < GUARD_MOVE)
			drop(g, p, reasons[p->phase]);
		p->since = now;
		p->moved = 0;
	}
}

static void *watch(void *arg)
{
	struct guard *g = arg;
	pthread_mutex_lock(&g->lock);
	while (!g->ending) {
		struct timespec until;
		double now = vx_now();
		for (struct peer *p = g->peers; p; p = p->next)
			check(g, p, now);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_nsec += TICK_NS;
		until.tv_sec += until.tv_nsec / 1000000000L;
		until.tv_nsec %= 1000000000L;
		pthread_cond_timedwait(&g->wake, &g->lock, &until);
	}
	pthread_mutex_unlock(&g->lock);
	return NULL;
}

struct guard *guard_new(const struct guard_limits *limits)
{
	struct guard *g = vx_alloc(sizeof *g);
	pthread_condattr_t attr;
	g->limits = *limits;
	pthread_mutex_init(&g->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&g->wake, &attr);
	pthread_condattr_destroy(&attr);
	if (pthread_create(&g->thread, NULL, watch, g) != 0)
		vx_die(VX_EMEM, "no thread is to be had");
	return g;
}

void guard_free(struct guard *g)
{
	if (!g)
		return;
	pthread_mutex_lock(&g->lock);
	g->ending = true;
	pthread_cond_signal(&g->wake);
	pthread_mutex_unlock(&g->lock);
	pthread_join(g->thread, NULL);
	pthread_cond_destroy(&g->wake);
	pthread_mutex_destroy(&g->lock);
	free(g);
}

struct peer *guard_enter(struct guard *g, int fd, const struct sockaddr *address)
{
	struct peer *p = vx_alloc(sizeof *p);
	double now = vx_now();
	*p = (struct peer){ .fd = fd, .origin = origin_of(address), .since = now, .begun = now };
	pthread_mutex_lock(&g->lock);
	if (++g->count > g->limits.connections - g->limits.connections / 16)
		crowded(g, now);
	p->next = g->peers;
	p->link = &g->peers;
	if (p->next)
		p->next->link = &p->next;
	g->peers = p;
	pthread_mutex_unlock(&g->lock);
	return p;
}

void guard_leave(struct guard *g, struct peer *p)
{
	pthread_mutex_lock(&g->lock);
	*p->link = p->next;
	if (p->next)
		p->next->link = p->link;
	g->count--;
	pthread_mutex_unlock(&g->lock);
	free(p);
}

void guard_phase(struct guard *g, struct peer *p, enum guard_phase phase)
{
	pthread_mutex_lock(&g->lock);
	double now = vx_now();
	if (phase == GUARD_BODY)
		p->begun = now;
	p->phase = phase;
	p->since = now;
	p->moved = 0;
	pthread_mutex_unlock(&g->lock);
}

void guard_moved(struct guard *g, struct peer *p, size_t bytes)
{
	pthread_mutex_lock(&g->lock);
	p->moved += bytes;
	pthread_mutex_unlock(&g->lock);
}

void guard_hurry(struct guard *g, double idle)
{
	pthread_mutex_lock(&g->lock);
	if (idle < g->limits.idle)
		g->limits.idle = idle;
	for (struct peer *p = g->peers; p && idle <= 0; p = p->next)
		shutdown(p->fd, SHUT_RDWR);
	pthread_mutex_unlock(&g->lock);
}

size_t guard_count(struct guard *g, unsigned long dropped[GUARD_REASONS])
{
	pthread_mutex_lock(&g->lock);
	size_t n = g->count;
	memcpy(dropped, g->dropped, sizeof g->dropped);
	pthread_mutex_unlock(&g->lock);
	return n;
}
