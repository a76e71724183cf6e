/* vx_sigv4: AWS Signature Version 4 in the Authorization header, over OpenSSL's HMAC.
 *
 *	const char *headers[] = { "Host: 127.0.0.1:8000", "X-Amz-Date: 20150830T123600Z",
 *		"X-Amz-Content-Sha256: e3b0c442...", NULL };
 *	struct vx_sigv4_key key = { id, secret, "us-east-1", "s3" };
 *	struct vx_sigv4_request q = { "GET", "/bucket/key", "", headers, "e3b0c442...", "20150830T123600Z" };
 *	vx_sigv4_authorization(&key, &q, &out); // "AWS4-HMAC-SHA256 Credential=..., SignedHeaders=..., Signature=..."
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_SIGV4_H
#define VX_SIGV4_H

#include <stdint.h>

#include "vx_io.h"

struct vx_sigv4_key {
	const char *access_key, *secret_key;
	const char *region, *service; /* "us-east-1", "s3" */
};

struct vx_sigv4_request {
	const char *method;
	const char *path;           /* as it goes over the wire, percent-encoded once (S3 encodes no second time) */
	const char *query;          /* the same, without "?"; any order; NULL or "": none */
	const char *const *headers; /* "Name: value", NULL-terminated; all of them are signed; Host must be there */
	const char *payload_sha256; /* hex, or "UNSIGNED-PAYLOAD" */
	const char *date;           /* the value of X-Amz-Date */
};

/* vx_sigv4_authorization: the value of the Authorization header, appended to out. It holds no secret.
 * Source: AWS General Reference, "Create a signed AWS API request". */
void vx_sigv4_authorization(const struct vx_sigv4_key *k, const struct vx_sigv4_request *q, struct vx_buf *out);

/* vx_sigv4_canonical: the canonical request, and the list of signed header names ("host;x-amz-date"); both appended. */
void vx_sigv4_canonical(const struct vx_sigv4_request *q, struct vx_buf *canonical, struct vx_buf *signed_names);

/* vx_sigv4_date: seconds since the epoch as X-Amz-Date wants them: "20150830T123600Z". */
void vx_sigv4_date(int64_t seconds, char out[17]);

#endif
