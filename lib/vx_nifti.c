/* vx_nifti: header bytes -> struct vx_nifti.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "vx_nifti.h"

/* Header bytes in their own byte order. */
struct view {
	const uint8_t *bytes;
	bool big;
};

static uint64_t get(const struct view *v, size_t at, int size)
{
	uint64_t x = 0;
	for (int i = 0; i < size; i++)
		x |= (uint64_t)v->bytes[at + (size_t)i] << 8 * (v->big ? size - 1 - i : i);
	return x;
}

static int get16(const struct view *v, size_t at)
{
	return (int16_t)get(v, at, 2);
}

static int32_t get32(const struct view *v, size_t at)
{
	return (int32_t)get(v, at, 4);
}

static double get_float(const struct view *v, size_t at)
{
	uint32_t x = (uint32_t)get(v, at, 4);
	float f;
	memcpy(&f, &x, sizeof(f));
	return (double)f;
}

static double get_double(const struct view *v, size_t at)
{
	uint64_t x = get(v, at, 8);
	double d;
	memcpy(&d, &x, sizeof(d));
	return d;
}

static void get_floats(const struct view *v, size_t at, double *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = get_float(v, at + 4 * i);
}

static void get_doubles(const struct view *v, size_t at, double *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		out[i] = get_double(v, at + 8 * i);
}

static void get_text(const struct view *v, size_t at, char *out, size_t n)
{
	memcpy(out, v->bytes + at, n);
	out[n] = '\0';
}

/* The header size that the first four bytes give, in either order; 0: neither. */
static size_t sizeof_hdr(const uint8_t *bytes, bool *big)
{
	for (int order = 0; order < 2; order++) {
		const struct view v = { bytes, order == 1 };
		int32_t size = get32(&v, 0);
		if (size == VX_NIFTI1_HEADER || size == VX_NIFTI2_HEADER) {
			*big = v.big;
			return (size_t)size;
		}
	}
	return 0;
}

static bool is_magic1(const uint8_t *bytes, char kind)
{
	const uint8_t *m = bytes + 344;
	return m[0] == 'n' && m[1] == (uint8_t)kind && m[2] == '1' && m[3] == '\0';
}

size_t vx_nifti_need(const uint8_t *bytes, size_t n)
{
	bool big;
	size_t size = n >= 4 ? sizeof_hdr(bytes, &big) : 0;
	if (size == VX_NIFTI2_HEADER)
		return n >= 6 && bytes[5] == 'i' ? VX_NIFTI2_HEADER : VX_NIFTI_HEADER_MAX;
	if (size == VX_NIFTI1_HEADER && n >= VX_NIFTI1_HEADER && !is_magic1(bytes, '+'))
		return VX_NIFTI1_HEADER;
	return VX_NIFTI1_HEADER + VX_NIFTI_FLAG;
}

static int no_header(const uint8_t *bytes, size_t n, struct vx_error *err)
{
	char shown[8 * 4 + 1];
	size_t at = 0;
	for (size_t i = 0; i < n && i < 8; i++)
		at += (size_t)snprintf(shown + at, sizeof(shown) - at,
			bytes[i] >= 0x20 && bytes[i] < 0x7f && bytes[i] != '\\' && bytes[i] != '"' ? "%c" : "\\x%02x",
			bytes[i]);
	shown[at] = '\0';
	return vx_error_set(err, VX_EREJECT, NULL, "no NIfTI header: it begins with \"%s\"", shown);
}

static void parse1(const struct view *v, struct vx_nifti *h, int64_t dim[8], double *offset)
{
	for (size_t i = 0; i < 8; i++)
		dim[i] = get16(v, 40 + 2 * i);
	get_floats(v, 56, h->intent_p, 3);
	h->intent_code = get16(v, 68);
	h->datatype = get16(v, 70);
	h->bits = get16(v, 72);
	get_floats(v, 76, h->pixdim, 8);
	*offset = get_float(v, 108);
	h->slope = get_float(v, 112);
	h->inter = get_float(v, 116);
	h->units_space = v->bytes[123] & 7;
	h->units_time = v->bytes[123] & 0x38;
	get_text(v, 148, h->descrip, 80);
	get_text(v, 228, h->aux_file, 24);
	get_text(v, 14, h->db_name, 18);
	h->qform_code = get16(v, 252);
	h->sform_code = get16(v, 254);
	get_floats(v, 256, h->quatern, 3);
	get_floats(v, 268, h->qoffset, 3);
	get_floats(v, 280, h->srow[0], 12);
	get_text(v, 328, h->intent_name, 16);
}

