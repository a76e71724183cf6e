/* Any bytes as the lines of a token file: no crash, and no token without a right.
 * SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdint.h>

#include "../../cmd/vx-serve/tokens.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_error err = VX_ERROR_INIT;
	struct tokens t = { .list = NULL };
	char *line = vx_strndup((const char *)data, size);
	char name[TOKEN_NAME];
	if (add(&t, line, strlen(line), &err) == VX_OK && t.count && t.list[0].right == RIGHT_NONE)
		__builtin_trap();
	tokens_right(&t, "a token", name);
	free(t.list);
	free(line);
	return 0;
}
