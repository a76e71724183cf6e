/* vx_grid: shape and affine of two images -> whether their voxels are the same.
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_grid.h"

/* A header is compared with records, that is with what was printed of other headers: 0.3 where float32 has 0.30000001. */
static void as_printed(struct vx_affine *a)
{
	struct vx_buf b = VX_BUF_INIT;
	for (int r = 0; r < 3 && !a->wide; r++)
		for (int c = 0; c < 4; c++) {
			if (fabs(a->m[r][c]) > (double)FLT_MAX)
				continue;
			vx_buf_clear(&b);
			vx_json_put_float(&b, (float)a->m[r][c]);
			a->m[r][c] = strtod(b.data, NULL);
		}
	vx_buf_free(&b);
}

bool vx_grid_of_header(const struct vx_nifti *h, struct vx_grid *g)
{
	for (int i = 0; i < 3; i++)
		g->shape[i] = i < h->rank ? h->dim[i] : 1;
	if (vx_nifti_affine(h, &g->at) == VX_AFFINE_UNUSABLE)
		return false;
	as_printed(&g->at);
	return true;
}

bool vx_grid_of_record(const struct vx_json *record, struct vx_grid *g)
{
	const struct vx_json *shape = vx_json_get(record, "shape"), *affine = vx_json_get(record, "affine");
	if (vx_json_type(shape) != VX_ARRAY || vx_json_type(affine) != VX_ARRAY)
		return false;
	memset(g, 0, sizeof(*g));
	const size_t rank = vx_json_size(shape), rows = vx_json_size(affine);
	if (rank < 1 || rank > 7 || rows < 3 || rows > 4)
		return false;
	for (size_t i = 0; i < 3; i++) {
		g->shape[i] = 1;
		if (i < rank && (!vx_json_as_int(vx_json_at(shape, i), &g->shape[i]) || g->shape[i] < 1))
			return false;
	}
	for (size_t r = 0; r < 3; r++) {
		const struct vx_json *row = vx_json_at(affine, r);
		if (vx_json_type(row) != VX_ARRAY || vx_json_size(row) != 4)
			return false;
		for (size_t c = 0; c < 4; c++)
			if (!vx_json_as_double(vx_json_at(row, c), &g->at.m[r][c]) || !isfinite(g->at.m[r][c]))
				return false;
	}
	return true;
}

/* One of the 48 ways to store the same voxels: axis k of the new order is axis[k] of the old, mirrored where told. */
struct order {
	int axis[3];
	bool mirrored[3];
};

static void order_of(int way, struct order *o)
{
	static const int axes[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	memcpy(o->axis, axes[way / 8], sizeof(o->axis));
	for (int k = 0; k < 3; k++)
		o->mirrored[k] = way >> k & 1;
}

/* The box of all voxels, in mm: its low corner and its edges. */
struct box {
	double corner[3], edge[3][3];
};

static void box_of(const struct vx_grid *g, struct box *b)
{
	for (int r = 0; r < 3; r++) {
		b->corner[r] = g->at.m[r][3];
		for (int k = 0; k < 3; k++) {
			b->corner[r] -= g->at.m[r][k] / 2;
			b->edge[k][r] = g->at.m[r][k] * (double)g->shape[k];
		}
	}
}

/* mm between the farthest corners when mask is taken in this order; where that is beyond limit, any number beyond it. */
static double corners_apart(const struct box *mask, const struct box *volume, const struct order *o, double limit)
{
	double start[3], step[3][3], farthest = 0;
	for (int r = 0; r < 3; r++) {
		start[r] = mask->corner[r] - volume->corner[r];
		for (int k = 0; k < 3; k++) {
			const double edge = mask->edge[o->axis[k]][r];
			start[r] += o->mirrored[k] ? edge : 0;
			step[k][r] = (o->mirrored[k] ? -edge : edge) - volume->edge[k][r];
		}
	}
	for (int corner = 0; corner < 8 && !(farthest > limit * limit); corner++) {
		double square = 0;
		for (int r = 0; r < 3; r++) {
			const double apart = start[r] + (corner & 1 ? step[0][r] : 0) + (corner & 2 ? step[1][r] : 0) +
					     (corner & 4 ? step[2][r] : 0);
			square += apart * apart;
		}
		/* Numbers that overflow are not near to anything. */
		farthest = isnan(square) ? INFINITY : fmax(farthest, square);
	}
	return sqrt(farthest);
}

static bool same_shape(const struct vx_grid *mask, const struct vx_grid *volume, const struct order *o)
{
	for (int k = 0; k < 3; k++)
		if (mask->shape[o->axis[k]] != volume->shape[k])
			return false;
	return true;
}

void vx_grid_compare(
	const struct vx_grid *mask, const struct vx_grid *volume, double tolerance, struct vx_grid_fit *fit)
{
	struct box here, there;
	*fit = (struct vx_grid_fit){ .apart = INFINITY };
	box_of(mask, &here);
	box_of(volume, &there);
	/* The first way is as stored: where it fits, no other is looked for. */
	for (int way = 0; way < 48 && !fit->same; way++) {
		struct order o;
		order_of(way, &o);
		const bool shape = same_shape(mask, volume, &o);
		if (fit->shape && !shape)
			continue;
		const double apart = corners_apart(&here, &there, &o, shape == fit->shape ? fit->apart : INFINITY);
		if (shape != fit->shape || apart < fit->apart) {
			fit->shape = shape;
			fit->apart = apart;
			fit->reoriented = way > 0;
		}
		fit->same = way == 0 && shape && apart <= tolerance;
	}
	fit->same = fit->shape && fit->apart <= tolerance;
}
