/* The window against a simulated server: every order, cycles, orphans, several batches under way.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"
#include "vx_hash.h"
#include "../../cmd/vx-post/window.c"

#define MOST 2000
#define BATCHES 4
#define BATCH 40

/* A record of the simulation: what it refers to, and what became of it. */
struct node {
	char name[24];
	int refs[3], n_refs; /* numbers of nodes; -1: something that never comes */
	bool broken;         /* the server refuses it */
	bool exists, settled, sent;
	int answers;
};

struct batch {
	struct entry *entries[BATCH];
	size_t n;
};

struct world {
	struct node nodes[MOST];
	int order[MOST], n, read, out;
	struct window *window;
	struct batch under_way[BATCHES];
	uint64_t random;
	bool overtaken, wrong_order, doubled;
	size_t most;
};

static unsigned chance(struct world *w, unsigned n)
{
	w->random = w->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(w->random >> 33) % n;
}

/* Names that were never given to anybody have no node. */
static uint64_t name_hash(const struct world *w, int node)
{
	return node < 0 ? vx_hash64("nobody", 6) : vx_hash64(w->nodes[node].name, strlen(w->nodes[node].name));
}

enum shape { TREE, GRAPH, LINE };

static void make(struct world *w, uint64_t seed, int n, enum shape shape, bool shuffle, bool broken)
{
	w->random = seed;
	w->n = n;
	for (int i = 0; i < n; i++) {
		struct node *k = &w->nodes[i];
		snprintf(k->name, sizeof(k->name), "study/%d", i);
		k->n_refs = i == 0 ? 0 : shape == LINE ? 1 : 1 + (int)chance(w, 3);
		for (int r = 0; r < k->n_refs; r++)
			k->refs[r] = shape == LINE ? i - 1 : (int)chance(w, shape == TREE ? (unsigned)i : (unsigned)n);
		k->broken = broken && chance(w, 20) == 0;
		if (broken && chance(w, 20) == 0 && k->n_refs)
			k->refs[0] = -1;
		w->order[i] = shape == LINE ? n - 1 - i : i;
	}
	for (int i = n - 1; shuffle && i > 0; i--) {
		int j = (int)chance(w, (unsigned)i + 1), t = w->order[i];
		w->order[i] = w->order[j];
		w->order[j] = t;
	}
}

static void add(struct world *w)
{
	struct node *k = &w->nodes[w->order[w->read++]];
	uint64_t refs[3];
	struct entry *e;

	for (int r = 0; r < k->n_refs; r++)
		refs[r] = name_hash(w, k->refs[r]);
	e = window_add(w->window, k->name, strlen(k->name), 0, refs, (size_t)k->n_refs, false);
	e->item = k;
	e->size = 10;
	window_resize(w->window, e, 100);
}

/* The server's answer to one record, given what exists. */
static void answer(struct world *w, struct entry *e)
{
	struct node *k = e->item;
	uint64_t missing[3];
	size_t n = 0;

	k->answers++;
	for (int r = 0; r < k->n_refs; r++)
		if (k->refs[r] < 0 || (!w->nodes[k->refs[r]].exists && &w->nodes[k->refs[r]] != k))
			missing[n++] = name_hash(w, k->refs[r]);
	for (int r = 0; r < k->n_refs; r++) /* one that refers to itself is refused for that */
		if (k->refs[r] >= 0 && &w->nodes[k->refs[r]] == k)
			k->broken = true;
	if (!k->broken && n > 0 && window_orphan(w->window, e, missing, chance(w, 2) ? n : 0)) {
		k->sent = false;
		return;
	}
	k->exists = !k->broken && n == 0;
	if (k->settled)
		w->doubled = true;
	k->settled = true;
	window_done(w->window, e, k->exists);
}

/* No record may be sent while what it refers to is on another connection, or behind it in its own batch. */
static void check_batch(struct world *w, const struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		const struct node *k = b->entries[i]->item;
		for (int r = 0; r < k->n_refs; r++) {
			const struct node *ref = k->refs[r] < 0 ? NULL : &w->nodes[k->refs[r]];
			bool before = false;
			for (size_t j = 0; j < i; j++)
				before |= b->entries[j]->item == ref;
			if (ref && ref != k && ref->sent && !ref->settled && !before && !b->entries[i]->forced)
				w->overtaken = true;
		}
		((struct node *)b->entries[i]->item)->sent = true;
	}
}

