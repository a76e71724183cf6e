/* Keys and URLs of stores. In: none. Out: TAP. SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "vx_store.h"
#include "vx_store_key.h"

static void path_is(const char *url, const char *wanted)
{
	char *path = vx_file_url_path(url);
	ok_str(path ? path : "(none)", wanted, "path of %s", url);
	free(path);
}

static void check_paths(void)
{
	path_is("file:///a/b", "/a/b");
	path_is("FILE://localhost/a", "/a");
	path_is("file:/a", "/a");
	path_is("file:///a%20b%2Bc%c3%BC", "/a b+c\xc3\xbc");
	path_is("file:///a+b?c#d", "/a+b?c#d");
	path_is("file://host/a", "(none)");
	path_is("file:a", "(none)");
	path_is("file:///a%", "(none)");
	path_is("file:///a%4", "(none)");
	path_is("file:///a%g0", "(none)");
	path_is("file:///a%00b", "(none)");
	path_is("s3://a/b", "(none)");
}

static void check_keys(void)
{
	static const char *const good[] = { "a", "a/b", "...", "a/..b/c..", "a b+c%d~", "\xc3\xbc" };
	static const char *const bad[] = { "", "/", "/a", "a/", "a//b", ".", "..", "a/..", "../a", "a/./b", "a\nb",
		"a\x7f", ".vx-upload/1" };
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		ok(vx_store_key_check(good[i]) == NULL, "good key %s", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(vx_store_key_check(bad[i]) != NULL, "bad key %zu", i);
	char longest[1026];
	memset(longest, 'a', sizeof(longest));
	longest[1024] = '\0';
	ok(vx_store_key_check(longest) == NULL, "1024 bytes");
	longest[1024] = 'a';
	longest[1025] = '\0';
	ok(vx_store_key_check(longest) != NULL, "1025 bytes");
}

static void check_suffixes(void)
{
	static const char *const paths[][2] = { { "a.nii.gz", ".nii.gz" }, { "/x.y/a.json", ".json" }, { "/x.y/a", "" },
		{ "a.NII.GZ", ".NII.GZ" }, { "a.gz", ".gz" }, { ".hidden", "" }, { ".nii.gz", ".gz" },
		{ "1.2.840.113", "" }, { "t2.v1.nii.gz", ".nii.gz" }, { "t2.1.gz", ".gz" }, { "a.b c", "" },
		{ "a.", "" }, { "", "" }, { "a.toolonganame", "" }, { "a.7z", ".7z" } };
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		ok_str(vx_path_suffix(paths[i][0]), paths[i][1], "suffix of '%s'", paths[i][0]);
}

static void key_is(const struct vx_store *s, const char *url, const char *wanted)
{
	char *key = vx_store_url_key(s, url);
	ok_str(key ? key : "(none)", wanted, "key of %s", url);
	free(key);
}

static void check_urls(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_buf url = VX_BUF_INIT;
	struct vx_store *s =
		vx_store_open(&(struct vx_store_options){ .url = "file:///tmp/vx no%20such/", .dry_run = true }, &err);
	ok(s != NULL, "a dry run needs no folder");
	vx_store_object_url(s, "a b/c+", &url);
	ok_str(url.data, "file:///tmp/vx%20no%20such/a%20b/c%2B", "URL of an object");
	ok(vx_store_has_url(s, url.data), "below the store");
	ok(vx_store_has_url(s, "file:///tmp/vx no such/x"), "below the store, spelled another way");
	ok(!vx_store_has_url(s, "file:///tmp/vx%20no%20such"), "the store itself is not below it");
	ok(!vx_store_has_url(s, "file:///tmp/vx%20no%20suchx/a"), "a neighbour");
	ok(!vx_store_has_url(s, "file:///tmp/vx%20no%20such/../x"), "out by ..");
	key_is(s, url.data, "a b/c+");
	key_is(s, "file:///tmp/vx%20no%20such", "(none)");
	key_is(s, "s3://tmp/vx no such/a", "(none)");
	vx_store_close(s);
	vx_buf_free(&url);

	setenv("AWS_ACCESS_KEY_ID", "k", 1);
	setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
	s = vx_store_open(
		&(struct vx_store_options){ .url = "s3://lab/a b/", .endpoint = "http://[::1]:9/base/" }, &err);
	ok(s != NULL, "s3 store");
	vx_store_object_url(s, "c d", &url);
	ok_str(url.data, "s3://lab/a b/c d", "URL of an S3 object");
	ok(vx_store_has_url(s, "s3://lab/a b/x") && !vx_store_has_url(s, "s3://lab/a bc/x"), "below the s3 store");
	key_is(s, "s3://lab/a b/c%20d", "c%20d");
	key_is(s, "s3://lab/a b", "(none)");
	key_is(s, "s3://lab2/a b/c", "(none)");
	vx_store_close(s);
	vx_buf_free(&url);
}

static const char *told(struct vx_store_conn *c, const char *key, const struct vx_store_content *content)
{
	static const char *const names[] = { "same", "missing", "other" };
	struct vx_error err = VX_ERROR_INIT;
	enum vx_checked got = VX_CHECKED_SAME;
	const int status = vx_store_check(c, key, content, true, &got, &err);
	return status == VX_OK ? names[got] : status == VX_EREJECT ? "untold" : "failed";
}

static void check_checks(void)
{
	static const char a[] =
		"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"; /* printf a | sha256sum */
	static const char upper[] = "CA978112CA1BBDCAFAC231B39A23DC4DA786EFF8147C4E72B9807785AFEE48BB";
	struct vx_error err = VX_ERROR_INIT;
	struct vx_stored got;
	char folder[] = "/tmp/vx-store-XXXXXX", url[64], path[64];
	ok(mkdtemp(folder) != NULL, "a folder");
	snprintf(url, sizeof(url), "file://%s", folder);
	struct vx_store *s = vx_store_open(&(struct vx_store_options){ .url = url }, &err);
	struct vx_store_conn *c = vx_store_connect(s);
	ok(vx_store_put_bytes(c, "x", "a", 1, NULL, &got, &err) == VX_OK, "an object");
	snprintf(path, sizeof(path), "%s/x", folder);
	ok_str(told(c, "x", &(struct vx_store_content){ .path = path }), "same", "as a file");
	ok_str(told(c, "x", &(struct vx_store_content){ .bytes = "a", .n = 1 }), "same", "as bytes");
	ok_str(told(c, "x", &(struct vx_store_content){ .bytes = "b", .n = 1 }), "other", "as other bytes");
	ok_str(told(c, "x", &(struct vx_store_content){ .bytes = "ab", .n = 2 }), "other", "as more bytes");
	ok_str(told(c, "y", &(struct vx_store_content){ .path = path }), "missing", "under another key");
	ok_str(told(c, "x", &(struct vx_store_content){ .sha256 = upper }), "same", "as a hash");
	ok_str(told(c, "x", &(struct vx_store_content){ .sha256 = "abc" }), "other", "as what is no hash");
	ok_str(told(c, "x", &(struct vx_store_content){ .sha256 = NULL }), "same", "as whatever it is");
	ok_str(told(c, "y", &(struct vx_store_content){ .sha256 = a }), "missing", "not there");
	ok_str(told(c, "x", &(struct vx_store_content){ .bytes = "a", .n = 1, .sha256 = a }), "same", "both agree");
	ok_str(told(c, "x", &(struct vx_store_content){ .bytes = "b", .n = 1, .sha256 = a }), "untold",
		"the file is not what it should be");
	ok_str(told(c, "x", &(struct vx_store_content){ .path = "/nowhere/at/all" }), "untold", "no such file");
	ok_str(told(c, "../x", &(struct vx_store_content){ .path = path }), "untold", "a key that cannot be");
	vx_store_disconnect(c);
	vx_store_close(s);
	ok(unlink(path) == 0 && rmdir(folder) == 0, "nothing else is left in the folder");
}

int main(void)
{
	check_paths();
	check_keys();
	check_suffixes();
	check_urls();
	check_checks();
	return tap_end();
}
