/* Fuzz target: any pattern on any text. Input: pattern NUL text. What matches anchored matches unanchored too, and
 * nothing matches that its bytes are said to rule out.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_regex.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *pattern = vx_strndup((const char *)data, size), *anchored = vx_asprintf("^(%s)$", pattern);
	size_t used = strlen(pattern) < size ? strlen(pattern) + 1 : size;
	const char *text = (const char *)data + used;
	struct vx_regex *free_one = vx_regex_new(pattern, NULL), *bound = vx_regex_new(anchored, NULL);

	const struct vx_regex_bytes bytes = vx_regex_bytes_of(text, size - used);

	if (free_one && vx_regex_match(free_one, text, size - used) && !vx_regex_may_match(free_one, &bytes))
		abort();
	if (free_one && bound && vx_regex_match(bound, text, size - used) &&
		!vx_regex_match(free_one, text, size - used))
		abort();
	vx_regex_free(free_one);
	vx_regex_free(bound);
	free(pattern);
	free(anchored);
	return 0;
}
