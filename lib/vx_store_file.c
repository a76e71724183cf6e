/* vx_store_file: a folder as a store. Objects appear whole, by rename out of <root>/.vx-upload, and are on the disk then.
 * In: an open file. Out: the object's file. SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vx_hash.h"
#include "vx_io.h"
#include "vx_store_back.h"

enum { BLOCK = 128 << 10 };

struct vx_store_file {
	int root; /* -1: not there, in a dry run */
	atomic_bool swept;
	atomic_uint sequence;
};

/* A file under way: VX_STORE_TEMP/<pid>.<number>, locked while its writer lives. */
struct temp {
	int folder, fd;
	char name[48];
};

/* What is wrong with the store as a whole ends the run; what is wrong with one key costs only that record. */
static int store_errno(struct vx_error *err, const char *key, const char *what)
{
	bool whole = errno == ENOSPC || errno == EDQUOT || errno == EROFS || errno == EIO || errno == EMFILE;
	const char *hint =
		errno == EXDEV ? " (it is another file system than the store's root: name it with --to)" : "";
	return vx_error_errno(err, whole ? VX_EIO : VX_EREJECT, NULL, "%s: %s%s", key, what, hint);
}

struct vx_store_file *vx_store_file_open(const char *root, bool dry_run, struct vx_error *err)
{
	char *folder = vx_asprintf("%s/", root);
	int fd = -1, status = dry_run ? VX_OK : vx_mkdirs(folder, err);
	if (status == VX_OK) {
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0 && !(dry_run && errno == ENOENT)) {
			status = vx_error_errno(err, VX_EIO, NULL, "cannot be opened as a folder");
			vx_error_at(err, root, 0);
		}
	}
	free(folder);
	if (status != VX_OK)
		return NULL;
	struct vx_store_file *f = vx_alloc(sizeof(*f));
	f->root = fd;
	return f;
}

void vx_store_file_close(struct vx_store_file *f)
{
	if (!f)
		return;
	if (f->root >= 0) {
		unlinkat(f->root, VX_STORE_TEMP, AT_REMOVEDIR); /* stays while another run uses it */
		close(f->root);
	}
	free(f);
}

/* Opens the folder of key, one segment at a time, through no symbolic link.
 * Out: *folder (-1: it is not there, and make is false), *leaf: the key's last segment. */
