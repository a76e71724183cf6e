/* vx_backup_file: a back-up's bytes, gzip or not -> its lines.
 * SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "vx_backup.h"

#define BLOCK (256 << 10)

struct vx_backup_file {
	gzFile gz;
	struct vx_buf bytes; /* read, not handed out yet: from start on */
	size_t start;
	bool end;
};

struct vx_backup_file *vx_backup_open(const char *path, struct vx_error *err)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
	struct vx_backup_file *f = vx_alloc(sizeof(*f));

	f->gz = fd >= 0 ? gzdopen(fd, "rb") : NULL;
	if (f->gz) {
		gzbuffer(f->gz, BLOCK);
		return f;
	}
	vx_error_errno(err, VX_EIO, NULL, "cannot open");
	vx_error_at(err, path, 0);
	if (fd >= 0)
		close(fd);
	free(f);
	return NULL;
}

void vx_backup_close(struct vx_backup_file *f)
{
	if (!f)
		return;
	gzclose(f->gz);
	vx_buf_free(&f->bytes);
	free(f);
}

/* More bytes behind those that wait. 1, 0 at the end. A gzip that was cut is told of once all that it held is read. */
static int more(struct vx_backup_file *f, struct vx_error *err)
{
	int code, got;

	if (f->end)
		return 0;
	memmove(f->bytes.data, f->bytes.data + f->start, f->bytes.len - f->start);
	f->bytes.len -= f->start;
	f->start = 0;
	errno = 0;
	got = gzread(f->gz, vx_buf_reserve(&f->bytes, BLOCK), BLOCK);
	if (got > 0) {
		f->bytes.len += (size_t)got;
		return 1;
	}
	f->end = true;
	gzerror(f->gz, &code);
	if (code == Z_ERRNO)
		return vx_error_errno(err, VX_EIO, NULL, "cannot be read");
	if (code == Z_BUF_ERROR)
		return vx_error_set(err, VX_EDATA, NULL, "the gzip is cut off");
	if (code != Z_OK || got < 0)
		return vx_error_set(err, VX_EDATA, NULL, "the gzip is damaged");
	return 0;
}

int vx_backup_read(struct vx_backup_file *f, const char **line, size_t *len, struct vx_error *err)
{
	size_t seen = 0;
	int got = 1;

	if (!f->bytes.data)
		vx_buf_puts(&f->bytes, "");
	for (;;) {
		char *from = f->bytes.data + f->start, *newline;
		size_t left = f->bytes.len - f->start;

		newline = memchr(from + seen, '\n', left - seen);
		if (newline || (got == 0 && left > 0)) {
			*line = from;
			*len = newline ? (size_t)(newline - from) : left;
			f->start += *len + (newline != NULL);
			return 1;
		}
		if (got == 0)
			return 0;
		seen = left;
		got = more(f, err);
		if (got < 0)
			return got;
	}
}

bool vx_backup_again(struct vx_backup_file *f)
{
	f->end = false;
	f->start = 0;
	vx_buf_clear(&f->bytes);
	return gzrewind(f->gz) == 0;
}
