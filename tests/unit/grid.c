/* vx_grid, vx_volumes: grids against each other in all 48 orders of voxels; volumes found again by name and parent.
 * SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "vx_volumes.h"

static const struct vx_grid base = {
	.shape = { 24, 20, 6 },
	.at.m = { { -0.5, 0.001, -0.004, 57.7 }, { 0.0002, 0.474, -2.85, -99.2 }, { -0.0006, 0.158, 0.951, -87.8 } },
};

/* The same voxels, stored with axis k taken from axis[k] and mirrored where told. */
static struct vx_grid reordered(const struct vx_grid *g, const int axis[3], int mirrors)
{
	struct vx_grid out;
	for (int r = 0; r < 3; r++)
		out.at.m[r][3] = g->at.m[r][3];
	for (int k = 0; k < 3; k++) {
		const bool mirrored = mirrors >> k & 1;
		out.shape[k] = g->shape[axis[k]];
		for (int r = 0; r < 3; r++) {
			out.at.m[r][k] = g->at.m[r][axis[k]] * (mirrored ? -1 : 1);
			if (mirrored)
				out.at.m[r][3] += g->at.m[r][axis[k]] * (double)(out.shape[k] - 1);
		}
	}
	return out;
}

static void test_orders(void)
{
	static const int axes[6][3] = { { 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 } };
	int same = 0, reoriented = 0, apart = 0;
	for (int i = 0; i < 6; i++)
		for (int mirrors = 0; mirrors < 8; mirrors++) {
			struct vx_grid g = reordered(&base, axes[i], mirrors);
			struct vx_grid_fit fit;
			vx_grid_compare(&g, &base, 1e-9, &fit);
			same += fit.same;
			reoriented += fit.reoriented;
			/* Half a voxel along the slices, wherever that axis is now. */
			for (int r = 0; r < 3; r++)
				g.at.m[r][3] += base.at.m[r][2] / 2;
			vx_grid_compare(&g, &base, 0.1, &fit);
			apart += !fit.same && fit.shape &&
				 fabs(fit.apart - sqrt(2.85 * 2.85 + 0.951 * 0.951 + 0.004 * 0.004) / 2) < 1e-9;
		}
	ok(same == 48 && reoriented == 47, "the same voxels in 48 orders: %d same, %d reoriented", same, reoriented);
	ok(apart == 48, "half a slice off is half a slice apart in %d orders", apart);
}

static void test_differences(void)
{
	struct vx_grid g = base;
	struct vx_grid_fit fit;
	g.shape[2] = 7;
	vx_grid_compare(&g, &base, 1000, &fit);
	ok(!fit.same && !fit.shape && fit.apart > 2.9 && fit.apart < 3.1,
		"a slice more is another shape, a slice apart");
	g = base;
	g.at.m[0][3] += 0.1;
	vx_grid_compare(&g, &base, 0.1 + 1e-9, &fit);
	ok(fit.same && !fit.reoriented, "within the tolerance");
	vx_grid_compare(&g, &base, 0.0999, &fit);
	ok(!fit.same && fabs(fit.apart - 0.1) < 1e-9, "beyond it");
	/* A tilt grows towards the far corner. */
	g = base;
	g.at.m[2][0] += 0.01;
	vx_grid_compare(&g, &base, 0.1, &fit);
	ok(!fit.same && fit.apart > 0.2, "a tilt counts at the corners");
	g = base;
	g.shape[2] = 1;
	struct vx_grid thick = g;
	for (int r = 0; r < 3; r++)
		thick.at.m[r][2] *= 2;
	vx_grid_compare(&g, &thick, 0.1, &fit);
	ok(!fit.same, "one slice of another thickness");
	g = base;
	g.at.m[0][0] = 1e308;
	thick = base;
	thick.at.m[0][0] = -1e308;
	vx_grid_compare(&g, &thick, 1000, &fit);
	ok(!fit.same && isinf(fit.apart), "numbers that overflow do not fit");
}

static bool grid_of(const char *text, struct vx_grid *g)
{
	struct vx_json *record = NULL;
	bool good = vx_json_parse(text, strlen(text), &record, NULL) == VX_OK && vx_grid_of_record(record, g);
	vx_json_free(record);
	return good;
}

