/* vx_s3_uploads: uploads in parts that began and did not end: which there are, what they have, and ending them.
 *
 *	struct vx_s3_uploads *l = vx_s3_uploads_new(s3, "picai/");
 *	const struct vx_s3_entry *u;
 *	while ((status = vx_s3_uploads_next(l, &u, &err)) > 0)
 *		if (u->modified < vx_s3_uploads_now(l) - 86400)
 *			status = vx_s3_abort(s3, u->key, u->upload_id, &gone, &err);
 *	vx_s3_uploads_free(l);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_S3_UPLOADS_H
#define VX_S3_UPLOADS_H

#include "vx_s3.h"
#include "vx_s3_xml.h"

struct vx_s3_uploads;
struct vx_s3_uploads *vx_s3_uploads_new(struct vx_s3 *s3, const char *prefix);
void vx_s3_uploads_free(struct vx_s3_uploads *l);

/* vx_s3_uploads_next: 1 and the next upload (key, upload_id, modified: when it began), the list's until the next call; 0 at
 * the end. In the order of the keys. Errors: as vx_s3; VX_EDATA when the answer is no such list. */
int vx_s3_uploads_next(struct vx_s3_uploads *l, const struct vx_s3_entry **u, struct vx_error *err) VX_MUST_USE;

/* vx_s3_uploads_now: the store's clock, seconds since the epoch, when it gave the last page; ours where it did not say. */
int64_t vx_s3_uploads_now(const struct vx_s3_uploads *l);

/* Whether the store refused the list: the right to it is one of its own, and not every store has it. */
bool vx_s3_uploads_denied(const struct vx_s3_uploads *l);

/* vx_s3_parts: the parts that an upload has, handed to take one by one; take may end it with a negative status.
 * Out: gone  the upload is not there (any more). */
int vx_s3_parts(struct vx_s3 *s3, const char *key, const char *upload_id,
	int (*take)(void *arg, const struct vx_s3_entry *part, struct vx_error *err), void *arg, bool *gone,
	struct vx_error *err) VX_MUST_USE;

/* vx_s3_abort: ends an upload; its parts are thrown away. Out: gone  it was not there (any more): VX_OK too. */
int vx_s3_abort(struct vx_s3 *s3, const char *key, const char *upload_id, bool *gone, struct vx_error *err) VX_MUST_USE;

/* vx_s3_abort_others: aborts all uploads of this very key but one. */
int vx_s3_abort_others(struct vx_s3 *s3, const char *key, const char *upload_id, struct vx_error *err) VX_MUST_USE;

#endif
