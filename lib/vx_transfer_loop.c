/* vx_transfer_loop: curl's sockets and timer on an epoll descriptor, and an eventfd to wake it.
 * In: what curl wants to be told. Out: calls of curl_multi_socket_action. SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "vx_io.h"
#include "vx_transfer_loop.h"

enum { EVENTS = 64 };

struct vx_transfer_loop {
	CURLM *multi;
	int epoll, wake;
	double due; /* when curl wants to be called; below 0: it does not */
};

static int watch(CURL *curl, curl_socket_t fd, int what, void *arg, void *known)
{
	struct vx_transfer_loop *l = arg;
	struct epoll_event e = { .data.fd = fd };
	(void)curl;
	if (what == CURL_POLL_REMOVE) {
		epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	e.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
	if (epoll_ctl(l->epoll, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e) != 0)
		vx_die(VX_EMEM, "no descriptor for a socket");
	if (!known)
		curl_multi_assign(l->multi, fd, l);
	return 0;
}

static int set_timer(CURLM *multi, long ms, void *arg)
{
	struct vx_transfer_loop *l = arg;
	(void)multi;
	l->due = ms < 0 ? -1 : vx_now() + (double)ms / 1e3;
	return 0;
}

struct vx_transfer_loop *vx_transfer_loop_new(CURLM *multi)
{
	struct vx_transfer_loop *l = vx_alloc(sizeof(*l));
	*l = (struct vx_transfer_loop){ .multi = multi, .due = -1 };
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	l->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct epoll_event e = { .events = EPOLLIN, .data.fd = l->wake };
	if (l->epoll < 0 || l->wake < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->wake, &e) != 0)
		vx_die(VX_EMEM, "no descriptor to wait on");
	curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
	curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, l);
	curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(multi, CURLMOPT_TIMERDATA, l);
	return l;
}

void vx_transfer_loop_free(struct vx_transfer_loop *l)
{
	close(l->epoll);
	close(l->wake);
	free(l);
}

void vx_transfer_loop_wake(struct vx_transfer_loop *l)
{
	const uint64_t one = 1;
	while (write(l->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void take_event(struct vx_transfer_loop *l, const struct epoll_event *e)
{
	uint64_t count;
	int running, what = 0;
	if (e->data.fd == l->wake) {
		while (read(l->wake, &count, sizeof(count)) < 0 && errno == EINTR)
			;
		return;
	}
	what |= e->events & EPOLLIN ? CURL_CSELECT_IN : 0;
	what |= e->events & EPOLLOUT ? CURL_CSELECT_OUT : 0;
	what |= e->events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0;
	curl_multi_socket_action(l->multi, e->data.fd, what, &running);
}

void vx_transfer_loop_turn(struct vx_transfer_loop *l, double seconds)
{
	struct epoll_event events[EVENTS];
	double now = vx_now();
	int running;
	if (l->due >= 0 && l->due - now < seconds)
		seconds = l->due > now ? l->due - now : 0;
	/* Rounded up, or it would wake too early, again and again. */
	int n = epoll_wait(l->epoll, events, EVENTS, seconds > 0 ? (int)(seconds * 1e3) + 1 : 0);
	for (int i = 0; i < n; i++)
		take_event(l, &events[i]);
	if (l->due >= 0 && l->due <= vx_now()) {
		l->due = -1;
		curl_multi_socket_action(l->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	}
}
