/* vx_transfer and vx_pace, against a server in this process that counts, refuses, hangs up and hangs.
 * In: none. Out: TAP. SPDX-License-Identifier: MIT */
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"
#include "vx_pace.h"
#include "vx_transfer.h"

enum { BODY = 300000, MANY = 120 };

static struct {
	int fd, port;
	atomic_int connections, serving, most, refused, resets;
	atomic_bool all_refused;
} server;

/* One request's head into b; false at the end of the connection. */
static bool read_head(int fd, char *b, size_t size)
{
	size_t n = 0;
	b[0] = '\0';
	while (n + 1 < size && !strstr(b, "\r\n\r\n")) {
		ssize_t got = recv(fd, b + n, 1, 0);
		if (got <= 0)
			return false;
		b[++n] = '\0';
	}
	return true;
}

/* How many bytes of the body are as the client's file has them: byte i is i * 7. */
static long read_body(int fd, long offset, long n)
{
	unsigned char b[4096];
	long good = 0;
	for (long at = 0; at < n;) {
		ssize_t got = recv(fd, b, n - at < (long)sizeof(b) ? (size_t)(n - at) : sizeof(b), 0);
		if (got <= 0)
			break;
		for (ssize_t i = 0; i < got; i++)
			good += b[i] == (unsigned char)((offset + at + i) * 7);
		at += got;
	}
	return good;
}

static void reset_connection(int fd)
{
	struct linger now = { 1, 0 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
}

static void answer(int fd, int status, long value)
{
	char body[32], text[256];
	snprintf(body, sizeof(body), "%ld", value);
	int n = snprintf(
		text, sizeof(text), "HTTP/1.1 %d X\r\nContent-Length: %zu\r\n\r\n%s", status, strlen(body), body);
	if (send(fd, text, (size_t)n, MSG_NOSIGNAL) != n)
		reset_connection(fd);
}

/* False: the connection is to be closed. */
static bool serve_one(int fd, const char *head)
{
	const char *length = strstr(head, "Content-Length: ");
	long n = length ? atol(length + 16) : 0, offset = strstr(head, "/from1000") ? 1000 : 0;
	if (strstr(head, "/hang"))
		return read_head(fd, (char[64]){ 0 }, 64);
	if (strstr(head, "/reset") && atomic_fetch_add(&server.resets, 1) == 0) {
		read_body(fd, offset, n / 3);
		reset_connection(fd);
		return false;
	}
	int serving = atomic_fetch_add(&server.serving, 1) + 1, most = server.most;
	while (serving > most && !atomic_compare_exchange_weak(&server.most, &most, serving))
		;
	long good = read_body(fd, offset, n);
	usleep(2000);
	bool refuse = server.all_refused || (strstr(head, "/busy") && serving > 2);
	atomic_fetch_add(&server.refused, refuse);
	atomic_fetch_sub(&server.serving, 1);
	answer(fd, refuse ? 503 : 200, good);
	return true;
}

static void *serve(void *arg)
{
	int fd = (int)(intptr_t)arg;
	char head[4096];
	while (read_head(fd, head, sizeof(head)) && serve_one(fd, head))
		;
	close(fd);
	return NULL;
}

static void *listen_on(void *arg)
{
	(void)arg;
	for (;;) {
		pthread_t t;
		int fd = accept(server.fd, NULL, NULL);
		if (fd < 0)
			return NULL;
		atomic_fetch_add(&server.connections, 1);
		if (pthread_create(&t, NULL, serve, (void *)(intptr_t)fd) == 0)
			pthread_detach(t);
	}
}

static void start_server(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	pthread_t t;
	server.fd = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(server.fd, (struct sockaddr *)&a, n) || listen(server.fd, 64) ||
		getsockname(server.fd, (struct sockaddr *)&a, &n) || pthread_create(&t, NULL, listen_on, NULL))
		exit(1);
	pthread_detach(t);
	server.port = ntohs(a.sin_port);
}

/* A request as a caller of vx_transfer has it. */
struct put {
	char url[64];
	int fd, prepared;
	long offset, size;
};

