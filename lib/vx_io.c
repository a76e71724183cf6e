/* vx_io: byte buffers, lines, checked writes, atomic files, the clock.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "vx_io.h"

void vx_buf_free(struct vx_buf *b)
{
	free(b->data);
	*b = (struct vx_buf)VX_BUF_INIT;
}

void vx_buf_clear(struct vx_buf *b)
{
	b->len = 0;
	if (b->data)
		b->data[0] = '\0';
}

char *vx_buf_reserve(struct vx_buf *b, size_t extra)
{
	size_t need = b->len + extra + 1;

	if (need > b->cap) {
		size_t cap = b->cap ? b->cap : 64;

		while (cap < need)
			cap += cap / 2 + 64;
		b->data = vx_realloc(b->data, cap);
		b->cap = cap;
	}
	return b->data + b->len;
}

void vx_buf_add(struct vx_buf *b, const void *bytes, size_t n)
{
	char *end = vx_buf_reserve(b, n);

	if (n)
		memcpy(end, bytes, n);
	b->len += n;
	b->data[b->len] = '\0';
}

void vx_buf_puts(struct vx_buf *b, const char *s)
{
	vx_buf_add(b, s, strlen(s));
}

void vx_buf_printf(struct vx_buf *b, const char *fmt, ...)
{
	va_list args, again;
	int n;

	va_start(args, fmt);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n > 0) {
		vx_buf_reserve(b, (size_t)n);
		vsnprintf(b->data + b->len, (size_t)n + 1, fmt, again);
		b->len += (size_t)n;
	}
	va_end(again);
}

struct vx_reader {
	int fd;
	bool begun, end;
	char *data;
	size_t start, seen, len, cap; /* unread bytes are data[start..len); no newline in data[start..seen) */
	char *path;
};

struct vx_reader *vx_reader_fd(int fd)
{
	struct vx_reader *r = vx_alloc(sizeof *r);

	r->fd = fd;
	r->path = vx_strdup(fd == STDIN_FILENO ? "-" : "input");
	return r;
}

struct vx_reader *vx_reader_open(const char *path, struct vx_error *err)
{
	struct vx_reader *r;
	struct stat st;
	int fd;

	if (strcmp(path, "-") == 0)
		return vx_reader_fd(STDIN_FILENO);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode)) {
		close(fd);
		fd = -1;
		errno = EISDIR;
	}
	if (fd < 0) {
		vx_error_errno(err, VX_EIO, NULL, "cannot open");
		vx_error_at(err, path, 0);
		return NULL;
	}
	r = vx_reader_fd(fd);
	free(r->path);
	r->path = vx_strdup(path);
	return r;
}

void vx_reader_close(struct vx_reader *r)
{
	if (!r)
		return;
	if (r->fd != STDIN_FILENO)
		close(r->fd);
	free(r->data);
	free(r->path);
	free(r);
}

static int reader_fill(struct vx_reader *r, struct vx_error *err)
{
	ssize_t n;

	if (r->start > 0 && (r->start == r->len || r->cap - r->len < 32768)) {
		memmove(r->data, r->data + r->start, r->len - r->start);
		r->len -= r->start;
		r->seen -= r->start;
		r->start = 0;
	}
	if (r->cap - r->len < 32768) {
		r->cap = r->cap ? r->cap * 2 : 65536 + 4096;
		r->data = vx_realloc(r->data, r->cap);
	}
	do
		n = read(r->fd, r->data + r->len, r->cap - r->len - 1);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		vx_error_errno(err, VX_EIO, NULL, "cannot read");
		vx_error_at(err, r->path, 0);
		return VX_EIO;
	}
	r->end = n == 0;
	r->len += (size_t)n;
	if (!r->begun && (r->len >= 3 || r->end)) { /* what some editors put first says nothing here */
		r->begun = true;
		if (r->len >= 3 && memcmp(r->data, "\xEF\xBB\xBF", 3) == 0)
			r->start = r->seen = 3;
	}
	return VX_OK;
}

int vx_reader_line(struct vx_reader *r, char **line, size_t *len, struct vx_error *err)
{
	for (;;) {
		char *nl = r->len > r->seen ? memchr(r->data + r->seen, '\n', r->len - r->seen) : NULL;
		size_t stop = nl ? (size_t)(nl - r->data) : r->len;

		if (nl || (r->end && r->len > r->start)) {
			*line = r->data + r->start;
			*len = stop - r->start;
			r->data[stop] = '\0';
			r->start = r->seen = nl ? stop + 1 : stop;
			r->begun = true;
			return 1;
		}
		r->seen = r->len;
		if (r->end)
			return 0;
		if (reader_fill(r, err) != VX_OK)
			return VX_EIO;
	}
}

bool vx_reader_ready(struct vx_reader *r, int wait_ms)
{
	struct pollfd p = { .fd = r->fd, .events = POLLIN };
	double until = 0;

	for (;;) {
		int left = wait_ms;

		if (r->end || (r->len > r->seen && memchr(r->data + r->seen, '\n', r->len - r->seen)))
			return true;
		r->seen = r->len;
		if (wait_ms > 0) {
			if (until == 0)
				until = vx_now() + wait_ms / 1000.0;
			left = (int)((until - vx_now()) * 1000.0);
		}
		if (poll(&p, 1, left > 0 ? left : 0) <= 0)
			return false;
		if (reader_fill(r, NULL) != VX_OK)
			return true; /* the next vx_reader_line meets the same error and tells it */
	}
}

