/* Fuzzes vx_nifti, vx_labels, vx_stats and vx_voxel_hash: any bytes are a header, the rest voxels.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "vx_json.h"
#include "vx_labels.h"
#include "vx_stats.h"
#include "vx_voxel_hash.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vx_nifti h;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf out = VX_BUF_INIT;
	struct vx_affine a;
	const struct vx_label *list;
	size_t n, used = vx_nifti_need(data, size);
	uint64_t bytes;
	if (vx_nifti_parse(data, size, &h, &err) != VX_OK)
		return 0;
	vx_buf_puts(&out, "{");
	vx_nifti_put_details(&h, false, true, &out);
	vx_buf_puts(&out, ",\"shape\":");
	vx_nifti_put_shape(&h, &out);
	vx_buf_puts(&out, ",\"spacing\":");
	vx_nifti_put_spacing(&h, &out);
	if (vx_nifti_affine(&h, &a) != VX_AFFINE_UNUSABLE) {
		vx_buf_puts(&out, ",\"affine\":");
		vx_nifti_put_affine(&a, &out);
	}
	vx_buf_puts(&out, "}");
	/* Whatever the header holds, what is printed is JSON. */
	struct vx_json *json;
	if (vx_json_parse(out.data, out.len, &json, &err) != VX_OK)
		abort();
	vx_json_free(json);
	vx_buf_free(&out);
	(void)vx_nifti_forms_differ(&h);
	(void)!vx_nifti_bytes(&h, &bytes, &err);
	struct vx_labels *l = vx_labels_new();
	if (vx_labels_begin(l, &h, &err) == VX_OK) {
		vx_labels_add(l, data + used, (size - used) / 3);
		vx_labels_add(l, data + used + (size - used) / 3, size - used - (size - used) / 3);
		(void)!vx_labels_end(l, &list, &n, &err);
	}
	vx_labels_free(l);
	struct vx_stats s;
	if (vx_stats_begin(&s, &h, &err) == VX_OK) {
		vx_stats_add(&s, data + used, (size - used) / 3);
		vx_stats_add(&s, data + used + (size - used) / 3, size - used - (size - used) / 3);
		vx_stats_end(&s);
	}
	struct vx_voxel_hash v = { .sha = NULL };
	char hex[65];
	if (vx_voxel_hash_begin(&v, &h, &err) == VX_OK) {
		vx_voxel_hash_add(&v, data + used, size - used);
		vx_voxel_hash_end(&v, hex);
	}
	return 0;
}
