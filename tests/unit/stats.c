/* vx_stats and vx_voxel_hash: bytes cut anywhere against sums and hashes made the plain way.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "tap.h"
#include "vx_labels.h"
#include "vx_stats.h"
#include "vx_voxel_hash.h"

static uint64_t seed = 1;

static uint32_t next_random(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

struct type {
	int code, bits;
	bool floating, is_signed;
};

static const struct type types[] = { { 2, 8, false, false }, { 256, 8, false, true }, { 512, 16, false, false },
	{ 4, 16, false, true }, { 768, 32, false, false }, { 8, 32, false, true }, { 1280, 64, false, false },
	{ 1024, 64, false, true }, { 16, 32, true, true }, { 64, 64, true, true } };

#define VOXELS 3001

static void store(uint8_t *at, const struct type *t, int64_t v, bool big)
{
	float f = v == -50 ? NAN : (float)v;
	double d = v == -50 ? (double)NAN : (double)v;
	uint64_t bits = (uint64_t)v;
	uint32_t narrow;
	memcpy(&narrow, &f, sizeof(narrow));
	if (t->floating && t->bits == 32)
		bits = narrow;
	else if (t->floating)
		memcpy(&bits, &d, sizeof(bits));
	for (int i = 0; i < t->bits / 8; i++)
		at[i] = (uint8_t)(bits >> 8 * (big ? t->bits / 8 - 1 - i : i));
}

static void count_value(void *stats, double stored, uint64_t voxels)
{
	vx_stats_count(stats, stored, voxels);
}

static bool equal(const struct vx_stats *a, const struct vx_stats *b)
{
	return a->min == b->min && a->max == b->max && fabs(a->mean - b->mean) < 1e-9 && a->nonzero == b->nonzero &&
	       a->nan == b->nan;
}

/* Values -50 (of floating types NaN) to 49; 0 to 99 where there is no sign. */
static void compare(const struct type *t, bool big, double slope, double inter)
{
	static uint8_t bytes[8 * VOXELS];
	const size_t width = (size_t)t->bits / 8;
	struct vx_nifti h = {
		.version = 1, .big_endian = big, .datatype = t->code, .bits = t->bits, .slope = slope, .inter = inter
	};
	struct vx_stats wanted = { .min = INFINITY, .max = -INFINITY }, got, counted;
	struct vx_error err = VX_ERROR_INIT;
	double sum = 0, k = slope != 0 ? slope : 1, c = slope != 0 ? inter : 0;
	for (size_t i = 0; i < VOXELS; i++) {
		const int64_t v = (int64_t)(next_random() % 100) - (t->is_signed ? 50 : 0);
		const double x = (double)v * k + c;
		store(bytes + i * width, t, v, big);
		if (t->floating && v == -50) {
			wanted.nan++;
			continue;
		}
		wanted.min = fmin(wanted.min, x);
		wanted.max = fmax(wanted.max, x);
		wanted.nonzero += x != 0;
		sum += x;
	}
	wanted.mean = sum / (double)(VOXELS - wanted.nan);
	int st = vx_stats_begin(&got, &h, &err);
	for (size_t at = 0, part; st == VX_OK && at < VOXELS * width; at += part) {
		part = 1 + next_random() % 400;
		part = part < VOXELS * width - at ? part : VOXELS * width - at;
		vx_stats_add(&got, bytes + at, part);
	}
	vx_stats_end(&got);
	ok(st == VX_OK && equal(&got, &wanted), "stats of type %d, %s endian, slope %g", t->code,
		big ? "big" : "little", slope);
	struct vx_labels *l = vx_labels_new();
	if (vx_stats_begin(&counted, &h, &err) == VX_OK && vx_labels_begin(l, &h, &err) == VX_OK) {
		vx_labels_add(l, bytes, VOXELS * width);
		bool each = vx_labels_each(l, count_value, &counted);
		vx_stats_end(&counted);
		ok(each == (width <= 2) && (!each || equal(&counted, &wanted)), "the same from counts");
	}
	vx_labels_free(l);
}