static void test_records(void)
{
	static const char *const bad[] = { "{}", "[]", "1", "{\"shape\":[2,2,2]}",
		"{\"shape\":[2,2,2],\"affine\":[[1,0,0,0],[0,1,0,0]]}",
		"{\"shape\":[2,0,2],\"affine\":[[1,0,0,0],[0,1,0,0],[0,0,1,0]]}",
		"{\"shape\":[],\"affine\":[[1,0,0,0],[0,1,0,0],[0,0,1,0]]}",
		"{\"shape\":[2,2,2],\"affine\":[[1,0,0],[0,1,0],[0,0,1]]}",
		"{\"shape\":[2,2,2],\"affine\":[[1,0,0,0],[0,null,0,0],[0,0,1,0]]}",
		"{\"shape\":[2,2,2],\"affine\":[[1,0,0,0],[0,1e999,0,0],[0,0,1,0]]}",
		"{\"shape\":[2.5,2,2],\"affine\":[[1,0,0,0],[0,1,0,0],[0,0,1,0]]}",
		"{\"shape\":\"2\",\"affine\":[[1,0,0,0],[0,1,0,0],[0,0,1,0]]}" };
	struct vx_grid g;
	ok(grid_of("{\"shape\":[4,3],\"affine\":[[1,0,0,9],[0,1,0,8],[0,0,1,7],[0,0,0,1]]}", &g) && g.shape[0] == 4 &&
			g.shape[2] == 1 && g.at.m[1][3] == 8,
		"a record of two axes");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!grid_of(bad[i], &g), "no grid: %s", bad[i]);
}

static void collect(void *arg, const struct vx_volume *v)
{
	struct vx_buf *b = arg;
	vx_buf_printf(b, "%s:%s:%d ", v->identifier + 7, v->type, v->gridded ? (int)v->grid.shape[0] : 0);
}

static struct vx_volumes *load(const char *text, struct vx_error *err)
{
	char path[] = "/tmp/vx-unit-volumes-XXXXXX";
	int fd = mkstemp(path);
	if (fd < 0 || vx_write_all(fd, text, strlen(text), err) != VX_OK)
		return NULL;
	close(fd);
	struct vx_volumes *v = vx_volumes_load(path, err);
	unlink(path);
	return v;
}

static void test_volumes(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf text = VX_BUF_INIT, seen = VX_BUF_INIT;
	vx_buf_puts(&text, "\n{\"identifier\":\"study/s\",\"parent_identifier\":\"patient/p\"}\n"
			   "{\"identifier\":\"volume/no\",\"parent_identifier\":\"study/s\"}\n");
	for (int i = 0; i < 1000; i++)
		vx_buf_printf(&text,
			"{\"identifier\":\"volume/%d\",\"parent_identifier\":\"study/%d\",\"volume_type\":\"T2\","
			"\"shape\":[%d,1,1],\"affine\":[[1,0,0,0],[0,1,0,0],[0,0,1,0]]}\n",
			i, i / 4, i + 1);
	vx_buf_puts(&text, "{\"identifier\":\"volume/6\",\"parent_identifier\":\"study/1\",\"volume_type\":\"ADC\"}");
	struct vx_volumes *v = load(text.data, &err);
	ok(v != NULL, "1,003 lines load");
	ok(vx_volumes_of(v, "study/1", collect, &seen, &err) == 4, "four volumes of a study");
	ok_str(seen.data, "4:T2:5 5:T2:6 7:T2:8 6:ADC:0 ", "each once, as it was said last");
	vx_buf_clear(&seen);
	ok(vx_volumes_named(v, "volume/no", collect, &seen, &err) == 1, "by its name");
	ok_str(seen.data, "no::0 ", "a volume without shape has no grid");
	ok(vx_volumes_named(v, "volume/1000", collect, &seen, &err) == 0, "one that is not there");
	ok(vx_volumes_of(v, "study/x", collect, &seen, &err) == 0, "a study without volumes");
	vx_volumes_free(v);
	v = load("{\"identifier\":\"volume/a\"}\nnonsense\n", &err);
	ok(!v && err.status == VX_EDATA && err.row == 2, "a line that is no JSON: status %d, line %ld", (int)err.status,
		err.row);
	v = load("[1]", &err);
	ok(!v && err.status == VX_EDATA, "a line that is no object");
	v = vx_volumes_load("/no/such/file", &err);
	ok(!v && err.status == VX_EIO, "a file that is not there");
	v = load("", &err);
	ok(v && vx_volumes_of(v, "", collect, &seen, &err) == 0, "an empty file");
	vx_volumes_free(v);
	vx_buf_free(&text);
	vx_buf_free(&seen);
}

int main(void)
{
	test_orders();
	test_differences();
	test_records();
	test_volumes();
	return tap_end();
}
