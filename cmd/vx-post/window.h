/* window: records of a stream in the order in which they can be sent: whatever a record refers to goes before it, as
 * far as both are within a window of so many bytes. What is answered comes out in the order in which it came in.
 *
 *	struct window *w = window_new(2 << 20);
 *	struct entry *e = window_add(w, "study/a/1", 9, 2, refs, n_refs, false, bytes, item);
 *	n = window_take(w, false, 1000, 512 << 10, batch);     // parents first; send them in this order
 *	window_done(w, batch[0], true);                        // it exists now; or window_orphan: it must wait
 *	while ((e = window_pop(w))) { ...; entry_free(e); } // in input order
 *
 * Names are compared by 64-bit hashes: a collision could only delay a record, because the server judges, not the window.
 * Not thread-safe: the caller locks.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef WINDOW_H
#define WINDOW_H

#include <stdint.h>

#include "vx_err.h"

enum entry_state { VX_ENTRY_WAITING, VX_ENTRY_SENT, VX_ENTRY_DONE };

struct entry {
	void *item;        /* the caller's own */
	size_t bytes;      /* what it takes of the window: change it by window_resize */
	size_t size;       /* what it takes of a batch */
	uint64_t hash;     /* of its identifier */
	uint64_t sequence; /* its place in the input, from 0 */
	int rank;          /* the lower, the nearer to the root of the tree of types */
	bool passive;      /* changes nothing that is there: comes after its twin that may */
	bool apart; /* nor goes in one batch with it: the twin may take a second request to change it. Set by the caller */
	enum entry_state state;
	/* The window's own. */
	bool orphaned, last_try, forced, visiting;
	uint64_t batch, failed; /* serial number of the batch it is in, or last did not fit into */
	struct entry *next;     /* in its hash bucket */
	size_t n_refs;
	uint64_t refs[]; /* hashes of what must exist; of an orphan, what was missing */
};

/* window_new: of about max bytes. */
struct window;
struct window *window_new(size_t max);
void window_free(struct window *w); /* and the entries in it; not their items */
void entry_free(struct entry *e);

/* window_add: a record at the end. refs are hashes (vx_hash64) of the identifiers that it refers to, its own aside.
 * Owned by the window until popped. */
struct entry *window_add(struct window *w, const char *identifier, size_t len, int rank, const uint64_t *refs,
	size_t n_refs, bool passive);
void window_resize(struct window *w, struct entry *e, size_t bytes);

bool window_full(const struct window *w);
size_t window_count(const struct window *w);   /* entries in it */
size_t window_waiting(const struct window *w); /* of these, neither sent nor done */
size_t window_sent(const struct window *w);    /* sent, not yet answered */

/* window_take: up to max entries of up to size bytes (one at least, if one can go) into batch, each behind what it
 * refers to. An entry that refers to something that is neither here nor known to exist waits for it, until pressed. */
size_t window_take(struct window *w, bool pressed, size_t max, size_t size, struct entry **batch);

/* window_done: the last word about a sent entry; exists: what it names exists from now on. */
void window_done(struct window *w, struct entry *e, bool exists);

/* window_settle: an entry that was just added needs no sending: window_done may follow at once. window_exists: what has this
 * hash is there; window_knows: that was told lately. */
void window_settle(struct window *w, struct entry *e);
void window_exists(struct window *w, uint64_t hash);
bool window_knows(const struct window *w, uint64_t hash);

/* window_orphan: the server misses what a sent entry refers to (missing: those; n 0: unknown which). True: the entry
 * waits for it to come. False: it had its last chance; the caller says window_done. */
bool window_orphan(struct window *w, struct entry *e, const uint64_t *missing, size_t n);

/* window_urge: for when nothing can be taken, nothing is under way, and the window is full or (all) the input has
 * ended: entries that wait in vain can now be taken one last time. False: there are none. */
bool window_urge(struct window *w, bool all);

/* window_pop: the first entry when it is done, else NULL. To be freed by entry_free. */
struct entry *window_pop(struct window *w);

/* window_drop: the first entry whatever its state; NULL when empty. For the end of a run that was cut short. */
struct entry *window_drop(struct window *w);

#endif
