/* page: a cursor -> its first rows, and whether there are more.
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "page.h"
#include "vx_spill.h"

#define MEMORY (1 << 20)
#define BLOCK 65536

static int put(struct page *p, struct vx_error *err)
{
	if (p->fd < 0 && (p->fd = vx_temp_open(err)) < 0)
		return VX_EIO;
	for (size_t done = 0; done < p->rows.len;) {
		ssize_t n = write(p->fd, p->rows.data + done, p->rows.len - done);
		if (n < 0)
			return vx_error_errno(err, VX_EIO, NULL, "cannot keep a page of a list");
		done += (size_t)n;
	}
	p->written += (int64_t)p->rows.len;
	vx_buf_clear(&p->rows);
	return VX_OK;
}

/* row_name: the identifier of the row that begins at from. */
static int row_name(struct page *p, size_t from, struct vx_error *err)
{
	struct vx_json *row;
	if (vx_json_parse(p->rows.data + from, p->rows.len - from, &row, err) != VX_OK)
		return VX_EIO;
	const char *name = vx_json_str(row, "identifier");
	snprintf(p->last, sizeof p->last, "%s", name ? name : "");
	vx_json_free(row);
	return VX_OK;
}

static int fill(struct page *p, struct store_cursor *c, long long limit, struct vx_error *err)
{
	int found = 1;
	for (long long n = 0; n <= limit; n++) {
		size_t from = p->rows.len;
		if ((found = store_next(c, &p->rows, err)) != 1)
			return found;
		if (n == limit) {
			p->rows.len = from;
			p->more = true;
		} else if (n == limit - 1 && (found = row_name(p, from, err)) != VX_OK) {
			return found;
		} else if (p->rows.len >= MEMORY && (found = put(p, err)) != VX_OK) {
			return found;
		}
	}
	return VX_OK;
}

struct page *page_read(struct store_cursor *c, long long limit, struct vx_error *err)
{
	struct page *p = vx_alloc(sizeof *p);
	p->fd = -1;
	if (fill(p, c, limit, err) == VX_OK)
		return p;
	page_free(p);
	return NULL;
}

int page_next(struct page *p, struct vx_buf *out, struct vx_error *err)
{
	char block[BLOCK];
	if (p->sent < p->written) {
		ssize_t n = pread(p->fd, block, sizeof block, (off_t)p->sent);
		if (n <= 0)
			return vx_error_errno(err, VX_EIO, NULL, "cannot read a page of a list again");
		vx_buf_add(out, block, (size_t)n);
		p->sent += n;
		return 1;
	}
	if (!p->rows.len)
		return 0;
	vx_buf_add(out, p->rows.data, p->rows.len);
	vx_buf_clear(&p->rows);
	return 1;
}

void page_free(struct page *p)
{
	if (p->fd >= 0)
		close(p->fd);
	vx_buf_free(&p->rows);
	free(p);
}
