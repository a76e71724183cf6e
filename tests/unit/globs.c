/* Unit tests of vx_globs: names, paths, folders. In: none. Out: TAP. SPDX-License-Identifier: MIT */
#include "tap.h"
#include "vx_globs.h"

static void path_is(const char *glob, const char *path, bool wanted)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_globs *g = vx_globs_new(&glob, 1, &err);
	ok(g && vx_globs_match_path(g, path) == wanted, "%s %s %s", glob, wanted ? "chooses" : "leaves", path);
	vx_globs_free(g);
}

int main(void)
{
	static const char *const two[] = { "*.tmp", "derived/{kind}/**" };
	struct vx_error err = VX_ERROR_INIT;
	path_is("*.tmp", "a.tmp", true);
	path_is("*.tmp", "deep/down/a.tmp", true);
	path_is("*.tmp", "deep.tmp/a", true);
	path_is("*.tmp", "a.tmp.gz", false);
	path_is("a/*.nii", "a/1.nii", true);
	path_is("a/*.nii", "b/a/1.nii", false);
	path_is("a/*.nii", "a/b/1.nii", false);
	path_is("a/**", "a/b/1.nii", true);
	path_is("a/", "a/b/1.nii", true);
	path_is("a/", "a", false);
	path_is("a", "a", true);
	path_is("**/b/**", "x/b/y", true);
	struct vx_globs *g = vx_globs_new(two, 2, &err);
	ok(g && vx_globs_any(g), "two");
	ok(vx_globs_match(g, "derived/", 8, "t1/", 2, true), "a folder by its content's pattern");
	ok(!vx_globs_match(g, "derived/", 8, "t1", 2, false), "no file of that name");
	ok(!vx_globs_match(g, "", 0, "derived", 7, true), "not the folder above");
	vx_globs_free(g);
	g = vx_globs_new(two, 0, &err);
	ok(g && !vx_globs_any(g) && !vx_globs_match_path(g, "a"), "none");
	vx_globs_free(g);
	static const char *const bad[] = { "ok", "{" };
	ok(!vx_globs_new(bad, 2, &err) && err.status == VX_EUSAGE, "no pattern: %s", err.reason);
	return tap_end();
}
