/* vx_journal: what another side is known to have, kept in a file of one's own, so that a second run need not ask.
 *
 *	struct vx_journal *j = vx_journal_open("upload.journal", "https://s3.example.org/lab", &err);
 *	if (!vx_journal_has(j, "volumes/t2.nii.gz", content)) {
 *		...                                              // send it; once the answer is there:
 *		status = vx_journal_put(j, "volumes/t2.nii.gz", content, &err);
 *	}
 *	vx_journal_close(j);
 *
 * The file is text, one fact a line, only ever appended to; the last field of a line is the CRC-32 of what is before it:
 *	vx-journal 1 <place> <crc>
 *	put <key> <content> <crc>
 *	seen <device.inode> <size and times> <sha256> <crc>
 * Keys and contents are percent-encoded. A line that is torn or damaged counts as not written; the newest line of a
 * key counts. The file may be thrown away at any time: then everything is asked for once more. Runs may share one.
 *
 * All calls but open and close may be made from several threads at once. Memory: some 40 bytes a key, 80 a file seen.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_JOURNAL_H
#define VX_JOURNAL_H

#include <sys/stat.h>

#include "vx_err.h"

struct vx_journal;

/* vx_journal_open: reads the file, or begins it (readable for its owner only).
 * place: which other side this is about. Errors: VX_EUSAGE: no journal, or one about another place; VX_EIO. */
struct vx_journal *vx_journal_open(const char *path, const char *place, struct vx_error *err) VX_MUST_USE;
void vx_journal_close(struct vx_journal *j); /* NULL is allowed */

/* vx_journal_damaged: lines that were passed over when it was read. */
long vx_journal_damaged(const struct vx_journal *j);

/* vx_journal_has: whether the newest line of key says content (any text: a digest; NULL: whether there is a line). */
bool vx_journal_has(struct vx_journal *j, const char *key, const char *content);

/* vx_journal_put: key has content now. Call it only when the other side said so. VX_EIO. */
int vx_journal_put(struct vx_journal *j, const char *key, const char *content, struct vx_error *err) VX_MUST_USE;

/* vx_journal_seen: the SHA-256 that a file had when all that st says (device, inode, size, times of content and of inode)
 * was the same; false: not known.
 * vx_journal_see: it has this one. Left out where the file is so young that it may change within the same tick. VX_EIO. */
bool vx_journal_seen(struct vx_journal *j, const struct stat *st, char sha256[65]);
int vx_journal_see(struct vx_journal *j, const struct stat *st, const char *sha256, struct vx_error *err) VX_MUST_USE;

#endif
