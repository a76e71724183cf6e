/* window: records in input order -> batches with parents first -> records in input order.
 * SPDX-License-Identifier: MIT
 */
#include "window.h"

#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"

#define BUCKETS 8192   /* a power of two */
#define KNOWN 32768    /* a power of two: identifiers lately seen to exist */
#define DEPTH_MOST 200 /* of the search for what goes before an entry; deeper trees take a batch more */
#define RANKS 64

struct window {
	struct entry **ring; /* sequence modulo ring_size */
	size_t ring_size;
	uint64_t first, end; /* sequence numbers: in it are first..end - 1 */
	uint64_t settled;    /* below it nothing waits */
	size_t bytes, max, waiting, sent, orphans;
	struct entry *buckets[BUCKETS];
	uint64_t known[KNOWN];
	uint64_t *fresh; /* came into being while orphans waited */
	size_t n_fresh, cap_fresh;
	uint64_t serial; /* of the batch under way */
};

/* A batch that is being filled. */
struct filling {
	struct entry **batch;
	size_t n, max, size, max_size;
	bool pressed;
};

struct window *window_new(size_t max)
{
	struct window *w = vx_alloc(sizeof(*w));

	w->max = max;
	w->ring_size = 1024;
	w->ring = vx_alloc(w->ring_size * sizeof(struct entry *));
	return w;
}

void entry_free(struct entry *e)
{
	free(e);
}

static struct entry *at(const struct window *w, uint64_t sequence)
{
	return w->ring[sequence & (w->ring_size - 1)];
}

void window_free(struct window *w)
{
	if (!w)
		return;
	for (uint64_t s = w->first; s < w->end; s++)
		entry_free(at(w, s));
	free(w->ring);
	free(w->fresh);
	free(w);
}

static void grow(struct window *w)
{
	size_t size = w->ring_size * 2;
	struct entry **ring = vx_alloc(size * sizeof(struct entry *));

	for (uint64_t s = w->first; s < w->end; s++)
		ring[s & (size - 1)] = at(w, s);
	free(w->ring);
	w->ring = ring;
	w->ring_size = size;
}

struct entry *window_add(struct window *w, const char *identifier, size_t len, int rank, const uint64_t *refs,
	size_t n_refs, bool passive)
{
	struct entry *e = vx_alloc(sizeof(*e) + n_refs * sizeof(uint64_t)), **bucket;

	e->hash = vx_hash64(identifier, len);
	e->rank = rank < 0 ? 0 : rank < RANKS ? rank : RANKS - 1;
	e->passive = passive;
	for (size_t i = 0; i < n_refs; i++)
		if (refs[i] != e->hash) /* the server has a word on that */
			e->refs[e->n_refs++] = refs[i];
	if (w->end - w->first == w->ring_size)
		grow(w);
	e->sequence = w->end++;
	w->ring[e->sequence & (w->ring_size - 1)] = e;
	bucket = &w->buckets[e->hash & (BUCKETS - 1)];
	e->next = *bucket;
	*bucket = e;
	w->waiting++;
	window_resize(w, e, sizeof(*e) + n_refs * sizeof(uint64_t));
	return e;
}

void window_resize(struct window *w, struct entry *e, size_t bytes)
{
	w->bytes += bytes - e->bytes;
	e->bytes = bytes;
}

bool window_full(const struct window *w)
{
	return w->bytes >= w->max && w->end > w->first;
}

size_t window_count(const struct window *w)
{
	return (size_t)(w->end - w->first);
}

size_t window_waiting(const struct window *w)
{
	return w->waiting;
}

size_t window_sent(const struct window *w)
{
	return w->sent;
}

/* A hash of 0 is never known: it costs its owner a wait, nothing else. */
static bool is_known(const struct window *w, uint64_t hash)
{
	return hash != 0 && w->known[hash & (KNOWN - 1)] == hash;
}

static bool place(struct window *w, struct filling *f, struct entry *e, int depth);

/* Whether e must come after its twin (another entry of the same name): the earlier one first, one that may change
 * what is there before one that may not. */
