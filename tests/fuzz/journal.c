/* Any bytes as a journal behind a good first line: no crash, and nothing is known that no checksum vouches for.
 * In: fuzzer's bytes. Out: none. SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "vx_journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_error err = VX_ERROR_INIT;
	char path[64];
	int fd = memfd_create("journal", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	struct vx_journal *j = vx_journal_open(path, "x", &err);
	if (!j)
		abort();
	vx_journal_close(j);
	if (lseek(fd, 0, SEEK_END) < 0 || write(fd, data, size) != (ssize_t)size)
		abort();
	j = vx_journal_open(path, "x", &err);
	if (!j || vx_journal_has(j, "never", "put"))
		abort();
	if (vx_journal_put(j, "a", "b", &err) != VX_OK || !vx_journal_has(j, "a", "b"))
		abort();
	vx_journal_close(j);
	j = vx_journal_open(path, "x", &err);
	if (!j || !vx_journal_has(j, "a", "b"))
		abort();
	vx_journal_close(j);
	close(fd);
	return 0;
}
