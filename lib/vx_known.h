/* vx_known: what another side is known to hold, in a file of one's own that hardly takes memory: millions of names, a
 * look-up each.
 *
 *	struct vx_known *k = vx_known_open("post.journal", "http://127.0.0.1:8420", &err);
 *	vx_known_keep(k, &side, &kept, &err);                // the other side as it says it is: else all is forgotten
 *	struct vx_fact want = { .name = vx_hash64(id, n), .content = vx_sha256_64(text, len) }, have;
 *	if (!vx_known_get(k, want.name, &have) || have.content != want.content) {
 *		...                                          // ask; once the answer is there:
 *		status = vx_known_put(k, &want, &err);
 *	}
 *	status = vx_known_close(k, &err);
 *
 * The file: 512 bytes of text that end in a CRC-32, an index, and 24 bytes a fact, little-endian. A fact is its own
 * checksum: one that is damaged or torn equals nothing that is asked for, and what is not known is asked for anew. Facts lie
 * in the order in which they came: who asks in that order reads the file from front to back. Two names
 * of one hash (64 bits) take turns in one slot, and a content that is another but has the same hash comes up once in 2^64
 * changed records. The file may be thrown away at any time; one run at a time has it.
 *
 * All calls but open and close may be made from several threads at once.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_KNOWN_H
#define VX_KNOWN_H

#include <stdint.h>

#include "vx_err.h"

#define VX_KNOWN_INSTANCE 64 /* characters of an instance at most, no blank among them */

struct vx_fact {
	uint64_t name, content;
	uint64_t more; /* the caller's own */
};

/* vx_known_open: makes the file where there is none. Errors: VX_EUSAGE (path is another file, or knows another place),
 * VX_EIO, VX_EUNREACHABLE (another run has it). */
struct vx_known;
struct vx_known *vx_known_open(const char *path, const char *place, struct vx_error *err) VX_MUST_USE;
int vx_known_close(struct vx_known *k, struct vx_error *err) VX_MUST_USE; /* VX_EIO; NULL is allowed */

/* How the other side tells its states apart: newest rises, and mark is of what has that number there. */
struct vx_known_side {
	const char *instance;
	int64_t newest;
	uint64_t mark; /* for vx_known_keep that of vx_known_newest, which the other side is to be asked for */
};

/* vx_known_newest: the highest number that was marked; 0: none.
 * vx_known_keep: what is known holds for this instance only, only while newest is at least what it was, and only while what
 * has the number vx_known_newest has the same mark: else all is forgotten. vx_known_fits: whether it is not. *kept: the names that are left. VX_EIO. */
int64_t vx_known_newest(struct vx_known *k);
bool vx_known_fits(struct vx_known *k, const struct vx_known_side *side);
int vx_known_keep(
	struct vx_known *k, const struct vx_known_side *side, uint64_t *kept, struct vx_error *err) VX_MUST_USE;

/* vx_known_mark: newest has risen; before what it rose by is put. VX_EIO.
 * vx_known_move: the other side changed from the instance at hand to this one by what was put: that goes to disk first. VX_EIO. */
int vx_known_mark(struct vx_known *k, int64_t newest, uint64_t mark, struct vx_error *err) VX_MUST_USE;
int vx_known_move(struct vx_known *k, const char *instance, struct vx_error *err) VX_MUST_USE;
uint64_t vx_known_count(struct vx_known *k);             /* names */
const char *vx_known_instance(const struct vx_known *k); /* for the thread that marks and moves */

/* vx_known_get: the fact under this name; false: none, or the file cannot be read.
 * vx_known_put: it replaces what was known under its name. VX_EIO. */
bool vx_known_get(struct vx_known *k, uint64_t name, struct vx_fact *out);
int vx_known_put(struct vx_known *k, const struct vx_fact *fact, struct vx_error *err) VX_MUST_USE;

#endif
