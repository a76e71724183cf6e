/* vx_walk: a folder tree in byte order of its paths, read by several threads, in bounded memory.
 *
 * A path is relative to the root; a folder counts as if its name ended in "/", so that the order is that of
 * `LC_ALL=C sort` over the paths of the files. Work is cut into pieces (a folder to read, a run of files), kept in a
 * list in output order. Any thread takes the first piece that nobody has; whoever finishes the head of the list
 * hands over what is done, in order. Only a bounded amount of text may wait in the list, so memory grows with
 * the largest folder, not with the tree.
 *
 *	struct vx_walk w = { .files = list_them, .write = print, .arg = &o, .jobs = 2 };
 *	if (vx_walk(&w, "data", NULL, &err) != VX_OK) ...    // the root itself cannot be read
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_WALK_H
#define VX_WALK_H

#include <stdint.h>
#include <sys/stat.h>

#include "vx_err.h"
#include "vx_io.h"

enum vx_entry_type { VX_ENTRY_FILE, VX_ENTRY_FOLDER, VX_ENTRY_LINK /* not followed */, VX_ENTRY_OTHER };

struct vx_entry {
	uint32_t name; /* offset in the folder's names */
	uint16_t len;  /* without the "/" that names of folders end in */
	uint8_t type;
	uint8_t mark; /* what the mark callback made of it */
};

/* One folder that was read. Its entries are sorted. */
struct vx_folder {
	const char *root; /* absolute, without a final "/" ("" for the file system's root) */
	const char *rel;  /* path below the root, ends in "/"; "" for the root itself */
	size_t rel_len;
	const struct vx_entry *entries;
	size_t count;
	const char *names;
	uint64_t serial; /* no two folders of a process have the same */
	int stat_flags;  /* for fstatat: AT_SYMLINK_NOFOLLOW unless links are followed */
};

/* vx_entry_name: the name; that of a folder has a "/" behind it. */
static inline const char *vx_entry_name(const struct vx_folder *f, const struct vx_entry *e)
{
	return f->names + e->name;
}

/* What a piece of the walk gave. */
struct vx_walk_out {
	struct vx_buf text;      /* whole lines, for write */
	struct vx_buf notes;     /* problems, see vx_walk_note */
	long records, counts[4]; /* the caller's own */
};

/* vx_walk_note: remembers a problem with the path rel until the piece's turn comes. level is the caller's ('r', 'w'). */
void vx_walk_note(struct vx_walk_out *out, char level, const char *rel, const char *reason);

/* vx_walk_notes: the next note of out from *at on; false when there is none left. Borrowed from out. */
bool vx_walk_notes(const struct vx_walk_out *out, size_t *at, char *level, const char **rel, const char **reason);

struct vx_walk {
	/* mark: looks at a name as its folder is read: a number 0..255 to be kept as entry.mark, or -1 to leave the entry
	 * out (a folder: with all that is in it). name is no C string. NULL: all are kept. Any thread. */
	int (*mark)(
		void *worker, const char *rel, size_t rel_len, const char *name, size_t len, enum vx_entry_type type);
	/* files: entries first..last-1 of f are all files; dirfd is f, opened. Any thread. */
	void (*files)(
		void *worker, const struct vx_folder *f, int dirfd, size_t first, size_t last, struct vx_walk_out *out);
	/* write: pieces in order, one at a time; false ends the walk. */
	bool (*write)(void *arg, const struct vx_walk_out *out);
	/* idle: nothing can be written just now: time to flush. May be NULL. One at a time, never beside write. */
	void (*idle)(void *arg);
	void *(*worker_new)(void *arg); /* each thread's own state; may be NULL */
	void (*worker_free)(void *worker);
	void *arg;
	bool follow; /* symbolic links are followed; a loop is noted */
	int jobs;    /* threads, the caller's included; at least 1 */
};

/* vx_walk: walks path. only: NULL, or names of files in path, to be handed to `files` in one go with mark
 * as usual instead of all that path holds (those that do not exist are left out).
 * Notes with level 'r' are made for what cannot be read, vanished or leads back, 'w' for links not followed and for
 * what is neither file nor folder.
 * Errors: VX_EIO when path itself cannot be opened. */
int vx_walk(const struct vx_walk *walk, const char *path, const char *const *only, struct vx_error *err) VX_MUST_USE;

#endif
