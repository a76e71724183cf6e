/* vx_s3_uploads: ListMultipartUploads, ListParts, AbortMultipartUpload. In: prefix or upload. Out: uploads, parts.
 * SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "vx_s3_call.h"
#include "vx_s3_uploads.h"

struct vx_s3_uploads {
	struct vx_s3 *s3;
	char *prefix;
	struct vx_s3_answer page;
	size_t at;
	bool begun, denied;
	int64_t now;
};

static bool is_gone(const struct vx_http_response *r)
{
	char code[64];
	vx_s3_code(r, code);
	return r->status == 404 && (strcmp(code, "NoSuchUpload") == 0 || strcmp(code, "NoSuchKey") == 0 || !code[0]);
}

/* One list of S3, which must have this root. */
static int list(struct vx_s3 *s3, const struct vx_s3_call *c, const char *root, struct vx_s3_answer *a,
	struct vx_http_response *r, struct vx_error *err)
{
	int status = vx_s3_call(s3, c, r, err);
	if (status != VX_OK)
		return status;
	if (r->status != 200)
		return vx_s3_refusal(s3, r, err);
	status = vx_s3_xml_parse(r->body.data, r->body.len, a, err);
	if (status == VX_OK && strcmp(a->root, root) != 0)
		status = vx_error_set(err, VX_EDATA, NULL, "the store answers a list with <%s>", a->root);
	return status;
}

struct vx_s3_uploads *vx_s3_uploads_new(struct vx_s3 *s3, const char *prefix)
{
	struct vx_s3_uploads *l = vx_alloc(sizeof(*l));
	l->s3 = s3;
	l->prefix = vx_strdup(prefix);
	l->now = (int64_t)time(NULL);
	return l;
}

void vx_s3_uploads_free(struct vx_s3_uploads *l)
{
	if (!l)
		return;
	vx_s3_answer_clear(&l->page);
	free(l->prefix);
	free(l);
}

int64_t vx_s3_uploads_now(const struct vx_s3_uploads *l)
{
	return l->now;
}

bool vx_s3_uploads_denied(const struct vx_s3_uploads *l)
{
	return l->denied;
}

static void take_now(struct vx_s3_uploads *l, const struct vx_http_response *r)
{
	char date[64];
	struct tm tm = { 0 };
	if (vx_http_header(r, "Date", date, sizeof(date)) && strptime(date, "%a, %d %b %Y %H:%M:%S GMT", &tm))
		l->now = (int64_t)timegm(&tm);
}

/* Whether a page that is cut off says where it goes on, and that this is further on; else the list would have no end. */
static bool goes_on(const struct vx_s3_answer *page, const char *after, const char *after_id)
{
	const int order = strcmp(page->key_marker, after);
	return page->n > 0 && page->key_marker[0] &&
	       (order > 0 || (order == 0 && strcmp(page->upload_marker, after_id) != 0));
}

static int turn(struct vx_s3_uploads *l, struct vx_error *err)
{
	struct vx_buf q = VX_BUF_INIT;
	struct vx_http_response r = { 0 };
	vx_buf_puts(&q, "encoding-type=url&max-uploads=1000&uploads=&prefix=");
	vx_url_escape(&q, l->prefix, strlen(l->prefix), false);
	if (l->begun) {
		vx_buf_puts(&q, "&key-marker=");
		vx_url_escape(&q, l->page.key_marker, strlen(l->page.key_marker), false);
		vx_buf_puts(&q, "&upload-id-marker=");
		vx_url_escape(&q, l->page.upload_marker, strlen(l->page.upload_marker), false);
	}
	struct vx_s3_call c = { .method = "GET", .query = q.data };
	char *after = vx_strdup(l->begun ? l->page.key_marker : "");
	char *after_id = vx_strdup(l->begun ? l->page.upload_marker : "");
	vx_s3_answer_clear(&l->page);
	l->at = 0;
	l->begun = true;
	int status = list(l->s3, &c, "ListMultipartUploadsResult", &l->page, &r, err);
	if (status == VX_OK && l->page.truncated && !goes_on(&l->page, after, after_id))
		status = vx_error_set(
			err, VX_EDATA, NULL, "the store's list is cut off without saying where it goes on");
	l->denied = status != VX_OK && (r.status == 403 || r.status == 405 || r.status == 501);
	free(after);
	free(after_id);
	take_now(l, &r);
	vx_http_response_clear(&r);
	vx_buf_free(&q);
	return status;
}

