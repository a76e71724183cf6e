/* vx_s3_window: what a bucket has under a key, told from lists of a thousand objects instead of a HEAD a key.
 *
 *	struct vx_s3_window *w = vx_s3_window_new(s3, "picai/");
 *	switch (vx_s3_window_ask(w, "picai/volumes/t2.nii.gz", &seen)) {
 *	case VX_S3_ABSENT: ...    // it was not there when the list was made
 *	case VX_S3_PRESENT: ...   // it was there, with seen.size and seen.etag
 *	case VX_S3_UNTOLD: ...    // ask with HEAD
 *	}
 *
 * Any number of threads may ask. When no page covers a key, one thread fetches the page that goes on behind the last one,
 * where that one was of use, else the one that begins with the key's folder, else the one that begins at the key; those
 * whose keys no page covers wait for it.
 *
 * A page costs the store as much as a few HEADs. It pays when 16 keys or more were found in it. After three pages in a row
 * that did not, 256 keys are left to HEAD before a page is tried again, then 512, and so on to 65,536. A store that does
 * not list is not asked again. A page is of use for five minutes; sixteen are kept (some 4 MiB).
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_S3_WINDOW_H
#define VX_S3_WINDOW_H

#include "vx_s3.h"

struct vx_s3_window;

/* vx_s3_window_new: s3 is used by one thread at a time, and by nobody else if it is for one thread only. */
struct vx_s3_window *vx_s3_window_new(struct vx_s3 *s3, const char *prefix);
void vx_s3_window_free(struct vx_s3_window *w); /* s3 stays the caller's */

enum vx_s3_seen_how { VX_S3_UNTOLD, VX_S3_ABSENT, VX_S3_PRESENT };
struct vx_s3_seen {
	uint64_t size; /* bytes */
	char etag[160];
};
enum vx_s3_seen_how vx_s3_window_ask(struct vx_s3_window *w, const char *key, struct vx_s3_seen *seen);

/* vx_s3_before: a text that sorts before key with few or no keys between the two; to be freed. */
char *vx_s3_before(const char *key);

#endif