static void parse2(const struct view *v, struct vx_nifti *h, int64_t dim[8], double *offset)
{
	for (size_t i = 0; i < 8; i++)
		dim[i] = (int64_t)get(v, 16 + 8 * i, 8);
	get_doubles(v, 80, h->intent_p, 3);
	h->intent_code = get32(v, 504);
	h->datatype = get16(v, 12);
	h->bits = get16(v, 14);
	get_doubles(v, 104, h->pixdim, 8);
	*offset = (double)(int64_t)get(v, 168, 8);
	h->slope = get_double(v, 176);
	h->inter = get_double(v, 184);
	h->units_space = get32(v, 500) & 7;
	h->units_time = get32(v, 500) & 0x38;
	get_text(v, 240, h->descrip, 80);
	get_text(v, 320, h->aux_file, 24);
	h->qform_code = get32(v, 344);
	h->sform_code = get32(v, 348);
	get_doubles(v, 352, h->quatern, 3);
	get_doubles(v, 376, h->qoffset, 3);
	get_doubles(v, 400, h->srow[0], 12);
	get_text(v, 508, h->intent_name, 16);
}

/* FreeSurfer's surfaces have one axis, longer than int16 holds: glmin has its length; of the finest icosahedron the 163,842
 * vertices are laid out as a box. */
static void unfold_surface(const struct view *v, int64_t dim[8])
{
	if (dim[0] >= 3 && dim[1] == -1 && dim[2] == 1 && dim[3] == 1) {
		dim[1] = get32(v, 144);
	} else if (dim[0] >= 3 && dim[1] == 27307 && dim[2] == 1 && dim[3] == 6) {
		dim[1] *= 6;
		dim[3] = 1;
	}
}

/* Analyze keeps other things where NIfTI-1 keeps units, forms and intent. SPM's scale and origin are read. */
static void parse_analyze(const struct view *v, struct vx_nifti *h)
{
	for (size_t i = 0; i < 3; i++)
		h->origin[i] = (int16_t)get16(v, 253 + 2 * i);
	h->units_space = h->units_time = h->qform_code = h->sform_code = h->intent_code = 0;
	memset(h->intent_p, 0, sizeof(h->intent_p));
	memset(h->intent_name, 0, sizeof(h->intent_name));
	h->cal_max = get_float(v, 124);
	h->cal_min = get_float(v, 128);
	h->gl_max = get32(v, 140);
	h->gl_min = get32(v, 144);
}

static int check_dims(const int64_t dim[8], struct vx_nifti *h, struct vx_error *err)
{
	if (dim[0] < 1 || dim[0] > 7)
		return vx_error_set(
			err, VX_EREJECT, "dim", "dim[0] is %lld: the number of axes must be 1 to 7", (long long)dim[0]);
	h->rank = (int)dim[0];
	for (int i = 0; i < 7; i++) {
		h->dim[i] = i < h->rank ? dim[i + 1] : 1;
		if (h->dim[i] < 1)
			return vx_error_set(err, VX_EREJECT, "dim", "dim[%d] is %lld: there is no voxel", i + 1,
				(long long)h->dim[i]);
	}
	return VX_OK;
}

/* The affine has three axes whatever the rank; of those that the image has not nothing needs to be said. */
static void repair_spacing(struct vx_nifti *h)
{
	for (int i = 1; i <= 3; i++) {
		const bool zero = !isfinite(h->pixdim[i]) || h->pixdim[i] == 0;
		if (i <= h->rank && (zero || h->pixdim[i] < 0))
			h->repairs |= zero ? VX_NIFTI_ZERO_SPACING : VX_NIFTI_NEGATIVE_SPACING;
		h->pixdim[i] = zero ? 1 : fabs(h->pixdim[i]);
	}
}

static void repair_form(struct vx_nifti *h, int *code)
{
	if (*code >= 0 && *code <= 5)
		return;
	*code = 0;
	h->repairs |= VX_NIFTI_FORM_CODE;
}

static uint64_t behind_header(const struct vx_nifti *h)
{
	return (h->version == 2 ? VX_NIFTI2_HEADER : VX_NIFTI1_HEADER) + VX_NIFTI_FLAG;
}

void vx_nifti_as_single(struct vx_nifti *h)
{
	h->pair = false;
	h->repairs |= VX_NIFTI_PAIR_MAGIC;
	if (h->offset < behind_header(h))
		h->offset = behind_header(h);
}

