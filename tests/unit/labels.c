/* vx_labels: counted fast against counted one by one, of every type, order and cut.
 * SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "tap.h"
#include "vx_labels.h"

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

static void store(uint8_t *at, const struct type *t, int64_t v, bool big)
{
	float f = (float)v;
	double d = (double)v;
	uint64_t bits = (uint64_t)v;
	uint32_t narrow;
	if (t->floating && t->bits == 32) {
		memcpy(&narrow, &f, sizeof(narrow));
		bits = narrow;
	} else if (t->floating) {
		memcpy(&bits, &d, sizeof(bits));
	}
	for (int i = 0; i < t->bits / 8; i++)
		at[i] = (uint8_t)(bits >> 8 * (big ? t->bits / 8 - 1 - i : i));
}

/* Runs, lone voxels and noise; values -3..4 (0..7 where there is no sign). */
static void compare(struct vx_labels *l, const struct type *t, bool big, size_t n, int noise)
{
	size_t width = (size_t)t->bits / 8;
	uint8_t *bytes = malloc(n * width + 1);
	uint64_t wanted[8] = { 0 };
	int64_t low = t->is_signed ? -3 : 0, v = low;
	struct vx_nifti h = { .version = 1, .big_endian = big, .datatype = t->code, .bits = t->bits, .slope = 0 };
	struct vx_error err = VX_ERROR_INIT;
	for (size_t i = 0; i < n; i++) {
		if (next_random() % 100 < (uint32_t)noise)
			v = low + next_random() % 8;
		store(bytes + i * width, t, v, big);
		wanted[v - low]++;
	}
	int st = vx_labels_begin(l, &h, &err);
	for (size_t at = 0, part; st == VX_OK && at < n * width; at += part) {
		part = 1 + next_random() % 4000;
		part = part < n * width - at ? part : n * width - at;
		vx_labels_add(l, bytes + at, part);
	}
	const struct vx_label *list;
	size_t count = 0, expected = 0;
	bool good = st == VX_OK && vx_labels_end(l, &list, &count, &err) == VX_OK;
	for (int64_t i = 0; i < 8 && good; i++) {
		if (!wanted[i])
			continue;
		good = expected < count && list[expected].value == low + i && list[expected].voxels == wanted[i];
		expected++;
	}
	ok(good && expected == count, "type %d, %s endian, %zu voxels, noise %d", t->code, big ? "big" : "little", n,
		noise);
	free(bytes);
}

static void test_all(struct vx_labels *l)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		for (int big = 0; big < 2; big++) {
			compare(l, &types[i], big, 20011, 1);
			compare(l, &types[i], big, 20011, 100);
			compare(l, &types[i], big, 3, 50);
		}
}

static int count_floats(struct vx_labels *l, const float *v, size_t n, double slope, double inter, struct vx_error *err,
	const struct vx_label **list, size_t *count)
{
	struct vx_nifti h = { .datatype = 16,
		.bits = 32,
		.slope = slope,
		.inter = inter,
		.big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__ };
	int st = vx_labels_begin(l, &h, err);
	vx_labels_add(l, v, n * sizeof(*v));
	return st == VX_OK ? vx_labels_end(l, list, count, err) : st;
}

static void test_floats(struct vx_labels *l)
{
	const struct vx_label *list;
	size_t n;
	struct vx_error err = VX_ERROR_INIT;
	ok(count_floats(l, (const float[]){ 0, -0.0F, 1, 0 }, 4, 1, 0, &err, &list, &n) == VX_OK && n == 2 &&
			list[0].voxels == 3,
		"0 and -0 are one value");
	ok(count_floats(l, (const float[]){ 0, 0.5F }, 2, 1, 0, &err, &list, &n) == VX_EREJECT, "0.5 is no label");
	ok_str(err.reason, "0.5 occurs in 1 voxels and is no integer label", "and it is said");
	ok(count_floats(l, (const float[]){ 0, 0.5F }, 2, 2, 0, &err, &list, &n) == VX_OK && list[1].value == 1,
		"unless it is scaled to one");
	ok(count_floats(l, (const float[]){ __builtin_nanf("") }, 1, 1, 0, &err, &list, &n) == VX_EREJECT,
		"NaN is none");
	ok(count_floats(l, (const float[]){ 1e30F }, 1, 1, 0, &err, &list, &n) == VX_EREJECT, "1e30 is none");
}

static void test_limits(struct vx_labels *l)
{
	const struct vx_label *list;
	size_t n;
	struct vx_error err = VX_ERROR_INIT;
	struct vx_nifti h = { .datatype = 8, .bits = 32 };
	ok(vx_labels_begin(l, &h, &err) == VX_OK, "int32");
	for (uint32_t i = 0; i < VX_LABELS_MAX; i++)
		vx_labels_add(l, &i, sizeof(i));
	ok(vx_labels_end(l, &list, &n, &err) == VX_OK && n == VX_LABELS_MAX, "as many values as are counted");
	ok(vx_labels_begin(l, &h, &err) == VX_OK, "again");
	for (uint32_t i = 0; i <= VX_LABELS_MAX; i++)
		vx_labels_add(l, &i, sizeof(i));
	ok(vx_labels_end(l, &list, &n, &err) == VX_EREJECT, "one more is no label image");
	h = (struct vx_nifti){ .datatype = 1280, .bits = 64 };
	uint64_t huge = UINT64_MAX;
	ok(vx_labels_begin(l, &h, &err) == VX_OK, "uint64");
	vx_labels_add(l, &huge, sizeof(huge));
	ok(vx_labels_end(l, &list, &n, &err) == VX_EREJECT, "18446744073709551615 is beyond a label");
	h.datatype = 128;
	ok(vx_labels_begin(l, &h, &err) == VX_EREJECT, "colours are none");
	ok_str(err.reason, "rgb24 voxels hold no labels", "and it is said");
}

/* Processor time to count labels from 1 to 1,000 that change from voxel to voxel. */
static double seconds_of(const struct type *t)
{
	enum { VOXELS = 500000 };
	const struct vx_nifti h = {
		.version = 1, .rank = 1, .dim = { VOXELS, 1, 1, 1, 1, 1, 1 }, .datatype = t->code, .bits = t->bits
	};
	const size_t width = (size_t)t->bits / 8;
	uint8_t *bytes = malloc(VOXELS * width);
	struct vx_labels *l = vx_labels_new();
	const struct vx_label *list;
	size_t n = 0;
	for (size_t i = 0; i < VOXELS; i++)
		store(bytes + i * width, t, next_random() % 1000 + 1, false);
	const clock_t start = clock();
	if (vx_labels_begin(l, &h, NULL) == VX_OK) {
		vx_labels_add(l, bytes, VOXELS * width);
		if (vx_labels_end(l, &list, &n, NULL) != VX_OK)
			n = 0;
	}
	const double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
	ok(n == 1000, "%zu labels of 1000 in voxels of type %d", n, t->code);
	vx_labels_free(l);
	free(bytes);
	return seconds;
}

/* The low bits of a small integer in a float64 are 0: whoever hashes by them looks through hundreds of slots a voxel. */
static void test_speed(void)
{
	const double narrow = seconds_of(&(struct type){ 8, 32, false, true }),
		     wide = seconds_of(&(struct type){ 64, 64, true, true });
	ok(wide < 6 * narrow + 0.01, "labels in float64 take %.3f s, in int32 %.3f s", wide, narrow);
}

int main(void)
{
	struct vx_labels *l = vx_labels_new();
	test_all(l);
	test_floats(l);
	test_limits(l);
	vx_labels_free(l);
	test_speed();
	return tap_end();
}
