/* vx_nifti: headers composed in memory, of both versions and both byte orders.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "tap.h"
#include "vx_nifti.h"

struct bytes {
	uint8_t b[VX_NIFTI_HEADER_MAX];
	bool big;
	int version;
};

static void put(struct bytes *h, size_t at, uint64_t v, int size)
{
	for (int i = 0; i < size; i++)
		h->b[at + (size_t)i] = (uint8_t)(v >> 8 * (h->big ? size - 1 - i : i));
}

static void put_real(struct bytes *h, size_t at, double v)
{
	float f = (float)v;
	uint32_t narrow;
	uint64_t wide;
	memcpy(&narrow, &f, sizeof(narrow));
	memcpy(&wide, &v, sizeof(wide));
	put(h, at, h->version == 2 ? wide : narrow, h->version == 2 ? 8 : 4);
}

static void put_reals(struct bytes *h, size_t at1, size_t at2, const double *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		put_real(h, h->version == 2 ? at2 + 8 * i : at1 + 4 * i, v[i]);
}

static void put_int(struct bytes *h, size_t at1, int size1, size_t at2, int size2, int64_t v)
{
	put(h, h->version == 2 ? at2 : at1, (uint64_t)v, h->version == 2 ? size2 : size1);
}

/* 10 x 6 x 4 int16, 0.5 x 0.5 x 3 mm. */
static struct bytes header(int version, bool big)
{
	static const int64_t dim[8] = { 3, 10, 6, 4, 1, 1, 1, 1 };
	static const double pixdim[8] = { 1, 0.5, 0.5, 3, 0, 0, 0, 0 };
	struct bytes h = { .big = big, .version = version };
	put(&h, 0, version == 2 ? 540 : 348, 4);
	memcpy(h.b + (version == 2 ? 4 : 344), version == 2 ? "n+2\0\r\n\032\n" : "n+1", version == 2 ? 8 : 4);
	for (size_t i = 0; i < 8; i++)
		put_int(&h, 40 + 2 * i, 2, 16 + 8 * i, 8, dim[i]);
	put_int(&h, 70, 2, 12, 2, 4);
	put_int(&h, 72, 2, 14, 2, 16);
	put_reals(&h, 76, 104, pixdim, 8);
	if (version == 2)
		put(&h, 168, 544, 8);
	else
		put_real(&h, 108, 352);
	if (version == 2)
		put(&h, 500, 10, 4);
	else
		h.b[123] = 10;
	return h;
}

static void put_sform(struct bytes *h, const double srow[12])
{
	put_int(h, 254, 2, 348, 4, 1);
	put_reals(h, 280, 400, srow, 12);
}

static void put_qform(struct bytes *h, double b, double c, double d, double qfac)
{
	const double quatern[3] = { b, c, d }, offset[3] = { 1, 2, 3 };
	put_int(h, 252, 2, 344, 4, 1);
	put_reals(h, 256, 352, quatern, 3);
	put_reals(h, 268, 376, offset, 3);
	put_reals(h, 76, 104, &qfac, 1);
}

static int parse(const struct bytes *b, struct vx_nifti *h, struct vx_error *err)
{
	err->reason[0] = '\0';
	return vx_nifti_parse(b->b, b->version == 2 ? 544 : 352, h, err);
}

static void test_versions(void)
{
	for (int version = 1; version <= 2; version++)
		for (int big = 0; big < 2; big++) {
			struct bytes b = header(version, big);
			struct vx_nifti h;
			struct vx_error err = VX_ERROR_INIT;
			uint64_t bytes = 0;
			ok(parse(&b, &h, &err) == VX_OK, "version %d, %s endian: read", version,
				big ? "big" : "little");
			ok(h.version == version && h.big_endian == big && !h.pair && h.repairs == 0, "what it is");
			ok(h.rank == 3 && h.dim[0] == 10 && h.dim[1] == 6 && h.dim[2] == 4 && h.dim[3] == 1, "shape");
			ok(vx_nifti_spacing(&h, 0) == 0.5 && vx_nifti_spacing(&h, 2) == 3, "spacing");
			ok(h.datatype == 4 && h.bits == 16 && h.units_space == 2 && h.units_time == 8,
				"datatype, units");
			ok(h.offset == (version == 2 ? 544 : 352), "offset");
			ok(vx_nifti_bytes(&h, &bytes, &err) == VX_OK && bytes == 480, "bytes");
		}
}

