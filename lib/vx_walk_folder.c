/* vx_walk_folder: one folder of a walk. descriptor -> sorted names with their types, compactly.
 * SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "vx_placeholder.h"
#include "vx_walk_folder.h"

enum { DIRENT_BYTES = 32768 };

/* The kernel's own record (struct linux_dirent64 is in no header). */
struct dirent64_raw {
	uint64_t ino;
	int64_t off;
	unsigned short reclen;
	unsigned char type;
	char name[];
};

/* A folder on its way in. */
struct reading {
	struct vx_walk_tree *tree;
	struct vx_walk_folder *folder;
	int fd;
	void *worker;
	struct vx_buf *entries; /* struct vx_entry, one after the other */
	struct vx_buf names;
	struct vx_walk_out *out;
};

static void note_entry(struct reading *r, char level, const char *name, const char *reason)
{
	char *rel = vx_asprintf("%s%s", r->folder->rel, name);

	vx_walk_note(r->out, level, rel, reason);
	free(rel);
}

static void note_errno(struct reading *r, const char *name, int error)
{
	char reason[256];
	char text[128];
	const char *what = error == ENOENT && *name ? vx_placeholder_at(r->fd, name, true) : NULL;

	snprintf(reason, sizeof reason, "cannot be looked at: %s", strerror_r(error, text, sizeof text));
	if (error == ENOENT)
		note_entry(r, 'r', name,
			what                    ? what
			: r->tree->walk->follow ? "vanished, or a link to nothing"
						: "vanished during the scan");
	else
		note_entry(r, 'r', name, error == ELOOP ? "a symbolic link that leads back to itself" : reason);
}

static enum vx_entry_type type_of_mode(mode_t mode)
{
	if (S_ISREG(mode))
		return VX_ENTRY_FILE;
	if (S_ISDIR(mode))
		return VX_ENTRY_FOLDER;
	return S_ISLNK(mode) ? VX_ENTRY_LINK : VX_ENTRY_OTHER;
}

/* The type of a name; costs a stat only where the file system does not say, or a link is to be followed.
 * Returns 0, or errno with what can be said in *type. */
static int type_of(const struct reading *r, const char *name, unsigned char d_type, enum vx_entry_type *type)
{
	struct stat st;

	*type = VX_ENTRY_OTHER;
	if (d_type == DT_REG)
		*type = VX_ENTRY_FILE;
	else if (d_type == DT_DIR)
		*type = VX_ENTRY_FOLDER;
	else if (d_type == DT_LNK && !r->tree->walk->follow)
		*type = VX_ENTRY_LINK;
	else if (d_type == DT_LNK || d_type == DT_UNKNOWN) {
		if (fstatat(r->fd, name, &st, r->folder->view.stat_flags) != 0) {
			*type = VX_ENTRY_LINK;
			return errno;
		}
		*type = type_of_mode(st.st_mode);
	}
	return 0;
}

static void take_entry(struct reading *r, const char *name, unsigned char d_type)
{
	const struct vx_walk *w = r->tree->walk;
	size_t len = strlen(name);
	enum vx_entry_type type;
	int error = type_of(r, name, d_type, &type);
	int mark = w->mark ? w->mark(r->worker, r->folder->rel, r->folder->view.rel_len, name, len, type) : 0;

	if (mark < 0)
		return;
	if (error) {
		note_errno(r, name, error);
		return;
	}
	if (type == VX_ENTRY_LINK || type == VX_ENTRY_OTHER) {
		const char *what = type == VX_ENTRY_LINK ? vx_placeholder_at(r->fd, name, false) : NULL;
		note_entry(r, what ? 'r' : 'w', name,
			what                    ? what
			: type == VX_ENTRY_LINK ? "a symbolic link, not followed (see --follow)"
						: "neither a file nor a folder, left out");
		return;
	}
	if (r->names.len > UINT32_MAX - UINT16_MAX) {
		note_entry(r, 'r', name, "left out: the names of this folder are more than 4 GiB");
		return;
	}
	struct vx_entry e = {
		.name = (uint32_t)r->names.len, .len = (uint16_t)len, .type = (uint8_t)type, .mark = (uint8_t)mark
	};
	vx_buf_add(r->entries, &e, sizeof e);
	vx_buf_add(&r->names, name, len);
	if (type == VX_ENTRY_FOLDER)
		vx_buf_putc(&r->names, '/');
	r->names.len++; /* keeps the terminator: names are compared as strings */
	vx_buf_reserve(&r->names, 1);
}

static void read_names(struct reading *r)
{
	_Alignas(8) char bytes[DIRENT_BYTES];

	for (;;) {
		long n = syscall(SYS_getdents64, r->fd, bytes, sizeof bytes);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			note_errno(r, "", errno);
		if (n <= 0)
			return;
		for (long at = 0; at < n;) {
			const struct dirent64_raw *d = (const void *)(bytes + at);
			at += d->reclen;
			if (d->name[0] != '.' || (d->name[1] && (d->name[1] != '.' || d->name[2])))
				take_entry(r, d->name, d->type);
		}
	}
}

