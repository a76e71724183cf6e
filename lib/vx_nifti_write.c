/* vx_nifti_write: struct vx_nifti -> the 352 bytes in front of the voxels.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_nifti_write.h"

static void put(uint8_t *p, uint32_t v, int size)
{
	for (int i = 0; i < size; i++)
		p[i] = (uint8_t)(v >> 8 * i);
}

static void put_float(uint8_t *p, double v)
{
	const float f = (float)v;
	uint32_t bits;
	memcpy(&bits, &f, sizeof(bits));
	put(p, bits, 4);
}

void vx_nifti_write_header(const struct vx_nifti *h, uint8_t bytes[VX_NIFTI1_FILE])
{
	memset(bytes, 0, VX_NIFTI1_FILE);
	put(bytes, VX_NIFTI1_HEADER, 4);
	bytes[38] = 'r'; /* "regular": Analyze's readers look for it */
	put(bytes + 40, (uint32_t)h->rank, 2);
	for (int i = 0; i < 7; i++)
		put(bytes + 42 + 2 * i, (uint32_t)h->dim[i], 2);
	for (int i = 0; i < 3; i++)
		put_float(bytes + 56 + 4 * i, h->intent_p[i]);
	put(bytes + 68, (uint32_t)h->intent_code, 2);
	put(bytes + 70, (uint32_t)h->datatype, 2);
	put(bytes + 72, (uint32_t)h->bits, 2);
	for (int i = 0; i < 8; i++)
		put_float(bytes + 76 + 4 * i, h->pixdim[i]);
	put_float(bytes + 108, VX_NIFTI1_FILE);
	put_float(bytes + 112, h->slope);
	put_float(bytes + 116, h->inter);
	bytes[123] = (uint8_t)(h->units_space | h->units_time);
	put(bytes + 252, (uint32_t)h->qform_code, 2);
	put(bytes + 254, (uint32_t)h->sform_code, 2);
	for (int i = 0; i < 3; i++) {
		put_float(bytes + 256 + 4 * i, h->quatern[i]);
		put_float(bytes + 268 + 4 * i, h->qoffset[i]);
		for (int k = 0; k < 4; k++)
			put_float(bytes + 280 + 16 * i + 4 * k, h->srow[i][k]);
	}
	memcpy(bytes + 344, "n+1", 4);
}
