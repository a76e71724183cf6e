/* create: the items of a batch into the database, all in one transaction. struct batch -> each item's status
 *
 * SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "apply.h"

#define LIFTED_ATTEMPTS 64 /* each finds another item guilty; then one item at a time has to do */

/* prefetch: all that the batch speaks of, asked for at once. */
static int prefetch(struct create *c, struct vx_error *err)
{
	const struct batch *b = c->batch;
	const char **list = vx_alloc((b->names + 1) * sizeof *list);
	size_t n = 0;
	for (size_t i = 0; i < b->slot_count; i++)
		if (b->slots[i])
			list[n++] = b->slots[i]->text;
	int status = store_prefetch(c->tx, list, n, err);
	free(list);
	return status;
}

/* Which items, in which order, and whether those that change something are lifted first. */
struct plan {
	size_t *order, n;
	bool lift;
};

static struct item *item_at(const struct create *c, const struct plan *p, size_t i)
{
	return &c->batch->items[p->order[i]];
}

static bool refused(const struct item *it)
{
	return it->status == ITEM_INVALID || it->status == ITEM_ORPHAN;
}

/* apply_all: each item that nothing is known of yet. */
static int apply_all(struct create *c, const struct plan *p, struct vx_error *err)
{
	int status = prefetch(c, err);
	for (size_t i = 0; p->lift && i < p->n && status == VX_OK; i++)
		if (item_at(c, p, i)->status == ITEM_PENDING)
			status = apply_lift(c, item_at(c, p, i), err);
	for (size_t i = 0; i < p->n && status == VX_OK; i++)
		if (item_at(c, p, i)->status == ITEM_PENDING)
			status = apply_item(c, item_at(c, p, i), err);
	return status;
}

/* forget: the items as they were before an attempt of which nothing has happened. guilty: but for those refused. */
static void forget(const struct create *c, const struct plan *p, bool guilty)
{
	c->batch->age++;
	for (size_t i = 0; i < p->n; i++) {
		struct item *it = item_at(c, p, i);
		it->name->lifted = false;
		it->old = NULL;
		if (guilty && refused(it))
			continue;
		it->status = ITEM_PENDING;
		it->body = it->sent;
		it->body_len = it->sent_len;
		vx_buf_clear(&it->errors);
		vx_buf_clear(&it->diff);
	}
}

static size_t count_refused(const struct create *c, const struct plan *p)
{
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++)
		n += refused(item_at(c, p, i));
	return n;
}

/* attempt: the whole batch in one transaction. known: so many items are refused already; with more, nothing is
 * committed, and the caller is to look again. */
static int attempt(struct create *c, struct store *s, const struct plan *p, size_t known, struct vx_error *err)
{
	struct vx_error ignored;
	int status = store_begin(s, c->how->on_conflict == CREATE_REJECT ? STORE_CREATE : STORE_CHANGE, &c->tx, err);
	if (status != VX_OK)
		return status;
	struct create_states *states = c->how->states;
	status = states ? store_tx_state(c->tx, &states->was, err) : VX_OK;
	if (status == VX_OK)
		status = apply_all(c, p, err);
	if (status == VX_OK && states)
		status = store_tx_state(c->tx, &states->is, err);
	if (status == VX_OK)
		return store_end(c->tx, !c->how->dry_run && count_refused(c, p) <= known, err);
	(void)!store_end(c->tx, false, &ignored);
	return status;
}

/* replace_all: first each item by itself. Where some are refused, all that change something are lifted, so that none is in
 * another's way; those still refused are guilty, stay out, and the rest begins again. */
static int replace_all(struct create *c, struct store *s, struct plan *p, struct vx_error *err)
{
	p->lift = false;
	int status = attempt(c, s, p, 0, err);
	if (status != VX_OK || count_refused(c, p) == 0)
		return status;
	p->lift = true;
	forget(c, p, false);
	for (int left = LIFTED_ATTEMPTS; left > 0; left--) {
		size_t known = count_refused(c, p);
		status = attempt(c, s, p, known, err);
		if (status != VX_OK || count_refused(c, p) == known)
			return status;
		forget(c, p, true);
	}
	p->lift = false;
	forget(c, p, false);
	return attempt(c, s, p, p->n, err);
}

int create_run(struct store *s, struct batch *b, const struct create_options *how, struct vx_error *err)
{
	struct create c = { .batch = b, .how = how, .now = time(NULL) };
	struct plan p = { .n = 0 };
	int status = VX_OK;
	p.n = batch_order(b, &p.order);
	for (int left = STORE_ATTEMPTS; p.n && left > 0; left--) {
		status =
			how->on_conflict == CREATE_REPLACE ? replace_all(&c, s, &p, err) : attempt(&c, s, &p, p.n, err);
		if (status != STORE_AGAIN)
			break;
		forget(&c, &p, false);
	}
	free(p.order);
	return status;
}
