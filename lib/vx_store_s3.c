/* vx_store_s3: what is under a key of a bucket, by content; and the file put there.
 * In: an open file and its hash. Out: the object. SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_store_back.h"

int vx_store_s3_look(struct vx_s3 *s3, const char *key, const struct vx_source *src, const char *sha256,
	enum vx_found *found, struct vx_error *err)
{
	struct vx_s3_object o;
	char theirs[65];
	int status = vx_s3_head(s3, key, &o, err);
	*found = VX_FOUND_OTHER;
	if (status == VX_OK && !o.exists)
		*found = VX_FOUND_NOTHING;
	if (status != VX_OK || !o.exists || o.size != src->size)
		return status;
	/* An object that another program put there has no hash beside it: then its content is read. */
	if (!o.sha256[0]) {
		status = vx_s3_sha256(s3, key, &o, theirs, err);
		if (status != VX_OK)
			return status;
	}
	if (strcmp(o.sha256[0] ? o.sha256 : theirs, sha256) == 0)
		*found = VX_FOUND_SAME;
	return VX_OK;
}

int vx_store_s3_write(struct vx_s3 *s3, const char *key, const struct vx_source *src, const char *sha256, bool replace,
	bool *made, struct vx_error *err)
{
	int status = vx_s3_put(s3, key, src->fd, src->size, sha256, replace ? VX_S3_ALWAYS : VX_S3_ONLY_NEW, made, err);
	/* The store has checked the bytes against the hash; a file that changed since then is the next run's business. */
	return status;
}
