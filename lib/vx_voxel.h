/* vx_voxel: the stored bits of one voxel -> the number they stand for, before scaling.
 *
 *	struct vx_voxel v;
 *	if (vx_voxel_of(&header, &v) == VX_OK)
 *		x = vx_voxel_number(&v, vx_voxel_load(p, v.width));
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_VOXEL_H
#define VX_VOXEL_H

#include <string.h>

#include "vx_nifti.h"

enum vx_voxel_kind { VX_VOXEL_UNSIGNED, VX_VOXEL_SIGNED, VX_VOXEL_FLOATING };

struct vx_voxel {
	size_t width; /* bytes: 1, 2, 4 or 8 */
	enum vx_voxel_kind kind;
	bool swapped; /* the file's byte order is not this machine's */
};

/* vx_voxel_of: VX_EREJECT where a voxel of this type is no single number of up to 64 bits. */
int vx_voxel_of(const struct vx_nifti *h, struct vx_voxel *v) VX_MUST_USE;

/* vx_voxel_load: width bytes at p as they are, in the low bits. */
static inline uint64_t vx_voxel_load(const uint8_t *p, size_t width)
{
	uint64_t bits = 0;
	memcpy(&bits, p, width);
	return __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ ? bits >> 8 * (8 - width) : bits;
}

/* vx_voxel_bits: loaded bits in this machine's order. */
static inline uint64_t vx_voxel_bits(const struct vx_voxel *v, uint64_t loaded)
{
	return v->swapped ? __builtin_bswap64(loaded) >> 8 * (8 - v->width) : loaded;
}

/* vx_voxel_integer: of bits that are a signed integer. */
static inline int64_t vx_voxel_integer(const struct vx_voxel *v, uint64_t bits)
{
	return (int64_t)(bits << 8 * (8 - v->width)) >> 8 * (8 - v->width);
}

/* vx_voxel_number: of loaded bits; integers beyond 2^53 are rounded. */
static inline double vx_voxel_number(const struct vx_voxel *v, uint64_t loaded)
{
	const uint64_t bits = vx_voxel_bits(v, loaded);
	const uint32_t low = (uint32_t)bits;
	double wide;
	float narrow;
	switch (v->kind) {
	case VX_VOXEL_UNSIGNED:
		return (double)bits;
	case VX_VOXEL_SIGNED:
		return (double)vx_voxel_integer(v, bits);
	default:
		memcpy(&narrow, &low, sizeof(narrow));
		memcpy(&wide, &bits, sizeof(wide));
		return v->width == 4 ? (double)narrow : wide;
	}
}

#endif
