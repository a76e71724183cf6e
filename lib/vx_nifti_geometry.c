/* vx_nifti_geometry: spacing, affines and axis codes of a NIfTI header.
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <string.h>

#include "vx_nifti.h"

static double mm_per_unit(const struct vx_nifti *h)
{
	return h->units_space == 1 ? 1000 : h->units_space == 3 ? 0.001 : 1;
}

double vx_nifti_spacing(const struct vx_nifti *h, int i)
{
	double s = h->pixdim[i + 1];
	if (i < 3)
		return s * mm_per_unit(h);
	if (i == 3)
		return h->units_time == 16 ? s / 1e3 : h->units_time == 24 ? s / 1e6 : s;
	return s;
}

static bool finish(const struct vx_nifti *h, struct vx_affine *a)
{
	const double mm = mm_per_unit(h);
	a->wide = h->version == 2;
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 4; c++) {
			if (!isfinite(a->m[r][c]))
				return false;
			a->m[r][c] *= mm;
		}
	return true;
}

bool vx_nifti_sform(const struct vx_nifti *h, struct vx_affine *a)
{
	memcpy(a->m, h->srow, sizeof(a->m));
	return finish(h, a);
}

bool vx_nifti_qform(const struct vx_nifti *h, struct vx_affine *a)
{
	const double b = h->quatern[0], c = h->quatern[1], d = h->quatern[2];
	double ww = 1 - (b * b + c * c + d * d);
	/* Three of float32's (float64's) steps below 0 are rounding; more is no rotation. */
	if (!(ww >= -3 * (h->version == 2 ? DBL_EPSILON : (double)FLT_EPSILON)))
		return false;
	const double w = ww > 0 ? sqrt(ww) : 0;
	const double norm = w * w + b * b + c * c + d * d, s = 2 / norm;
	const double rotation[3][3] = {
		{ 1 - s * (c * c + d * d), s * (b * c - w * d), s * (b * d + w * c) },
		{ s * (b * c + w * d), 1 - s * (b * b + d * d), s * (c * d - w * b) },
		{ s * (b * d - w * c), s * (c * d + w * b), 1 - s * (b * b + c * c) },
	};
	const double size[3] = { h->pixdim[1], h->pixdim[2], h->pixdim[3] * h->pixdim[0] };
	for (int r = 0; r < 3; r++) {
		/* A quaternion of float32 knows seven digits: what is less is rounding, of sines of 90 degrees mostly. */
		for (int k = 0; k < 3; k++)
			a->m[r][k] = fabs(rotation[r][k]) < 1e-12 ? 0 : rotation[r][k] * size[k];
		a->m[r][3] = h->qoffset[r];
	}
	return finish(h, a);
}

/* SPM's origin counts voxels from 1; it holds when it is not far outside of the image. */
static bool origin_holds(const struct vx_nifti *h)
{
	bool any = false;
	for (int i = 0; i < 3; i++) {
		any = any || h->origin[i] != 0;
		if (h->origin[i] <= -h->dim[i] || h->origin[i] >= 2 * h->dim[i])
			return false;
	}
	return any;
}

static bool spacing_affine(const struct vx_nifti *h, struct vx_affine *a)
{
	const bool origin = h->version == 0 && origin_holds(h);
	memset(a, 0, sizeof(*a));
	for (int i = 0; i < 3; i++) {
		double size = h->pixdim[i + 1] * (i == 0 ? -1 : 1);
		double centre = origin ? h->origin[i] - 1.0 : ((double)h->dim[i] - 1) / 2;
		a->m[i][i] = size;
		a->m[i][3] = -size * centre;
	}
	return finish(h, a);
}

