/* order: what of a batch has to go in before what. struct batch -> indices of its items
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "batch.h"

struct frame { /* a name whose items' references are being followed */
	struct name *name;
	size_t item, edge;
};

struct stack {
	struct frame *frames;
	size_t count, cap;
};

static void push(struct stack *st, struct name *name)
{
	if (st->count == st->cap) {
		st->cap = st->cap ? st->cap * 2 : 64;
		st->frames = vx_realloc(st->frames, st->cap * sizeof *st->frames);
	}
	name->visit = VISIT_OPEN;
	st->frames[st->count++] = (struct frame){ .name = name, .item = name->first };
}

/* next_edge: the next name inside the batch that the frame's items refer to; edge 0 is the parent. */
static struct name *next_edge(const struct batch *b, struct frame *f)
{
	while (f->item != NO_ITEM) {
		const struct item *it = &b->items[f->item];
		while (f->edge <= it->ref_count) {
			struct name *to = f->edge ? it->refs[f->edge - 1] : it->parent;
			f->edge++;
			if (to && to->first != NO_ITEM)
				return to;
		}
		f->item = it->next;
		f->edge = 0;
	}
	return NULL;
}

static void mark_cycle(struct stack *st, const struct name *to)
{
	for (size_t i = st->count; i-- > 0;) {
		st->frames[i].name->in_cycle = true;
		if (st->frames[i].name == to)
			return;
	}
}

/* visit: depth first, without recursion: a chain may be as long as the batch. */
static void visit(const struct batch *b, struct stack *st, struct name *start)
{
	push(st, start);
	while (st->count) {
		struct frame *top = &st->frames[st->count - 1];
		struct name *name = top->name, *to = next_edge(b, top);
		if (!to) {
			name->visit = VISIT_DONE;
			st->count--;
			if (st->count && st->frames[st->count - 1].name->depth <= name->depth)
				st->frames[st->count - 1].name->depth = name->depth + 1;
		} else if (to->visit == VISIT_OPEN) {
			mark_cycle(st, to);
		} else if (to->visit == VISIT_NEW) {
			push(st, to);
		} else if (name->depth <= to->depth) {
			name->depth = to->depth + 1;
		}
	}
}

static int by_layer(const void *x, const void *y, void *arg)
{
	const struct batch *b = arg;
	size_t i = *(const size_t *)x, j = *(const size_t *)y;
	const struct name *a = b->items[i].name, *c = b->items[j].name;
	if (a == c)
		return i < j ? -1 : i > j;
	if (a->depth != c->depth)
		return a->depth < c->depth ? -1 : 1;
	return strcmp(a->text, c->text);
}

size_t batch_order(struct batch *b, size_t **order)
{
	struct stack st = { 0 };
	size_t n = 0;
	bool sorted = true;
	*order = vx_alloc((b->count + 1) * sizeof **order);
	for (size_t i = 0; i < b->count; i++) {
		if (b->items[i].status != ITEM_PENDING)
			continue;
		if (b->items[i].name->visit == VISIT_NEW)
			visit(b, &st, b->items[i].name);
		(*order)[n++] = i;
	}
	for (size_t i = 1; i < n && sorted; i++)
		sorted = by_layer(&(*order)[i - 1], &(*order)[i], b) < 0;
	if (!sorted)
		qsort_r(*order, n, sizeof **order, by_layer, b);
	free(st.frames);
	return n;
}
