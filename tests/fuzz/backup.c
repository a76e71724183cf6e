/* Any bytes as the lines of a back-up of which one datasource is wanted: never a crash, and a verdict on each.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_backup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_backup *b = vx_backup_new(size && data[0] & 1 ? "datasource/a" : NULL, &err);
	const char *p = (const char *)data, *end = p + size;

	while (b && p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));
		size_t n = newline ? (size_t)(newline - p) : (size_t)(end - p);
		int verdict = vx_backup_line(b, p, n, &err);
		if (verdict < 0 && !err.reason[0])
			abort();
		p += n + 1;
	}
	vx_backup_free(b);
	return 0;
}
