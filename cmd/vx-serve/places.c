/* places: a bounded number of places, of which nobody takes more than half. who asks -> a place, or why not
 *
 * SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdlib.h>

#include "places.h"
#include "vx_err.h"

struct places {
	pthread_mutex_t lock;
	unsigned limit, used;
	uint64_t *who; /* of each place that is taken */
};

struct places *places_new(unsigned limit)
{
	struct places *p = vx_alloc(sizeof *p);
	p->limit = limit;
	p->who = vx_alloc(limit * sizeof *p->who);
	pthread_mutex_init(&p->lock, NULL);
	return p;
}

void places_free(struct places *p)
{
	if (!p)
		return;
	pthread_mutex_destroy(&p->lock);
	free(p->who);
	free(p);
}

static unsigned share(const struct places *p, uint64_t who)
{
	unsigned n = 0;
	for (unsigned i = 0; i < p->used; i++)
		n += p->who[i] == who;
	return n;
}

enum places_answer places_take(struct places *p, uint64_t who)
{
	enum places_answer answer = PLACES_TAKEN;
	pthread_mutex_lock(&p->lock);
	if (share(p, who) >= (p->limit + 1) / 2)
		answer = PLACES_SHARE;
	else if (p->used == p->limit)
		answer = PLACES_FULL;
	else
		p->who[p->used++] = who;
	pthread_mutex_unlock(&p->lock);
	return answer;
}

void places_give(struct places *p, uint64_t who)
{
	pthread_mutex_lock(&p->lock);
	unsigned i = 0;
	while (p->who[i] != who)
		i++;
	p->who[i] = p->who[--p->used];
	pthread_mutex_unlock(&p->lock);
}

size_t places_used(struct places *p)
{
	pthread_mutex_lock(&p->lock);
	size_t n = p->used;
	pthread_mutex_unlock(&p->lock);
	return n;
}
