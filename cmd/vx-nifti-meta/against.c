/* against: which volume a mask was drawn on, by their grids; header + volumes of --against -> reference_mri, _nifti.grid.
 * SPDX-License-Identifier: MIT */
#include <limits.h>
#include <math.h>
#include <string.h>

#include "meta.h"
#include "vx_volumes.h"

/* What was seen of the volumes that a mask may lie on. */
struct search {
	const struct opts *o;
	struct vx_grid mask;
	struct vx_buf fits; /* identifiers of those whose grid it has: "a","b" */
	int rank, n_best;   /* of the best: 0 is best; how many share it */
	struct vx_grid_fit fit;
	struct vx_buf best;
	struct vx_grid_fit nearest_fit; /* of those that do not fit */
	struct vx_grid nearest;
	struct vx_buf nearest_name;
	bool settled; /* nearest is the one that the record names */
};

/* Place of a volume's type in the list of --prefer, twice; between the two, the order of voxels. */
static int rank_of(const struct opts *o, const struct vx_volume *v, const struct vx_grid_fit *fit)
{
	int place = 0;
	const size_t len = strlen(v->type);
	for (const char *p = o->prefer; p && *p; place++) {
		const size_t n = strcspn(p, ",");
		if (n == len && n > 0 && memcmp(p, v->type, n) == 0)
			break;
		p += n + (p[n] == ',');
	}
	return 2 * place + fit->reoriented;
}

static void see_fit(struct search *s, const struct vx_volume *v, const struct vx_grid_fit *fit)
{
	if (s->fits.len > 0)
		vx_buf_putc(&s->fits, ',');
	vx_json_put_string(&s->fits, v->identifier, strlen(v->identifier));
	const int rank = rank_of(s->o, v, fit);
	s->n_best += rank == s->rank;
	if (rank < s->rank) {
		s->rank = rank;
		s->n_best = 1;
		s->fit = *fit;
		vx_buf_clear(&s->best);
		vx_buf_puts(&s->best, v->identifier);
	}
}

static void see(void *arg, const struct vx_volume *v)
{
	struct search *s = arg;
	struct vx_grid_fit fit;
	if (!v->gridded)
		return;
	vx_grid_compare(&s->mask, &v->grid, s->o->tolerance, &fit);
	if (fit.same) {
		see_fit(s, v, &fit);
		return;
	}
	if (s->settled)
		return;
	if (s->nearest_name.len == 0 || fit.shape > s->nearest_fit.shape ||
		(fit.shape == s->nearest_fit.shape && fit.apart < s->nearest_fit.apart)) {
		s->nearest = v->grid;
		s->nearest_fit = fit;
		vx_buf_clear(&s->nearest_name);
		vx_buf_puts(&s->nearest_name, v->identifier);
	}
}

/* One or two digits more than the file's own would be noise: mm to the nanometre. */
static void put_mm(struct vx_buf *b, const char *key, double mm)
{
	vx_buf_printf(b, ",\"%s\":", key);
	vx_json_put_double(b, isfinite(mm) && mm < 1e9 ? round(mm * 1e6) / 1e6 : mm);
}

static void put_nearest(const struct search *s, struct vx_buf *b)
{
	vx_buf_puts(b, ",\"nearest\":{\"identifier\":");
	vx_json_put_string(b, s->nearest_name.data, s->nearest_name.len);
	vx_buf_printf(b, ",\"differs\":\"%s\",\"shape\":[%lld,%lld,%lld]", s->nearest_fit.shape ? "position" : "shape",
		(long long)s->nearest.shape[0], (long long)s->nearest.shape[1], (long long)s->nearest.shape[2]);
	put_mm(b, "apart", s->nearest_fit.apart);
	vx_buf_putc(b, '}');
}

/* _nifti.grid. why: a sentence where there is no reference to go by, else NULL. */
static void put_grid(const struct search *s, const char *reference, const char *why, struct vx_buf *b)
{
	vx_buf_puts(b, "{\"reference_mri\":");
	if (reference)
		vx_json_put_string(b, reference, strlen(reference));
	else
		vx_buf_puts(b, "null");
	vx_buf_puts(b, ",\"fits\":[");
	vx_buf_add(b, s->fits.data ? s->fits.data : "", s->fits.len);
	vx_buf_putc(b, ']');
	if (reference) {
		put_mm(b, "apart", s->fit.apart);
		vx_buf_printf(b, ",\"reoriented\":%s", s->fit.reoriented ? "true" : "false");
	} else if (s->nearest_name.len > 0 && (s->fits.len == 0 || s->settled)) {
		put_nearest(s, b);
	}
	if (why) {
		vx_buf_puts(b, ",\"reason\":");
		vx_json_put_string(b, why, strlen(why));
	}
	vx_buf_putc(b, '}');
}

/* The record says which volume it is: that one alone is looked at, then the others of its study for what would fit. */
static int check_said(struct search *s, const char *said, const char *study, const char **why, struct vx_error *err)
{
	int found = vx_volumes_named(s->o->volumes, said, see, s, err);
	if (found < 0)
		return found;
	if (found == 0)
		*why = "reference_mri is none of the volumes of --against";
	else if (s->fits.len > 0)
		return VX_OK;
	else
		*why = s->nearest_name.len > 0 ? "the mask does not lie on the grid of its reference_mri"
					       : "reference_mri has no usable shape and affine";
	s->settled = found > 0;
	found = study ? vx_volumes_of(s->o->volumes, study, see, s, err) : 0;
	return found < 0 ? found : VX_OK;
}

static int search_study(struct search *s, const char *study, const char **why, struct vx_error *err)
{
	if (!study) {
		*why = "no parent_identifier: nothing says which volumes to look at";
		return VX_OK;
	}
	int found = strncmp(study, "volume/", 7) == 0 ? vx_volumes_named(s->o->volumes, study, see, s, err)
						      : vx_volumes_of(s->o->volumes, study, see, s, err);
	if (found < 0)
		return found;
	if (found == 0)
		*why = "no volume of its study is known";
	else if (s->fits.len == 0)
		*why = "no volume of its study has the mask's grid";
	else if (s->n_best > 1)
		*why = "several volumes of its study have the mask's grid: none is chosen";
	return VX_OK;
}

int against_check(
	struct members *m, struct worker *w, const struct opts *o, const struct vx_nifti *h, struct vx_error *err)
{
	const char *said = vx_json_str(m->rec->json, "reference_mri"),
		   *study = vx_json_str(m->rec->json, "parent_identifier"), *why = NULL, *reference = NULL;
	struct search s = { .o = o, .rank = INT_MAX };
	int st = VX_OK;
	vx_buf_clear(&w->grid);
	if (!vx_grid_of_header(h, &s.mask))
		why = "the mask has no usable affine";
	else
		st = said ? check_said(&s, said, study, &why, err) : search_study(&s, study, &why, err);
	if (st == VX_OK) {
		reference = why ? NULL : said ? said : s.best.data;
		put_grid(&s, reference, why, &w->grid);
		if (why)
			vx_warn(m->rec, "%s: see _nifti.grid", why);
		else if (s.fit.reoriented)
			vx_warn(m->rec,
				"the mask has the voxels of its reference_mri in another order: axes are mirrored or "
				"swapped");
	}
	if (reference && !said) {
		members_begin(m, "reference_mri");
		vx_json_put_string(m->text, reference, strlen(reference));
		members_end(m);
	}
	vx_buf_free(&s.fits);
	vx_buf_free(&s.best);
	vx_buf_free(&s.nearest_name);
	return st;
}