static void nothing_to_count(void)
{
	const struct vx_nifti h = { .version = 1, .datatype = 16, .bits = 32 },
			      rgb = { .version = 1, .datatype = 128, .bits = 24 };
	struct vx_stats s;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf b = VX_BUF_INIT;
	const uint8_t nans[8] = { 0, 0, 0xc0, 0x7f, 0, 0, 0xc0, 0xff };
	ok(vx_stats_begin(&s, &h, &err) == VX_OK, "float32 has statistics");
	vx_stats_add(&s, nans, sizeof(nans));
	vx_stats_end(&s);
	vx_stats_put(&s, &b);
	ok_str(b.data, "{\"min\":null,\"max\":null,\"mean\":null,\"nonzero\":0,\"nan\":2}", "nothing but NaN");
	vx_buf_free(&b);
	ok(vx_stats_begin(&s, &rgb, &err) == VX_EREJECT, "colours have none");
	ok_str(err.field, "datatype", "and the reason names the field");
}

static void hash(const struct vx_nifti *h, const uint8_t *bytes, size_t n, size_t step, char hex[65])
{
	struct vx_voxel_hash v = { .sha = NULL };
	struct vx_error err = VX_ERROR_INIT;
	hex[0] = '\0';
	if (vx_voxel_hash_begin(&v, h, &err) != VX_OK)
		return;
	for (size_t at = 0; at < n; at += step)
		vx_voxel_hash_add(&v, bytes + at, step < n - at ? step : n - at);
	vx_voxel_hash_end(&v, hex);
}

/* A number turned round is the same number in the other byte order: both of a complex one are turned, one by one. */
static void compare_hashes(int code, int bits, size_t unit)
{
	enum { N = 96 * 100 };
	static uint8_t little[N], big[N];
	char a[65], b[65];
	struct vx_nifti h = { .version = 1, .datatype = code, .bits = bits, .rank = 1, .dim = { N * 8 / bits } };
	for (size_t i = 0; i < N; i++)
		little[i] = (uint8_t)next_random();
	for (size_t i = 0; i < N; i++)
		big[i] = little[i - i % unit + unit - 1 - i % unit];
	hash(&h, little, N, N, a);
	h.big_endian = true;
	hash(&h, big, N, N, b);
	ok_str(b, a, "the hash of type %d does not know its byte order", code);
	hash(&h, big, N, 7, b);
	ok_str(b, a, "nor where it was cut");
	ok(vx_nifti_unit(code) == unit, "its numbers have %zu bytes", unit);
}

int main(void)
{
	static const int hashed[][3] = { { 2, 8, 1 }, { 4, 16, 2 }, { 16, 32, 4 }, { 64, 64, 8 }, { 32, 64, 4 },
		{ 1792, 128, 8 }, { 2048, 256, 16 }, { 1536, 128, 16 }, { 128, 24, 1 }, { 2304, 32, 1 } };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		for (int big = 0; big < 2; big++) {
			compare(&types[i], big, 0, 0);
			compare(&types[i], big, -0.5, 10);
		}
	nothing_to_count();
	for (size_t i = 0; i < sizeof(hashed) / sizeof(hashed[0]); i++)
		compare_hashes(hashed[i][0], hashed[i][1], (size_t)hashed[i][2]);
	char hex[65];
	hash(&(struct vx_nifti){ .datatype = 7 }, (const uint8_t *)"", 0, 1, hex);
	ok_str(hex, "", "an unknown type has no hash");
	ok_str(vx_nifti_extension(44), "mrs", "code 44");
	ok(!vx_nifti_extension(46) && !vx_nifti_extension(36) && !vx_nifti_extension(-2) && !vx_nifti_extension(3),
		"codes that nobody has registered");
	return tap_end();
}
