/* metaimage: reads a MetaImage (.mha, .mhd) as an image; path -> struct image, with the facts that were asked for.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "meta.h"
#include "vx_hash.h"
#include "vx_mha.h"

bool is_metaimage(const char *path)
{
	return path_ends(path, ".mha") || path_ends(path, ".mhd");
}

static int read_voxels(struct worker *w, struct vx_mha_data *data, struct vx_error *err)
{
	size_t got = 1;
	int st = VX_OK;
	while (st == VX_OK && got > 0) {
		st = vx_mha_read(data, w->chunk, CHUNK, &got, err);
		if (st == VX_OK)
			facts_add(w, w->chunk, got);
	}
	return st;
}

int metaimage_read(
	struct worker *w, const struct opts *o, struct vx_record *rec, struct image *im, struct vx_error *err)
{
	struct vx_mha h;
	struct vx_mha_data *data = vx_mha_open(w->path.data, &h, err);
	if (!data)
		return err->status;
	int st = vx_mha_as_nifti(&h, &im->header, err);
	if (st == VX_OK)
		st = vx_phi_metaimage(o->rules, w->path.data, &w->phi, err);
	im->header.metaimage = true;
	im->header.pair = h.where != VX_MHA_LOCAL;
	im->header.big_endian = h.big_endian;
	im->header.offset = im->header.pair ? 0 : h.text;
	if (st == VX_OK && (facts_begin(w, o, &im->header) || o->check))
		st = read_voxels(w, data, err);
	if (st == VX_OK)
		facts_end(w);
	if (st == VX_OK && o->sha256 && vx_sha256_file(w->path.data, w->facts.file_hex, NULL, err) != VX_OK)
		st = VX_EREJECT;
	if (st == VX_OK && !h.oriented && h.orientation[0] && strncmp(h.orientation, "RAI", 3) != 0)
		vx_warn(rec, "no TransformMatrix: AnatomicalOrientation alone turns no axis, as in ITK");
	vx_mha_close(data);
	return st;
}
