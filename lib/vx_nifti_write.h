/* vx_nifti_write: the header of a NIfTI-1 single file, little-endian.
 *
 *	uint8_t bytes[VX_NIFTI1_FILE];
 *	vx_nifti_write_header(&h, bytes);       // the voxels follow
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_NIFTI_WRITE_H
#define VX_NIFTI_WRITE_H

#include "vx_nifti.h"

#define VX_NIFTI1_FILE (VX_NIFTI1_HEADER + VX_NIFTI_FLAG) /* bytes in front of the voxels */

/* vx_nifti_write_header: h's axes (each at most 32,767), type, scaling, units and forms; no text, no extensions.
 * vx_nifti_parse of the bytes gives them back. */
void vx_nifti_write_header(const struct vx_nifti *h, uint8_t bytes[VX_NIFTI1_FILE]);

#endif
