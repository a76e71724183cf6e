/* Fuzzes vx_sidecar: any bytes are a sidecar a .bval and a .bvec file. A cleaned copy must be a sidecar with nothing to clean.
 * SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_sidecar.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *arg, const char *text)
{
	(void)arg;
	(void)text;
}

static void clean_twice(const struct vx_sidecar_map *map, const struct vx_json *json)
{
	struct vx_buf once = VX_BUF_INIT, twice = VX_BUF_INIT;
	struct vx_json *left_out = vx_json_array(), *copy;
	struct vx_error err = VX_ERROR_INIT;
	bool latin1;
	vx_sidecar_clean(map, json, &once, NULL);
	if (vx_sidecar_parse(once.data, once.len, &copy, &latin1, &err) != VX_OK || latin1)
		abort();
	vx_sidecar_clean(map, copy, &twice, left_out);
	if (vx_json_size(left_out) || once.len != twice.len || memcmp(once.data, twice.data, once.len) != 0)
		abort();
	vx_json_free(left_out);
	vx_json_free(copy);
	vx_buf_free(&once);
	vx_buf_free(&twice);
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
		clean_twice(map, json);
		vx_json_free(json);
	}
	if (vx_bval_parse((const char *)data, size, &json, &err) == VX_OK)
		vx_json_free(json);
	struct vx_bvec v;
	if (vx_bvec_parse((const char *)data, size, &v, &err) == VX_OK &&
		(v.n == 0 || v.directions > v.n || v.odd > v.n))
		abort();
	return 0;
}
