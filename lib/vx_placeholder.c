/* vx_placeholder: Git LFS and git-annex files without their content; bytes, links -> what they are.
 * SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vx_placeholder.h"

#define OBJECTS "/annex/objects/"

static bool begins(const char *s, size_t n, const char *with)
{
	return n >= strlen(with) && memcmp(s, with, strlen(with)) == 0;
}

const char *vx_placeholder(const void *bytes, size_t n)
{
	const char *s = bytes;
	/* git-lfs was hawser once; its pointers still count. */
	if (begins(s, n, "version https://git-lfs.github.com/") || begins(s, n, "version https://hawser.github.com/"))
		return "a Git LFS pointer: its content was not fetched (git lfs pull)";
	while (begins(s, n, "../")) {
		s += 3;
		n -= 3;
	}
	if (begins(s, n, OBJECTS) || begins(s, n, ".git" OBJECTS))
		return "a git-annex pointer: its content was not fetched (git annex get)";
	return NULL;
}

const char *vx_placeholder_fd(int fd, uint64_t size)
{
	char bytes[VX_PLACEHOLDER_MAX];
	if (size < VX_PLACEHOLDER_MIN || size > VX_PLACEHOLDER_MAX)
		return NULL;
	ssize_t n = pread(fd, bytes, sizeof(bytes), 0);
	return n > 0 ? vx_placeholder(bytes, (size_t)n) : NULL;
}

static bool leads_into_annex(int dirfd, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(dirfd, name, target, sizeof(target));
	return n > 0 && memmem(target, (size_t)n, ".git" OBJECTS, strlen(".git" OBJECTS));
}

const char *vx_placeholder_at(int dirfd, const char *name, bool follow)
{
	struct stat st;
	const char *what = NULL;
	if (fstatat(dirfd, name, &st, 0) != 0)
		return leads_into_annex(dirfd, name) ? "a git-annex link: its content was not fetched (git annex get)"
						     : NULL;
	if (!S_ISREG(st.st_mode) || st.st_size < VX_PLACEHOLDER_MIN || st.st_size > VX_PLACEHOLDER_MAX)
		return NULL;
	int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | (follow ? 0 : O_NOFOLLOW));
	if (fd < 0)
		return NULL;
	what = vx_placeholder_fd(fd, (uint64_t)st.st_size);
	close(fd);
	return what;
}

int vx_placeholder_no_file(const char *path, struct vx_error *err)
{
	const int error = errno;
	const char *what = error == ENOENT ? vx_placeholder_at(AT_FDCWD, path, true) : NULL;
	if (what)
		return vx_error_set(err, VX_EREJECT, NULL, "%s", what);
	errno = error;
	return vx_error_errno(err, VX_EREJECT, NULL, "cannot be opened");
}