static int open_folder(
	struct vx_store_file *f, const char *key, bool make, int *folder, const char **leaf, struct vx_error *err)
{
	const char *s = key, *slash;
	*folder = f->root < 0 ? -1 : fcntl(f->root, F_DUPFD_CLOEXEC, 3);
	if (f->root >= 0 && *folder < 0)
		return store_errno(err, key, "cannot open the store");
	for (; *folder >= 0 && (slash = strchr(s, '/')); s = slash + 1) {
		char *name = vx_strndup(s, (size_t)(slash - s));
		bool made = make && mkdirat(*folder, name, 0777) == 0;
		if (made)
			fsync(*folder);
		int next = make && !made && errno != EEXIST
				   ? -1
				   : openat(*folder, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int why = errno;
		free(name);
		close(*folder);
		*folder = next;
		errno = why;
		if (next < 0 && (make || why != ENOENT))
			return store_errno(err, key, "cannot open its folder");
	}
	slash = strrchr(key, '/');
	*leaf = slash ? slash + 1 : key;
	return VX_OK;
}

static ssize_t read_at(int fd, char *to, size_t n, off_t at)
{
	size_t done = 0;
	while (done < n) {
		ssize_t got = pread(fd, to + done, n - done, at + (off_t)done);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int vx_store_file_delete(struct vx_store_file *f, const char *key, struct vx_error *err)
{
	const char *leaf;
	int folder, status = open_folder(f, key, false, &folder, &leaf, err);
	if (status != VX_OK || folder < 0)
		return status;
	if (unlinkat(folder, leaf, 0) == 0)
		fsync(folder);
	else if (errno != ENOENT)
		status = store_errno(err, key, "cannot be deleted");
	close(folder);
	return status;
}

/* Reads both files side by side; sha256 is the source's when they are the same. */
static int compare(
	const struct vx_source *src, int object, const char *key, char sha256[65], bool *same, struct vx_error *err)
{
	char *mine = vx_alloc(2 * BLOCK), *theirs = mine + BLOCK;
	struct vx_sha256 *h = vx_sha256_new();
	ssize_t n = 0, m = 0;
	int status = VX_OK;
	off_t at = 0;
	*same = true;
	for (; status == VX_OK && *same && at < src->st.st_size; at += n) {
		n = read_at(src->fd, mine, BLOCK, at);
		m = read_at(object, theirs, BLOCK, at);
		if (n < 0)
			status = vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
		else if (m < 0)
			status = store_errno(err, key, "cannot be read in the store");
		else if (n == 0)
			status = vx_error_set(err, VX_EREJECT, NULL, "changed while it was read");
		else if (n != m || memcmp(mine, theirs, (size_t)n) != 0)
			*same = false;
		else
			vx_sha256_add(h, mine, (size_t)n);
	}
	if (status == VX_OK && *same)
		status = vx_source_check(src, err);
	if (status == VX_OK && *same)
		vx_sha256_end(h, sha256);
	else
		vx_sha256_free(h);
	free(mine);
	return status;
}

/* Opens what is under key for reading. Out: *object is -1 when nothing is. */
static int open_object(struct vx_store_file *f, const char *key, int *object, struct stat *st, struct vx_error *err)
{
	const char *leaf;
	int folder, status = open_folder(f, key, false, &folder, &leaf, err);
	*object = -1;
	if (status != VX_OK || folder < 0)
		return status;
	*object = openat(folder, leaf, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (*object < 0 && errno != ENOENT)
		status = store_errno(err, key, "cannot be opened in the store");
	else if (*object >= 0 && (fstat(*object, st) != 0 || !S_ISREG(st->st_mode)))
		status = vx_error_set(err, VX_EREJECT, NULL, "%s: is no regular file in the store", key);
	if (status != VX_OK && *object >= 0) {
		close(*object);
		*object = -1;
	}
	close(folder);
	return status;
}

int vx_store_file_look(struct vx_store_file *f, const char *key, const struct vx_source *src, char sha256[65],
	enum vx_found *found, struct vx_error *err)
{
	struct stat st;
	bool same = false;
	int object, status = open_object(f, key, &object, &st, err);
	*found = VX_FOUND_NOTHING;
	if (object < 0)
		return status;
	if (st.st_size == src->st.st_size)
		status = compare(src, object, key, sha256, &same, err);
	*found = same ? VX_FOUND_SAME : VX_FOUND_OTHER;
	close(object);
	return status;
}

/* Removes what runs that were killed left behind: files that nobody holds a lock on. */
static void sweep(int folder)
{
	int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = again < 0 ? NULL : fdopendir(again);
	struct dirent *e;
	while (d && (e = readdir(d))) {
		int fd = openat(folder, e->d_name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
			unlinkat(folder, e->d_name, 0);
		if (fd >= 0)
			close(fd);
	}
	if (d)
		closedir(d);
	else if (again >= 0)
		close(again);
}

static void temp_close(struct temp *t, bool unlink_it)
{
	if (t->fd >= 0 && unlink_it)
		unlinkat(t->folder, t->name, 0);
	if (t->fd >= 0)
		close(t->fd);
	if (t->folder >= 0)
		close(t->folder);
}

/* One try at a new locked file. The folder may vanish between two steps (another run that ends removes it when empty),
 * and so may the file before it is locked (another run's sweep): then false, with errno ENOENT or EEXIST. */
static bool temp_try(struct vx_store_file *f, struct temp *t)
{
	struct stat st;
	*t = (struct temp){ .folder = -1, .fd = -1 };
	if (mkdirat(f->root, VX_STORE_TEMP, 0777) != 0 && errno != EEXIST)
		return false;
	t->folder = openat(f->root, VX_STORE_TEMP, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (t->folder < 0)
		return false;
	if (!atomic_exchange(&f->swept, true))
		sweep(t->folder);
	snprintf(t->name, sizeof(t->name), "%ld.%u", (long)getpid(), atomic_fetch_add(&f->sequence, 1));
	t->fd = openat(t->folder, t->name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (t->fd < 0)
		return false;
	if ((flock(t->fd, LOCK_EX) == 0 || errno != EINTR) && fstat(t->fd, &st) == 0 && st.st_nlink > 0)
		return true;
	errno = ENOENT;
	return false;
}

static int temp_open(struct vx_store_file *f, const char *key, struct temp *t, struct vx_error *err)
{
	for (int tries = 0; tries < 1000; tries++) {
		if (temp_try(f, t))
			return VX_OK;
		int why = errno;
		temp_close(t, false);
		errno = why;
		if (why != ENOENT && why != EEXIST)
			break;
	}
	return store_errno(err, key, "cannot create a temporary file in " VX_STORE_TEMP);
}

/* The bytes of a descriptor from its start, hashed; -1 with errno. */
static int hash_fd(int fd, char sha256[65])
{
	char *block = vx_alloc(BLOCK);
	struct vx_sha256 *h = vx_sha256_new();
	ssize_t n;
	for (off_t at = 0; (n = read_at(fd, block, BLOCK, at)) > 0; at += n)
		vx_sha256_add(h, block, (size_t)n);
	free(block);
	if (n == 0)
		vx_sha256_end(h, sha256);
	else
		vx_sha256_free(h);
	return n == 0 ? 0 : -1;
}

int vx_store_file_hash(
	struct vx_store_file *f, const char *key, char sha256[65], enum vx_found *found, struct vx_error *err)
{
	struct stat st;
	int object, status = open_object(f, key, &object, &st, err);
	*found = object < 0 ? VX_FOUND_NOTHING : VX_FOUND_SAME;
	if (object < 0)
		return status;
	if (hash_fd(object, sha256) != 0)
		status = store_errno(err, key, "cannot be read in the store");
	close(object);
	return status;
}

/* Copies and hashes what is copied. */
static int copy(const struct vx_source *src, const char *key, int to, char sha256[65], struct vx_error *err)
{
	char *block = vx_alloc(BLOCK);
	struct vx_sha256 *h = vx_sha256_new();
	int status = VX_OK;
	ssize_t n;
	off_t at = 0;
	posix_fadvise(src->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	while (status == VX_OK && (n = read_at(src->fd, block, BLOCK, at)) != 0) {
		if (n < 0) {
			status = vx_error_errno(err, VX_EREJECT, NULL, "cannot be read");
			break;
		}
		vx_sha256_add(h, block, (size_t)n);
		if (vx_write_all(to, block, (size_t)n, NULL) != VX_OK)
			status = store_errno(err, key, "cannot be written");
		at += n;
	}
	free(block);
	vx_sha256_end(h, sha256);
	return status;
}

/* Fills the temporary file: a clone where the file system shares blocks, else a copy that is read back from the disk. */
static int fill(const struct vx_source *src, const char *key, int to, char sha256[65], struct vx_error *err)
{
	char back[65];
	bool clone = ioctl(to, FICLONE, src->fd) == 0;
	int status = clone ? VX_OK : copy(src, key, to, sha256, err);
	if (status == VX_OK && fsync(to) != 0)
		status = store_errno(err, key, "cannot be written");
	posix_fadvise(to, 0, 0, POSIX_FADV_DONTNEED);
	if (status == VX_OK && hash_fd(to, clone ? sha256 : back) != 0)
		status = store_errno(err, key, "cannot be read back");
	if (status == VX_OK && !clone && strcmp(sha256, back) != 0)
		status = vx_error_set(err, VX_EIO, NULL, "%s: reads back as other bytes than were written", key);
	return status == VX_OK ? vx_source_check(src, err) : status;
}

/* Gives the temporary file its name. Out: *made is false when something is there and must stay. */
static int publish(const struct temp *t, int folder, const char *leaf, const char *key, bool replace, bool *made,
	struct vx_error *err)
{
	int r = replace ? renameat(t->folder, t->name, folder, leaf)
			: renameat2(t->folder, t->name, folder, leaf, RENAME_NOREPLACE);
	if (r != 0 && !replace && (errno == EINVAL || errno == ENOSYS)) {
		/* Not every file system can rename like that, but a link never replaces. */
		r = linkat(t->folder, t->name, folder, leaf, 0);
		if (r == 0)
			unlinkat(t->folder, t->name, 0);
	}
	*made = r == 0;
	if (r != 0 && !(errno == EEXIST && !replace))
		return store_errno(err, key, "cannot be put in its place");
	if (*made && fsync(folder) != 0)
		return store_errno(err, key, "its folder cannot be written");
	return VX_OK;
}

int vx_store_file_write(struct vx_store_file *f, const char *key, const struct vx_source *src, char sha256[65],
	const char *want, bool replace, bool *made, struct vx_error *err)
{
	struct temp t;
	const char *leaf;
	int folder = -1, status = temp_open(f, key, &t, err);
	*made = false;
	if (status != VX_OK)
		return status;
	status = fill(src, key, t.fd, sha256, err);
	if (status == VX_OK)
		status = vx_store_wanted(sha256, want, err);
	if (status == VX_OK)
		status = open_folder(f, key, true, &folder, &leaf, err);
	if (status == VX_OK)
		status = publish(&t, folder, leaf, key, replace, made, err);
	if (folder >= 0)
		close(folder);
	temp_close(&t, !*made);
	return status;
}
