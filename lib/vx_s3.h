/* vx_s3: the few S3 calls that vx needs: HEAD, single PUT, and the hash of an object's content.
 *
 *	struct vx_s3 *s3 = vx_s3_new(&(struct vx_s3_options){ .aws = &aws, .bucket = "lab", .retry_for = 60 }, &err);
 *	struct vx_s3_object o;
 *	if (vx_s3_head(s3, "volumes/t2.nii.gz", &o, &err) == VX_OK && !o.exists)
 *		status = vx_s3_put(s3, "volumes/t2.nii.gz", fd, size, sha256, VX_S3_ONLY_NEW, &made, &err);
 *	vx_s3_free(s3);
 *
 * One struct vx_s3 serves all threads of a store: its requests share a bounded number of connections (vx_transfer). Requests
 * are signed; a custom endpoint is spoken to in path style.
 * Errors name the store's code and message ("SlowDown: Please reduce your request rate."), never a key.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_S3_H
#define VX_S3_H

#include <signal.h>
#include <stdint.h>

#include "vx_aws.h"
#include "vx_err.h"

#define VX_S3_PUT_MAX (5ULL << 30) /* bytes: what S3 takes in one PUT or copy */

struct vx_s3_options {
	const struct vx_aws *aws; /* borrowed, must outlive the connection */
	const char *bucket;
	double retry_for;                  /* seconds, as in vx_http */
	bool insecure_http;                /* http:// to other machines than this one is allowed */
	int connections;                   /* requests in flight at most; 0: as vx_transfer has it */
	uint64_t limit_rate;               /* bytes a second over all; 0: no limit */
	const volatile sig_atomic_t *stop; /* as in vx_http */
};

struct vx_s3;
/* Errors: VX_EUSAGE: an endpoint that is no http(s) URL, or plain http to another machine; a bucket that is no name. */
struct vx_s3 *vx_s3_new(const struct vx_s3_options *o, struct vx_error *err) VX_MUST_USE;
void vx_s3_free(struct vx_s3 *s3);

/* vx_s3_transfer: the engine below, to ask how it goes. */
struct vx_transfer;
struct vx_transfer *vx_s3_transfer(struct vx_s3 *s3);

struct vx_s3_object {
	bool exists;
	uint64_t size;   /* bytes */
	char sha256[65]; /* x-amz-meta-sha256, lower-case hex; "" when the object has none */
	char etag[160];
};

/* vx_s3_content_type: the header "Content-Type: ..." that an object of this key has. */
const char *vx_s3_content_type(const char *key);

/* vx_s3_conditional: whether the store has If-None-Match, as far as it is known: true until it said otherwise. */
bool vx_s3_conditional(const struct vx_s3 *s3);

/* All calls: VX_EREFUSED when no further request can succeed either (wrong or expired keys, no such bucket, another
 * region), VX_EUNREACHABLE when the store did not answer or stayed overloaded, VX_EREJECT for this object alone. */

/* vx_s3_head: what the store has under key; an object that is not there is VX_OK with exists = false. */
int vx_s3_head(struct vx_s3 *s3, const char *key, struct vx_s3_object *o, struct vx_error *err) VX_MUST_USE;

enum vx_s3_when { VX_S3_ALWAYS, VX_S3_ONLY_NEW };

/* vx_s3_put: size bytes of fd from its start become the object; sha256 is theirs, signed with the request (the store refuses
 * other bytes) and kept as x-amz-meta-sha256. VX_S3_ONLY_NEW: If-None-Match: *, where the store has that.
 * Out: made is false when the object was there and is left as it is, or when the store turned out not to have
 * If-None-Match: then nothing was stored either, and what is there is to be looked at first (VX_OK all the same). */
int vx_s3_put(struct vx_s3 *s3, const char *key, int fd, uint64_t size, const char *sha256, enum vx_s3_when when,
	bool *made, struct vx_error *err) VX_MUST_USE;

/* vx_s3_delete: the objects of n keys go, several at once; one that is not there counts as gone. told hears of each, in
 * order, with err where status is not VX_OK. Of a bucket with versions, the versions stay. */
typedef void vx_s3_told(void *arg, size_t i, int status, const struct vx_error *err);
void vx_s3_delete(struct vx_s3 *s3, const char *const *keys, size_t n, vx_s3_told *told, void *arg);

/* vx_s3_bucket: a HEAD that finds nothing cannot say whether the bucket is there: VX_EREFUSED when it is not. key is that
 * of an object that was not found. One request, and none once the bucket was found. */
int vx_s3_bucket(struct vx_s3 *s3, const char *key, struct vx_error *err) VX_MUST_USE;

/* vx_s3_sha256: reads the object o of vx_s3_head and hashes its content, with a few requests at once in a bounded amount of
 * memory (some 12 to 16 MiB for all threads of a store). VX_EREJECT when it changes meanwhile. */
int vx_s3_sha256(struct vx_s3 *s3, const char *key, const struct vx_s3_object *o, char sha256[65],
	struct vx_error *err) VX_MUST_USE;

/* vx_s3_set_sha256: gives the object o of vx_s3_head another x-amz-meta-sha256 by copying it onto itself. VX_EREJECT: more
 * than 5 GiB, or another object by now. */
int vx_s3_set_sha256(struct vx_s3 *s3, const char *key, const struct vx_s3_object *o, const char *sha256,
	struct vx_error *err) VX_MUST_USE;

#endif