/* Every shorter prefix is refused as what it is. */
static void test_prefixes(void)
{
	for (int version = 1; version <= 2; version++) {
		struct bytes b = header(version, false);
		struct vx_nifti h;
		struct vx_error err = VX_ERROR_INIT;
		size_t whole = version == 2 ? 544 : 352;
		int wrong = 0;
		for (size_t n = 0; n < whole; n++) {
			char wanted[80];
			size_t need = version == 2 && n >= 6 ? 544 : n < 4 ? 352 : whole;
			snprintf(wanted, sizeof(wanted), "truncated: %zu of %zu header bytes", n, need);
			uint8_t *exact = malloc(n + 1); /* so that the sanitizer sees a read behind it */
			memcpy(exact, b.b, n);
			wrong += vx_nifti_parse(exact, n, &h, &err) != VX_EREJECT || strcmp(err.reason, wanted) != 0;
			free(exact);
		}
		ok(wrong == 0, "version %d: each prefix is truncated", version);
	}
}

static void refused(struct bytes *b, const char *reason, const char *what)
{
	struct vx_nifti h;
	struct vx_error err = VX_ERROR_INIT;
	ok(parse(b, &h, &err) == VX_EREJECT, "%s: refused", what);
	ok_str(err.reason, reason, "%s: reason", what);
}

static void test_refused(void)
{
	struct bytes b = header(1, false);
	put(&b, 40, 0, 2);
	refused(&b, "dim[0] is 0: the number of axes must be 1 to 7", "rank 0");
	put(&b, 40, 8, 2);
	refused(&b, "dim[0] is 8: the number of axes must be 1 to 7", "rank 8");
	b = header(1, false);
	put(&b, 44, (uint64_t)-3, 2);
	refused(&b, "dim[2] is -3: there is no voxel", "negative axis");
	b = header(2, true);
	b.b[8] = '\n';
	refused(&b, "the NIfTI-2 magic is damaged: was the file transferred as text?", "magic");
	b = header(1, false);
	memset(b.b, 'x', sizeof(b.b));
	refused(&b, "no NIfTI header: it begins with \"xxxxxxxx\"", "no header");
	b = header(2, false);
	for (size_t i = 0; i < 8; i++)
		put(&b, 16 + 8 * i, i ? INT64_MAX : 7, 8);
	struct vx_nifti h;
	struct vx_error err = VX_ERROR_INIT;
	uint64_t bytes;
	ok(parse(&b, &h, &err) == VX_OK && vx_nifti_bytes(&h, &bytes, &err) == VX_EREJECT,
		"more voxels than 63 bits count");
}

static void repaired(struct bytes *b, unsigned repairs, const char *what)
{
	struct vx_nifti h;
	struct vx_error err = VX_ERROR_INIT;
	ok(parse(b, &h, &err) == VX_OK && h.repairs == repairs, "%s: read with a repair", what);
}

static void test_repairs(void)
{
	struct vx_nifti h;
	struct vx_error err = VX_ERROR_INIT;
	struct bytes b = header(1, false);
	put_real(&b, 80, 0);
	repaired(&b, VX_NIFTI_ZERO_SPACING, "pixdim 0");
	ok(parse(&b, &h, &err) == VX_OK && h.pixdim[1] == 1, "pixdim 0 is read as 1");
	b = header(1, false);
	put_real(&b, 80, -0.5);
	repaired(&b, VX_NIFTI_NEGATIVE_SPACING, "pixdim < 0");
	b = header(1, false);
	put_real(&b, 80, NAN);
	repaired(&b, VX_NIFTI_ZERO_SPACING, "pixdim NaN");
	b = header(2, false);
	put_qform(&b, 0, 0, 0, 7);
	repaired(&b, VX_NIFTI_QFAC, "qfac 7");
	b = header(1, true);
	put(&b, 72, 32, 2);
	repaired(&b, VX_NIFTI_BITPIX, "bitpix");
	b = header(1, true);
	put(&b, 70, 4000, 2);
	repaired(&b, VX_NIFTI_DATATYPE, "datatype");
	b = header(1, false);
	put_real(&b, 108, 100);
	repaired(&b, VX_NIFTI_OFFSET, "vox_offset 100");
	put_real(&b, 108, NAN);
	repaired(&b, VX_NIFTI_OFFSET, "vox_offset NaN");
	b = header(1, true);
	put(&b, 0, 0, 4);
	repaired(&b, VX_NIFTI_SIZEOF, "sizeof_hdr 0, big endian");
	ok(parse(&b, &h, &err) == VX_OK && h.big_endian && h.dim[0] == 10, "byte order by dim[0] then");
	for (int i = 0; i < VX_NIFTI_REPAIRS; i++)
		ok(vx_nifti_repair(i) != NULL, "repair %d has a sentence", i);
	ok(vx_nifti_repair(VX_NIFTI_REPAIRS) == NULL && vx_nifti_repair(-1) == NULL, "and no other has");
}