/* Only the names asked for; a name that is not there is no problem. */
static void read_only(struct reading *r)
{
	struct stat st;

	for (const char *const *name = r->tree->only; *name; name++)
		if (fstatat(r->fd, *name, &st, r->folder->view.stat_flags) == 0)
			take_entry(r, *name, S_ISREG(st.st_mode) ? DT_REG : S_ISLNK(st.st_mode) ? DT_LNK : DT_UNKNOWN);
}

static int by_name(const void *a, const void *b, void *names)
{
	const struct vx_entry *x = a, *y = b;

	return strcmp((const char *)names + x->name, (const char *)names + y->name);
}

/* True when one of the folders above is the same: a link that leads back. */
static bool leads_back(struct vx_walk_folder *f, int fd)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return false;
	f->dev = st.st_dev;
	f->ino = st.st_ino;
	for (const struct vx_walk_folder *up = f->parent; up; up = up->parent)
		if (up->dev == f->dev && up->ino == f->ino)
			return true;
	return false;
}

static struct vx_walk_folder *folder_new(
	struct vx_walk_tree *tree, struct vx_walk_folder *parent, const struct vx_entry *e)
{
	static atomic_ullong serial;
	struct vx_walk_folder *f = vx_alloc(sizeof *f);

	f->rel = parent ? vx_asprintf("%s%s", parent->rel, vx_entry_name(&parent->view, e)) : vx_strdup("");
	f->parent = parent && tree->walk->follow ? vx_walk_folder_ref(parent) : NULL;
	f->refs = 1;
	f->view = (struct vx_folder){ .root = tree->root,
		.rel = f->rel,
		.rel_len = strlen(f->rel),
		.serial = atomic_fetch_add(&serial, 1) + 1,
		.stat_flags = tree->walk->follow ? 0 : AT_SYMLINK_NOFOLLOW };
	return f;
}

int vx_walk_folder_open(const struct vx_walk_tree *tree, const struct vx_walk_folder *f)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (tree->walk->follow || !f->view.rel_len ? 0 : O_NOFOLLOW);

	if (strlen(tree->root) + 1 + f->view.rel_len < PATH_MAX)
		return openat(tree->root_fd, f->view.rel_len ? f->rel : ".", flags);
	errno = ENAMETOOLONG;
	return -1;
}

static void read_sorted(struct reading *r)
{
	struct vx_walk_folder *f = r->folder;

	if (r->tree->only && !f->view.rel_len)
		read_only(r);
	else
		read_names(r);
	f->view.count = r->entries->len / sizeof(struct vx_entry);
	if (f->view.count == 0)
		return;
	f->names = vx_realloc(r->names.data, r->names.len + 1);
	r->names = (struct vx_buf)VX_BUF_INIT;
	f->entries = vx_alloc(r->entries->len);
	memcpy(f->entries, r->entries->data, r->entries->len);
	qsort_r(f->entries, f->view.count, sizeof *f->entries, by_name, f->names);
	f->view.entries = f->entries;
	f->view.names = f->names;
}

struct vx_walk_folder *vx_walk_folder_read(struct vx_walk_tree *tree, struct vx_walk_folder *parent,
	const struct vx_entry *e, void *worker, struct vx_buf *scratch, struct vx_walk_out *out, int *fd)
{
	struct vx_walk_folder *f = folder_new(tree, parent, e);
	struct reading r = { .tree = tree,
		.folder = f,
		.worker = worker,
		.entries = scratch,
		.out = out,
		.fd = vx_walk_folder_open(tree, f) };

	vx_buf_clear(scratch);
	if (r.fd < 0)
		note_errno(&r, "", errno);
	else if (tree->walk->follow && leads_back(f, r.fd))
		note_entry(&r, 'r', "", "a symbolic link that leads back to a folder above it");
	else
		read_sorted(&r);
	vx_buf_free(&r.names);
	*fd = r.fd;
	if (f->view.count)
		return f;
	if (r.fd >= 0)
		close(r.fd);
	vx_walk_folder_free(f);
	return NULL;
}

struct vx_walk_folder *vx_walk_folder_ref(struct vx_walk_folder *f)
{
	atomic_fetch_add(&f->refs, 1);
	return f;
}

void vx_walk_folder_free(struct vx_walk_folder *f)
{
	while (f && atomic_fetch_sub(&f->refs, 1) == 1) {
		struct vx_walk_folder *parent = f->parent;
		free(f->rel);
		free(f->names);
		free(f->entries);
		free(f);
		f = parent;
	}
}
