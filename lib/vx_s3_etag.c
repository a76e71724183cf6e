/* vx_s3_etag: a file's MD5, or the MD5 of its parts' MD5s, against an ETag. In: open file, ETag. Out: the same or not.
 * SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"
#include "vx_s3_etag.h"

static const uint64_t MIB = 1 << 20;

bool vx_s3_etag_md5(const char *etag)
{
	return strlen(etag) == 32 && strspn(etag, "0123456789abcdef") == 32;
}

static int whole(const struct vx_source *src, const char *etag, bool *same, struct vx_error *err)
{
	unsigned char raw[16];
	char hex[33];
	bool known;
	int status = vx_source_md5(src, 0, src->size, raw, &known, err);
	if (status != VX_OK || !known)
		return status;
	vx_hex(raw, sizeof(raw), hex);
	*same = strcmp(hex, etag) == 0;
	return VX_OK;
}

static int in_parts(const struct vx_source *src, const char *etag, uint64_t part, bool *same, struct vx_error *err)
{
	struct vx_md5 *all = vx_md5_new();
	unsigned char raw[16];
	char hex[33];
	bool known = all != NULL;
	int status = VX_OK;
	for (uint64_t at = 0; known && status == VX_OK && at < src->size; at += part) {
		status = vx_source_md5(src, at, src->size - at < part ? src->size - at : part, raw, &known, err);
		if (status == VX_OK && known)
			vx_md5_add(all, raw, sizeof(raw));
	}
	if (all)
		vx_md5_end(all, raw);
	vx_hex(raw, sizeof(raw), hex);
	*same = status == VX_OK && known && strncmp(hex, etag, 32) == 0;
	return status;
}

/* The sizes of parts that make n of size bytes, of those that are usual: the AWS tools' 8 MiB, rclone's 5, s3cmd's 15, our
 * own 16 and more, MinIO's and others', and powers of two. */
static bool makes(uint64_t size, uint64_t part, unsigned long n)
{
	return part > 0 && size > 0 && (size - 1) / part + 1 == n;
}

int vx_s3_etag_same(
	const struct vx_source *src, const char *quoted, uint64_t own_part, bool *same, struct vx_error *err)
{
	const uint64_t usual[] = { own_part, 8 * MIB, 5 * MIB, 15 * MIB, 16 * MIB, 32 * MIB, 64 * MIB, 128 * MIB,
		256 * MIB, 512 * MIB };
	char etag[64], *rest;
	*same = false;
	/* A header has it in quotes, a list as S3 has it may have or not. */
	quoted += *quoted == '"';
	snprintf(etag, sizeof(etag), "%.*s", (int)strcspn(quoted, "\""), quoted);
	if (vx_s3_etag_md5(etag))
		return whole(src, etag, same, err);
	if (strspn(etag, "0123456789abcdef") != 32 || etag[32] != '-')
		return VX_OK;
	unsigned long n = strtoul(etag + 33, &rest, 10);
	if (*rest || n == 0 || n > 10000)
		return VX_OK;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		int status = VX_OK;
		if (makes(src->size, usual[i], n) && (i == 0 || usual[i] != own_part))
			status = in_parts(src, etag, usual[i], same, err);
		if (status != VX_OK || *same)
			return status;
	}
	return VX_OK;
}
