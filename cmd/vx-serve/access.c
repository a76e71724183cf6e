/* access: a line a request, without personal data. requests -> NDJSON in a file, or text on stderr
 *
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "access.h"
#include "vx_hash.h"
#include "vx_json.h"

#define PENDING 1048576 /* bytes of lines that may wait to be written */

struct access {
	char *path; /* NULL: stderr */
	bool text;
	int fd;
	unsigned char salt[16];
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t more;
	struct vx_buf pending;
	uint64_t lost;
	bool reopen, ending;
};

static int file_open(const char *path)
{
	return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0640);
}

static void file_again(struct access *a)
{
	int fd = a->path ? file_open(a->path) : -1;
	if (fd >= 0) {
		close(a->fd);
		a->fd = fd;
	} else if (a->path) {
		vx_say("access log: cannot open %s again: %s; the old file stays in use", a->path, strerror(errno));
	}
}

/* write_out: on a full disk the lines are lost, and that is said once, not once a line. */
static void write_out(struct access *a, const struct vx_buf *lines, bool *failing)
{
	struct vx_error err = VX_ERROR_INIT;
	if (vx_write_all(a->fd, lines->data, lines->len, &err) == VX_OK) {
		*failing = false;
		return;
	}
	uint64_t n = 0;
	for (size_t i = 0; i < lines->len; i++)
		n += lines->data[i] == '\n';
	pthread_mutex_lock(&a->lock);
	a->lost += n;
	pthread_mutex_unlock(&a->lock);
	if (!*failing)
		vx_say("access log: %s", err.reason);
	*failing = true;
}

static void *writer(void *arg)
{
	struct access *a = arg;
	struct vx_buf lines = VX_BUF_INIT;
	bool failing = false;
	pthread_mutex_lock(&a->lock);
	for (;;) {
		while (!a->pending.len && !a->reopen && !a->ending)
			pthread_cond_wait(&a->more, &a->lock);
		if (!a->pending.len && a->ending)
			break;
		struct vx_buf taken = a->pending;
		bool reopen = a->reopen;
		a->pending = lines;
		a->reopen = false;
		pthread_mutex_unlock(&a->lock);
		if (taken.len)
			write_out(a, &taken, &failing);
		if (reopen)
			file_again(a);
		lines = taken;
		vx_buf_clear(&lines);
		pthread_mutex_lock(&a->lock);
	}
	pthread_mutex_unlock(&a->lock);
	vx_buf_free(&lines);
	return NULL;
}

struct access *access_open(const char *path, struct vx_error *err)
{
	struct access *a = vx_alloc(sizeof *a);
	bool file = path && strcmp(path, "-") != 0;
	a->text = !path;
	a->path = file ? vx_strdup(path) : NULL;
	a->fd = file ? file_open(path) : STDERR_FILENO;
	if (a->fd < 0 || getrandom(a->salt, sizeof a->salt, 0) != sizeof a->salt) {
		vx_error_errno(err, VX_EIO, NULL, "--access-log: cannot open %s", path);
		free(a->path);
		free(a);
		return NULL;
	}
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->more, NULL);
	if (pthread_create(&a->thread, NULL, writer, a) != 0)
		vx_die(VX_EMEM, "no thread is to be had");
	return a;
}

/* put_client: the same client has the same word until the server ends, and nobody can tell the address from it. */
static void put_client(const struct access *a, uint64_t origin, struct vx_buf *b)
{
	unsigned char bytes[sizeof a->salt + sizeof origin];
	char hex[65];
	memcpy(bytes, a->salt, sizeof a->salt);
	memcpy(bytes + sizeof a->salt, &origin, sizeof origin);
	vx_sha256_bytes(bytes, sizeof bytes, hex);
	vx_buf_printf(b, ",\"client\":\"%.8s\"", hex);
}

static void put_json(const struct access *a, const struct access_entry *e, struct vx_buf *b)
{
	struct timespec now;
	char time[40];
	clock_gettime(CLOCK_REALTIME, &now);
	vx_time_rfc3339(now.tv_sec, 0, time);
	time[strlen(time) - 1] = '\0'; /* its Z: milliseconds come first */
	vx_buf_printf(b, "{\"time\":\"%s.%03ldZ\",\"id\":\"%s\",\"method\":\"%s\",\"route\":\"%s\",\"status\":%u", time,
		now.tv_nsec / 1000000, e->id, e->method, e->route, e->status);
	vx_buf_printf(b, ",\"bytes_in\":%llu,\"bytes_out\":%llu,\"seconds\":%.6f", (unsigned long long)e->in,
		(unsigned long long)e->out, e->seconds);
	put_client(a, e->origin, b);
	if (*e->token) {
		vx_buf_puts(b, ",\"token\":");
		vx_json_put_string(b, e->token, strlen(e->token));
	}
	vx_buf_puts(b, e->cut ? ",\"cut\":true}\n" : "}\n");
}

void access_add(struct access *a, const struct access_entry *e)
{
	pthread_mutex_lock(&a->lock);
	if (a->pending.len > PENDING)
		a->lost++;
	else if (a->text)
		vx_buf_printf(&a->pending, "%s: %s %s %u %.3f s%s\n", vx_progname(), e->method, e->route, e->status,
			e->seconds, e->cut ? " (cut off)" : "");
	else
		put_json(a, e, &a->pending);
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
}

void access_reopen(struct access *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->reopen = true;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
}

uint64_t access_lost(struct access *a)
{
	pthread_mutex_lock(&a->lock);
	uint64_t n = a->lost;
	pthread_mutex_unlock(&a->lock);
	return n;
}

void access_close(struct access *a)
{
	if (!a)
		return;
	pthread_mutex_lock(&a->lock);
	a->ending = true;
	pthread_cond_signal(&a->more);
	pthread_mutex_unlock(&a->lock);
	pthread_join(a->thread, NULL);
	if (a->fd != STDERR_FILENO)
		close(a->fd);
	vx_buf_free(&a->pending);
	pthread_mutex_destroy(&a->lock);
	pthread_cond_destroy(&a->more);
	free(a->path);
	free(a);
}