static void prepare(void *arg, struct vx_http_request *q)
{
	struct put *p = arg;
	p->prepared++;
	*q = (struct vx_http_request){ .method = p->size ? "PUT" : "GET", .url = p->url, .body_fd = p->fd };
	q->body_len = (size_t)p->size;
	q->body_offset = p->offset;
}

static struct put put_of(const char *path, int fd, long offset, long size)
{
	struct put p = { .fd = fd, .offset = offset, .size = size };
	snprintf(p.url, sizeof(p.url), "http://127.0.0.1:%d%s", server.port, path);
	return p;
}

static struct vx_transfer *engine(int connections, double retry_for, uint64_t rate)
{
	return vx_transfer_new(&(struct vx_transfer_options){
		.http = { .retry_for = retry_for, .timeout = 1 }, .connections = connections, .limit_rate = rate });
}

static struct vx_transfer_job *start(struct vx_transfer *t, struct put *p)
{
	return vx_transfer_start(t, &(struct vx_transfer_request){ .prepare = prepare, .arg = p });
}

/* The number that the server answered, negative for its status, 0 where none came. */
static long outcome(struct vx_transfer_job *job, int *attempts, int *status)
{
	struct vx_http_response a = { 0 };
	struct vx_error err = VX_ERROR_INIT;
	*status = vx_transfer_wait(job, &a, &err);
	*attempts = a.attempts;
	long value = a.status == 200 ? atol(a.body.data) : -a.status;
	vx_http_response_clear(&a);
	return value;
}

static int make_file(void)
{
	unsigned char *b = vx_alloc(BODY);
	int fd = memfd_create("body", 0);
	for (long i = 0; i < BODY; i++)
		b[i] = (unsigned char)(i * 7);
	if (write(fd, b, BODY) != BODY)
		exit(1);
	free(b);
	return fd;
}

static void check_pace(void)
{
	struct vx_pace p = vx_pace_new(16, 0, 100);
	ok(vx_pace_limit(&p) == 16, "all at first");
	vx_pace_slow(&p, 99, 101);
	ok(vx_pace_limit(&p) == 8, "half after a refusal");
	vx_pace_slow(&p, 100, 102);
	ok(vx_pace_limit(&p) == 8, "what was under way by then halves nothing more");
	for (int i = 0; i < 9; i++)
		vx_pace_success(&p);
	ok(vx_pace_limit(&p) == 9, "one more for a round of answers");
	for (int i = 0; i < 10; i++)
		vx_pace_slow(&p, 200 + i, 200 + i);
	ok(vx_pace_limit(&p) == 1, "never none");
	for (int i = 0; i < 1000; i++)
		vx_pace_success(&p);
	ok(vx_pace_limit(&p) == 16, "and never more than asked for");
	p = vx_pace_new(16, 40000, 100);
	ok(vx_pace_limit(&p) == 2, "a slow line is shared by few");
	ok(vx_pace_wait(&p, 101) <= 0, "bytes may go");
	vx_pace_spend(&p, 24000);
	ok(vx_pace_wait(&p, 101) > 0.49 && vx_pace_wait(&p, 101) < 0.51, "and then not before their time");
	ok(vx_pace_wait(&p, 101.6) <= 0, "which comes");
}

static void check_many(int fd)
{
	struct vx_transfer *t = engine(6, 10, 0);
	struct put puts[MANY];
	struct vx_transfer_job *jobs[MANY];
	int attempts, status, right = 0;
	for (int i = 0; i < MANY; i++) {
		puts[i] = put_of("/from1000", fd, 1000, i * 100);
		jobs[i] = start(t, &puts[i]);
	}
	for (int i = MANY - 1; i >= 0; i--)
		right += outcome(jobs[i], &attempts, &status) == i * 100 && status == VX_OK && attempts == 1;
	ok(right == MANY, "every body arrived whole, from its offset: %d", right);
	ok(server.connections <= 6, "on at most 6 connections: %d", server.connections);
	ok(server.most > 1 && server.most <= 6, "several at once: %d", server.most);
	struct vx_transfer_stats s = vx_transfer_stats(t);
	ok(s.sent == MANY * (MANY - 1) / 2 * 100 && s.requests == MANY && s.retries == 0, "all counted");
	vx_transfer_free(t);
}

