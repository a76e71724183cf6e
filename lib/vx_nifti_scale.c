/* vx_nifti_scale: slope and intercept that hold; header -> the line from stored values to real ones.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "vx_nifti.h"

bool vx_nifti_cal_scale(const struct vx_nifti *h, double *slope, double *inter)
{
	const double stored = (double)h->gl_max - (double)h->gl_min;
	/* float32, as the header has them: so is their difference. */
	const float real = (float)h->cal_max - (float)h->cal_min;
	if (h->version != 0 || (isfinite(h->slope) && h->slope != 0) || stored == 0 || real == 0)
		return false;
	*slope = (double)real / stored;
	*inter = h->cal_min - *slope * h->gl_min;
	return isfinite(*slope) && isfinite(*inter);
}

void vx_nifti_scale(const struct vx_nifti *h, double *slope, double *inter)
{
	if (vx_nifti_cal_scale(h, slope, inter))
		return;
	const bool analyze = h->version == 0;
	const bool none = !isfinite(h->slope) || h->slope == 0 || (!isfinite(h->inter) && !analyze);
	*slope = none ? 1 : h->slope;
	*inter = none || !isfinite(h->inter) ? 0 : h->inter;
}
