/* vx_source: a local file that is about to be stored, watched for changes while it is read.
 *
 *	struct vx_source src;
 *	if (vx_source_open(&src, "/data/t2.nii.gz", &err) == VX_OK) {
 *		status = vx_source_sha256(&src, hex, &err);
 *		...
 *		vx_source_close(&src);
 *	}
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SOURCE_H
#define VX_SOURCE_H

#include <stdint.h>
#include <sys/stat.h>

#include "vx_err.h"
#include "vx_io.h"

/* The SHA-256 of each part of a file: all are of the same size but for the last. */
struct vx_parts {
	uint64_t size; /* bytes of a part; 0: not known yet */
	size_t n;
	char (*sha256)[65];
};

struct vx_source {
	int fd;         /* 3 or more */
	struct stat st; /* as it was opened */
	uint64_t size;
	struct vx_parts parts; /* of vx_source_parts; vx_source_close frees them */
};

/* vx_source_open: opens a regular file for reading; never waits (a FIFO is refused). All errors are VX_EREJECT. */
int vx_source_open(struct vx_source *s, const char *path, struct vx_error *err) VX_MUST_USE;
void vx_source_close(struct vx_source *s);

/* vx_source_open_bytes: bytes as if they were a file, in memory only: nothing of them ever gets a name on a disk.
 * VX_EIO: no memory or descriptor for them. */
int vx_source_open_bytes(struct vx_source *s, const void *bytes, size_t n, struct vx_error *err) VX_MUST_USE;

/* vx_source_read: the whole file, appended to out. VX_EREJECT: larger than max bytes, cannot be read, or changed. */
int vx_source_read(const struct vx_source *s, size_t max, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;

/* vx_source_sha256: of the whole file; VX_EREJECT when it cannot be read, or changed since it was opened. */
int vx_source_sha256(const struct vx_source *s, char hex[65], struct vx_error *err) VX_MUST_USE;

/* vx_source_parts: the same, and s->parts, in one reading. part_size is not 0; an empty file has one empty part. */
int vx_source_parts(struct vx_source *s, uint64_t part_size, char hex[65], struct vx_error *err) VX_MUST_USE;

/* vx_source_md5: of size bytes from offset; *known = false where the system forbids MD5. VX_EREJECT: cannot be read. */
int vx_source_md5(const struct vx_source *s, uint64_t offset, uint64_t size, unsigned char raw[16], bool *known,
	struct vx_error *err) VX_MUST_USE;

/* vx_source_check: VX_EREJECT "changed while it was read" when size or modification time are no longer those of the start. */
int vx_source_check(const struct vx_source *s, struct vx_error *err) VX_MUST_USE;

#endif
