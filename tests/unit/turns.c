/* vx_turns: threads at one name come one behind the other; another name is not waited for.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tap.h"
#include "vx_turns.h"

enum { THREADS = 4, ROUNDS = 500 };

static struct vx_turns *turns;
static atomic_int inside, overlaps;
static long sum;

static void *work(void *arg)
{
	const char name[] = { 'k', 'e', 'y', '\0' }; /* a text of each thread's own */
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		vx_turns_take(turns, name);
		if (atomic_fetch_add(&inside, 1) > 0)
			atomic_fetch_add(&overlaps, 1);
		const long before = sum;
		sched_yield();
		sum = before + 1;
		atomic_fetch_sub(&inside, 1);
		vx_turns_end(turns, name);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	turns = vx_turns_new();
	vx_turns_take(turns, "another");
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			abort();
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ok(sum == (long)THREADS * ROUNDS && atomic_load(&overlaps) == 0,
		"one behind the other, while another name is held");
	vx_turns_end(turns, "another");
	vx_turns_take(turns, "another");
	ok(true, "a name that was let go may be taken again");
	vx_turns_end(turns, "another");
	vx_turns_free(turns);
	return tap_end();
}
