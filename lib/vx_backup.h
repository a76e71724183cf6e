/* vx_backup: an export as a back-up keeps it: its lines, which of them belong to a part, and whether it is whole.
 *
 * GET /v1/export?check=1 ends in a line of its own, {"_end":{"count":N,"sha256":"..."}}: so many lines stood before it, and
 * this is the SHA-256 of their bytes, newlines included. A back-up without it cannot be seen to be whole. An export of one
 * datasource (&datasource=datasource/picai) names it there, too: it is whole, but a part of its deployment.
 *
 *	struct vx_backup *b = vx_backup_new("datasource/picai", &err);       // NULL: all of it
 *	while (more lines)
 *		if (vx_backup_line(b, line, len, &err) == VX_BACKUP_TAKE) ...
 *	if (vx_backup_state(b) == VX_BACKUP_UNKNOWN) ...
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_BACKUP_H
#define VX_BACKUP_H

#include "vx_err.h"
#include "vx_io.h"

enum vx_backup_verdict {
	VX_BACKUP_SKIP, /* it is outside of the part that is wanted, or the end record */
	VX_BACKUP_TAKE, /* the caller handles it; also what is no resource, so that it is told */
};

enum vx_backup_state {
	VX_BACKUP_UNKNOWN, /* no end record has come */
	VX_BACKUP_WHOLE,   /* it has, and it says what was read */
	VX_BACKUP_BROKEN,  /* it says something else, or lines follow it */
};

/* vx_backup_new: datasource: only this one and all below it are wanted; NULL: all. VX_EIO: no temporary file. */
struct vx_backup;
struct vx_backup *vx_backup_new(const char *datasource, struct vx_error *err) VX_MUST_USE;
void vx_backup_free(struct vx_backup *b);

/* vx_backup_line: the next line, without its newline: a verdict, or an error.
 * Errors: VX_EREJECT  part of a datasource is wanted, and this one's parent has not come before it: whether it belongs
 *                     there cannot be told
 *         VX_EDATA    the back-up is not whole: the end record says so, or something follows it
 *         VX_EIO      a temporary file failed */
int vx_backup_line(struct vx_backup *b, const char *line, size_t len, struct vx_error *err) VX_MUST_USE;
enum vx_backup_state vx_backup_state(const struct vx_backup *b);
long vx_backup_skipped(const struct vx_backup *b); /* resources outside of the part */

/* vx_backup_only: the datasource that the end record says it is an export of, borrowed; NULL: it names none, or has not come. */
const char *vx_backup_only(const struct vx_backup *b);

/* A back-up in a file, or on stdin ("-"), as it is or as gzip, which its first bytes tell. */
struct vx_backup_file;
struct vx_backup_file *vx_backup_open(const char *path, struct vx_error *err) VX_MUST_USE; /* NULL + VX_EIO */
void vx_backup_close(struct vx_backup_file *f);

/* vx_backup_read: the next line, borrowed until the next call. 1, 0 at the end. VX_EIO: it cannot be read. VX_EDATA: it is
 * gzip that was cut off, or is damaged. */
int vx_backup_read(struct vx_backup_file *f, const char **line, size_t *len, struct vx_error *err) VX_MUST_USE;

/* vx_backup_again: from the first line once more; false where that cannot be had (a pipe). */
bool vx_backup_again(struct vx_backup_file *f);

#endif
