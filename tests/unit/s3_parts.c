/* Unit tests of vx_s3_multipart's arithmetic, vx_s3_window's beginnings, vx_s3_etag and the hashes of parts.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "tap.h"
#include "vx_hash.h"
#include "vx_s3_etag.h"
#include "vx_s3_multipart.h"
#include "vx_s3_window.h"

static const uint64_t MIB = 1 << 20;

static uint64_t parts_of(uint64_t size, uint64_t part)
{
	return (size + part - 1) / part;
}

static void test_part_size(void)
{
	ok(vx_s3_part_size(64 * MIB, 0) == 16 * MIB, "16 MiB");
	ok(vx_s3_part_size(160000 * MIB, 0) == 16 * MIB, "10,000 parts of it");
	ok(vx_s3_part_size(160000 * MIB + 1, 0) == 17 * MIB, "a byte more: larger parts, of whole MiB");
	ok(vx_s3_part_size(VX_S3_SIZE_MAX, 0) == 525 * MIB, "5 TiB");
	ok(vx_s3_part_size(1000, 100) == 100 && vx_s3_part_size(10000 * 100, 100) == 100, "what was asked for");
	ok(vx_s3_part_size(10000 * 100 + 1, 100) == MIB, "but not in more than 10,000 parts");
	bool good = true;
	for (uint64_t size = 1; size < VX_S3_SIZE_MAX; size += size / 7 + 1)
		for (uint64_t least = 0; least < 40 * MIB; least += 7 * MIB + 1) {
			uint64_t part = vx_s3_part_size(size, least);
			good = good && part >= least && parts_of(size, part) <= VX_S3_PARTS_MAX &&
			       part <= VX_S3_PUT_MAX;
		}
	ok(good, "any size fits");
}

/* before must sort below key, and above what is near below it. */
static void check_before(const char *key, const char *near)
{
	char *before = vx_s3_before(key);
	ok(strcmp(before, key) < 0 && strcmp(before, near) >= 0, "%s is behind %s", key, before);
	free(before);
}

static void test_before(void)
{
	check_before("a/b1", "a/b0");
	check_before("a/b1", "a/b0z");
	check_before("a/b", "a/a");
	check_before("b/!", "b/ ");
	check_before("b/ ", "b/");
	check_before("b/\xc3\xbc", "b/");
	check_before("\xe6\xbc\xa2", "");
	char *none = vx_s3_before("");
	ok_str(none, "", "nothing is before nothing");
	free(none);
}

static const char *hex_of(const char *text)
{
	static char hex[65];
	vx_sha256_bytes(text, strlen(text), hex);
	return hex;
}

static void test_source(void)
{
	struct vx_error err = VX_ERROR_INIT;
	struct vx_source src;
	char hex[65];
	bool same = false;
	ok(vx_source_open_bytes(&src, "abcdefgh", 8, &err) == VX_OK, "eight bytes");
	ok(vx_source_parts(&src, 3, hex, &err) == VX_OK && src.parts.n == 3 && src.parts.size == 3, "three parts");
	ok_str(hex, hex_of("abcdefgh"), "the whole");
	ok_str(src.parts.sha256[0], hex_of("abc"), "the first");
	ok_str(src.parts.sha256[2], hex_of("gh"), "the last");
	ok(vx_source_parts(&src, 4, hex, &err) == VX_OK && src.parts.n == 2, "two parts");
	ok_str(src.parts.sha256[1], hex_of("efgh"), "the last is whole");
	ok(vx_source_parts(&src, 100, hex, &err) == VX_OK && src.parts.n == 1, "one part");
	ok_str(src.parts.sha256[0], hex, "is the whole");
	ok(vx_s3_etag_same(&src, "e8dc4081b13434b45189a720b77b6818", 0, &same, &err) == VX_OK && same, "its MD5");
	ok(vx_s3_etag_same(&src, "\"e8dc4081b13434b45189a720b77b6818\"", 0, &same, &err) == VX_OK && same, "in quotes");
	ok(vx_s3_etag_same(&src, "e8dc4081b13434b45189a720b77b6819", 0, &same, &err) == VX_OK && !same, "another");
	/* printf abcd | md5sum; printf efgh | md5sum; the md5sum of the two, binary */
	ok(vx_s3_etag_same(&src, "cb93ad6c9c920e2602b79a11ded63ddb-2", 4, &same, &err) == VX_OK && same,
		"of two parts");
	ok(vx_s3_etag_same(&src, "cb93ad6c9c920e2602b79a11ded63ddb-2", 5, &same, &err) == VX_OK && !same,
		"of other parts");
	ok(vx_s3_etag_same(&src, "cb93ad6c9c920e2602b79a11ded63ddb-3", 4, &same, &err) == VX_OK && !same,
		"of another number");
	ok(vx_s3_etag_same(&src, "x", 0, &same, &err) == VX_OK && !same, "none");
	ok(vx_s3_etag_same(&src, "", 0, &same, &err) == VX_OK && !same, "empty");
	vx_source_close(&src);
	ok(vx_source_open_bytes(&src, "", 0, &err) == VX_OK && vx_source_parts(&src, 4, hex, &err) == VX_OK &&
			src.parts.n == 1,
		"an empty file has one part");
	ok_str(src.parts.sha256[0], hex_of(""), "which is empty");
	vx_source_close(&src);
}

int main(void)
{
	test_part_size();
	test_before();
	test_source();
	return tap_end();
}
