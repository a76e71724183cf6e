/* vx_s3_etag: whether an object's ETag says that it has the content of a file.
 *
 *	status = vx_s3_etag_same(&src, "9a0364b9e99bb480dd25e1f0284c8555-2", &same, &err);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_S3_ETAG_H
#define VX_S3_ETAG_H

#include "vx_s3.h"
#include "vx_source.h"

/* vx_s3_etag_same: an ETag is the MD5 of the content, or of an object that was put in N parts the MD5 of their MD5s with
 * "-N" behind; the size of the parts is one of those that clients choose. own_part: a further one, 0: none. The
 * ETag may stand in quotes.
 * Out: same  true: it is this file's; false: it is not, or cannot be told (an encrypted object has an ETag of no meaning)
 * Errors: VX_EREJECT: the file cannot be read, or changes. */
int vx_s3_etag_same(
	const struct vx_source *src, const char *etag, uint64_t own_part, bool *same, struct vx_error *err) VX_MUST_USE;

/* vx_s3_etag_md5: whether an ETag has the shape of an MD5. */
bool vx_s3_etag_md5(const char *etag);

#endif
