/* vx_voxel_hash: SHA-256 of an image's voxels as they are stored, the same for the same scan whatever file holds it.
 *
 *	struct vx_voxel_hash v;
 *	if (vx_voxel_hash_begin(&v, &header, &err) == VX_OK) {
 *		vx_voxel_hash_add(&v, bytes, n);       // as often as wanted, cut anywhere
 *		vx_voxel_hash_end(&v, hex);
 *	}
 *
 * What is hashed: data type, a space, the axes joined by "x", a newline ("int16 384x384x24\n"), and the voxels in file
 * order, each number of them in little-endian order. Compression, header text, extensions, scaling, position in space and the
 * file's byte order do not count.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_VOXEL_HASH_H
#define VX_VOXEL_HASH_H

#include "vx_hash.h"
#include "vx_nifti.h"

struct vx_voxel_hash {
	struct vx_sha256 *sha; /* NULL: none under way */
	size_t unit;           /* bytes of one number, to be turned round; 1: none are */
	uint8_t carry[16];     /* a number cut in two by the last add */
	size_t carried;
};

/* vx_voxel_hash_begin: VX_EREJECT (field "datatype"): an unknown type, whose byte order nobody can tell. */
int vx_voxel_hash_begin(struct vx_voxel_hash *v, const struct vx_nifti *h, struct vx_error *err) VX_MUST_USE;
void vx_voxel_hash_add(struct vx_voxel_hash *v, const void *bytes, size_t n);
void vx_voxel_hash_end(struct vx_voxel_hash *v, char hex[65]);
void vx_voxel_hash_drop(struct vx_voxel_hash *v); /* gives one under way up, or none */

#endif
