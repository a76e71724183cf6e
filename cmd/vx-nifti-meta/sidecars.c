/* sidecars: the files beside an image of a volume; .json and .bval -> new members of the record.
 * SPDX-License-Identifier: MIT */
#include <string.h>

#include "meta.h"

static void say_sidecar(void *rec, const char *text)
{
	vx_warn(rec, "%s", text);
}

/* What is wrong with a sidecar: the record's end, or a warning where the user wants it so. */
static int bad_sidecar(const struct opts *o, struct vx_record *rec, const char *field, struct vx_error *err)
{
	const struct vx_error inner = *err;
	/* The record is named by what names it elsewhere too; which sidecar it was, the reason says. */
	err->file[0] = '\0';
	err->row = 0;
	if (!o->skip_bad_sidecars)
		return vx_error_set(err, VX_EREJECT, field, "%s: %s", inner.file, inner.reason);
	vx_warn(rec, "%s: sidecar left out: %s", field, inner.reason);
	return VX_OK;
}

/* One distinct b-value is b_value, several are b_values. *known: the file has said it. */
static int put_bvalues(struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h, bool *known,
	struct vx_error *err)
{
	struct vx_json *list;
	*known = false;
	if (path_of_sidecar(m->rec->json, "bval", &w->path, &w->other) != PLACE_LOCAL)
		return VX_OK;
	if (vx_bval_read(w->other.data, &list, err) != VX_OK) {
		vx_error_at(err, w->other.data, 0);
		return bad_sidecar(o, m->rec, "b_value", err);
	}
	size_t n = vx_json_size(list), same = 1;
	while (same < n && vx_json_equal(vx_json_at(list, 0), vx_json_at(list, same)))
		same++;
	if ((int64_t)n != h->dim[3]) {
		vx_warn(m->rec, "b_value: .bval has another number of values than the image has volumes: left out");
	} else {
		*known = true;
		members_begin(m, same == n ? "b_value" : "b_values");
		vx_json_print(same == n ? vx_json_at(list, 0) : list, m->text);
		members_end(m);
	}
	vx_json_free(list);
	return VX_OK;
}

/* skip: a field that is known already, NULL: none. */
static void put_fields(struct members *m, const struct opts *o, const struct vx_json *side, const char *skip)
{
	struct vx_json *fields = vx_sidecar_fields(o->map, side, say_sidecar, m->rec);
	struct vx_json_iter it = vx_json_begin(fields);
	while (vx_json_next(&it)) {
		if (skip && strcmp(skip, it.key) == 0)
			continue;
		members_begin(m, it.key);
		vx_json_print(it.value, m->text);
		members_end(m);
	}
	vx_json_free(fields);
}

int put_sidecars(
	struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h, struct vx_error *err)
{
	struct vx_json *side;
	bool latin1, known;
	int st = put_bvalues(m, w, o, h, &known, err);
	if (st != VX_OK)
		return st;
	enum place place = path_of_sidecar(m->rec->json, "json", &w->path, &w->other);
	if (place == PLACE_REMOTE)
		vx_warn(m->rec, "path_json is not on this machine: the sidecar was not read");
	if (place != PLACE_LOCAL)
		return VX_OK;
	if (vx_sidecar_read(w->other.data, &side, &latin1, err) != VX_OK) {
		vx_error_at(err, w->other.data, 0);
		return bad_sidecar(o, m->rec, "path_json", err);
	}
	if (latin1)
		vx_warn(m->rec, "the sidecar is not UTF-8: read as Latin-1");
	phi_sidecar(w, o, m->rec, side);
	put_fields(m, o, side, known ? "b_value" : NULL);
	vx_json_free(side);
	return VX_OK;
}
