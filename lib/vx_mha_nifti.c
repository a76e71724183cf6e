/* vx_mha_nifti: the geometry of a MetaImage as NIfTI keeps it; struct vx_mha -> struct vx_nifti.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "vx_mha.h"

#define AXIS_MAX 32767 /* dim[] of NIfTI-1 is int16 */

/* The quaternion of a rotation, with its first component positive; the largest of the four is found first, by which the
 * others are divided (nifti_mat44_to_quatern of nifti1_io.c does the same). */
static void quaternion(double r[3][3], double out[3])
{
	const double squares[4] = { 1 + r[0][0] + r[1][1] + r[2][2], 1 + r[0][0] - r[1][1] - r[2][2],
		1 - r[0][0] + r[1][1] - r[2][2], 1 - r[0][0] - r[1][1] + r[2][2] };
	int best = 0;
	for (int i = 1; i < 4; i++)
		if (squares[i] > squares[best])
			best = i;
	const double x = sqrt(squares[best]) / 2, q = 0.25 / x;
	const double a[4][4] = {
		{ x, q * (r[2][1] - r[1][2]), q * (r[0][2] - r[2][0]), q * (r[1][0] - r[0][1]) },
		{ q * (r[2][1] - r[1][2]), x, q * (r[0][1] + r[1][0]), q * (r[0][2] + r[2][0]) },
		{ q * (r[0][2] - r[2][0]), q * (r[0][1] + r[1][0]), x, q * (r[1][2] + r[2][1]) },
		{ q * (r[1][0] - r[0][1]), q * (r[0][2] + r[2][0]), q * (r[1][2] + r[2][1]), x },
	};
	for (int i = 0; i < 3; i++)
		out[i] = (float)(a[best][0] < 0 ? -a[best][i + 1] : a[best][i + 1]);
}

/* Whether the three columns are unit vectors, perpendicular to each other as far as text with six digits tells. */
static bool is_rotation(double r[3][3])
{
	for (int i = 0; i < 3; i++)
		for (int k = i; k < 3; k++) {
			double dot = r[0][i] * r[0][k] + r[1][i] * r[1][k] + r[2][i] * r[2][k];
			if (fabs(dot - (i == k)) > 1e-5)
				return false;
		}
	return true;
}

static void put_qform(double r[3][3], struct vx_nifti *n)
{
	const double det = r[0][0] * (r[1][1] * r[2][2] - r[1][2] * r[2][1]) -
			   r[0][1] * (r[1][0] * r[2][2] - r[1][2] * r[2][0]) +
			   r[0][2] * (r[1][0] * r[2][1] - r[1][1] * r[2][0]);
	if (!is_rotation(r))
		return;
	n->qform_code = 1;
	n->pixdim[0] = det < 0 ? -1 : 1;
	for (int i = 0; i < 3; i++)
		r[i][2] *= n->pixdim[0];
	quaternion(r, n->quatern);
	for (int i = 0; i < 3; i++)
		n->qoffset[i] = n->srow[i][3];
}

static bool stored(double *v)
{
	*v = (float)*v + 0.0; /* no -0 */
	return isfinite(*v);
}

int vx_mha_as_nifti(const struct vx_mha *h, struct vx_nifti *n, struct vx_error *err)
{
	double r[3][3];
	bool finite = true;
	memset(n, 0, sizeof(*n));
	n->version = 1;
	n->rank = h->rank;
	n->offset = VX_NIFTI1_HEADER + VX_NIFTI_FLAG;
	n->units_space = 2;
	n->datatype = h->datatype;
	n->bits = 8 * h->bytes;
	n->slope = h->slope;
	n->inter = h->inter;
	n->pixdim[0] = 1;
	for (int i = 0; i < 7; i++) {
		n->dim[i] = i < h->rank ? h->dim[i] : 1;
		n->pixdim[i + 1] = i < h->rank ? h->spacing[i] : 1;
		finite = stored(&n->pixdim[i + 1]) && n->pixdim[i + 1] > 0 && finite;
		if (n->dim[i] > AXIS_MAX)
			return vx_error_set(err, VX_EREJECT, "DimSize", "axis %d of %lld voxels: NIfTI-1 counts to %d",
				i + 1, (long long)n->dim[i], AXIS_MAX);
	}
	/* LPS to RAS: the first two world axes point the other way. */
	n->sform_code = 1;
	for (int row = 0; row < 3; row++) {
		const double sign = row < 2 ? -1 : 1;
		for (int i = 0; i < 3; i++) {
			r[row][i] = sign * h->axis[i][row];
			n->srow[row][i] = r[row][i] * (i < h->rank ? h->spacing[i] : 1);
			finite = stored(&n->srow[row][i]) && finite;
		}
		n->srow[row][3] = sign * h->offset[row];
		finite = stored(&n->srow[row][3]) && finite;
	}
	finite = stored(&n->slope) && stored(&n->inter) && finite;
	if (!finite)
		return vx_error_set(err, VX_EREJECT, "ElementSpacing", "a number beyond what float32 holds");
	put_qform(r, n);
	return VX_OK;
}