static bool twin_first(const struct entry *twin, const struct entry *e)
{
	return twin->passive == e->passive ? twin->sequence < e->sequence : e->passive;
}

/* Whether all that is in the window under the name hash is in the batch (or done), e itself aside. found: there is any. */
static bool place_all(struct window *w, struct filling *f, const struct entry *e, uint64_t hash, int depth, bool *found)
{
	*found = false;
	for (struct entry *p = w->buckets[hash & (BUCKETS - 1)]; p; p = p->next) {
		if (p->hash != hash || p == e || (hash == e->hash && !twin_first(p, e)))
			continue;
		*found = true;
		if (!place(w, f, p, depth + 1) || (hash == e->hash && e->apart && p->state != VX_ENTRY_DONE))
			return false;
	}
	return true;
}

static bool can_go(struct window *w, struct filling *f, struct entry *e, int depth)
{
	bool found;

	if (!place_all(w, f, e, e->hash, depth, &found))
		return false;
	for (size_t i = 0; i < e->n_refs; i++) {
		if (!place_all(w, f, e, e->refs[i], depth, &found))
			return false;
		if (found || is_known(w, e->refs[i]) || e->last_try || (f->pressed && !e->orphaned))
			continue;
		return false;
	}
	return true;
}

static bool has_room(const struct filling *f, const struct entry *e)
{
	if (f->n == 0)
		return true;
	return f->n < f->max && f->size + e->size <= f->max_size;
}

