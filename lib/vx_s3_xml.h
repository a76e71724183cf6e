/* vx_s3_xml: the answers of S3 that are XML documents.
 *
 *	struct vx_s3_answer x;
 *	if (vx_s3_xml_parse(a.body.data, a.body.len, &x, &err) == VX_OK && strcmp(x.root, "ListBucketResult") == 0)
 *		for (size_t i = 0; i < x.n; i++)
 *			printf("%s %" PRIu64 "\n", x.entries[i].key, x.entries[i].size);
 *	vx_s3_answer_clear(&x);
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef VX_S3_XML_H
#define VX_S3_XML_H

#include <stdint.h>

#include "vx_err.h"

/* An object, a part, an upload, a deleted object or one that could not be deleted. Texts are never NULL; "" where the
 * answer has none. */
struct vx_s3_entry {
	char *key;
	char *upload_id;
	char *etag; /* without the quotes */
	char *code, *message;
	uint64_t size;    /* bytes */
	uint64_t part;    /* number of a part, 1-based */
	int64_t modified; /* seconds since the epoch: last changed, or an upload's beginning; 0: not said */
};

struct vx_s3_answer {
	char root[40]; /* "ListBucketResult", "ListPartsResult", "ListMultipartUploadsResult",
	                  "InitiateMultipartUploadResult", "CompleteMultipartUploadResult", "CopyObjectResult",
	                  "DeleteResult", "Error", or any other name */
	bool truncated;
	char *token;                      /* of a list of objects: what asks for its next page */
	char *key_marker, *upload_marker; /* of a list of uploads */
	char *part_marker;                /* of a list of parts */
	char *upload_id, *etag;
	char *code, *message; /* of an <Error>, which may come with HTTP 200 */
	struct vx_s3_entry *entries;
	size_t n;
};

/* vx_s3_xml_parse: bytes[0..n) as an answer. Keys are decoded where the answer says that they are URL-encoded (%00 stays
 * as it is). A document type declaration is refused whatever it holds, so there are no entities to expand.
 * Out: a  to be cleared by the caller, whatever is returned
 * Errors: VX_EDATA: no XML, or not of S3's shape.
 * Source: Amazon S3 API Reference */
int vx_s3_xml_parse(const void *bytes, size_t n, struct vx_s3_answer *a, struct vx_error *err) VX_MUST_USE;
void vx_s3_answer_clear(struct vx_s3_answer *a);

/* vx_s3_xml_escape: text as it stands in an element; appended to out. */
struct vx_buf;
void vx_s3_xml_escape(struct vx_buf *out, const char *text);

/* vx_s3_xml_time: "2026-01-02T03:04:05.000Z" as seconds since the epoch; 0 when it is none. */
int64_t vx_s3_xml_time(const char *text);

#endif
