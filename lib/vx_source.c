/* vx_source: opening, hashing and watching a local file. In: path, or bytes. Out: descriptor, size, SHA-256.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vx_hash.h"
#include "vx_placeholder.h"
#include "vx_source.h"

enum { BLOCK = 128 << 10 };

/* A descriptor that is none of a standard stream that was closed; 0 means "no file" to vx_http. */
static int above_streams(int fd)
{
	if (fd < 0 || fd >= 3)
		return fd;
	int moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return moved;
}

int vx_source_open(struct vx_source *s, const char *path, struct vx_error *err)
{
	s->fd = above_streams(open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK));
	if (s->fd < 0) {
		const int error = errno;
		const char *what = error == ENOENT ? vx_placeholder_at(AT_FDCWD, path, true) : NULL;
		errno = error;
		return what ? vx_error_set(err, VX_EREJECT, NULL, "%s: %s", path, what)
			    : vx_error_errno(err, VX_EREJECT, NULL, "%s: cannot be opened", path);
	}
	if (fstat(s->fd, &s->st) != 0 || !S_ISREG(s->st.st_mode)) {
		vx_source_close(s);
		return vx_error_set(err, VX_EREJECT, NULL, "%s: is no regular file", path);
	}
	s->size = (uint64_t)s->st.st_size;
	const char *what = vx_placeholder_fd(s->fd, s->size);
	if (!what)
		return VX_OK;
	vx_source_close(s);
	return vx_error_set(err, VX_EREJECT, NULL, "%s: %s", path, what);
}

int vx_source_open_bytes(struct vx_source *s, const void *bytes, size_t n, struct vx_error *err)
{
	s->fd = above_streams(memfd_create("vx", MFD_CLOEXEC));
	if (s->fd < 0)
		return vx_error_errno(err, VX_EIO, NULL, "no memory file");
	int status = vx_write_all(s->fd, bytes, n, err);
	if (status == VX_OK && fstat(s->fd, &s->st) != 0)
		status = vx_error_errno(err, VX_EIO, NULL, "no memory file");
	if (status != VX_OK)
		vx_source_close(s);
	s->size = n;
	return status;
}

void vx_source_close(struct vx_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

int vx_source_check(const struct vx_source *s, struct vx_error *err)
{
	struct stat now;
	if (fstat(s->fd, &now) != 0)
		return vx_error_errno(err, VX_EREJECT, NULL, "cannot be looked at");
	if (now.st_size != s->st.st_size || now.st_mtim.tv_sec != s->st.st_mtim.tv_sec ||
		now.st_mtim.tv_nsec != s->st.st_mtim.tv_nsec)
		return vx_error_set(err, VX_EREJECT, NULL, "changed while it was read");
	return VX_OK;
}

int vx_source_read(const struct vx_source *s, size_t max, struct vx_buf *out, struct vx_error *err)
{
	if (s->size > max)
		return vx_error_set(err, VX_EREJECT, NULL, "larger than %zu bytes", max);
	size_t done = 0, size = (size_t)s->size;
	char *to = vx_buf_reserve(out, size + 1);
	while (done < size) {
		ssize_t n = pread(s->fd, to + done, size - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
		if (n == 0)
			return vx_error_set(err, VX_EREJECT, NULL, "changed while it was read");
		done += (size_t)n;
	}
	out->len += size;
	to[size] = '\0';
	return vx_source_check(s, err);
}

int vx_source_sha256(const struct vx_source *s, char hex[65], struct vx_error *err)
{
	char *block = vx_alloc(BLOCK);
	struct vx_sha256 *h = vx_sha256_new();
	off_t at = 0;
	ssize_t n;
	int status = VX_OK;
	while ((n = pread(s->fd, block, BLOCK, at)) > 0 || (n < 0 && errno == EINTR))
		if (n > 0) {
			vx_sha256_add(h, block, (size_t)n);
			at += n;
		}
	if (n < 0)
		status = vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
	else if (at != s->st.st_size)
		status = vx_error_set(err, VX_EREJECT, NULL, "changed while it was read");
	else
		status = vx_source_check(s, err);
	if (status == VX_OK)
		vx_sha256_end(h, hex);
	else
		vx_sha256_free(h);
	free(block);
	return status;
}
