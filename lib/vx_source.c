/* vx_source: opening, hashing and watching a local file. In: path, or bytes. Out: descriptor, size, SHA-256.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
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
	memset(&s->parts, 0, sizeof(s->parts));
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
	char byte;
	const char *what = vx_placeholder_fd(s->fd, s->size);
	if (!what && s->size == 0 && pread(s->fd, &byte, 1, 0) > 0)
		what = "does not say how large it is"; /* of /proc, or still growing */
	if (!what)
		return VX_OK;
	vx_source_close(s);
	return vx_error_set(err, VX_EREJECT, NULL, "%s: %s", path, what);
}

int vx_source_open_bytes(struct vx_source *s, const void *bytes, size_t n, struct vx_error *err)
{
	memset(&s->parts, 0, sizeof(s->parts));
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
	free(s->parts.sha256);
	memset(&s->parts, 0, sizeof(s->parts));
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

/* Hands size bytes from offset to take, a block at a time. */
static int read_blocks(const struct vx_source *s, uint64_t offset, uint64_t size,
	void (*take)(void *arg, const char *bytes, size_t n), void *arg, struct vx_error *err)
{
	char *block = vx_alloc(BLOCK);
	uint64_t done = 0;
	int status = VX_OK;
	while (status == VX_OK && done < size) {
		size_t want = size - done < BLOCK ? (size_t)(size - done) : BLOCK;
		ssize_t n = pread(s->fd, block, want, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			status = vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
		else if (n == 0)
			status = vx_error_set(err, VX_EREJECT, NULL, "changed while it was read");
		else
			take(arg, block, (size_t)n);
		done += n > 0 ? (uint64_t)n : 0;
	}
	free(block);
	return status == VX_OK ? vx_source_check(s, err) : status;
}

/* The hash of a file, and those of its parts where they are wanted. */
struct hashing {
	struct vx_sha256 *whole, *part;
	struct vx_parts *parts; /* NULL: not wanted */
	uint64_t filled;        /* bytes of the present part */
	size_t ended;
};

static void take_parts(struct hashing *h, const char *bytes, size_t n)
{
	while (n > 0) {
		uint64_t room = h->parts->size - h->filled;
		size_t now = room < n ? (size_t)room : n;
		vx_sha256_add(h->part, bytes, now);
		bytes += now;
		n -= now;
		h->filled += now;
		if (h->filled < h->parts->size)
			continue;
		vx_sha256_end(h->part, h->parts->sha256[h->ended++]);
		h->part = vx_sha256_new();
		h->filled = 0;
	}
}

static void take_hash(void *arg, const char *bytes, size_t n)
{
	struct hashing *h = arg;
	vx_sha256_add(h->whole, bytes, n);
	if (h->parts)
		take_parts(h, bytes, n);
}

static int hash(const struct vx_source *s, struct vx_parts *parts, char hex[65], struct vx_error *err)
{
	struct hashing h = { .whole = vx_sha256_new(), .part = parts ? vx_sha256_new() : NULL, .parts = parts };
	int status = read_blocks(s, 0, s->size, take_hash, &h, err);
	if (status == VX_OK)
		vx_sha256_end(h.whole, hex);
	else
		vx_sha256_free(h.whole);
	if (status == VX_OK && parts && h.ended < parts->n)
		vx_sha256_end(h.part, parts->sha256[h.ended]);
	else
		vx_sha256_free(h.part);
	return status;
}

int vx_source_sha256(const struct vx_source *s, char hex[65], struct vx_error *err)
{
	return hash(s, NULL, hex, err);
}

int vx_source_parts(struct vx_source *s, uint64_t part_size, char hex[65], struct vx_error *err)
{
	struct vx_parts *p = &s->parts;
	free(p->sha256);
	p->size = part_size;
	p->n = s->size ? (size_t)((s->size - 1) / part_size + 1) : 1;
	p->sha256 = vx_alloc(p->n * sizeof(*p->sha256));
	int status = hash(s, p, hex, err);
	if (status != VX_OK)
		p->size = 0;
	return status;
}

static void take_md5(void *arg, const char *bytes, size_t n)
{
	vx_md5_add(arg, bytes, n);
}

int vx_source_md5(const struct vx_source *s, uint64_t offset, uint64_t size, unsigned char raw[16], bool *known,
	struct vx_error *err)
{
	struct vx_md5 *h = vx_md5_new();
	*known = h != NULL;
	if (!h)
		return VX_OK;
	int status = read_blocks(s, offset, size, take_md5, h, err);
	vx_md5_end(h, raw);
	return status;
}
