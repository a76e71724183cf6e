/* item: the texts of a record that is on its way, in memory while there is room, else in the spill file.
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "post.h"

#define TEXT_IN_MEMORY (768 << 10)
#define ALLOCATIONS 64 /* what the allocator adds to an entry, an item and a text, about */

struct item *item_new(const char *identifier, size_t len)
{
	struct item *it = vx_alloc(sizeof(*it) + len + 1);

	memcpy(it->identifier, identifier, len);
	it->identifier_len = len;
	it->place = -1;
	return it;
}

int item_keep(struct post *p, struct item *it, const char *text, struct vx_error *err)
{
	size_t n = item_text_len(it);

	if (p->text_bytes == 0 || p->text_bytes + n <= TEXT_IN_MEMORY) {
		it->text = vx_realloc(NULL, n);
		memcpy(it->text, text, n);
		p->text_bytes += n;
		return VX_OK;
	}
	if (!p->spill)
		p->spill = vx_spill_new(err);
	return p->spill ? vx_spill_put(p->spill, text, n, &it->place, err) : VX_EIO;
}

int item_text(const struct post *p, const struct item *it, struct vx_buf *b, const char **text, struct vx_error *err)
{
	size_t n = item_text_len(it);

	*text = it->text ? it->text : "";
	if (it->text || n == 0)
		return VX_OK;
	vx_buf_clear(b);
	*text = vx_buf_reserve(b, n);
	return vx_spill_get(p->spill, it->place, n, b->data, err);
}

void item_weigh(struct post *p, struct entry *e)
{
	const struct item *it = e->item;
	size_t memory = sizeof(*e) + e->n_refs * sizeof(e->refs[0]) + sizeof(*it) + it->identifier_len +
			it->result_len + ALLOCATIONS;

	window_resize(p->window, e, memory * 3 + item_text_len(it));
}

void item_drop_text(struct post *p, struct item *it)
{
	if (!it->text)
		return;
	p->text_bytes -= item_text_len(it);
	free(it->text);
	it->text = NULL;
	it->len = it->source_len = it->line_len = 0;
}

void item_free(struct post *p, struct item *it)
{
	item_drop_text(p, it);
	if (it->place >= 0)
		vx_spill_free_to(p->spill, it->place + (int64_t)item_text_len(it));
	free(it->result);
	vx_json_free(it->keep);
	free(it);
}
