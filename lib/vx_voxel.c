/* vx_voxel: NIfTI's datatype -> how a voxel of it is read.
 * SPDX-License-Identifier: MIT */
#include "vx_voxel.h"

int vx_voxel_of(const struct vx_nifti *h, struct vx_voxel *v)
{
	static const struct {
		int code;
		enum vx_voxel_kind kind;
	} kinds[] = { { 2, VX_VOXEL_UNSIGNED }, { 512, VX_VOXEL_UNSIGNED }, { 768, VX_VOXEL_UNSIGNED },
		{ 1280, VX_VOXEL_UNSIGNED }, { 256, VX_VOXEL_SIGNED }, { 4, VX_VOXEL_SIGNED }, { 8, VX_VOXEL_SIGNED },
		{ 1024, VX_VOXEL_SIGNED }, { 16, VX_VOXEL_FLOATING }, { 64, VX_VOXEL_FLOATING } };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (kinds[i].code == h->datatype) {
			v->width = (size_t)h->bits / 8;
			v->kind = kinds[i].kind;
			v->swapped = h->big_endian != (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);
			return VX_OK;
		}
	return VX_EREJECT;
}
