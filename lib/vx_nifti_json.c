/* vx_nifti_json: struct vx_nifti -> JSON text, without building a tree.
 * SPDX-License-Identifier: MIT */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "vx_json.h"
#include "vx_latin1.h"
#include "vx_nifti.h"

/* value came out of the header, or out of arithmetic on what did: no more digits than the header had. */
static void put_number(struct vx_buf *b, double value, bool wide)
{
	/* Arithmetic may leave what float32 can hold. */
	if (wide || fabs(value) > (double)FLT_MAX)
		vx_json_put_double(b, value + 0.0); /* no "-0" */
	else
		vx_json_put_float(b, (float)value + 0.0F);
}

static void put_text(struct vx_buf *b, const char *s)
{
	vx_json_put_string(b, s, strlen(s));
}

/* "key": with a comma in front where a member stands there already. key needs no escapes. */
static void put_key(struct vx_buf *b, const char *key)
{
	if (b->len > 0 && b->data[b->len - 1] != '{')
		vx_buf_putc(b, ',');
	vx_buf_putc(b, '"');
	vx_buf_puts(b, key);
	vx_buf_add(b, "\":", 2);
}

static void put_int_member(struct vx_buf *b, const char *key, int64_t value)
{
	put_key(b, key);
	vx_json_put_int(b, value);
}

void vx_nifti_put_shape(const struct vx_nifti *h, struct vx_buf *b)
{
	for (int i = 0; i < h->rank; i++) {
		vx_buf_putc(b, i ? ',' : '[');
		vx_json_put_int(b, h->dim[i]);
	}
	vx_buf_putc(b, ']');
}

void vx_nifti_put_spacing(const struct vx_nifti *h, struct vx_buf *b)
{
	for (int i = 0; i < h->rank; i++) {
		vx_buf_putc(b, i ? ',' : '[');
		put_number(b, vx_nifti_spacing(h, i), h->version == 2);
	}
	vx_buf_putc(b, ']');
}

void vx_nifti_put_affine(const struct vx_affine *a, struct vx_buf *b)
{
	vx_buf_putc(b, '[');
	for (int r = 0; r < 3; r++) {
		vx_buf_putc(b, '[');
		for (int c = 0; c < 4; c++) {
			if (c)
				vx_buf_putc(b, ',');
			put_number(b, a->m[r][c], a->wide);
		}
		vx_buf_add(b, "],", 2);
	}
	vx_buf_puts(b, "[0,0,0,1]]");
}

static const char *space_unit(int code)
{
	static const char *const names[4] = { "unknown", "m", "mm", "um" };
	return code >= 0 && code < 4 ? names[code] : "unknown";
}

static const char *time_unit(int code)
{
	static const char *const names[8] = { "unknown", "s", "ms", "us", "Hz", "ppm", "rad/s", "unknown" };
	return names[code >> 3 & 7];
}

static void put_form(struct vx_buf *b, const char *key, int code, bool usable, const struct vx_affine *a)
{
	put_key(b, key);
	vx_buf_putc(b, '{');
	put_int_member(b, "code", code);
	if (code > 0 && usable) {
		put_key(b, "affine");
		vx_nifti_put_affine(a, b);
	}
	vx_buf_putc(b, '}');
}

static void put_scl(const struct vx_nifti *h, struct vx_buf *b)
{
	double slope, inter;
	/* What was computed from several numbers has more digits than any of them. */
	const bool computed = vx_nifti_cal_scale(h, &slope, &inter);
	vx_nifti_scale(h, &slope, &inter);
	put_key(b, "scl");
	vx_buf_putc(b, '{');
	const struct {
		const char *key;
		double value;
	} members[] = { { "slope", h->slope }, { "inter", h->inter }, { "effective_slope", slope },
		{ "effective_inter", inter } };
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		put_key(b, members[i].key);
		put_number(b, members[i].value, h->version == 2 || (i >= 2 && computed));
	}
	vx_buf_putc(b, '}');
}