/* Puts e into the batch, and what goes before it in front of it. True: it is in the batch. */
static bool place(struct window *w, struct filling *f, struct entry *e, int depth)
{
	bool ok;

	if (e->state != VX_ENTRY_WAITING)
		return e->state == VX_ENTRY_DONE || e->batch == w->serial;
	if (e->visiting || e->failed == w->serial || depth > DEPTH_MOST || !has_room(f, e))
		return false;
	e->visiting = true;
	ok = (e->forced || can_go(w, f, e, depth)) && has_room(f, e);
	e->visiting = false;
	if (!ok) {
		e->failed = w->serial;
		return false;
	}
	e->state = VX_ENTRY_SENT;
	e->batch = w->serial;
	w->waiting--;
	w->sent++;
	if (e->orphaned)
		w->orphans--;
	e->orphaned = false;
	f->batch[f->n++] = e;
	f->size += e->size;
	return true;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Takes what has come into being from the lists of what orphans miss. */
static void settle_orphans(struct window *w)
{
	if (w->n_fresh == 0)
		return;
	qsort(w->fresh, w->n_fresh, sizeof(w->fresh[0]), by_value);
	for (uint64_t s = w->settled; s < w->end && w->orphans > 0; s++) {
		struct entry *e = at(w, s);
		size_t left = 0;
		if (e->state != VX_ENTRY_WAITING || !e->orphaned)
			continue;
		for (size_t i = 0; i < e->n_refs; i++)
			if (!bsearch(&e->refs[i], w->fresh, w->n_fresh, sizeof(w->fresh[0]), by_value))
				e->refs[left++] = e->refs[i];
		e->n_refs = left;
	}
	w->n_fresh = 0;
}

size_t window_take(struct window *w, bool pressed, size_t max, size_t size, struct entry **batch)
{
	struct filling f = { .batch = batch, .max = max, .max_size = size, .pressed = pressed };
	uint64_t ranks = 0;

	w->serial++;
	settle_orphans(w);
	while (w->settled < w->end && at(w, w->settled)->state != VX_ENTRY_WAITING)
		w->settled++;
	if (w->waiting == 0)
		return 0;
	f.pressed = false; /* first what is sure to find what it refers to */
	for (uint64_t s = w->settled; s < w->end && f.n < max; s++) {
		struct entry *e = at(w, s);
		if (e->state == VX_ENTRY_WAITING && !place(w, &f, e, 0))
			ranks |= UINT64_C(1) << e->rank;
	}
	if (!pressed || f.n > 0)
		return f.n;
	f.pressed = true; /* then, nearest to the root first, what may */
	w->serial++;
	for (int rank = 0; rank < RANKS && f.n < max; rank++) {
		if (!(ranks >> rank & 1))
			continue;
		for (uint64_t s = w->settled; s < w->end && f.n < max; s++)
			if (at(w, s)->rank == rank)
				place(w, &f, at(w, s), 0);
	}
	return f.n;
}

static void remember(struct window *w, uint64_t hash)
{
	w->known[hash & (KNOWN - 1)] = hash;
}

static void unlink_entry(struct window *w, struct entry *e)
{
	struct entry **p = &w->buckets[e->hash & (BUCKETS - 1)];

	while (*p && *p != e)
		p = &(*p)->next;
	if (*p)
		*p = e->next;
}

void window_settle(struct window *w, struct entry *e)
{
	e->state = VX_ENTRY_SENT;
	w->waiting--;
	w->sent++;
}

void window_exists(struct window *w, uint64_t hash)
{
	remember(w, hash);
}

bool window_knows(const struct window *w, uint64_t hash)
{
	return is_known(w, hash);
}

void window_done(struct window *w, struct entry *e, bool exists)
{
	w->sent--;
	e->state = VX_ENTRY_DONE;
	unlink_entry(w, e);
	if (!exists)
		return;
	remember(w, e->hash);
	for (size_t i = 0; i < e->n_refs; i++)
		remember(w, e->refs[i]);
	if (w->n_fresh == w->cap_fresh) {
		w->cap_fresh = w->cap_fresh ? w->cap_fresh * 2 : 1024;
		w->fresh = vx_realloc(w->fresh, w->cap_fresh * sizeof(w->fresh[0]));
	}
	if (w->orphans > 0)
		w->fresh[w->n_fresh++] = e->hash;
}

static bool among(uint64_t hash, const uint64_t *list, size_t n)
{
	while (n-- > 0)
		if (list[n] == hash)
			return true;
	return false;
}

bool window_orphan(struct window *w, struct entry *e, const uint64_t *missing, size_t n)
{
	size_t left = 0;

	if (e->last_try || e->forced)
		return false;
	e->orphaned = true;
	e->state = VX_ENTRY_WAITING;
	w->sent--;
	w->waiting++;
	w->orphans++;
	if (e->sequence < w->settled)
		w->settled = e->sequence;
	/* What came into being between its sending and this answer is no longer missing. */
	for (size_t i = 0; i < e->n_refs; i++)
		if ((n == 0 || among(e->refs[i], missing, n)) && !is_known(w, e->refs[i]))
			e->refs[left++] = e->refs[i];
	/* With nothing left to wait for it would be sent again at once, and again. */
	if (left > 0)
		e->n_refs = left;
	else
		e->last_try = true;
	return true;
}

bool window_urge(struct window *w, bool all)
{
	uint64_t end = all ? w->end : w->first + (w->end - w->first + 1) / 2;
	struct entry *oldest = NULL;
	bool some = false;

	for (uint64_t s = w->settled; s < w->end && (s < end || !some); s++) {
		struct entry *e = at(w, s);
		if (e->state != VX_ENTRY_WAITING)
			continue;
		if (!oldest)
			oldest = e;
		if (e->orphaned && !e->last_try)
			e->last_try = some = true;
	}
	if (!some && oldest) /* a circle: one of them has to go first */
		oldest->forced = some = true;
	return some;
}

struct entry *window_drop(struct window *w)
{
	struct entry *e;

	if (w->first == w->end)
		return NULL;
	e = at(w, w->first++);
	if (w->settled < w->first)
		w->settled = w->first;
	w->bytes -= e->bytes;
	if (e->state == VX_ENTRY_DONE)
		return e;
	unlink_entry(w, e);
	if (e->state == VX_ENTRY_SENT)
		w->sent--;
	else
		w->waiting--;
	if (e->state == VX_ENTRY_WAITING && e->orphaned)
		w->orphans--;
	return e;
}

struct entry *window_pop(struct window *w)
{
	if (w->first == w->end || at(w, w->first)->state != VX_ENTRY_DONE)
		return NULL;
	return window_drop(w);
}
