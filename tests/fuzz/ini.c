/* Any bytes as ~/.aws/config: no crash, values are strings. In: fuzzer's bytes. Out: none. SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take(void *arg, const char *section, const char *key, const char *value)
{
	size_t *total = arg;
	*total += strlen(section) + strlen(key) + strlen(value);
	if (!*value)
		abort(); /* only keys with a value are told */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_error err = VX_ERROR_INIT;
	size_t total = 0;
	int status = vx_ini_parse((const char *)data, size, take, &total, &err);
	if (status != VX_OK && (status != VX_EDATA || err.row < 1 || !err.reason[0]))
		abort();
	return 0;
}
