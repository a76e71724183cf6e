/* Fuzzes vx_sidecar: any bytes are a sidecar and a .bval file.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>

#include "vx_sidecar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct vx_sidecar_map *map;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_json *json;
	bool latin1;
	if (!map && !(map = vx_sidecar_load("share/sidecar.json", &err)))
		abort();
	if (vx_sidecar_parse((const char *)data, size, &json, &latin1, &err) == VX_OK) {
		vx_json_free(vx_sidecar_fields(map, json, ignore, NULL));
		vx_json_free(json);
	}
	if (vx_bval_parse((const char *)data, size, &json, &err) == VX_OK)
		vx_json_free(json);
	return 0;
}