static void test_scale(void)
{
	static const double cases[][4] = { { 0, 5, 1, 0 }, { NAN, 5, 1, 0 }, { 2, -1, 2, -1 }, { INFINITY, 0, 1, 0 },
		{ 2, NAN, 1, 0 } };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct vx_nifti h = { .version = 1, .slope = cases[i][0], .inter = cases[i][1] };
		double slope, inter;
		vx_nifti_scale(&h, &slope, &inter);
		ok(slope == cases[i][2] && inter == cases[i][3], "scaling %g, %g", cases[i][0], cases[i][1]);
	}
}

/* As SPM2 reads Analyze: slope, inter, glmin, glmax, cal_min, cal_max -> slope, inter. */
static void test_scale_of_analyze(void)
{
	static const struct {
		double slope, inter;
		int32_t gl[2];
		double cal[2], wanted[2];
	} cases[] = {
		{ 2, 5, { 0, 10 }, { 0, 1 }, { 2, 5 } },
		{ 2, NAN, { 0, 10 }, { 0, 1 }, { 2, 0 } },
		{ 0, 5, { 10, 110 }, { 50, 250 }, { 2, 30 } },
		{ NAN, 5, { INT32_MIN, INT32_MAX }, { 0, 1 }, { 1 / 4294967295.0, 2147483648.0 / 4294967295.0 } },
		{ 0, 5, { 10, 10 }, { 50, 250 }, { 1, 0 } },
		{ 0, 5, { 10, 110 }, { 7, 7 }, { 1, 0 } },
		{ 0, 5, { 10, 110 }, { 0, NAN }, { 1, 0 } },
		{ 0, 5, { 10, 110 }, { -INFINITY, 0 }, { 1, 0 } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct vx_nifti h = { .slope = cases[i].slope,
			.inter = cases[i].inter,
			.gl_min = cases[i].gl[0],
			.gl_max = cases[i].gl[1],
			.cal_min = cases[i].cal[0],
			.cal_max = cases[i].cal[1] };
		double slope, inter;
		vx_nifti_scale(&h, &slope, &inter);
		ok(slope == cases[i].wanted[0] && inter == cases[i].wanted[1], "Analyze %zu: scaling %g, %g", i, slope,
			inter);
	}
}

static void axes_are(const double m[12], const char *wanted)
{
	struct vx_affine a = { .wide = false };
	char axes[4];
	memcpy(a.m, m, sizeof(a.m));
	ok(vx_nifti_axes(&a, axes) == (wanted[0] != '\0'), "%s: %s", wanted, wanted[0] ? "regular" : "singular");
	ok_str(axes, wanted, "axes %s", wanted);
}

/* Wanted values are nibabel's (aff2axcodes). */
static void test_axes(void)
{
	axes_are((const double[]){ 1, 0, 0, 9, 0, 1, 0, 9, 0, 0, 1, 9 }, "RAS");
	axes_are((const double[]){ -0.5, 0, 0, 0, 0, -0.5, 0, 0, 0, 0, 3, 0 }, "LPS");
	axes_are((const double[]){ 0, 0, -3, 0, 0.5, 0, 0, 0, 0, -0.5, 0, 0 }, "AIL");
	axes_are((const double[]){ 0.7, -0.7, 0, 0, 0.71, 0.7, 0, 0, 0, 0, 1, 0 }, "ALS");
	axes_are((const double[]){ 1, 0.9, 0, 0, 0.1, 1, 0, 0, 0, 0, 1, 0 }, "RAS");
	axes_are((const double[]){ -0.5, -0.0002, -0.0012, 0, 0.0002, -0.488, -0.654, 0, -0.00015, -0.109, 2.93, 0 },
		"LPS");
	axes_are((const double[]){ 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0 }, "");
	axes_are((const double[]){ 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0 }, "");
}

static bool near(const struct vx_affine *a, const double m[12])
{
	for (int i = 0; i < 12; i++)
		if (fabs(a->m[i / 4][i % 4] - m[i]) > 1e-6)
			return false;
	return true;
}

static void test_affine(void)
{
	static const double rows[12] = { -0.5, 0, 0, 10, 0, -0.5, 0, 20, 0, 0, 3, -30 };
	struct vx_error err = VX_ERROR_INIT;
	struct vx_nifti h;
	struct vx_affine a;
	for (int version = 1; version <= 2; version++) {
		struct bytes b = header(version, version == 1);
		ok(parse(&b, &h, &err) == VX_OK && vx_nifti_affine(&h, &a) == VX_AFFINE_SPACING, "no form: spacing");
		ok(near(&a, (const double[]){ -0.5, 0, 0, 2.25, 0, 0.5, 0, -1.25, 0, 0, 3, -4.5 }),
			"mirrored, centred");
		put_qform(&b, 0, 0, 1, 1);
		ok(parse(&b, &h, &err) == VX_OK && vx_nifti_affine(&h, &a) == VX_AFFINE_QFORM, "qform");
		ok(near(&a, (const double[]){ -0.5, 0, 0, 1, 0, -0.5, 0, 2, 0, 0, 3, 3 }), "half a turn about z");
		put_qform(&b, 0, 0, 1, -1);
		ok(parse(&b, &h, &err) == VX_OK && vx_nifti_qform(&h, &a) && a.m[2][2] == -3, "qfac -1 turns z");
		put_qform(&b, 1, 1, 1, 1);
		ok(parse(&b, &h, &err) == VX_OK && vx_nifti_affine(&h, &a) == VX_AFFINE_UNUSABLE,
			"a quaternion longer than 1");
		put_sform(&b, rows);
		ok(parse(&b, &h, &err) == VX_OK && vx_nifti_affine(&h, &a) == VX_AFFINE_SFORM && near(&a, rows),
			"the sform goes first");
		ok(a.wide == (version == 2), "how many digits");
		ok(!vx_nifti_forms_differ(&h), "an unusable qform differs from nothing");
		put_qform(&b, 0, 0, 1, 1);
		ok(parse(&b, &h, &err) == VX_OK && vx_nifti_forms_differ(&h), "qform and sform are far apart");
		put_real(&b, version == 2 ? 400 : 280, NAN);
		ok(parse(&b, &h, &err) == VX_OK && vx_nifti_affine(&h, &a) == VX_AFFINE_UNUSABLE, "NaN in the sform");
	}
	struct bytes b = header(1, false);
	put_sform(&b, rows);
	b.b[123] = 1 + 24;
	ok(parse(&b, &h, &err) == VX_OK && vx_nifti_sform(&h, &a) && a.m[2][2] == 3000 &&
			vx_nifti_spacing(&h, 0) == 500,
		"metres become mm");
}

static void test_analyze(void)
{
	struct bytes b = header(1, true);
	struct vx_nifti h;
	struct vx_affine a;
	struct vx_error err = VX_ERROR_INIT;
	memset(b.b + 344, 0, 4);
	ok(vx_nifti_need(b.b, 348) == 348, "Analyze has no extension flag");
	ok(vx_nifti_parse(b.b, 348, &h, &err) == VX_OK && h.version == 0 && h.pair, "Analyze");
	put(&b, 253, 5, 2);
	put(&b, 255, 3, 2);
	put(&b, 257, 2, 2);
	ok(vx_nifti_parse(b.b, 348, &h, &err) == VX_OK && vx_nifti_affine(&h, &a) == VX_AFFINE_SPACING,
		"with SPM's origin");
	ok(near(&a, (const double[]){ -0.5, 0, 0, 2, 0, 0.5, 0, -1, 0, 0, 3, -3 }), "which counts voxels from 1");
}

static void test_json(void)
{
	struct bytes b = header(1, false);
	struct vx_nifti h;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_affine a;
	struct vx_buf out = VX_BUF_INIT;
	put_sform(&b, (const double[]){ 0.3, 6.123234e-17, -1.5e-20, -0.0, 1e-7, 1, 0, 1e30, 0, 0, 3, 123456.789 });
	ok(parse(&b, &h, &err) == VX_OK && vx_nifti_sform(&h, &a), "a sform of many magnitudes");
	vx_nifti_put_affine(&a, &out);
	double back[12];
	char *p = out.data;
	int equal = 0;
	for (int i = 0; i < 12; i++) {
		p += strcspn(p, "-0123456789");
		back[i] = strtod(p, &p);
		equal += (float)back[i] == (float)a.m[i / 4][i % 4];
	}
	ok(equal == 12, "reads back as the same float32 values: %s", out.data);
	ok(strstr(out.data, "[[0.3,") == out.data, "0.3 is 0.3");
	ok(strstr(out.data, "-0,") == NULL && strstr(out.data, ",0]") != NULL, "0 has no sign");
	vx_buf_free(&out);
}

int main(void)
{
	test_versions();
	test_prefixes();
	test_refused();
	test_repairs();
	test_scale();
	test_scale_of_analyze();
	test_axes();
	test_affine();
	test_analyze();
	test_json();
	return tap_end();
}