static void finish_batch(struct world *w, struct batch *b)
{
	struct entry *e;

	for (size_t i = 0; i < b->n; i++)
		answer(w, b->entries[i]);
	b->n = 0;
	while ((e = window_pop(w->window))) {
		if (e->item != &w->nodes[w->order[w->out++]])
			w->wrong_order = true;
		entry_free(e);
	}
}

/* Runs the whole stream; false when it does not come to its end. */
static bool run(struct world *w, size_t window)
{
	w->window = window_new(window);
	for (long steps = 0; w->out < w->n && steps < 200000; steps++) {
		bool full = window_full(w->window), ended = w->read == w->n;
		struct batch *b = &w->under_way[chance(w, BATCHES)];

		if (!full && !ended && chance(w, 8)) {
			add(w);
			if (window_count(w->window) > w->most)
				w->most = window_count(w->window);
			continue;
		}
		if (b->n > 0) {
			finish_batch(w, b);
			continue;
		}
		b->n = window_take(w->window, full || ended, BATCH, 10 * BATCH, b->entries);
		check_batch(w, b);
		if (b->n == 0 && (full || ended) && window_sent(w->window) == 0 && w->out < w->n &&
			!window_urge(w->window, ended))
			break;
	}
	window_free(w->window);
	return w->out == w->n;
}

/* What must exist in the end, whatever the order: a record that is not broken and all of whose references exist. */
static int wrong_ends(struct world *w)
{
	bool *good = calloc((size_t)w->n, sizeof(bool));
	int wrong = 0;

	for (bool more = true; more;) {
		more = false;
		for (int i = 0; i < w->n; i++) {
			bool ok = !w->nodes[i].broken && !good[i];
			for (int r = 0; r < w->nodes[i].n_refs && ok; r++)
				ok = w->nodes[i].refs[r] >= 0 && good[w->nodes[i].refs[r]];
			if (ok)
				good[i] = more = true;
		}
	}
	for (int i = 0; i < w->n; i++)
		wrong += good[i] != w->nodes[i].exists;
	free(good);
	return wrong;
}

static void simulate(
	const char *what, uint64_t seeds, int n, enum shape shape, bool shuffle, bool broken, size_t window, bool exact)
{
	int ended = 0, right = 0, runs = 0, answers = 0;
	bool overtaken = false, wrong_order = false, doubled = false;
	size_t most = 0;

	for (uint64_t seed = 1; seed <= seeds; seed++) {
		struct world *w = calloc(1, sizeof(*w));
		make(w, seed, n, shape, shuffle, broken);
		ended += run(w, window);
		right += wrong_ends(w) == 0;
		overtaken |= w->overtaken;
		wrong_order |= w->wrong_order;
		doubled |= w->doubled;
		most = w->most > most ? w->most : most;
		for (int i = 0; i < n; i++)
			answers = w->nodes[i].answers > answers ? w->nodes[i].answers : answers;
		runs++;
		free(w);
	}
	ok(ended == runs, "%s: every run ends (%d of %d)", what, ended, runs);
	ok(!overtaken, "%s: no record overtakes what it refers to", what);
	ok(!wrong_order && !doubled, "%s: one result a record, in input order", what);
	ok(most <= window / 100 + 1, "%s: the window is kept (%zu entries)", what, most);
	if (exact)
		ok(right == runs, "%s: what can exist does in the end (%d of %d)", what, right, runs);
	ok(answers <= 8, "%s: no record is sent again and again (%d times at most)", what, answers);
}

int main(void)
{
	simulate("a tree, in order", 20, 500, TREE, false, false, 1 << 30, true);
	simulate("a tree, in order, a narrow window", 20, 500, TREE, false, false, 2000, true);
	simulate("a tree, shuffled", 40, 500, TREE, true, false, 1 << 30, true);
	simulate("a tree with broken branches, shuffled", 40, 500, TREE, true, true, 1 << 30, true);
	simulate("a tree, shuffled, a narrow window", 20, 500, TREE, true, false, 3000, false);
	simulate("a graph with circles", 20, 300, GRAPH, true, true, 1 << 30, true);
	simulate("a graph with circles, a narrow window", 20, 300, GRAPH, true, true, 3000, false);
	simulate("one long line, backwards", 3, 2000, LINE, false, false, 1 << 30, true);
	return tap_end();
}
