/* Fuzzes vx_gz: any bytes are a file; whole and as a stream give the same content, and whoever watches sees each byte of
 * the file once.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vx_gz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST ((size_t)1 << 20)

struct content {
	uint8_t *bytes;
	size_t n;
};

static void compare(void *arg, const uint8_t *content)
{
	const struct content *c = arg;
	if (memcmp(c->bytes, content, c->n) != 0)
		abort();
}

struct watch {
	const uint8_t *data;
	size_t size, seen;
};

static void watch(void *arg, const uint8_t *bytes, size_t n)
{
	struct watch *w = arg;
	if (n > w->size - w->seen || memcmp(w->data + w->seen, bytes, n) != 0)
		abort();
	w->seen += n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct watch w = { data, size, 0 };
	char path[40];
	struct vx_error err = VX_ERROR_INIT;
	struct content c = { malloc(MOST), 0 };
	int fd = memfd_create("fuzz", 0);
	uint32_t last;
	if (fd < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct vx_gz *g = vx_gz_new();
	if (vx_gz_open(g, path, &err) == VX_OK) {
		uint64_t skipped, rest;
		vx_gz_watch(g, watch, &w);
		bool good = vx_gz_read(g, c.bytes, MOST, &c.n, &err) == VX_OK && vx_gz_skip(g, 1, &rest, &err) == VX_OK;
		good = good && rest == 0 && !vx_gz_cut(g);
		(void)!vx_gz_last_size(g, &last, &err);
		int whole = vx_gz_whole(g, c.n, compare, &c, &err);
		/* What libdeflate inflates, zlib does. */
		if (whole == 1 && !good)
			abort();
		if (vx_gz_rewind(g, &err) == VX_OK && vx_gz_skip(g, MOST, &skipped, &err) == VX_OK && good &&
			skipped != c.n)
			abort();
		if (vx_gz_finish(g, &err) == VX_OK && w.seen != size)
			abort();
	}
	vx_gz_free(g);
	close(fd);
	free(c.bytes);
	return 0;
}
