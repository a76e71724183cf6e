/* vx_hash: SHA-256 over OpenSSL, and a quick stable hash.
 * SPDX-License-Identifier: MIT */
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "vx_hash.h"

struct vx_sha256 {
	EVP_MD_CTX *ctx;
};

struct vx_sha256 *vx_sha256_new(void)
{
	struct vx_sha256 *h = vx_alloc(sizeof *h);

	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1)
		vx_die(VX_EMEM, "out of memory");
	return h;
}

void vx_sha256_add(struct vx_sha256 *h, const void *bytes, size_t n)
{
	if (EVP_DigestUpdate(h->ctx, bytes, n) != 1)
		vx_die(VX_EMEM, "SHA-256 failed");
}

void vx_hex(const unsigned char *raw, size_t n, char *hex)
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < n; i++) {
		hex[2 * i] = digits[raw[i] >> 4];
		hex[2 * i + 1] = digits[raw[i] & 15];
	}
	hex[2 * n] = '\0';
}

void vx_sha256_end(struct vx_sha256 *h, char hex[65])
{
	unsigned char raw[EVP_MAX_MD_SIZE];

	if (EVP_DigestFinal_ex(h->ctx, raw, NULL) != 1)
		vx_die(VX_EMEM, "SHA-256 failed");
	vx_hex(raw, 32, hex);
	vx_sha256_free(h);
}

void vx_sha256_free(struct vx_sha256 *h)
{
	if (!h)
		return;
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

void vx_sha256_bytes(const void *bytes, size_t n, char hex[65])
{
	unsigned char raw[EVP_MAX_MD_SIZE];

	if (EVP_Digest(bytes, n, raw, NULL, EVP_sha256(), NULL) != 1)
		vx_die(VX_EMEM, "out of memory");
	vx_hex(raw, 32, hex);
}

int vx_sha256_file(const char *path, char hex[65], uint64_t *size, struct vx_error *err)
{
	enum { CHUNK = 131072 };
	/* A file that was exchanged for a FIFO meanwhile must not hold the run up. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct vx_sha256 *h;
	unsigned char *chunk;
	uint64_t total = 0;
	ssize_t n;

	if (fd < 0) {
		vx_error_errno(err, VX_EIO, NULL, "cannot open");
		vx_error_at(err, path, 0);
		return VX_EIO;
	}
	h = vx_sha256_new();
	chunk = vx_alloc(CHUNK);
	while ((n = read(fd, chunk, CHUNK)) > 0 || (n < 0 && errno == EINTR)) {
		if (n < 0)
			continue;
		vx_sha256_add(h, chunk, (size_t)n);
		total += (uint64_t)n;
	}
	if (n < 0) {
		vx_error_errno(err, VX_EIO, NULL, "cannot read");
		vx_error_at(err, path, 0);
		vx_sha256_free(h);
	} else {
		vx_sha256_end(h, hex);
		if (size)
			*size = total;
	}
	free(chunk);
	close(fd);
	return n < 0 ? VX_EIO : VX_OK;
}

struct vx_md5 {
	EVP_MD_CTX *ctx;
};

struct vx_md5 *vx_md5_new(void)
{
	struct vx_md5 *h = vx_alloc(sizeof *h);

	h->ctx = EVP_MD_CTX_new();
	if (!h->ctx)
		vx_die(VX_EMEM, "out of memory");
	if (EVP_DigestInit_ex(h->ctx, EVP_md5(), NULL) == 1)
		return h;
	EVP_MD_CTX_free(h->ctx);
	free(h);
	return NULL;
}

void vx_md5_add(struct vx_md5 *h, const void *bytes, size_t n)
{
	if (EVP_DigestUpdate(h->ctx, bytes, n) != 1)
		vx_die(VX_EMEM, "MD5 failed");
}

void vx_md5_end(struct vx_md5 *h, unsigned char raw[16])
{
	if (EVP_DigestFinal_ex(h->ctx, raw, NULL) != 1)
		vx_die(VX_EMEM, "MD5 failed");
	EVP_MD_CTX_free(h->ctx);
	free(h);
}

int vx_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint64_t vx_hash64(const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < n; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	/* FNV leaves its high bits weak on short keys; this is the finaliser of MurmurHash3. */
	h = (h ^ (h >> 33)) * 0xff51afd7ed558ccdu;
	h = (h ^ (h >> 33)) * 0xc4ceb9fe1a85ec53u;
	return h ^ (h >> 33);
}

uint64_t vx_sha256_64(const void *bytes, size_t n)
{
	unsigned char raw[EVP_MAX_MD_SIZE];
	uint64_t h = 0;

	if (EVP_Digest(bytes, n, raw, NULL, EVP_sha256(), NULL) != 1)
		vx_die(VX_EMEM, "SHA-256 failed");
	for (int i = 0; i < 8; i++)
		h = h << 8 | raw[i];
	return h;
}

#define XX1 0x9e3779b185ebca87u
#define XX2 0xc2b2ae3d27d4eb4fu
#define XX3 0x165667b19e3779f9u
#define XX4 0x85ebca77c2b2ae63u
#define XX5 0x27d4eb2f165667c5u

static inline uint64_t turn(uint64_t x, int by)
{
	return x << by | x >> (64 - by);
}

static inline uint64_t word64(const unsigned char *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
	return le64toh(w);
}

static inline uint64_t xx_round(uint64_t lane, uint64_t word)
{
	return turn(lane + word * XX2, 31) * XX1;
}

/* The bytes that fill no round of 32, and the mix at the end. */
static uint64_t xx_end(uint64_t h, const unsigned char *p, const unsigned char *end)
{
	for (; end - p >= 8; p += 8)
		h = turn(h ^ xx_round(0, word64(p)), 27) * XX1 + XX4;
	if (end - p >= 4) {
		uint32_t w;
		memcpy(&w, p, 4);
		h = turn(h ^ le32toh(w) * XX1, 23) * XX2 + XX3;
		p += 4;
	}
	for (; p < end; p++)
		h = turn(h ^ *p * XX5, 11) * XX1;
	h = (h ^ h >> 33) * XX2;
	h = (h ^ h >> 29) * XX3;
	return h ^ h >> 32;
}

uint64_t vx_xxh64(const void *bytes, size_t n, uint64_t seed)
{
	const unsigned char *p = bytes, *end = p + n;
	uint64_t lane[4] = { seed + XX1 + XX2, seed + XX2, seed, seed - XX1 }, h;

	if (n < 32)
		return xx_end(seed + XX5 + n, p, end);
	for (; end - p >= 32; p += 32)
		for (int i = 0; i < 4; i++)
			lane[i] = xx_round(lane[i], word64(p + 8 * i));
	h = turn(lane[0], 1) + turn(lane[1], 7) + turn(lane[2], 12) + turn(lane[3], 18);
	for (int i = 0; i < 4; i++)
		h = (h ^ xx_round(0, lane[i])) * XX1 + XX4;
	return xx_end(h + n, p, end);
}