static void repair(struct vx_nifti *h, double offset)
{
	repair_spacing(h);
	repair_form(h, &h->qform_code);
	repair_form(h, &h->sform_code);
	/* Behind the third axis 0 is common and means: not said. */
	for (int i = 4; i <= 7; i++)
		h->pixdim[i] = isfinite(h->pixdim[i]) ? fabs(h->pixdim[i]) : 0;
	if (h->pixdim[0] != 1 && h->pixdim[0] != -1) {
		/* 0 stands for 1 in the standard; it matters where there is a qform only. */
		if (h->qform_code > 0 && h->pixdim[0] != 0)
			h->repairs |= VX_NIFTI_QFAC;
		h->pixdim[0] = 1;
	}
	int bits;
	if (!vx_nifti_datatype(h->datatype, &bits)) {
		h->repairs |= VX_NIFTI_DATATYPE;
	} else if (bits != h->bits) {
		h->bits = bits;
		h->repairs |= VX_NIFTI_BITPIX;
	}
	double slope, inter;
	if (h->version > 0 && isfinite(h->slope) && h->slope != 0 && !isfinite(h->inter))
		h->repairs |= VX_NIFTI_SLOPE;
	if (vx_nifti_cal_scale(h, &slope, &inter) && (slope != 1 || inter != 0))
		h->repairs |= VX_NIFTI_CAL_SCALE;
	const uint64_t first = h->pair ? 0 : behind_header(h);
	h->offset = first;
	if (offset >= 0x1p62)
		h->offset = VX_NIFTI_NOWHERE;
	else if (offset >= (double)first)
		h->offset = (uint64_t)offset;
	else if (offset != 0)
		h->repairs |= VX_NIFTI_OFFSET;
}

/* Which header this is, by sizeof_hdr and magic. Sets version, pair and the byte order. */
static int identify(const uint8_t *bytes, size_t n, struct vx_nifti *h, struct vx_error *err)
{
	size_t size = sizeof_hdr(bytes, &h->big_endian);
	if (size == VX_NIFTI2_HEADER && bytes[4] == 'n' && (bytes[5] == '+' || bytes[5] == 'i') && bytes[6] == '2') {
		/* As in PNG: what a transfer as text would change. */
		if (memcmp(bytes + 7, "\0\0\0\0\0", 5) == 0)
			h->repairs |= VX_NIFTI_EOL_CHECK;
		else if (memcmp(bytes + 7, "\0\r\n\032\n", 5) != 0)
			return vx_error_set(err, VX_EREJECT, "magic",
				"the NIfTI-2 magic is damaged: was the file transferred as text?");
		h->version = 2;
		h->pair = bytes[5] == 'i';
	} else if (n >= VX_NIFTI1_HEADER && (is_magic1(bytes, '+') || is_magic1(bytes, 'i'))) {
		h->version = 1;
		h->pair = bytes[345] == 'i';
		if (size != VX_NIFTI1_HEADER) {
			const struct view big = { bytes, true };
			h->big_endian = get16(&big, 40) >= 1 && get16(&big, 40) <= 7;
			h->repairs |= VX_NIFTI_SIZEOF;
		}
	} else if (size == VX_NIFTI1_HEADER) {
		h->version = 0;
		h->pair = true;
	} else {
		return no_header(bytes, n, err);
	}
	return VX_OK;
}

int vx_nifti_parse(const uint8_t *bytes, size_t n, struct vx_nifti *h, struct vx_error *err)
{
	int64_t dim[8];
	double offset;
	bool big;
	memset(h, 0, sizeof(*h));
	size_t need = vx_nifti_need(bytes, n);
	if (n < 4 || (n < need && sizeof_hdr(bytes, &big) != 0))
		return vx_error_set(err, VX_EREJECT, NULL, "truncated: %zu of %zu header bytes", n, need);
	int st = identify(bytes, n, h, err);
	if (st != VX_OK)
		return st;
	const struct view v = { bytes, h->big_endian };
	if (h->version == 2)
		parse2(&v, h, dim, &offset);
	else
		parse1(&v, h, dim, &offset);
	if (h->version == 0)
		parse_analyze(&v, h);
	if (h->version == 1)
		unfold_surface(&v, dim);
	st = check_dims(dim, h, err);
	if (st == VX_OK)
		repair(h, offset);
	return st;
}

int vx_nifti_bytes(const struct vx_nifti *h, uint64_t *bytes, struct vx_error *err)
{
	int64_t bits = h->bits;
	for (int i = 0; i < 7; i++)
		if (__builtin_mul_overflow(bits, h->dim[i], &bits))
			return vx_error_set(
				err, VX_EREJECT, "dim", "the axes promise more voxels than a file can hold");
	*bytes = bits > 0 ? (uint64_t)bits / 8 + (bits % 8 != 0) : 0;
	return VX_OK;
}
