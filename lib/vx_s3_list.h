/* vx_s3_list: the objects of a bucket below a prefix, in the byte order of their keys, page by page.
 *
 *	struct vx_s3_list *l = vx_s3_list_new(s3, "picai/", NULL);
 *	const struct vx_s3_entry *e;
 *	while ((status = vx_s3_list_next(l, &e, &err)) > 0)
 *		printf("%s %" PRIu64 "\n", e->key, e->size);
 *	vx_s3_list_free(l);
 *
 * The next page is asked for while the present one is read. One thread a list.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_S3_LIST_H
#define VX_S3_LIST_H

#include "vx_s3.h"
#include "vx_s3_xml.h"

struct vx_s3_list;

/* vx_s3_list_new: prefix "" is everything; after: only keys behind this one, NULL: all. */
struct vx_s3_list *vx_s3_list_new(struct vx_s3 *s3, const char *prefix, const char *after);
void vx_s3_list_free(struct vx_s3_list *l);

/* vx_s3_list_next: 1 and the next object, which is the list's until the next call; 0 at the end.
 * Errors: as vx_s3; VX_EDATA when the answer is no list, or one that does not rise. */
int vx_s3_list_next(struct vx_s3_list *l, const struct vx_s3_entry **e, struct vx_error *err) VX_MUST_USE;

/* vx_s3_list_page: one page of at most 1,000; a is to be cleared by vx_s3_answer_clear, whatever is returned. */
int vx_s3_list_page(struct vx_s3 *s3, const char *prefix, const char *after, struct vx_s3_answer *a,
	struct vx_error *err) VX_MUST_USE;

#endif
