/* vx_spill: an append-only temporary file whose read part is punched out.
 * SPDX-License-Identifier: MIT
 */
#include "vx_spill.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#define PUNCH (1 << 20) /* bytes given back at once */

struct vx_spill {
	int fd;
	int64_t end, freed;
};

int vx_temp_open(struct vx_error *err)
{
	const char *folder = getenv("TMPDIR");
	char *path = vx_asprintf("%s/vx.XXXXXX", folder && *folder ? folder : "/tmp");
	int fd = mkostemp(path, O_CLOEXEC);

	if (fd < 0)
		vx_error_errno(err, VX_EIO, NULL, "%s: cannot make a temporary file", path);
	else
		unlink(path);
	free(path);
	return fd;
}

struct vx_spill *vx_spill_new(struct vx_error *err)
{
	int fd = vx_temp_open(err);
	struct vx_spill *s = fd < 0 ? NULL : vx_alloc(sizeof(*s));

	if (s)
		s->fd = fd;
	return s;
}

void vx_spill_free(struct vx_spill *s)
{
	if (s)
		close(s->fd);
	free(s);
}

int vx_spill_put(struct vx_spill *s, const void *bytes, size_t n, int64_t *place, struct vx_error *err)
{
	const char *p = bytes;

	*place = s->end;
	while (n > 0) {
		ssize_t got = pwrite(s->fd, p, n, (off_t)s->end);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return vx_error_errno(err, VX_EIO, NULL, "cannot write a temporary file");
		p += got;
		n -= (size_t)got;
		s->end += got;
	}
	return VX_OK;
}

int vx_spill_get(const struct vx_spill *s, int64_t place, size_t n, void *bytes, struct vx_error *err)
{
	char *p = bytes;

	while (n > 0) {
		ssize_t got = pread(s->fd, p, n, (off_t)place);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return vx_error_errno(err, VX_EIO, NULL, "cannot read a temporary file");
		p += got;
		n -= (size_t)got;
		place += got;
	}
	return VX_OK;
}

void vx_spill_free_to(struct vx_spill *s, int64_t place)
{
	if (place >= s->end) {
		s->end = s->freed = 0;
		if (ftruncate(s->fd, 0) != 0)
			s->end = s->freed = place; /* go on behind it */
	} else if (place - s->freed >= PUNCH) {
		/* Where a file system cannot, the file only grows. */
		(void)!fallocate(
			s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)s->freed, (off_t)(place - s->freed));
		s->freed = place;
	}
}
