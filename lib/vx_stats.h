/* vx_stats: least, greatest and mean value of an image's voxels, how many are not 0, how many are no number.
 *
 *	struct vx_stats s;
 *	if (vx_stats_begin(&s, &header, &err) == VX_OK) {
 *		vx_stats_add(&s, bytes, n);            // as often as wanted, cut anywhere
 *		vx_stats_end(&s);
 *		... s.min, s.max, s.mean, s.nonzero, s.nan
 *	}
 *
 * Values are scaled as the header says. Where the voxels of each value are counted anyhow (vx_labels of one or two
 * bytes), vx_stats_count takes these in place of the bytes.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_STATS_H
#define VX_STATS_H

#include "vx_voxel.h"

struct vx_stats {
	double min, max, mean; /* of what is a number; NaN when nothing is */
	uint64_t nonzero;      /* numbers other than 0 */
	uint64_t nan;
	/* the module's own */
	struct vx_voxel voxel;
	double slope, inter;
	uint64_t numbers;
	long double sum;
	uint8_t carry[8]; /* a voxel cut in two by the last add */
	size_t carried;
};

/* vx_stats_begin: VX_EREJECT (field "datatype"): voxels of that type are no single numbers. */
int vx_stats_begin(struct vx_stats *s, const struct vx_nifti *h, struct vx_error *err) VX_MUST_USE;

/* vx_stats_add: the next n bytes of voxels. */
void vx_stats_add(struct vx_stats *s, const void *bytes, size_t n);

/* vx_stats_count: a stored value that so many voxels have. */
void vx_stats_count(struct vx_stats *s, double stored, uint64_t voxels);

void vx_stats_end(struct vx_stats *s);

/* vx_stats_put: as a JSON object; what is not finite is null. */
void vx_stats_put(const struct vx_stats *s, struct vx_buf *b);

#endif
