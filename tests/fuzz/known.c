/* Any bytes as a journal's table behind a good head, and as the whole file: no crash, no endless search, and what is put is
 * known. In: fuzzer's bytes. Out: none. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vx_known.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void use(const char *path, bool must_open)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_known *k = vx_known_open(path, "x", &err);
	struct vx_fact f = { .name = 7, .content = 70 }, got;
	struct vx_known_side side = { "i", 1, 5 };
	uint64_t kept;

	if (!k && must_open)
		abort();
	if (!k)
		return;
	for (uint64_t name = 0; name < 64; name++)
		vx_known_get(k, name * 0x0101010101010101u, &got);
	if (vx_known_put(k, &f, &err) == VX_OK && (!vx_known_get(k, 7, &got) || got.content != 70))
		abort();
	if (vx_known_keep(k, &side, &kept, &err) != VX_OK || vx_known_mark(k, 2, 6, &err) != VX_OK ||
		vx_known_move(k, "j", &err) != VX_OK || vx_known_close(k, &err) != VX_OK)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[] = "/tmp/vx-fuzz-known-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || unlink(path) != 0 || close(fd) != 0)
		abort();
	use(path, true);
	fd = open(path, O_WRONLY);
	if (fd < 0 || pwrite(fd, data, size < 190000 ? size : 190000, 512) < 0)
		abort();
	use(path, true);
	if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size || close(fd) != 0)
		abort();
	use(path, false);
	unlink(path);
	return 0;
}