/* read_whole: what fd holds behind b; closes fd, which may be -1 with errno set. */
static int read_whole(int fd, const char *path, size_t max, struct vx_buf *b, struct vx_error *err)
{
	size_t total = 0;
	ssize_t n = fd < 0 ? -1 : 1;

	while (n > 0 || (n < 0 && fd >= 0 && errno == EINTR)) {
		char *end = vx_buf_reserve(b, 65536);

		n = read(fd, end, 65536);
		if (n > 0) {
			b->len += (size_t)n;
			total += (size_t)n;
		}
		b->data[b->len] = '\0';
		if (total > max) {
			close(fd);
			vx_error_at(err, path, 0);
			return vx_error_set(err, VX_EREJECT, NULL, "larger than %zu bytes", max);
		}
	}
	if (n < 0) {
		vx_error_errno(err, VX_EIO, NULL, fd < 0 ? "cannot open" : "cannot read");
		vx_error_at(err, path, 0);
	}
	if (fd >= 0)
		close(fd);
	return n < 0 ? VX_EIO : VX_OK;
}

int vx_read_file(const char *path, size_t max, struct vx_buf *b, struct vx_error *err)
{
	return read_whole(open(path, O_RDONLY | O_CLOEXEC), path, max, b, err);
}

int vx_read_data_file(const char *path, size_t max, struct vx_buf *b, struct vx_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode)) {
		close(fd);
		vx_error_at(err, path, 0);
		return vx_error_set(err, VX_EREJECT, NULL, "not a regular file");
	}
	return read_whole(fd, path, max, b, err);
}

int vx_write_all(int fd, const void *bytes, size_t n, struct vx_error *err)
{
	const char *p = bytes;

	while (n > 0) {
		ssize_t w = write(fd, p, n);

		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0)
			return vx_error_errno(err, VX_EIO, NULL, "cannot write");
		p += w;
		n -= (size_t)w;
	}
	return VX_OK;
}

int vx_close_stdout(struct vx_error *err)
{
	bool bad = ferror(stdout) != 0;

	/* A stdout that was closed from the start is no failure as long as nothing was written to it. */
	if (fflush(stdout) != 0 || (close(STDOUT_FILENO) != 0 && errno != EBADF) || bad) {
		vx_error_errno(err, VX_EIO, NULL, "cannot write");
		vx_error_at(err, "stdout", 0);
		return VX_EIO;
	}
	return VX_OK;
}

int vx_atomic_open(struct vx_atomic *f, const char *path, struct vx_error *err)
{
	f->path = vx_strdup(path);
	f->temp = vx_asprintf("%s.tmp.XXXXXX", path);
	f->fd = mkostemp(f->temp, O_CLOEXEC);
	if (f->fd >= 0) {
		mode_t mask = umask(0);

		umask(mask);
		if (fchmod(f->fd, 0666 & ~mask) == 0)
			return VX_OK;
	}
	vx_error_errno(err, VX_EIO, NULL, "cannot create");
	vx_error_at(err, path, 0);
	vx_atomic_abort(f);
	return VX_EIO;
}

static void sync_parent(const char *path)
{
	char *folder = vx_strdup(path), *slash = strrchr(folder, '/');
	int fd;

	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd); /* some file systems cannot sync a folder; the file itself is synced */
		close(fd);
	}
	free(folder);
}

int vx_atomic_commit(struct vx_atomic *f, struct vx_error *err)
{
	bool good = fsync(f->fd) == 0;

	good = close(f->fd) == 0 && good;
	f->fd = -1;
	good = good && rename(f->temp, f->path) == 0;
	if (!good) {
		vx_error_errno(err, VX_EIO, NULL, "cannot write");
		vx_error_at(err, f->path, 0);
		vx_atomic_abort(f);
		return VX_EIO;
	}
	sync_parent(f->path);
	free(f->temp);
	f->temp = NULL;
	vx_atomic_abort(f);
	return VX_OK;
}

void vx_atomic_abort(struct vx_atomic *f)
{
	if (f->fd >= 0)
		close(f->fd);
	if (f->temp)
		unlink(f->temp);
	free(f->temp);
	free(f->path);
	*f = (struct vx_atomic){ .fd = -1, .path = NULL, .temp = NULL };
}

int vx_mkdirs(const char *path, struct vx_error *err)
{
	char *p = vx_strdup(path), *s;

	for (s = p + 1; *p && *s; s++) {
		if (*s != '/')
			continue;
		*s = '\0';
		if (mkdir(p, 0777) != 0 && errno != EEXIST) {
			vx_error_errno(err, VX_EIO, NULL, "cannot create folder");
			vx_error_at(err, p, 0);
			free(p);
			return VX_EIO;
		}
		*s = '/';
	}
	free(p);
	return VX_OK;
}

void vx_time_rfc3339(int64_t seconds, long ns, char out[40])
{
	time_t t = (time_t)seconds;
	struct tm tm;
	size_t n;

	if (!gmtime_r(&t, &tm)) {
		strcpy(out, "1970-01-01T00:00:00Z");
		return;
	}
	n = strftime(out, 24, "%Y-%m-%dT%H:%M:%S", &tm);
	if (ns > 0 && ns < 1000000000)
		snprintf(out + n, 40 - n, ".%09ldZ", ns);
	else
		snprintf(out + n, 40 - n, "Z");
}

double vx_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int vx_cpus(void)
{
	cpu_set_t set;

	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return 1;
	return CPU_COUNT(&set) > 0 ? CPU_COUNT(&set) : 1;
}
