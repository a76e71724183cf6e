/* vx_s3: HEAD and PUT of the objects of one bucket.
 * In: key and file. Out: what the store has, or why not. SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "vx_s3_call.h"
#include "vx_s3_xml.h"

static int fill_object(const struct vx_http_response *a, struct vx_s3_object *o, struct vx_error *err)
{
	char size[32] = "";
	o->exists = true;
	if (!vx_http_header(a, "Content-Length", size, sizeof(size)) || size[strspn(size, "0123456789")] || !size[0])
		return vx_error_set(err, VX_EREJECT, NULL, "the store does not say how large its object is");
	o->size = strtoull(size, NULL, 10);
	vx_http_header(a, "ETag", o->etag, sizeof(o->etag));
	vx_http_header(a, "x-amz-meta-sha256", o->sha256, sizeof(o->sha256));
	if (strlen(o->sha256) != 64 || strspn(o->sha256, "0123456789abcdef") != 64)
		o->sha256[0] = '\0';
	return VX_OK;
}

/* The answer to a HEAD has no body, so why it was refused is asked with a GET of one byte.
 * Out: VX_OK when that GET was not refused (then the HEAD is worth another try). */
static int why_refused(struct vx_s3 *s3, const char *key, struct vx_error *err)
{
	struct vx_http_response a = { 0 };
	struct vx_s3_call c = { .method = "GET", .key = key, .extra = { "Range: bytes=0-0" } };
	int status = vx_s3_call(s3, &c, &a, err);
	if (status == VX_OK && a.status != 200 && a.status != 206 && a.status != 404 && a.status != 416)
		status = vx_s3_refusal(s3, &a, err);
	vx_http_response_clear(&a);
	return status;
}

int vx_s3_head(struct vx_s3 *s3, const char *key, struct vx_s3_object *o, struct vx_error *err)
{
	struct vx_http_response a = { 0 };
	struct vx_s3_call c = { .method = "HEAD", .key = key };
	memset(o, 0, sizeof(*o));
	int status = vx_s3_call(s3, &c, &a, err);
	if (status == VX_OK && a.status != 200 && a.status != 404) {
		status = why_refused(s3, key, err);
		if (status == VX_OK)
			status = vx_s3_call(s3, &c, &a, err);
	}
	if (status == VX_OK && a.status == 200)
		status = fill_object(&a, o, err);
	else if (status == VX_OK && a.status != 404)
		status = vx_s3_refusal(s3, &a, err);
	vx_http_response_clear(&a);
	return status;
}

/* Something on the way that says 200 to everything has stored nothing: an object that was made has an ETag. */
static int put_check(struct vx_s3 *s3, const char *key, uint64_t size, const char *sha256,
	const struct vx_http_response *a, struct vx_error *err)
{
	struct vx_s3_object o;
	char etag[160] = "";
	if (vx_http_header(a, "ETag", etag, sizeof(etag)) && etag[0])
		return VX_OK;
	int status = vx_s3_head(s3, key, &o, err);
	if (status == VX_OK && (!o.exists || o.size != size || strcmp(o.sha256, sha256) != 0))
		status = vx_error_set(err, VX_EREJECT, NULL, "the store said that it took the object, but has it not");
	return status;
}

/* The story of a PUT that did not take, or VX_OK. */
static int put_answer(struct vx_s3 *s3, const struct vx_http_response *a, bool *made, struct vx_error *err)
{
	char code[64];
	*made = a->status == 200 || a->status == 201;
	vx_s3_code(a, code);
	if (*made || a->status == 412 || strcmp(code, "ConditionalRequestConflict") == 0)
		return VX_OK;
	if (strcmp(code, "XAmzContentSHA256Mismatch") == 0 || strcmp(code, "BadDigest") == 0)
		return vx_error_set(err, VX_EREJECT, NULL, "changed while it was sent (%s)", code);
	return vx_s3_refusal(s3, a, err);
}

/* By suffix; code, not data: nothing but a browser's choice to show or to save hangs on it. */
const char *vx_s3_content_type(const char *key)
{
	static const char *const types[][2] = { { ".gz", "Content-Type: application/gzip" },
		{ ".json", "Content-Type: application/json" }, { ".dcm", "Content-Type: application/dicom" },
		{ ".csv", "Content-Type: text/csv" } };
	size_t n = strlen(key);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		size_t len = strlen(types[i][0]);
		if (n >= len && strcasecmp(key + n - len, types[i][0]) == 0)
			return types[i][1];
	}
	return "Content-Type: application/octet-stream";
}

bool vx_s3_conditional(const struct vx_s3 *s3)
{
	return !s3->no_precondition;
}

int vx_s3_put(struct vx_s3 *s3, const char *key, int fd, uint64_t size, const char *sha256, enum vx_s3_when when,
	bool *made, struct vx_error *err)
{
	struct vx_http_response a = { 0 };
	char *meta = vx_asprintf("X-Amz-Meta-Sha256: %s", sha256);
	struct vx_s3_call c = { .method = "PUT",
		.key = key,
		.payload_sha256 = sha256,
		.extra = { meta, vx_s3_content_type(key) },
		.fd = fd,
		.size = size };
	if (when == VX_S3_ONLY_NEW && !s3->no_precondition)
		c.extra[2] = "If-None-Match: *";
	*made = false;
	int status = vx_s3_call(s3, &c, &a, err);
	if (status == VX_OK && a.status == 501 && c.extra[2])
		s3->no_precondition = true; /* nothing was stored: the caller looks with HEAD, then comes again */
	else if (status == VX_OK)
		status = put_answer(s3, &a, made, err);
	if (status == VX_OK && *made)
		status = put_check(s3, key, size, sha256, &a, err);
	else if (status == VX_EIO)
		status = vx_error_set(
			err, VX_EREJECT, NULL, "changed while it was sent: shorter than %" PRIu64 " bytes", size);
	free(meta);
	vx_http_response_clear(&a);
	return status;
}

int vx_s3_set_sha256(
	struct vx_s3 *s3, const char *key, const struct vx_s3_object *o, const char *sha256, struct vx_error *err)
{
	struct vx_http_response r = { 0 };
	struct vx_s3_answer a = { 0 };
	struct vx_buf from = VX_BUF_INIT;
	if (o->size > VX_S3_PUT_MAX)
		return vx_error_set(err, VX_EREJECT, NULL, "the store keeps another sha256 beside it than was sent");
	vx_buf_printf(&from, "X-Amz-Copy-Source: /%s/", s3->bucket);
	vx_url_escape(&from, key, strlen(key), true);
	char *meta = vx_asprintf("X-Amz-Meta-Sha256: %s", sha256);
	char *match = vx_asprintf("X-Amz-Copy-Source-If-Match: %s", o->etag);
	struct vx_s3_call c = { .method = "PUT",
		.key = key,
		.extra = { from.data, "X-Amz-Metadata-Directive: REPLACE", meta, vx_s3_content_type(key),
			o->etag[0] ? match : NULL } };
	int status = vx_s3_call(s3, &c, &r, err);
	if (status == VX_OK && r.status == 412)
		status = vx_error_set(err, VX_EREJECT, NULL, "another program replaced the object meanwhile");
	if (status == VX_OK && r.status == 200)
		status = vx_s3_xml_parse(r.body.data, r.body.len, &a, err);
	if (status == VX_OK && (r.status != 200 || strcmp(a.root, "Error") == 0))
		status = vx_s3_refusal(s3, &r, err);
	vx_s3_answer_clear(&a);
	vx_http_response_clear(&r);
	vx_buf_free(&from);
	free(match);
	free(meta);
	return status;
}
