/* vx_stats: bytes of voxels -> min, max, mean, non-zero and NaN counts.
 * SPDX-License-Identifier: MIT */
#include <math.h>

#include "vx_json.h"
#include "vx_stats.h"

#define BLOCK 512

int vx_stats_begin(struct vx_stats *s, const struct vx_nifti *h, struct vx_error *err)
{
	*s = (struct vx_stats){ .min = INFINITY, .max = -INFINITY };
	if (vx_voxel_of(h, &s->voxel) != VX_OK) {
		const char *name = vx_nifti_datatype(h->datatype, NULL);
		return vx_error_set(err, VX_EREJECT, "datatype", "%s voxels are no single numbers of up to 64 bits",
			name ? name : "unknown");
	}
	vx_nifti_scale(h, &s->slope, &s->inter);
	return VX_OK;
}

void vx_stats_count(struct vx_stats *s, double stored, uint64_t voxels)
{
	const double v = stored * s->slope + s->inter;
	if (isnan(v)) {
		s->nan += voxels;
		return;
	}
	s->numbers += voxels;
	s->nonzero += v != 0 ? voxels : 0;
	s->min = v < s->min ? v : s->min;
	s->max = v > s->max ? v : s->max;
	s->sum += (long double)v * (long double)voxels;
}

/* In registers, a block at a time; the compiler keeps nothing of *s there by itself. */
static void take(struct vx_stats *s, const double *values, size_t n)
{
	double min = s->min, max = s->max;
	long double sum = s->sum;
	size_t nan = 0, zero = 0;
	for (size_t i = 0; i < n; i++) {
		const double v = values[i];
		if (isnan(v)) {
			nan++;
			continue;
		}
		zero += v == 0;
		min = v < min ? v : min;
		max = v > max ? v : max;
		sum += (long double)v;
	}
	s->min = min;
	s->max = max;
	s->sum = sum;
	s->nan += nan;
	s->numbers += n - nan;
	s->nonzero += n - nan - zero;
}

static void add_voxels(struct vx_stats *s, const uint8_t *p, size_t voxels)
{
	const struct vx_voxel v = s->voxel;
	const double slope = s->slope, inter = s->inter;
	double values[BLOCK];
	while (voxels > 0) {
		size_t n = voxels < BLOCK ? voxels : BLOCK;
		for (size_t i = 0; i < n; i++, p += v.width)
			values[i] = vx_voxel_number(&v, vx_voxel_load(p, v.width)) * slope + inter;
		take(s, values, n);
		voxels -= n;
	}
}

void vx_stats_add(struct vx_stats *s, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	const size_t width = s->voxel.width;
	while (s->carried && n) {
		s->carry[s->carried++] = *p++;
		n--;
		if (s->carried == width) {
			add_voxels(s, s->carry, 1);
			s->carried = 0;
		}
	}
	add_voxels(s, p, n / width);
	if (n % width) {
		s->carried = n % width;
		memcpy(s->carry, p + n - s->carried, s->carried);
	}
}

void vx_stats_end(struct vx_stats *s)
{
	if (s->numbers == 0)
		s->min = s->max = s->mean = NAN;
	else
		s->mean = (double)(s->sum / (long double)s->numbers);
}

void vx_stats_put(const struct vx_stats *s, struct vx_buf *b)
{
	vx_buf_puts(b, "{\"min\":");
	vx_json_put_double(b, s->min + 0.0); /* no "-0" */
	vx_buf_puts(b, ",\"max\":");
	vx_json_put_double(b, s->max + 0.0);
	vx_buf_puts(b, ",\"mean\":");
	vx_json_put_double(b, s->mean + 0.0);
	vx_buf_puts(b, ",\"nonzero\":");
	vx_json_put_int(b, (int64_t)s->nonzero);
	vx_buf_puts(b, ",\"nan\":");
	vx_json_put_int(b, (int64_t)s->nan);
	vx_buf_putc(b, '}');
}
