/* vx_s3_multipart: a large file as an object, in parts, several at once; what an upload that was cut off already has is
 * not sent again.
 *
 *	src.parts by vx_source_parts(&src, vx_s3_part_size(src.size, 0), sha256, &err)
 *	status = vx_s3_put_parts(s3, "volumes/ct.nii", &src, sha256, VX_S3_ONLY_NEW, &made, &sent, &err);
 *
 * An upload of this key that is there is taken up when all parts that it has are parts of this file, by size and MD5; any
 * other upload of this key is aborted. Where an upload was begun for another content that shares parts with this one, the
 * object's x-amz-meta-sha256 is put right when it is whole (the object is copied onto itself); beyond the 5 GiB that one
 * copy takes, only an upload that began after the file's last change is taken up.
 *
 * An error leaves the upload as it is, to be taken up by the next run, unless the file changed: then it is aborted.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_S3_MULTIPART_H
#define VX_S3_MULTIPART_H

#include "vx_s3.h"
#include "vx_source.h"

#define VX_S3_PARTS_MAX 10000
#define VX_S3_SIZE_MAX (5ULL << 40) /* bytes: what S3 takes as one object */

/* vx_s3_part_size: bytes of a part of a file of size bytes: least (0: 16 MiB), or what makes 10,000 parts, up to a MiB. */
uint64_t vx_s3_part_size(uint64_t size, uint64_t least);

struct vx_s3_sent {
	unsigned long parts, kept; /* parts sent, and parts that were there */
};

/* vx_s3_put_parts: src with its parts becomes the object; sha256 is its hash, kept as x-amz-meta-sha256. when and made as in
 * vx_s3_put; made is also false when somebody else ended the upload: look again. */
int vx_s3_put_parts(struct vx_s3 *s3, const char *key, const struct vx_source *src, const char *sha256,
	enum vx_s3_when when, bool *made, struct vx_s3_sent *sent, struct vx_error *err) VX_MUST_USE;

#endif
