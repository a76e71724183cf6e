/* store_pg_pool: a bounded number of connections, handed out and taken back. uri -> struct pg_conn
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <time.h>

#include "store_pg.h"

#define KEEP 8
#define WAIT 10 /* seconds for a connection; then the client is to come again */

void pg_pool_init(struct pg_pool *p, const char *uri, unsigned max)
{
	pthread_condattr_t attr;
	*p = (struct pg_pool){ .uri = uri, .max = max };
	pthread_mutex_init(&p->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&p->freed, &attr);
	pthread_condattr_destroy(&attr);
}

/* release: closes a connection whose place another may take. */
static void release(struct pg_conn *c)
{
	struct pg_pool *p = c->pool;
	PQfinish(c->pg);
	free(c);
	pthread_mutex_lock(&p->lock);
	p->open--;
	pthread_cond_signal(&p->freed);
	pthread_mutex_unlock(&p->lock);
}

void pg_pool_free(struct pg_pool *p)
{
	while (p->idle) {
		struct pg_conn *c = p->idle;
		p->idle = c->next;
		release(c);
	}
	pthread_mutex_destroy(&p->lock);
	pthread_cond_destroy(&p->freed);
}

/* place: an idle connection (*c), or the right to open one (*c NULL). */
static int place(struct pg_pool *p, struct pg_conn **c, struct vx_error *err)
{
	struct timespec until;
	int code = 0;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT;
	pthread_mutex_lock(&p->lock);
	while (!p->idle && p->open >= p->max && code != ETIMEDOUT)
		code = pthread_cond_timedwait(&p->freed, &p->lock, &until);
	*c = p->idle;
	bool had = *c || p->open < p->max;
	if (*c) {
		p->idle = (*c)->next;
		p->idle_count--;
	} else if (had) {
		p->open++;
	}
	pthread_mutex_unlock(&p->lock);
	if (had)
		return VX_OK;
	return vx_error_set(err, VX_EUNREACHABLE, NULL, "database: all %u connections are in use", p->max);
}

/* stale: the server has closed it meanwhile, or says something that nobody has asked for. */
static bool stale(struct pg_conn *c)
{
	struct pollfd fd = { .fd = PQsocket(c->pg), .events = POLLIN };
	if (PQstatus(c->pg) != CONNECTION_OK || fd.fd < 0)
		return true;
	return poll(&fd, 1, 0) != 0 && (!PQconsumeInput(c->pg) || PQstatus(c->pg) != CONNECTION_OK);
}

static int connect_new(struct pg_pool *p, struct pg_conn **c, struct vx_error *err)
{
	*c = vx_alloc(sizeof **c);
	**c = (struct pg_conn){ .pool = p, .pg = pg_connect(p->uri, err) };
	if ((*c)->pg)
		return VX_OK;
	release(*c);
	*c = NULL;
	/* It let us in when we began, so that it may again. */
	if (err)
		err->status = VX_EUNREACHABLE;
	return VX_EUNREACHABLE;
}

int pg_take(struct pg_pool *p, struct pg_conn **c, struct vx_error *err)
{
	int status;
	while ((status = place(p, c, err)) == VX_OK && *c && stale(*c))
		release(*c);
	return status == VX_OK && !*c ? connect_new(p, c, err) : status;
}

void pg_give(struct pg_conn *c)
{
	struct pg_pool *p = c->pool;
	if (PQstatus(c->pg) != CONNECTION_OK || PQtransactionStatus(c->pg) != PQTRANS_IDLE) {
		release(c);
		return;
	}
	pthread_mutex_lock(&p->lock);
	bool keep = p->idle_count < KEEP;
	if (keep) {
		c->next = p->idle;
		p->idle = c;
		p->idle_count++;
		pthread_cond_signal(&p->freed);
	}
	pthread_mutex_unlock(&p->lock);
	if (!keep)
		release(c);
}

int pg_begin(struct pg_pool *p, const char *sql, struct pg_conn **c, PGresult **result, struct vx_error *err)
{
	int status = STORE_AGAIN;
	/* As often as idle connections may have died unseen. */
	for (unsigned left = p->max + 1; status == STORE_AGAIN && left > 0; left--) {
		if ((status = pg_take(p, c, err)) != VX_OK)
			return status;
		if ((status = pg_exec((*c)->pg, sql, result, err)) != VX_OK)
			pg_give(*c);
	}
	return status == STORE_AGAIN ? VX_EUNREACHABLE : status;
}
