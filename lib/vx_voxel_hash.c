/* vx_voxel_hash: bytes of voxels -> SHA-256 in a fixed byte order.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "vx_json.h"
#include "vx_voxel_hash.h"

#define SCRATCH 4096 /* a multiple of every unit */

int vx_voxel_hash_begin(struct vx_voxel_hash *v, const struct vx_nifti *h, struct vx_error *err)
{
	const char *name = vx_nifti_datatype(h->datatype, NULL);
	struct vx_buf what = VX_BUF_INIT;
	vx_voxel_hash_drop(v);
	if (!name)
		return vx_error_set(err, VX_EREJECT, "datatype", "voxels of an unknown type have no fixed byte order");
	v->unit = h->big_endian ? vx_nifti_unit(h->datatype) : 1;
	v->carried = 0;
	v->sha = vx_sha256_new();
	vx_buf_puts(&what, name);
	for (int i = 0; i < h->rank; i++) {
		vx_buf_putc(&what, i ? 'x' : ' ');
		vx_json_put_int(&what, h->dim[i]);
	}
	vx_buf_putc(&what, '\n');
	vx_sha256_add(v->sha, what.data, what.len);
	vx_buf_free(&what);
	return VX_OK;
}

/* n is a multiple of the unit. */
static void add_turned(struct vx_voxel_hash *v, const uint8_t *p, size_t n)
{
	uint8_t turned[SCRATCH];
	const size_t unit = v->unit;
	while (n > 0) {
		size_t part = n < SCRATCH ? n : SCRATCH;
		for (size_t i = 0; i < part; i += unit)
			for (size_t k = 0; k < unit; k++)
				turned[i + k] = p[i + unit - 1 - k];
		vx_sha256_add(v->sha, turned, part);
		p += part;
		n -= part;
	}
}

void vx_voxel_hash_add(struct vx_voxel_hash *v, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;
	if (v->unit == 1) {
		vx_sha256_add(v->sha, bytes, n);
		return;
	}
	while (v->carried && n) {
		v->carry[v->carried++] = *p++;
		n--;
		if (v->carried == v->unit) {
			add_turned(v, v->carry, v->unit);
			v->carried = 0;
		}
	}
	add_turned(v, p, n - n % v->unit);
	if (n % v->unit) {
		v->carried = n % v->unit;
		memcpy(v->carry, p + n - v->carried, v->carried);
	}
}

void vx_voxel_hash_end(struct vx_voxel_hash *v, char hex[65])
{
	vx_sha256_end(v->sha, hex);
	v->sha = NULL;
}

void vx_voxel_hash_drop(struct vx_voxel_hash *v)
{
	vx_sha256_free(v->sha);
	v->sha = NULL;
}
