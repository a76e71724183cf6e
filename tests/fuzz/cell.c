/* Fuzz target: a cell of any bytes; a number is the one that strtod reads, a day comes out as the day it went in.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vx_cell.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_number(const char *text, size_t len, char decimal)
{
	struct vx_slice cell = vx_cell_trim(text, len);
	struct vx_error err = VX_ERROR_INIT;
	char copy[512];
	double v, wanted;
	int64_t whole;

	if (vx_cell_number(text, len, decimal, &v, &err) != VX_OK) {
		if (err.status != VX_EREJECT || !err.reason[0])
			abort();
		return;
	}
	if (cell.len >= sizeof copy)
		abort();
	memcpy(copy, cell.text, cell.len);
	copy[cell.len] = '\0';
	if (decimal == ',' && strchr(copy, ','))
		*strchr(copy, ',') = '.';
	wanted = strtod(copy, NULL);
	if (v != wanted || !isfinite(v))
		abort();
	if (vx_cell_integer(text, len, decimal, &whole, NULL) == VX_OK && (double)whole != v)
		abort();
}

static void check_date(const char *text, size_t len, enum vx_cell_date order)
{
	char out[11], again[11];

	if (vx_cell_date(text, len, order, out, NULL) != VX_OK)
		return;
	if (strlen(out) != 10 || vx_cell_date(out, 10, order, again, NULL) != VX_OK || strcmp(out, again) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1); /* its own memory, so that a byte read beyond it is seen */
	struct vx_slice cell;

	if (!text)
		return 0;
	if (size)
		memcpy(text, data, size);
	cell = vx_cell_trim(text, size);
	if (vx_cell_trim(cell.text, cell.len).len != cell.len || (cell.len && vx_utf8_blank(cell.text, cell.len)))
		abort();
	(void)vx_cell_blank(cell.text, cell.len);
	check_number(text, size, '.');
	check_number(text, size, ',');
	for (enum vx_cell_date order = VX_DATE_YMD; order <= VX_DATE_MDY; order++)
		check_date(text, size, order);
	free(text);
	return 0;
}