static void put_intent(const struct vx_nifti *h, struct vx_buf *b)
{
	put_key(b, "intent");
	vx_buf_putc(b, '{');
	put_int_member(b, "code", h->intent_code);
	if (h->intent_code != 0) {
		put_key(b, "parameters");
		for (int i = 0; i < 3; i++) {
			vx_buf_putc(b, i ? ',' : '[');
			put_number(b, h->intent_p[i], h->version == 2);
		}
		vx_buf_putc(b, ']');
	}
	vx_buf_putc(b, '}');
}

/* Header text has no declared encoding: what is not UTF-8 is taken for Latin-1. */
static void put_free_text(struct vx_buf *b, const char *key, const char *s)
{
	if (!*s)
		return;
	put_key(b, key);
	if (vx_utf8_valid(s, strlen(s))) {
		put_text(b, s);
		return;
	}
	struct vx_buf utf8 = VX_BUF_INIT;
	vx_latin1_to_utf8(s, strlen(s), &utf8);
	put_text(b, utf8.data);
	vx_buf_free(&utf8);
}

static void put_all_free_text(const struct vx_nifti *h, struct vx_buf *b)
{
	put_key(b, "text");
	vx_buf_putc(b, '{');
	put_free_text(b, "descrip", h->descrip);
	put_free_text(b, "aux_file", h->aux_file);
	put_free_text(b, "db_name", h->db_name);
	put_free_text(b, "intent_name", h->intent_name);
	vx_buf_putc(b, '}');
}

static void put_geometry(const struct vx_nifti *h, struct vx_buf *b)
{
	static const char *const from[] = {
		[VX_AFFINE_SFORM] = "sform", [VX_AFFINE_QFORM] = "qform", [VX_AFFINE_SPACING] = "spacing"
	};
	struct vx_affine a, q = { 0 }, s = { 0 };
	char axes[4];
	put_form(b, "qform", h->qform_code, h->qform_code > 0 && vx_nifti_qform(h, &q), &q);
	put_form(b, "sform", h->sform_code, h->sform_code > 0 && vx_nifti_sform(h, &s), &s);
	const double apart = vx_nifti_forms_apart(h);
	if (!isnan(apart)) {
		put_key(b, "forms_apart_mm");
		put_number(b, apart, h->version == 2);
	}
	enum vx_affine_from which = vx_nifti_affine(h, &a);
	if (which == VX_AFFINE_UNUSABLE)
		return;
	put_key(b, "affine_from");
	put_text(b, from[which]);
	if (vx_nifti_axes(&a, axes)) {
		put_key(b, "orientation");
		put_text(b, axes);
	}
}

void vx_nifti_put_details(const struct vx_nifti *h, bool gzip, bool text, struct vx_buf *b)
{
	const char *type = vx_nifti_datatype(h->datatype, NULL);
	put_key(b, "format");
	put_text(b, h->metaimage ? "metaimage" : h->version == 0 ? "analyze" : h->version == 1 ? "nifti1" : "nifti2");
	if (!h->metaimage)
		put_int_member(b, "version", h->version);
	put_key(b, "files");
	put_text(b, h->pair ? "pair" : "single");
	put_key(b, "gzip");
	vx_buf_puts(b, gzip ? "true" : "false");
	put_key(b, "byte_order");
	put_text(b, h->big_endian ? "big" : "little");
	if (type) {
		put_key(b, "datatype");
		put_text(b, type);
	}
	put_int_member(b, "datatype_code", h->datatype);
	put_int_member(b, "bits", h->bits);
	put_int_member(b, "vox_offset", (int64_t)h->offset);
	put_key(b, "units");
	vx_buf_putc(b, '[');
	put_text(b, space_unit(h->units_space));
	vx_buf_putc(b, ',');
	put_text(b, time_unit(h->units_time));
	vx_buf_putc(b, ']');
	put_scl(h, b);
	put_intent(h, b);
	put_geometry(h, b);
	if (text)
		put_all_free_text(h, b);
}
