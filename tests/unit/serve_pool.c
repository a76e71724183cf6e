/* Tests of vx-serve's places and pool: who gets a place, and that writes never keep a read waiting.
 * SPDX-License-Identifier: MIT */
#include <semaphore.h>
#include <stdatomic.h>
#include <unistd.h>

#include "../../cmd/vx-serve/places.c"
#include "../../cmd/vx-serve/pool.c"
#include "tap.h"

static void test_places(void)
{
	struct places *p = places_new(5);
	ok(places_take(p, 1) == PLACES_TAKEN && places_take(p, 1) == PLACES_TAKEN, "two of five");
	ok(places_take(p, 1) == PLACES_TAKEN, "three: half, rounded up");
	ok(places_take(p, 1) == PLACES_SHARE, "a fourth is more than half");
	ok(places_take(p, 2) == PLACES_TAKEN && places_take(p, 3) == PLACES_TAKEN, "others take the rest");
	ok(places_take(p, 4) == PLACES_FULL, "all are taken");
	ok(places_take(p, 1) == PLACES_SHARE, "whoever has half is told so first");
	places_give(p, 1);
	ok(places_used(p) == 4, "one is given back");
	ok(places_take(p, 4) == PLACES_TAKEN && places_take(p, 5) == PLACES_FULL, "and taken by another");
	for (uint64_t who = 1; who <= 4; who++)
		places_give(p, who);
	places_give(p, 1);
	ok(places_used(p) == 0, "all are given back");
	places_free(p);
	p = places_new(1);
	ok(places_take(p, 7) == PLACES_TAKEN, "one place is one place");
	ok(places_take(p, 8) == PLACES_FULL, "for one");
	places_free(p);
}

struct test_job {
	struct job job;
	sem_t *before, *after; /* before: waits for it; after: says that it is done */
	atomic_int *count;
};

static void run_job(struct job *job)
{
	struct test_job *t = (struct test_job *)job;
	if (t->before)
		sem_wait(t->before);
	atomic_fetch_add(t->count, 1);
	if (t->after)
		sem_post(t->after);
}

static void test_pool(void)
{
	enum { N = 50 };
	struct test_job writes[N], read;
	sem_t go, done;
	atomic_int wrote = 0, was_read = 0;
	struct pool *p = pool_new(4);
	sem_init(&go, 0, 0);
	sem_init(&done, 0, 0);
	for (int i = 0; i < N; i++) {
		writes[i] = (struct test_job){ .job = { .run = run_job }, .before = &go, .count = &wrote };
		pool_put(p, POOL_WRITE, &writes[i].job);
	}
	for (int i = 0; i < 3; i++) {
		read = (struct test_job){ .job = { .run = run_job }, .after = &done, .count = &was_read };
		pool_put(p, POOL_READ, &read.job);
		sem_wait(&done);
	}
	ok(atomic_load(&was_read) == 3 && atomic_load(&wrote) == 0, "reads run while all writes wait");
	for (int i = 0; i < 5000 && pool_waiting(p) != N - 3; i++)
		usleep(1000);
	ok(pool_waiting(p) == N - 3, "three writes are on a thread, one thread is left to reads");
	for (int i = 0; i < N; i++)
		sem_post(&go);
	pool_free(p);
	ok(atomic_load(&wrote) == N, "what waits is run before the pool ends");
	sem_destroy(&go);
	sem_destroy(&done);
}

int main(void)
{
	test_places();
	test_pool();
	return tap_end();
}
