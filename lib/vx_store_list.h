/* vx_store_list: the objects of a store in the byte order of their keys, in bounded memory.
 *
 *	struct vx_store_list *l = vx_store_list_new(store, NULL, NULL);
 *	struct vx_store_entry e;
 *	while ((status = vx_store_list_next(l, &e, &err)) > 0)
 *		printf("%s %" PRIu64 "\n", e.key, e.size);
 *	vx_store_list_free(l);
 *
 * What is below is asked for ahead of time; the first request is under way when vx_store_list_new returns. One thread a list.
 * A store may change meanwhile: what was there all the time is listed.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_STORE_LIST_H
#define VX_STORE_LIST_H

#include "vx_store.h"

struct vx_store_list;

/* vx_store_list_new: below: only keys that begin with it and a slash ("volumes"); NULL: all of the store.
 * after: only keys behind this one; NULL: all. Keys here and below are those of vx_store_put: relative to the store's URL.
 * Of a file:// store, regular files are objects, but for what is on its way there; a folder that is not there is empty. */
struct vx_store_list *vx_store_list_new(struct vx_store *s, const char *below, const char *after) VX_MUST_USE;
void vx_store_list_free(struct vx_store_list *l);

struct vx_store_entry {
	const char *key;  /* until the next call, as etag */
	uint64_t size;    /* bytes */
	const char *etag; /* without quotes; "" for file:// */
};

/* vx_store_list_next: 1 and an object; 0 at the end. Errors: as vx_s3_list; VX_EIO: a folder that cannot be read: the list
 * would not be whole. */
int vx_store_list_next(struct vx_store_list *l, struct vx_store_entry *e, struct vx_error *err) VX_MUST_USE;

#endif
