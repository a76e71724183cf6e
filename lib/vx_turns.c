/* vx_turns: a list of the names that threads are at, one a thread. In: a name. Out: nobody else is at it.
 * SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "vx_io.h"
#include "vx_turns.h"

struct vx_turns {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	const char **names;
	size_t n, cap;
};

struct vx_turns *vx_turns_new(void)
{
	struct vx_turns *t = vx_alloc(sizeof(*t));
	pthread_mutex_init(&t->lock, NULL);
	pthread_cond_init(&t->ended, NULL);
	return t;
}

void vx_turns_free(struct vx_turns *t)
{
	if (!t)
		return;
	pthread_cond_destroy(&t->ended);
	pthread_mutex_destroy(&t->lock);
	free(t->names);
	free(t);
}

static bool taken(const struct vx_turns *t, const char *name)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->names[i], name) == 0)
			return true;
	return false;
}

void vx_turns_take(struct vx_turns *t, const char *name)
{
	pthread_mutex_lock(&t->lock);
	while (taken(t, name))
		pthread_cond_wait(&t->ended, &t->lock);
	if (t->n == t->cap) {
		t->cap = t->cap ? t->cap * 2 : 16;
		t->names = vx_realloc(t->names, t->cap * sizeof(*t->names));
	}
	t->names[t->n++] = name;
	pthread_mutex_unlock(&t->lock);
}

void vx_turns_end(struct vx_turns *t, const char *name)
{
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < t->n; i++)
		if (t->names[i] == name) {
			t->names[i] = t->names[--t->n];
			break;
		}
	pthread_cond_broadcast(&t->ended);
	pthread_mutex_unlock(&t->lock);
}
