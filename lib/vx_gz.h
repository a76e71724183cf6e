/* vx_gz: reads a file that may be gzip: its beginning cheaply, the whole of it fast.
 *
 *	struct vx_gz *g = vx_gz_new();                 // one a thread, used again for every file
 *	if (vx_gz_open(g, "t2.nii.gz", &err) == VX_OK) {
 *		vx_gz_read(g, header, 352, &got, &err); // one open, one read of 4,096 bytes
 *		vx_gz_close(g);
 *	}
 *
 * What a file is, its first two bytes decide, never its name. A file that is no gzip is read as it is. Members that
 * follow each other are one stream; bytes behind the last member are ignored, as gzip does.
 * zlib inflates beginnings and streams in bounded memory, libdeflate inflates what fits into memory (masks: ten times
 * faster). Both check the CRC of whatever they read to its end.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_GZ_H
#define VX_GZ_H

#include <stdint.h>

#include "vx_err.h"

#define VX_GZ_BLOCK 4096                    /* the first read of a file */
#define VX_GZ_WHOLE_MAX ((size_t)256 << 20) /* the largest content that vx_gz_whole holds in memory ... */
#define VX_GZ_KEPT_MAX ((size_t)32 << 20)   /* ... and the largest for which each thread keeps memory of its own */
#define VX_GZ_RATIO 1032                    /* deflate makes at most so many bytes out of one */

struct vx_gz;
struct vx_gz *vx_gz_new(void);
void vx_gz_free(struct vx_gz *g);

/* vx_gz_open: opens path and reads its first block. A file still open is closed first.
 * Errors: VX_EREJECT: it cannot be opened or read (with errno's story), is no regular file, or is empty. */
int vx_gz_open(struct vx_gz *g, const char *path, struct vx_error *err) VX_MUST_USE;
void vx_gz_close(struct vx_gz *g);

/* vx_gz_is_gzip: whether the open file begins as gzip does. */
bool vx_gz_is_gzip(const struct vx_gz *g);

/* vx_gz_block: the first bytes of the open file itself, VX_GZ_BLOCK of them or all that there are, before anything of it
 * is read. */
const uint8_t *vx_gz_block(const struct vx_gz *g, size_t *n);

/* vx_gz_read: the next want bytes of the content; got < want at its end.
 * Errors: VX_EREJECT: the stream is damaged, or ends in its middle and nothing at all is left to hand out (what was
 * inflated before the end is handed out first; see vx_gz_cut). */
int vx_gz_read(struct vx_gz *g, void *out, size_t want, size_t *got, struct vx_error *err) VX_MUST_USE;

/* vx_gz_skip: leaves out n bytes of the content; *got < n at its end. */
int vx_gz_skip(struct vx_gz *g, uint64_t n, uint64_t *got, struct vx_error *err) VX_MUST_USE;

/* vx_gz_cut: whether the stream ended before its own end mark. */
bool vx_gz_cut(const struct vx_gz *g);

/* vx_gz_rewind: the next read begins at the start again. */
int vx_gz_rewind(struct vx_gz *g, struct vx_error *err) VX_MUST_USE;

/* vx_gz_members: from the next rewind on, next is called with what lies where each further member begins (up to
 * VX_GZ_BLOCK bytes of the file) and at last with what lies behind the last one (member: false); NULL: no longer. Ends
 * with the next vx_gz_open. Only vx_gz_read and vx_gz_skip see members. */
void vx_gz_members(struct vx_gz *g, void (*next)(void *arg, bool member, const uint8_t *bytes, size_t n), void *arg);

/* vx_gz_watch: right after vx_gz_open: seen is called with the bytes of the file itself, in order, each once, as they are
 * read; NULL: no longer. Ends with the next vx_gz_open. */
void vx_gz_watch(struct vx_gz *g, void (*seen)(void *arg, const uint8_t *bytes, size_t n), void *arg);

/* vx_gz_finish: shows the watcher what was not read yet. Nothing of the content can be had after it but by a rewind. */
int vx_gz_finish(struct vx_gz *g, struct vx_error *err) VX_MUST_USE;

/* vx_gz_size: bytes of the file itself. Asks the file system only when the first block did not hold it all. */
int vx_gz_size(struct vx_gz *g, uint64_t *size, struct vx_error *err) VX_MUST_USE;

/* vx_gz_last_size: what a gzip file says at its end about the size of its content, modulo 2^32. A file that was cut
 * ends in other bytes; of a file of several members it is the last one's size. */
int vx_gz_last_size(struct vx_gz *g, uint32_t *size, struct vx_error *err) VX_MUST_USE;

/* vx_gz_whole: the whole content of a gzip file at once, when it has exactly expected bytes and fits into memory; use
 * is called with it. Content beyond VX_GZ_KEPT_MAX is inflated by one thread at a time, so that the process holds at
 * most one such.
 * Returns 1 when use was called; 0 when the file is not so, or is damaged: then read it as a stream, which tells the
 * story; VX_EREJECT when the file cannot be read. */
int vx_gz_whole(struct vx_gz *g, uint64_t expected, void (*use)(void *arg, const uint8_t *content), void *arg,
	struct vx_error *err) VX_MUST_USE;

#endif
