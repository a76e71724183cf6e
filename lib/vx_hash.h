/* vx_hash: SHA-256 of bytes and files, MD5 where others want it, hexadecimal, and a quick hash for tables (not for content).
 *
 *	char hex[65];
 *	if (vx_sha256_file("a.nii.gz", hex, NULL, &err) != VX_OK) ...
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_HASH_H
#define VX_HASH_H

#include <stdint.h>

#include "vx_err.h"

struct vx_sha256; /* a hash under way */
struct vx_sha256 *vx_sha256_new(void);
void vx_sha256_add(struct vx_sha256 *h, const void *bytes, size_t n);
void vx_sha256_end(struct vx_sha256 *h, char hex[65]); /* lower-case hex; frees h */
void vx_sha256_free(struct vx_sha256 *h);              /* gives a hash up without ending it; NULL is allowed */

void vx_sha256_bytes(const void *bytes, size_t n, char hex[65]);

/* vx_sha256_file: of the whole file; size (NULL: not wanted) takes the bytes read. VX_EIO when it cannot be read. */
int vx_sha256_file(const char *path, char hex[65], uint64_t *size, struct vx_error *err) VX_MUST_USE;

/* MD5, only to compare with what others said of a content: NULL where the system forbids it (FIPS). end frees h. */
struct vx_md5;
struct vx_md5 *vx_md5_new(void);
void vx_md5_add(struct vx_md5 *h, const void *bytes, size_t n);
void vx_md5_end(struct vx_md5 *h, unsigned char raw[16]);

/* vx_hex: raw bytes as 2 * n lower-case digits and a NUL. */
void vx_hex(const unsigned char *raw, size_t n, char *hex);

/* vx_hex_digit: 0 to 15 for a hexadecimal digit of either case, else -1. */
int vx_hex_digit(char c);

/* vx_hash64: FNV-1a with a final mix; stable over machines and versions (vx-scan --shard relies on that). */
uint64_t vx_hash64(const void *bytes, size_t n);

/* vx_xxh64: XXH64, some ten bytes a nanosecond: for telling whether a text is the one of before where nobody gains by a
 * collision. vx_sha256_64: the first 8 bytes of the SHA-256, the first the highest. */
uint64_t vx_xxh64(const void *bytes, size_t n, uint64_t seed);
uint64_t vx_sha256_64(const void *bytes, size_t n);

#endif
