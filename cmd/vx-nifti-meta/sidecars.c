/* sidecars: the files beside an image of a volume; .json, .bval and .bvec -> new members of the record.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "meta.h"

typedef unsigned long long ull; /* for printf */

static void say_sidecar(void *rec, const char *text)
{
	vx_warn(rec, "%s", text);
}

/* What is wrong with a sidecar: the record's end, or a warning where the user wants it so. */
static int bad_sidecar(
	const struct opts *o, struct vx_record *rec, const char *field, const struct vx_buf *path, struct vx_error *err)
{
	const struct vx_error inner = *err;
	/* The record is named by what names it elsewhere too; which sidecar it was, the reason says. */
	err->file[0] = '\0';
	err->row = 0;
	if (!o->skip_bad_sidecars)
		return vx_error_set(err, VX_EREJECT, field, "%s: %s", path->data, inner.reason);
	vx_warn(rec, "%s: sidecar left out: %s", field, inner.reason);
	return VX_OK;
}

/* One distinct b-value is b_value, several are b_values; *list and its size stay for the check of .bvec. */
static int read_bval(struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h,
	struct beside *beside, struct vx_error *err)
{
	struct vx_json *list;
	if (path_of_sidecar(m->rec->json, "bval", &w->path, &w->neighbours, &w->other) != PLACE_LOCAL)
		return VX_OK;
	if (vx_bval_read(w->other.data, &list, err) != VX_OK)
		return bad_sidecar(o, m->rec, "b_value", &w->other, err);
	size_t n = beside->n_bvals = vx_json_size(list), same = 1;
	while (same < n && vx_json_equal(vx_json_at(list, 0), vx_json_at(list, same)))
		same++;
	if ((int64_t)n != h->dim[3])
		vx_warn(m->rec, "b_value: .bval has another number of values than the image has volumes: left out");
	else if (same == n)
		vx_json_set(beside->file, "b_value", vx_json_ref(vx_json_at(list, 0)));
	else
		vx_json_set(beside->file, "b_values", vx_json_ref(list));
	vx_json_free(list);
	return VX_OK;
}

/* A direction a b-value and a volume; what is not so is no field, but whoever fits a tensor wants to know. */
static int check_bvec(struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h,
	const struct beside *beside, struct vx_error *err)
{
	struct vx_bvec v;
	if (path_of_sidecar(m->rec->json, "bvec", &w->path, &w->neighbours, &w->other) != PLACE_LOCAL)
		return VX_OK;
	if (vx_bvec_read(w->other.data, &v, err) != VX_OK)
		return bad_sidecar(o, m->rec, "bvec", &w->other, err);
	if ((int64_t)v.n != h->dim[3])
		vx_warn(m->rec, ".bvec has %zu directions, the image %llu volumes", v.n, (ull)h->dim[3]);
	if (beside->n_bvals == 0)
		vx_warn(m->rec, ".bvec has no .bval beside it");
	else if (v.n != beside->n_bvals)
		vx_warn(m->rec, ".bvec has %zu directions, .bval %zu values", v.n, beside->n_bvals);
	if (v.odd > 0)
		vx_warn(m->rec, ".bvec: a direction is neither 0 nor of length 1 (the first is number %zu)", v.odd);
	vx_buf_printf(&w->details, ",\"bvec\":{\"volumes\":%zu,\"directions\":%zu}", v.n, v.directions);
	return VX_OK;
}

static int read_json(
	struct members *m, struct worker *w, const struct opts *o, struct beside *beside, struct vx_error *err)
{
	bool latin1;
	enum place place = path_of_sidecar(m->rec->json, "json", &w->path, &w->neighbours, &w->other);
	if (place == PLACE_REMOTE)
		vx_warn(m->rec, "path_json is not on this machine: the sidecar was not read");
	if (place != PLACE_LOCAL)
		return VX_OK;
	if (vx_sidecar_read(w->other.data, &beside->sidecar, &latin1, err) != VX_OK)
		return bad_sidecar(o, m->rec, "path_json", &w->other, err);
	if (latin1)
		vx_warn(m->rec, "the sidecar is not UTF-8: read as Latin-1");
	phi_sidecar(w, o, m->rec, beside->sidecar);
	beside->fields = vx_sidecar_fields(o->map, beside->sidecar, say_sidecar, m->rec);
	return VX_OK;
}

static bool is_b_value(const char *field)
{
	return strcmp(field, "b_value") == 0 || strcmp(field, "b_values") == 0;
}

/* skip: leaves the b-values out. */
static void put_fields(struct members *m, const struct vx_json *fields, bool skip)
{
	struct vx_json_iter it = vx_json_begin(fields);
	while (vx_json_next(&it)) {
		if (skip && is_b_value(it.key))
			continue;
		members_begin(m, it.key);
		vx_json_print(it.value, m->text);
		members_end(m);
	}
}

/* A map computed from several b-values has none, though dcm2niix writes a .bval for it. */
static bool is_diffusion_map(const char *type)
{
	return type && (strcmp(type, "ADC") == 0 || strcmp(type, "FA") == 0);
}

static void put_beside(struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h,
	const struct beside *beside)
{
	const bool bval = vx_json_size(beside->file) > 0;
	vx_json_set_int(beside->file, "volumes", h->dim[3]);
	bool map = is_diffusion_map(put_kind(m, w, o, beside));
	vx_json_del(beside->file, "volumes");
	put_fields(m, beside->file, map);
	if (beside->fields)
		put_fields(m, beside->fields, map || bval);
}

int put_sidecars(
	struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h, struct vx_error *err)
{
	struct beside beside = { .file = vx_json_object() };
	int st = read_bval(m, w, o, h, &beside, err);
	if (st == VX_OK)
		st = check_bvec(m, w, o, h, &beside, err);
	if (st == VX_OK)
		st = read_json(m, w, o, &beside, err);
	if (st == VX_OK)
		put_beside(m, w, o, h, &beside);
	vx_json_free(beside.file);
	vx_json_free(beside.fields);
	vx_json_free(beside.sidecar);
	return st;
}
