/* page: the rows of a list up to its limit, read whole before the answer begins: its header can say whether more follows,
 * and a slow client holds no state of the database. Small ones lie in memory, others in a file without a name.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef PAGE_H
#define PAGE_H

#include "store.h"

struct page {
	struct vx_buf rows; /* the last ones read, where the first are in the file */
	int fd;             /* -1: all of them are in rows */
	int64_t written, sent;
	char last[VX_IDENTIFIER_MAX + 1];
	bool more; /* behind last */
};

/* page_read: at most limit rows of a cursor that has one more. VX_EIO, VX_EUNREACHABLE: as the cursor, or no room for the
 * file. */
struct page *page_read(struct store_cursor *c, long long limit, struct vx_error *err) VX_MUST_USE;

/* page_next: appends some more of it; 1, 0 at the end, VX_EIO. */
int page_next(struct page *p, struct vx_buf *out, struct vx_error *err) VX_MUST_USE;
void page_free(struct page *p);

#endif
