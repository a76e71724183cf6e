/* vx_s3_read: the content of an object, in blocks that are fetched a few ahead, as a hash; and whether the bucket is there.
 * In: key. Out: SHA-256. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vx_hash.h"
#include "vx_s3_call.h"

/* Blocks are of a MiB; one object has so many on their way, and all threads together. */
enum { BLOCK = 1 << 20, AHEAD = 4, AHEAD_ALL = 12 };

struct block {
	struct vx_s3_call call;
	struct vx_s3_flight *flight;
	char range[80];
	uint64_t size;
};

struct reading {
	struct vx_s3 *s3;
	const char *key, *match;
	uint64_t size, next; /* bytes of the object, and those that were asked for */
	struct block blocks[AHEAD];
	size_t first, n;
};

static void ask(struct reading *r)
{
	struct block *b = &r->blocks[(r->first + r->n++) % AHEAD];
	b->size = r->size - r->next < BLOCK ? r->size - r->next : BLOCK;
	snprintf(b->range, sizeof(b->range), "Range: bytes=%" PRIu64 "-%" PRIu64, r->next, r->next + b->size - 1);
	b->call = (struct vx_s3_call){ .method = "GET", .key = r->key, .extra = { b->range, r->match } };
	b->flight = vx_s3_start(r->s3, &b->call);
	atomic_fetch_add(&r->s3->reading, 1);
	r->next += b->size;
}

/* A thread may always read one block, so that none waits for the others; more as long as all have few. */
static void ask_ahead(struct reading *r)
{
	while (r->next < r->size && r->n < AHEAD && (r->n == 0 || atomic_load(&r->s3->reading) < AHEAD_ALL))
		ask(r);
}

static int add(
	struct reading *r, const struct vx_http_response *a, uint64_t size, struct vx_sha256 *h, struct vx_error *err)
{
	const bool bytes = a->status == 206 || a->status == 200;
	if (bytes && a->body.len == size) {
		vx_sha256_add(h, a->body.data, a->body.len);
		return VX_OK;
	}
	if (bytes || a->status == 404 || a->status == 412 || a->status == 416)
		return vx_error_set(err, VX_EREJECT, NULL, "the object in the store changed while it was read");
	return vx_s3_refusal(r->s3, a, err);
}

/* The first block into the hash; NULL: it is not wanted any more. */
static int take(struct reading *r, struct vx_sha256 *h, struct vx_error *err)
{
	struct block *b = &r->blocks[r->first];
	struct vx_http_response a = { 0 };
	int status = vx_s3_wait(b->flight, &a, err);
	r->first = (r->first + 1) % AHEAD;
	r->n--;
	atomic_fetch_sub(&r->s3->reading, 1);
	if (h && status == VX_OK)
		status = add(r, &a, b->size, h, err);
	vx_http_response_clear(&a);
	return status;
}

int vx_s3_sha256(struct vx_s3 *s3, const char *key, const struct vx_s3_object *o, char sha256[65], struct vx_error *err)
{
	char *match = vx_asprintf("If-Match: %s", o->etag);
	struct reading r = { .s3 = s3, .key = key, .match = o->etag[0] ? match : NULL, .size = o->size };
	struct vx_sha256 *h = vx_sha256_new();
	int status = VX_OK;
	ask_ahead(&r);
	while (status == VX_OK && r.n > 0) {
		status = take(&r, h, err);
		if (status == VX_OK)
			ask_ahead(&r);
	}
	while (r.n > 0) {
		const int ignored = take(&r, NULL, NULL);
		(void)ignored; /* what went wrong first has been told */
	}
	if (status == VX_OK)
		vx_sha256_end(h, sha256);
	else
		vx_sha256_free(h);
	free(match);
	return status;
}

int vx_s3_bucket(struct vx_s3 *s3, const char *key, struct vx_error *err)
{
	struct vx_http_response a = { 0 };
	struct vx_s3_call c = { .method = "GET", .key = key, .extra = { "Range: bytes=0-0" } };
	char code[64];
	if (s3->bucket_there)
		return VX_OK;
	int status = vx_s3_call(s3, &c, &a, err);
	vx_s3_code(&a, code);
	if (status == VX_OK && strcmp(code, "NoSuchBucket") == 0)
		status = vx_s3_refusal(s3, &a, err);
	else if (status == VX_OK)
		s3->bucket_there = true;
	vx_http_response_clear(&a);
	return status;
}
