/* neighbours: whether a sidecar may be beside an image, told from one listing of the folder instead of a question a file.
 * SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "meta.h"
#include "vx_hash.h"
#include "vx_io.h"

enum {
	ASKED = 24,       /* questions about one folder after which a listing pays */
	ENTRIES = 100000, /* in a folder with more, files are asked for one by one */
	KEPT = 1          /* seconds that a listing counts */
};

/* Of a name with its letters made small: where a file system takes both cases for one, nothing is missed. */
static uint64_t hash_of(const char *name)
{
	char small[256];
	size_t n = 0;
	for (; name[n] && n < sizeof(small); n++)
		small[n] = (char)tolower((unsigned char)name[n]);
	return vx_hash64(small, n);
}

static int by_hash(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void add(struct neighbours *b, const char *name)
{
	if (!path_ends(name, ".json") && !path_ends(name, ".bval") && !path_ends(name, ".bvec"))
		return;
	if (b->n == b->room) {
		b->room = b->room ? b->room * 2 : 64;
		b->names = vx_realloc(b->names, b->room * sizeof(*b->names));
	}
	b->names[b->n++] = hash_of(name);
}

static void list(struct neighbours *b)
{
	DIR *d = opendir(b->folder.len ? b->folder.data : ".");
	struct dirent *e;
	long entries = 0;
	b->n = 0;
	while (d && (e = readdir(d)) && ++entries <= ENTRIES)
		add(b, e->d_name);
	b->unlistable = !d || entries > ENTRIES;
	if (d)
		closedir(d);
	if (b->n)
		qsort(b->names, b->n, sizeof(*b->names), by_hash);
	b->until = vx_now() + KEPT;
}

bool neighbours_may_have(struct neighbours *b, const char *path)
{
	const char *slash = strrchr(path, '/');
	const size_t n = slash ? (size_t)(slash + 1 - path) : 0;
	if (b->asked == 0 || b->folder.len != n || (n && memcmp(b->folder.data, path, n) != 0)) {
		vx_buf_clear(&b->folder);
		vx_buf_add(&b->folder, path, n);
		b->asked = 0;
		b->until = 0;
		b->unlistable = false;
	}
	if (b->asked < ASKED) {
		b->asked++;
		return true;
	}
	if (!b->unlistable && vx_now() > b->until)
		list(b);
	const uint64_t hash = hash_of(path + n);
	return b->unlistable || (b->n && bsearch(&hash, b->names, b->n, sizeof(hash), by_hash));
}

void neighbours_free(struct neighbours *b)
{
	vx_buf_free(&b->folder);
	free(b->names);
}
