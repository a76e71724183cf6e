/* vx_io: byte buffers, a line reader without a cap, checked output, files that appear whole or not at all.
 *
 *	struct vx_reader *in = vx_reader_open("-", &err);
 *	char *line; size_t len;
 *	while (vx_reader_line(in, &line, &len, &err) == 1)
 *		...                      // line[0..len) without its newline, valid until the next call
 *	vx_reader_close(in);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_IO_H
#define VX_IO_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "vx_err.h"
#include "vx_utf8.h"

/* A growing byte buffer. Zero-initialise; data is always NUL-terminated once something was added. */
struct vx_buf {
	char *data;
	size_t len; /* bytes in use, the terminator not counted */
	size_t cap;
};
#define VX_BUF_INIT                                                                                                    \
	{                                                                                                              \
		.data = NULL, .len = 0, .cap = 0                                                                       \
	}

void vx_buf_free(struct vx_buf *b);
void vx_buf_clear(struct vx_buf *b);                  /* len = 0, keeps the memory */
char *vx_buf_reserve(struct vx_buf *b, size_t extra); /* room for extra bytes at the end; returns data + len */
void vx_buf_add(struct vx_buf *b, const void *bytes, size_t n);
void vx_buf_puts(struct vx_buf *b, const char *s);
void vx_buf_printf(struct vx_buf *b, const char *fmt, ...) VX_PRINTF(2, 3);
static inline void vx_buf_putc(struct vx_buf *b, char c)
{
	if (b->len + 1 >= b->cap)
		vx_buf_reserve(b, 1);
	b->data[b->len++] = c;
	b->data[b->len] = '\0';
}

/* Lines of a file or of stdin ("-"). */
struct vx_reader;
struct vx_reader *vx_reader_open(const char *path, struct vx_error *err) VX_MUST_USE; /* NULL + VX_EIO */
struct vx_reader *vx_reader_fd(int fd);                                               /* takes fd over */
void vx_reader_close(struct vx_reader *r);

/* vx_reader_line: the next line, without "\n" (a "\r" before it stays) and, in the first one, without a UTF-8 byte order
 * mark. Returns 1, 0 at the end, VX_EIO.
 * Owns: line belongs to the reader until the next call; it is NUL-terminated and may hold NUL bytes. */
int vx_reader_line(struct vx_reader *r, char **line, size_t *len, struct vx_error *err) VX_MUST_USE;

/* vx_reader_ready: true when a whole line (or the end) can be had without waiting longer than wait_ms. */
bool vx_reader_ready(struct vx_reader *r, int wait_ms);

/* vx_read_file: a whole file (at most max bytes: more is VX_EREJECT "larger than"), appended to b. */
int vx_read_file(const char *path, size_t max, struct vx_buf *b, struct vx_error *err) VX_MUST_USE;

/* vx_read_data_file: the same for a file that a record names: never waits, a FIFO or device is VX_EREJECT. */
int vx_read_data_file(const char *path, size_t max, struct vx_buf *b, struct vx_error *err) VX_MUST_USE;

/* vx_write_all: all n bytes to fd, over short writes and EINTR. VX_EIO with errno's story. */
int vx_write_all(int fd, const void *bytes, size_t n, struct vx_error *err) VX_MUST_USE;

/* vx_close_stdout: flushes and closes stdout; VX_EIO when any write to it failed (a full disk, /dev/full). */
int vx_close_stdout(struct vx_error *err) VX_MUST_USE;

/* A file that takes its name only when it is whole: written under a temporary name beside it, fsynced, renamed. */
struct vx_atomic {
	int fd;
	char *path, *temp;
};
int vx_atomic_open(struct vx_atomic *f, const char *path, struct vx_error *err) VX_MUST_USE;
int vx_atomic_commit(
	struct vx_atomic *f, struct vx_error *err) VX_MUST_USE; /* fsync, close, rename, fsync of the folder */
void vx_atomic_abort(struct vx_atomic *f);                      /* closes and unlinks; no-op after commit */

/* vx_mkdirs: makes path's parent folders (0777 & umask) as needed. */
int vx_mkdirs(const char *path, struct vx_error *err) VX_MUST_USE;

/* vx_time_rfc3339: seconds since the epoch (and nanoseconds) as "2026-01-02T03:04:05Z" (".123456789" when ns != 0). */
void vx_time_rfc3339(int64_t seconds, long ns, char out[40]);

/* vx_now: a monotonic clock, seconds. */
double vx_now(void);

/* vx_cpus: how many processors this process may use, at least 1. */
int vx_cpus(void);

#endif
