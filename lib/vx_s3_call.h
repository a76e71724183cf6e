/* vx_s3_call: one signed request to a bucket or to an object in it; for lib/vx_s3*.c and lib/vx_store*.c only.
 *
 *	struct vx_s3_call c = { .method = "GET", .query = "list-type=2&prefix=volumes%2F" };
 *	struct vx_http_response a = { 0 };
 *	if (vx_s3_call(s3, &c, &a, &err) == VX_OK && a.status != 200)
 *		status = vx_s3_refusal(s3, &a, &err);
 *	vx_http_response_clear(&a);
 *
 * Several at once: start them, then wait for each, in any order.
 *
 *	struct vx_s3_flight *f = vx_s3_start(s3, &c);
 *	status = vx_s3_wait(f, &a, &err);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_S3_CALL_H
#define VX_S3_CALL_H

#include <stdatomic.h>

#include "vx_s3.h"
#include "vx_transfer.h"

#define VX_S3_EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

enum { VX_S3_EXTRA_MAX = 5 };

struct vx_s3 {
	struct vx_transfer *transfer;
	const struct vx_aws *aws;
	const volatile sig_atomic_t *stop; /* as in vx_s3_options */
	char *bucket;
	char *origin;                /* "https://lab.s3.eu-west-1.amazonaws.com" */
	char *host;                  /* the Host header's value */
	char *base;                  /* path before the key: "" or "/bucket", behind the endpoint's own path */
	atomic_bool no_precondition; /* the store answered If-None-Match with "not implemented" */
	atomic_bool bucket_there;    /* as vx_s3_bucket found */
	atomic_int reading;          /* blocks of objects on their way here, for all threads */
	/* For the engine's thread alone, which signs. */
	int64_t skew;      /* seconds that the store's clock is ahead of ours */
	struct vx_aws now; /* the keys, once they were read a second time */
	unsigned renewals; /* how often they were */
};

struct vx_s3_call {
	const char *method;
	const char *key;            /* NULL: the bucket itself */
	const char *query;          /* "uploads=" or "partNumber=1&uploadId=x": encoded, any order; NULL: none */
	const char *payload_sha256; /* of what is sent, hex; NULL: nothing is sent, or body, which is hashed here */
	const char *extra[VX_S3_EXTRA_MAX]; /* further headers, NULL-terminated; all are signed */
	const void *body;                   /* body_len bytes; NULL: size bytes of fd from offset, or nothing (fd 0) */
	size_t body_len;
	int fd;
	uint64_t offset, size; /* bytes */
};

/* vx_s3_call: signs, sends, retries (also what S3 calls 500 InternalError and 400 RequestTimeout; with the store's own time
 * where ours is wrong, with fresh keys where they have expired and others are to be had). VX_OK when an answer came, whatever its status.
 * Errors: as vx_http_do says. */
int vx_s3_call(
	struct vx_s3 *s3, const struct vx_s3_call *c, struct vx_http_response *a, struct vx_error *err) VX_MUST_USE;

/* vx_s3_start: the same, but does not wait. What c points to must stay until vx_s3_wait, which is called once for each. */
struct vx_s3_flight;
struct vx_s3_flight *vx_s3_start(struct vx_s3 *s3, const struct vx_s3_call *c);
int vx_s3_wait(struct vx_s3_flight *f, struct vx_http_response *a, struct vx_error *err) VX_MUST_USE;

/* vx_s3_refusal: what to make of an answer that is no success: the error, with the store's code and message.
 * vx_s3_code: only the code ("NoSuchUpload"), "" where there is none. */
int vx_s3_refusal(const struct vx_s3 *s3, const struct vx_http_response *a, struct vx_error *err) VX_MUST_USE;
void vx_s3_code(const struct vx_http_response *a, char out[64]);

#endif
