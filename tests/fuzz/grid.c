/* Fuzzes vx_grid: any two lines are the records of a mask and a volume. A grid fits itself, and both ways alike.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_grid.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool grid_of(const char *text, size_t len, struct vx_grid *g)
{
	struct vx_json *record = NULL;
	bool good = vx_json_parse(text, len, &record, NULL) == VX_OK && vx_grid_of_record(record, g);
	vx_json_free(record);
	return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data, *end = size ? memchr(data, '\n', size) : NULL;
	const size_t first = end ? (size_t)(end - text) : size;
	struct vx_grid mask, volume;
	struct vx_grid_fit fit, back;
	if (!grid_of(text, first, &mask))
		return 0;
	vx_grid_compare(&mask, &mask, 0, &fit);
	if (!isinf(fit.apart) && (!fit.same || fit.reoriented || fit.apart > 0))
		abort();
	if (!end || !grid_of(end + 1, size - first - 1, &volume))
		return 0;
	vx_grid_compare(&mask, &volume, 0.1, &fit);
	vx_grid_compare(&volume, &mask, 0.1, &back);
	if (fit.shape != back.shape || (fit.same && fit.apart > 0.1))
		abort();
	return 0;
}