enum vx_affine_from vx_nifti_affine(const struct vx_nifti *h, struct vx_affine *a)
{
	if (h->sform_code > 0)
		return vx_nifti_sform(h, a) ? VX_AFFINE_SFORM : VX_AFFINE_UNUSABLE;
	if (h->qform_code > 0)
		return vx_nifti_qform(h, a) ? VX_AFFINE_QFORM : VX_AFFINE_UNUSABLE;
	return spacing_affine(h, a) ? VX_AFFINE_SPACING : VX_AFFINE_UNUSABLE;
}

double vx_nifti_forms_apart(const struct vx_nifti *h)
{
	struct vx_affine q, s;
	if (h->qform_code <= 0 || h->sform_code <= 0 || !vx_nifti_qform(h, &q) || !vx_nifti_sform(h, &s))
		return NAN;
	double farthest = 0;
	for (int corner = 0; corner < 8; corner++) {
		double sum = 0;
		for (int r = 0; r < 3; r++) {
			double apart = q.m[r][3] - s.m[r][3];
			for (int k = 0; k < 3; k++)
				if (corner >> k & 1)
					apart += (q.m[r][k] - s.m[r][k]) * ((double)h->dim[k] - 1);
			sum += apart * apart;
		}
		farthest = fmax(farthest, sqrt(sum));
	}
	return farthest;
}

bool vx_nifti_forms_differ(const struct vx_nifti *h)
{
	double smallest = INFINITY;
	for (int i = 0; i < 3 && i < h->rank; i++)
		smallest = fmin(smallest, vx_nifti_spacing(h, i));
	return vx_nifti_forms_apart(h) > smallest / 2;
}

/* Inverse transposed of m: its cofactors over its determinant. */
static bool inverse_transposed(const double m[3][3], double out[3][3])
{
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
			out[r][c] = m[(r + 1) % 3][(c + 1) % 3] * m[(r + 2) % 3][(c + 2) % 3] -
				    m[(r + 1) % 3][(c + 2) % 3] * m[(r + 2) % 3][(c + 1) % 3];
	double det = m[0][0] * out[0][0] + m[0][1] * out[0][1] + m[0][2] * out[0][2];
	if (!(fabs(det) > 1e-12))
		return false;
	for (int r = 0; r < 3; r++)
		for (int c = 0; c < 3; c++)
			out[r][c] /= det;
	return true;
}

/* The nearest orthogonal matrix, by Newton's iteration for the polar decomposition: x <- (x + x^-T) / 2. */
static bool nearest_rotation(double x[3][3])
{
	for (int step = 0; step < 100; step++) {
		double other[3][3], change = 0;
		if (!inverse_transposed(x, other))
			return false;
		for (int r = 0; r < 3; r++)
			for (int c = 0; c < 3; c++) {
				double next = (x[r][c] + other[r][c]) / 2;
				change = fmax(change, fabs(next - x[r][c]));
				x[r][c] = next;
			}
		if (change < 1e-14)
			break;
	}
	return true;
}

bool vx_nifti_axes(const struct vx_affine *a, char axes[4])
{
	static const char *const ends[3] = { "LR", "PA", "IS" };
	double x[3][3];
	bool used[3] = { false, false, false };
	axes[0] = '\0';
	for (int c = 0; c < 3; c++) {
		double length = sqrt(a->m[0][c] * a->m[0][c] + a->m[1][c] * a->m[1][c] + a->m[2][c] * a->m[2][c]);
		if (!(length > 0) || isinf(length))
			return false;
		for (int r = 0; r < 3; r++)
			x[r][c] = a->m[r][c] / length;
	}
	if (!nearest_rotation(x))
		return false;
	/* Each voxel axis takes the world axis it runs along most, of those that are left. */
	for (int c = 0; c < 3; c++) {
		int best = -1;
		for (int r = 0; r < 3; r++)
			if (!used[r] && (best < 0 || fabs(x[r][c]) > fabs(x[best][c])))
				best = r;
		used[best] = true;
		axes[c] = ends[best][x[best][c] > 0];
	}
	axes[3] = '\0';
	return true;
}