static void check_busy(int fd)
{
	struct vx_transfer *t = engine(8, 20, 0);
	struct put puts[MANY];
	struct vx_transfer_job *jobs[MANY];
	int attempts, status, right = 0, prepared = 0, least = 8;
	for (int i = 0; i < MANY; i++) {
		puts[i] = put_of("/busy", fd, 0, 1000);
		jobs[i] = start(t, &puts[i]);
	}
	for (int i = 0; i < MANY; i++) {
		right += outcome(jobs[i], &attempts, &status) == 1000;
		prepared += puts[i].prepared;
		if (vx_transfer_stats(t).at_most < least)
			least = vx_transfer_stats(t).at_most;
	}
	ok(right == MANY, "a server that takes two at once gets all in the end: %d", right);
	/* Looked at after each answer, so that 4 may have grown again by then. */
	ok(least < 8, "with fewer at once: %d", least);
	ok(server.refused > 0 && server.refused < MANY * 2, "and few refusals: %d", server.refused);
	ok(prepared == MANY + server.refused, "each attempt was prepared for itself");
	vx_transfer_free(t);
}

static void check_faults(int fd)
{
	struct vx_transfer *t = engine(4, 5, 0);
	struct put reset = put_of("/reset/from1000", fd, 1000, 200000), cut = put_of("/x", fd, 200000, 200000);
	int attempts, status;
	ok(outcome(start(t, &reset), &attempts, &status) == 200000 && attempts == 2,
		"a connection that was reset in the middle of a body: the body is sent again, from its offset");
	(void)outcome(start(t, &cut), &attempts, &status);
	ok(status == VX_EIO && attempts == 1, "a file that is shorter than it was");
	vx_transfer_free(t);
	t = engine(4, 0, 0);
	struct put hang = put_of("/hang", fd, 0, 0), nobody = put_of("/", fd, 0, 0);
	double began = vx_now();
	(void)outcome(start(t, &hang), &attempts, &status);
	ok(status == VX_EUNREACHABLE && vx_now() - began < 10, "a server that never answers");
	snprintf(nobody.url, sizeof(nobody.url), "http://127.0.0.1:1/");
	(void)outcome(start(t, &nobody), &attempts, &status);
	ok(status == VX_EUNREACHABLE, "nobody listens");
	snprintf(nobody.url, sizeof(nobody.url), "nonsense://x");
	(void)outcome(start(t, &nobody), &attempts, &status);
	ok(status == VX_EUSAGE, "no URL");
	vx_transfer_free(t);
}

static void check_rate(int fd)
{
	struct vx_transfer *t = engine(4, 5, 1000000);
	struct put puts[3];
	struct vx_transfer_job *jobs[3];
	int attempts, status, right = 0;
	double began = vx_now();
	for (int i = 0; i < 3; i++) {
		puts[i] = put_of("/x", fd, 0, BODY);
		jobs[i] = start(t, &puts[i]);
	}
	for (int i = 0; i < 3; i++)
		right += outcome(jobs[i], &attempts, &status) == BODY;
	double seconds = vx_now() - began;
	ok(right == 3 && seconds > 0.65, "900 KB at 1 MB a second: %.2f s", seconds);
	vx_transfer_free(t);
}

static void check_stop(int fd)
{
	volatile sig_atomic_t stop = 0;
	struct vx_transfer *t =
		vx_transfer_new(&(struct vx_transfer_options){ .http = { .retry_for = 60, .stop = &stop } });
	struct put p = put_of("/x", fd, 0, 10);
	int attempts, status;
	server.all_refused = true;
	struct vx_transfer_job *job = start(t, &p);
	usleep(400000);
	stop = 1;
	double began = vx_now();
	ok(outcome(job, &attempts, &status) == -503 && status == VX_OK && vx_now() - began < 5,
		"a stop ends the waiting for another attempt, and the last answer is told");
	vx_transfer_free(t);
}

int main(void)
{
	start_server();
	int fd = make_file();
	check_pace();
	check_many(fd);
	check_busy(fd);
	check_faults(fd);
	check_rate(fd);
	check_stop(fd);
	return tap_end();
}
