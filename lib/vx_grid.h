/* vx_grid: whether two images have the same voxels in space: as many along each axis, in the same places.
 *
 *	struct vx_grid mask, volume;
 *	struct vx_grid_fit fit;
 *	if (vx_grid_of_record(record, &mask) && vx_grid_of_record(other, &volume)) {
 *		vx_grid_compare(&mask, &volume, 0.1, &fit);
 *		if (fit.same) ...                    // fit.apart says how well, in mm
 *	}
 *
 * The order in which an image stores its voxels does not matter: dcm2niix mirrors the rows of a DICOM series, ITK does
 * not, and a mask that one wrote lies on the grid of a volume that the other did.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_GRID_H
#define VX_GRID_H

#include <stdint.h>

#include "vx_json.h"
#include "vx_nifti.h"

struct vx_grid {
	int64_t shape[3];    /* voxels an axis, 1 where there is no such axis; a 4th does not count */
	struct vx_affine at; /* voxel index to mm, RAS+ */
};

struct vx_grid_fit {
	bool same;       /* every voxel of one is a voxel of the other */
	bool reoriented; /* same, but axes are mirrored or swapped */
	bool shape;      /* as many voxels along each axis, whatever the order of axes */
	double apart; /* mm between the farthest of the 8 outer corners, in the order of axes that brings them closest */
};

/* vx_grid_of_header: false when the header has no usable affine. */
bool vx_grid_of_header(const struct vx_nifti *h, struct vx_grid *g);

/* vx_grid_of_record: from a record's shape and affine (4x4 or 3x4); false when they are no such thing. */
bool vx_grid_of_record(const struct vx_json *record, struct vx_grid *g);

/* vx_grid_compare: tolerance in mm, 0 or more. Corners are those of the outermost voxels' outer faces, so that thickness
 * counts in an image of one slice too. */
void vx_grid_compare(
	const struct vx_grid *mask, const struct vx_grid *volume, double tolerance, struct vx_grid_fit *fit);

#endif