int vx_s3_uploads_next(struct vx_s3_uploads *l, const struct vx_s3_entry **u, struct vx_error *err)
{
	while (l->at == l->page.n) {
		if (l->begun && !l->page.truncated)
			return 0;
		int status = turn(l, err);
		if (status != VX_OK)
			return status;
	}
	*u = &l->page.entries[l->at++];
	return 1;
}

/* "uploadId=..." */
static void put_id(struct vx_buf *q, const char *upload_id)
{
	vx_buf_puts(q, "uploadId=");
	vx_url_escape(q, upload_id, strlen(upload_id), false);
}

int vx_s3_parts(struct vx_s3 *s3, const char *key, const char *upload_id,
	int (*take)(void *arg, const struct vx_s3_entry *part, struct vx_error *err), void *arg, bool *gone,
	struct vx_error *err)
{
	struct vx_s3_answer a = { 0 };
	uint64_t last = 0;
	int status = VX_OK;
	*gone = false;
	do {
		struct vx_buf q = VX_BUF_INIT;
		struct vx_http_response r = { 0 };
		put_id(&q, upload_id);
		vx_buf_printf(&q, "&max-parts=1000&part-number-marker=%llu", (unsigned long long)last);
		struct vx_s3_call c = { .method = "GET", .key = key, .query = q.data };
		vx_s3_answer_clear(&a);
		status = list(s3, &c, "ListPartsResult", &a, &r, err);
		*gone = status != VX_OK && is_gone(&r);
		vx_http_response_clear(&r);
		vx_buf_free(&q);
		for (size_t i = 0; status == VX_OK && i < a.n; i++) {
			if (a.entries[i].part <= last)
				status = vx_error_set(err, VX_EDATA, NULL, "the store's list of parts does not rise");
			else
				status = take(arg, &a.entries[i], err);
			last = a.entries[i].part;
		}
	} while (status == VX_OK && a.truncated && a.n > 0);
	vx_s3_answer_clear(&a);
	return *gone ? VX_OK : status;
}

int vx_s3_abort(struct vx_s3 *s3, const char *key, const char *upload_id, bool *gone, struct vx_error *err)
{
	struct vx_buf q = VX_BUF_INIT;
	struct vx_http_response r = { 0 };
	put_id(&q, upload_id);
	struct vx_s3_call c = { .method = "DELETE", .key = key, .query = q.data };
	int status = vx_s3_call(s3, &c, &r, err);
	*gone = status == VX_OK && is_gone(&r);
	if (status == VX_OK && r.status != 204 && r.status != 200 && !*gone)
		status = vx_s3_refusal(s3, &r, err);
	vx_http_response_clear(&r);
	vx_buf_free(&q);
	return status;
}

int vx_s3_abort_others(struct vx_s3 *s3, const char *key, const char *upload_id, struct vx_error *err)
{
	struct vx_s3_uploads *l = vx_s3_uploads_new(s3, key);
	const struct vx_s3_entry *u = NULL;
	bool gone;
	int status;
	while ((status = vx_s3_uploads_next(l, &u, err)) > 0) {
		int order = strcmp(u->key, key);
		status = VX_OK;
		if (order == 0 && strcmp(u->upload_id, upload_id) != 0)
			status = vx_s3_abort(s3, key, u->upload_id, &gone, err);
		if (order > 0 || status != VX_OK)
			break;
	}
	status = vx_s3_uploads_denied(l) ? VX_OK : status;
	vx_s3_uploads_free(l);
	return status;
}
